"""The contract of a generator, and all that it can know of private data: the Oracle.

Source: ours; the verbs are those of PRIVACY 2.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.privacy.noisy import Noisy
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Clique, Domain
from synthspec.terms.frozen import Frozen
from synthspec.terms.protection import Protection
from synthspec.terms.query import Gap, Marginal


class Oracle(Protocol):
    """Private data behind a price: every verb charges first, then computes, then adds noise."""

    @property
    def domain(self) -> Domain:
        """The coded domain (public)."""

    @property
    def protection(self) -> Protection:
        """Whom the guarantee protects (public)."""

    @property
    def left(self) -> Cost:
        """What may still be spent (public: it depends on prices and released answers only)."""

    def measure(self, purchases: Sequence[tuple[Marginal, Cost]]) -> tuple[Noisy, ...]:
        """Return one noisy answer per purchase, in order; counted in one pass over the rows."""

    def select(self, candidates: Sequence[Gap], cost: Cost) -> int:
        """Return the index of a candidate with nearly the highest score (exponential mechanism)."""

    def select_or_none(self, candidates: Sequence[Gap], cost: Cost) -> int | None:
        """Like `select`, with one more candidate "none" whose score is 0."""


@dataclass(frozen=True, eq=False)
class Workload:
    """What the model is wanted for; public facts only.

    Attributes:
        ordinal: attributes whose codes are ordered (the last code may be "missing", see `missing`).
        missing: attributes whose last code means "missing".
        weights: integer weight per clique named in the spec; others have 1.
        edges: declared parents -> child cliques; candidates at no selection cost.
        forbidden: pairs (a, b) for which no edge a -> b may be learned.
        zeros: cliques with a boolean mask of impossible cells, shape = the clique's sizes.
        known: exact public marginals, normalised to 1.
        given: attributes sampled by earlier groups: conditioned on, never generated here.
        rows: public rough number of rows, or None.
        per_row: how many rows one unit of the protection may add to a count (sensitivity context).
    """

    ordinal: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    weights: Mapping[Clique, int] = field(default_factory=dict)
    edges: tuple[Clique, ...] = ()
    forbidden: frozenset[tuple[str, str]] = frozenset()
    zeros: tuple[tuple[Clique, NDArray[np.bool_]], ...] = ()
    known: tuple[tuple[Clique, NDArray[np.float64]], ...] = ()
    given: frozenset[str] = frozenset()
    rows: int | None = None


class Model(Protocol):
    """A fitted model: public, made of released answers only; sampled without further price."""

    @property
    def domain(self) -> Domain:
        """The attributes that the model covers, `given` ones included."""

    def sample(self, rows: int, rng: SampleRng, given: Codes | None = None) -> Codes:
        """Return `rows` synthetic rows over the attributes it generates.

        Args:
            rows: how many.
            rng: seeded and public; never a source of privacy noise.
            given: codes of the `given` attributes for each row, when there are any.
        """

    def marginal(self, clique: Clique) -> NDArray[np.float64]:
        """Return the model's marginal over `clique`, shape = the clique's sizes, summing to 1."""

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Return what is saved: arrays without objects; with `facts` they rebuild the model."""

    def facts(self) -> Mapping[str, object]:
        """Return the JSON side of what is saved; has a `kind` key."""


class Generator(Frozen, ABC):
    """Options and behaviour on one frozen value; the spec's `with:` is validated by its fields."""

    @abstractmethod
    def fit(self, oracle: Oracle, workload: Workload, cap: Cost, rng: SampleRng) -> Model:
        """Return a model, spending at most `cap` through `oracle`.

        Everything it chooses depends on public facts and on answers already released; `rng` is
        public randomness.
        """

    @abstractmethod
    def supports_given(self) -> bool:
        """Return whether the model can be conditioned on earlier groups."""
