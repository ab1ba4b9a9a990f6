"""Affordable: whether every step's budget buys what it measures at least once; asked before any charge."""

from __future__ import annotations

from dataclasses import replace

from synthspec.compile.budget import Budget, domain_of, group_price, learned_units
from synthspec.compile.checked import Checked, CheckedGroup
from synthspec.compile.evaluated import least
from synthspec.errors import BudgetError, Diagnostic
from synthspec.generators.neural.network import Network
from synthspec.privacy.cost import Cost


def refuse_unaffordable(checked: Checked, budget: Budget) -> None:
    """Do nothing when every step with a share of a private budget can pay for its measurements.

    A ledger counts mu2 in whole units of 1e-15: less buys nothing, one unit a noise that can be drawn.

    Raises:
        BudgetError: B504, one diagnostic, naming the first step that cannot, or the group whose
            fine-tuning is asked for and could not learn anything.
    """
    if checked.spec.privacy is None:
        return
    for name, share in checked.shares:
        many = _measurements(checked, name)
        if share > 0 and budget.price(name).mu2 < many:
            found = _diagnostic(checked, name, many)
            raise BudgetError("B504", found.message, diagnostics=(found,))
    for group in checked.groups:
        if _steps_drown(checked, group, budget.price(group.name)):
            found = _useless(checked, group.written)
            raise BudgetError("B504", found.message, diagnostics=(found,))


def _steps_drown(checked: Checked, group: CheckedGroup, price: Cost) -> bool:
    """Return whether fine-tuning is asked for whose noise is wider than all rows' gradients together."""
    generator, units = group.generator, learned_units(checked)
    if not isinstance(generator, Network) or generator.fine_tune != "always":
        return False
    if units is None:
        return False
    split = generator.split(group_price(checked, group, price), *domain_of(checked, group), units)
    return bool(split.tuning.mu2) and split.expectation.signal < 1


def _useless(checked: Checked, name: str) -> Diagnostic:
    path = ("privacy", "epsilon")
    span = replace(checked.parsed.span(path), label="too little for noisy gradients", primary=True)
    return Diagnostic(
        code="B504",
        message=f"the share of `{name}` is too small for one useful step of fine-tuning",
        path=path,
        spans=(span,),
        notes=("the noise would be wider than the gradients of all rows together",),
        helps=("write `fine_tune: auto`: the share goes to the marginals then", "or raise `epsilon`"),
    )


def _measurements(checked: Checked, name: str) -> int:
    """Return how many answers a step needs at least."""
    group = next((each for each in checked.groups if each.name == name), None)
    if group is not None:
        return max(len(group.columns), 1)
    if name == "domains":
        return max(sum(column.discovery is not None for column in checked.columns), 1)
    if name == "bounds":
        return max(sum(column.tightening is not None for column in checked.columns), 1)
    return least(checked) if name == "report" else 1


def _diagnostic(checked: Checked, name: str, many: int) -> Diagnostic:
    path = ("privacy", "epsilon")
    span = replace(checked.parsed.span(path), label="too little to draw noise for", primary=True)
    return Diagnostic(
        code="B504",
        message=f"the share of `{name}` is too small for one measurement",
        path=path,
        spans=(span,),
        notes=(
            f"`{name}` asks {many} question{'' if many == 1 else 's'} at least; its noise would be endless",
        ),
        helps=("raise `epsilon`", f"or give `{name}` more weight in `split`"),
    )
