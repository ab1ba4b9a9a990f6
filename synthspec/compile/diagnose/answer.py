"""Answer: what became of the question whether a row meets some facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from synthspec.compile.diagnose.facts import Fact
from synthspec.compile.diagnose.search import Row


@dataclass(frozen=True, eq=False)
class Answer:
    """`possible` is None when it could not be decided; `core` are facts that exclude every row.

    The core of a search is what it met; that of z3 (`close`) is nearly a smallest one. `why` it was not
    decided: the question took more than its share of the time (`long`), or the time of all was used up.
    """

    possible: bool | None
    row: Row | None = None
    core: tuple[Fact, ...] = ()
    close: bool = False
    why: Literal["", "long", "late"] = ""
