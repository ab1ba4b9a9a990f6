"""compare: one spec at several budgets side by side, which is how people choose one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synthspec.api.spec import Spec

if TYPE_CHECKING:
    from synthspec.compile.choices import Choice


def compare(spec: Spec, epsilons: Sequence[float]) -> tuple[Choice, ...]:
    """Return what each epsilon gives: predicted errors, gates, and the best possible attack.

    Raises:
        SpecError: P440, the spec has no private source; or what is wrong with the spec.
    """
    from synthspec.compile.choices import choices

    return choices(spec.checked(), epsilons)


def table(found: Sequence[Choice]) -> str:
    """Return the choices as a table for people, one column a budget."""
    from synthspec.compile.choices import choices_text

    return choices_text(found)
