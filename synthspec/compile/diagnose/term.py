"""Term: an expression as z3 sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Term:
    """A value of z3 and the condition that it is null."""

    value: Any
    null: Any
