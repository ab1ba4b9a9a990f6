"""compiled: a spec's text as findings, as a checked spec, and as a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synthspec.errors import Diagnostic, SpecError

if TYPE_CHECKING:
    from synthspec.compile.checked import Checked
    from synthspec.plan.plan import Plan
    from synthspec.spec.parse import Parsed


def checked_of(parsed: Parsed) -> Checked:
    """Return the checked spec.

    Raises:
        SpecError: with every finding, when one of them is an error.
    """
    from synthspec.compile.check import check

    checked, found = check(parsed)
    if checked is None:
        raise spec_error(found)
    return checked


def compiled(
    text: str, origin: str, settings: Sequence[tuple[str, str]] = (), *, transforms: bool = True
) -> Plan:
    """Return the plan of a spec's text; `settings` are only noted in it.

    Without `transforms` every column is planned as it is written.

    Raises:
        SpecError: when `check` finds an error, or the plan needs what is not built.
    """
    from synthspec.spec.parse import parse

    return plan_of(checked_of(parse(text, origin)), settings, transforms=transforms)


def plan_of(checked: Checked, settings: Sequence[tuple[str, str]] = (), *, transforms: bool = True) -> Plan:
    """Return the plan of a checked spec; `settings` are noted in it."""
    from synthspec.compile.plan import compile_plan

    return compile_plan(checked, transforms=transforms).model_copy(update={"settings": tuple(settings)})


def spec_error(found: Sequence[Diagnostic]) -> SpecError:
    """Return the error that carries all findings; there is at least one at error level."""
    first = next(each for each in found if each.level == "error")
    return SpecError(first.code, first.message, diagnostics=found)
