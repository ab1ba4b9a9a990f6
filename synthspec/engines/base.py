"""The contract of an engine: it runs a `View` and answers with exact counts; only `run/` may hold one.

Nothing that an engine returns or raises is fit for anyone's eyes: its answers are exact and its
errors may quote rows. `run.kernel` adds the noise and silences the errors.

Source: ours; PRIVACY 3 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthspec.privacy.entropy import NoiseSource
from synthspec.terms.query import Axis, Scored
from synthspec.terms.view import Field, Source, View

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Held:
    """The kept rows themselves, for private gradients; never leaves `run/`.

    Attributes:
        codes: per attribute the rows' codes, in the narrowest unsigned type, shape (rows,).
        units: the number of each row's unit, shape (rows,), values in 0..n-1 and each of them taken; rows
            of a unit need not be neighbours, and which unit has which number means nothing.
    """

    codes: Mapping[str, NDArray[np.unsignedinteger]]
    units: IntArray

    def __repr__(self) -> str:
        return "Held(...)"


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the kept rows, to be dealt to the processes of one training; never leaves them.

    Attributes:
        codes: as in `Held`.
        marks: two words per row, equal in all parts exactly where the unit is (up to collisions of 127 bits
            under a fresh secret key), shape (rows, 2).
    """

    codes: Mapping[str, NDArray[np.unsignedinteger]]
    marks: NDArray[np.uint64]

    def __repr__(self) -> str:
        return "Part(...)"


class Rows(Protocol):
    """The rows of one view, read but never handed out.

    Kept rows are those that the bound leaves; where it says `once`, one of each unit. Where it has a
    `weight`, each counts so often in `count` and `scored`, and once in everything else.
    """

    def count(self, cliques: Sequence[tuple[Axis, ...]]) -> list[IntArray]:
        """Return the counts of kept rows over each clique, flat in C order [rows]; one pass for all."""

    def scored(self, questions: Sequence[Scored]) -> list[IntArray]:
        """Return the counts of kept rows by bin of a public score and level, flat in C order [rows]."""

    def affected(self, flags: Sequence[str]) -> IntArray:
        """Return, per label, the number of units with a row flagged before the bound; shape (labels,).

        The bound's own labels are known too: `over` counts units with more than max_rows rows, `kept`
        units with a row that is left.
        """

    def partitions(self, column: str) -> Mapping[str, int]:
        """Return, per text value of `column`, the number of distinct units with a kept row of it."""

    def held(self) -> Held:
        """Return the kept rows, coded, with their units: after every drop and the contribution bound."""

    def parts(self) -> Iterator[Part]:
        """Yield the rows of `held`, some at a time, so that no process needs to hold them all."""


class Engine(Protocol):
    """Opens sources; `header` and `unreadable` look at public facts only."""

    def header(self, source: Source) -> tuple[tuple[str, ...], ...]:
        """Return the names of the columns, per file of the source.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is not of the declared format.
        """

    def unreadable(self, source: Source, fields: Sequence[Field]) -> tuple[str, ...]:
        """Return the names of the fields whose declared type the file's own types cannot give."""

    def open(self, view: View, noise: NoiseSource, split: bytes = b"") -> AbstractContextManager[Rows]:
        """Return the rows of `view`.

        Args:
            view: the recipe.
            noise: gives the secret key of the contribution bound.
            split: the secret key that decides on which side of the split a unit is; needed where the view
                keeps one side.
        """
