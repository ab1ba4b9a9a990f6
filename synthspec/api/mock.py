"""mock: rows from domains, rules and known tables only; epsilon 0, no data is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from synthspec.compile.checked import Checked


def mock_rows(
    checked: Checked,
    rows: int | None,
    seed: int | None,
    where: str | None = None,
    scenario: str | None = None,
    *,
    units: int | None = None,
) -> pl.DataFrame:
    """Return rows of a checked spec in which every rule holds.

    Args:
        checked: the spec.
        rows: how many; the spec's without it.
        seed: of the sampling; the spec's without it.
        where: a condition that every row shall satisfy.
        scenario: the name of a scenario of the spec; `where` is then asked as well.
        units: how many whole units, in place of rows.

    Raises:
        SpecError: G490, when the spec uses keys that are not built yet; S155, for rows and units; S157, for
            an unknown scenario.
        BudgetError: B554, when a file that it names as public is one that a ledger protects.
        SamplingError: G450, when the rules cannot be met by redrawing; G451, when `where` is impossible.
    """
    from synthspec.api.condition import marked
    from synthspec.api.ledgers import refuse_owned
    from synthspec.api.sampled import asked_of, either
    from synthspec.compile.plan import mock_plan
    from synthspec.draw.gaps import MISSING
    from synthspec.draw.mock import mock, stated
    from synthspec.draw.scenario import draw_scenario
    from synthspec.privacy.entropy import SampleRng

    either(rows, units)
    plan = mock_plan(checked, rows, seed)
    refuse_owned(plan.model_copy(update={"source": None}))
    rng = SampleRng(plan.seed)
    if where is None and scenario is None:
        whole = units if units is not None else plan.units if rows is None else None
        return mock(plan, plan.rows, rng, units=whole).frame
    asked = asked_of(plan, plan.columns, scenario, where, "the spec")
    with marked(where):
        return draw_scenario(
            plan, plan.columns, stated(plan, missing=MISSING), asked, rng.split("mock"), rows, units=units
        ).frame
