"""mock: rows from domains, rules and known tables only; epsilon 0, no data is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from synthspec.compile.checked import Checked


def mock_rows(checked: Checked, rows: int | None, seed: int | None) -> pl.DataFrame:
    """Return rows of a checked spec in which every rule holds.

    Args:
        checked: the spec.
        rows: how many; the spec's without it.
        seed: of the sampling; the spec's without it.

    Raises:
        SpecError: G490, when the spec uses keys that are not built yet.
        SamplingError: G450, when the rules cannot be met by redrawing.
    """
    from synthspec.compile.plan import mock_plan
    from synthspec.draw.mock import mock
    from synthspec.privacy.entropy import SampleRng

    plan = mock_plan(checked, rows, seed)
    return mock(plan, plan.rows, SampleRng(plan.seed)).frame
