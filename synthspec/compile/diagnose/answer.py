"""Answer: what became of the question whether a row meets some facts."""

from __future__ import annotations

from dataclasses import dataclass

from synthspec.compile.diagnose.facts import Fact
from synthspec.compile.diagnose.search import Row


@dataclass(frozen=True, eq=False)
class Answer:
    """`possible` is None when it could not be decided; `core` are facts that exclude every row.

    The core of a search is what it met; that of z3 (`close`) is nearly a smallest one.
    """

    possible: bool | None
    row: Row | None = None
    core: tuple[Fact, ...] = ()
    close: bool = False
