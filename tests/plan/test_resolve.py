"""Bought domains: quantiles of noisy histograms, lists with their else; nothing but released values."""

from __future__ import annotations

import numpy as np

from synthspec.columns import Category, Integer, Ordered
from synthspec.plan.plan import Discovery, PlannedColumn, Tightening
from synthspec.plan.resolve import resolve_discovery, resolve_tightening
from synthspec.terms.types import INT, TEXT


def tight(lo: int, hi: int, quantile: float, missing: bool = False) -> PlannedColumn:
    """Return a column to be tightened, one code per value."""
    column = Integer(name="x", lo=lo, hi=hi, missing=missing).spread(256)
    return PlannedColumn(name="x", role="modelled", type=INT, column=column,
                         tightening=Tightening(quantile=quantile, edges=column.edges()))  # fmt: skip


def ends(planned: PlannedColumn) -> tuple[int, int]:
    """Return the ends of a resolved column."""
    assert isinstance(planned.column, Ordered) and planned.tightening is None
    return planned.column.lo, planned.column.hi


def test_the_upper_end_is_the_quantile_and_the_lower_end_stays_at_zero() -> None:
    counts = np.zeros(201, dtype=np.int64)
    counts[:100] = 10
    assert ends(resolve_tightening(tight(0, 200, 0.95), counts)) == (0, 94)


def test_below_zero_both_ends_move() -> None:
    counts = np.full(201, 10)
    assert ends(resolve_tightening(tight(-100, 100, 0.9), counts)) == (-80, 80)


def test_noise_below_zero_and_the_missing_code_do_not_count() -> None:
    counts = np.full(202, -3, dtype=np.int64)
    counts[:10], counts[-1] = 50, 10**6
    assert ends(resolve_tightening(tight(0, 200, 0.99, missing=True), counts)) == (0, 9)


def test_a_histogram_of_noise_alone_leaves_the_public_range() -> None:
    assert ends(resolve_tightening(tight(0, 200, 0.99), np.full(201, -1))) == (0, 200)


def test_a_histogram_finer_than_the_bins_stays_as_the_density_inside_them() -> None:
    counts = np.zeros(201, dtype=np.int64)
    counts[:100:5] = 400
    column = Integer(name="x", lo=0, hi=200).spread(256)
    planned = PlannedColumn(name="x", role="modelled", type=INT, column=column,
                            tightening=Tightening(quantile=0.999, edges=column.edges(), bins=10))  # fmt: skip
    resolved = resolve_tightening(planned, counts, 1.0).column
    assert isinstance(resolved, Ordered) and resolved.codes == 10 and resolved.density is not None
    shaped = resolved.shaped(np.full(10, 0.1))
    values, _ = shaped.decode(np.repeat(np.arange(10), 500), np.random.default_rng(0))
    assert (values % 5 == 0).mean() > 0.98
    assert (
        PlannedColumn.model_validate_json(
            planned.model_copy(update={"column": resolved, "tightening": None}).model_dump_json()
        ).column
        == resolved
    )


def test_a_histogram_no_finer_than_the_bins_says_nothing_about_their_inside() -> None:
    counts = np.full(201, 10)
    column = resolve_tightening(tight(0, 200, 0.999), counts, 1.0).column
    assert isinstance(column, Ordered)
    assert column.density is None or column.cuts is not None


def test_the_density_of_a_bought_range_keeps_no_noise_of_the_empty_part() -> None:
    """Seeded: 40 rows in each of the first 64 of 256 cells, noise 20; a tenth of the mass at most strays."""
    counts = np.zeros(256)
    counts[:64] = 40
    noisy = np.rint(counts + np.random.default_rng(0).normal(0, 20, 256)).astype(np.int64)
    column = Integer(name="x", lo=0, hi=255).spread(256)
    planned = PlannedColumn(name="x", role="modelled", type=INT, column=column,
                            tightening=Tightening(quantile=1.0, edges=column.edges(), bins=4))  # fmt: skip
    resolved = resolve_tightening(planned, noisy, 20.0).column
    assert isinstance(resolved, Ordered) and resolved.density is not None
    shares = np.array(resolved.density.shares)
    assert shares[np.array(resolved.density.starts) >= 70].sum() < 0.35 * shares.sum()
    assert (shares > 0).all()


def test_a_bought_list_is_cut_to_its_limit_and_ends_with_the_else() -> None:
    planned = PlannedColumn(
        name="c",
        role="modelled",
        type=TEXT,
        column=Category(name="c", values=("OTHER",)),
        discovery=Discovery(limit=2, other="OTHER"),
    )
    found = resolve_discovery(planned, ("b", "OTHER", "a", "b", "c"))
    assert isinstance(found.column, Category) and found.column.values == ("b", "a", "OTHER")
    assert resolve_discovery(planned, ()).column == planned.column
