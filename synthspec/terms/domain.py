"""Domain: attributes with finite numbers of codes; Clique: some of them, in order."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Self

from pydantic import model_validator

from synthspec.terms.frozen import Frozen

Clique = tuple[str, ...]


class Domain(Frozen):
    """Attributes and the number of codes of each; codes of attribute i run from 0 to sizes[i] - 1."""

    attributes: tuple[str, ...]
    sizes: tuple[int, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.attributes) != len(self.sizes) or len(set(self.attributes)) != len(self.attributes):
            raise ValueError("attributes must be distinct and have one size each")
        if any(size < 1 for size in self.sizes):
            raise ValueError("every attribute needs at least one code")
        return self

    def size(self, attribute: str) -> int:
        """Return the number of codes of `attribute`."""
        return self.sizes[self.attributes.index(attribute)]

    def project(self, attributes: Iterable[str]) -> Domain:
        """Return the domain of `attributes`, in that order."""
        chosen = tuple(attributes)
        return Domain(attributes=chosen, sizes=tuple(self.size(a) for a in chosen))

    def cells(self, clique: Clique) -> int:
        """Return the number of cells of the table over `clique`."""
        return prod(self.size(a) for a in clique)
