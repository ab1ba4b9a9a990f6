"""One or more columns of every kind, small and large, with and without gaps."""

from __future__ import annotations

from synthspec.columns import (
    AnyColumn,
    Boolean,
    Category,
    Date,
    Datetime,
    Decimal,
    Float,
    Id,
    Integer,
)

EXAMPLES: tuple[AnyColumn, ...] = (
    Category(name="c", values=("a", "b", "it's")),
    Category(name="c", values=("only",), missing=True),
    Boolean(name="b"),
    Boolean(name="b", missing=True),
    Integer(name="i", lo=0, hi=120, missing=True),
    Integer(name="i", lo=-7, hi=50, step=5),
    Integer(name="i", lo=0, hi=99_999).spread(),
    Integer(name="i", lo=0, hi=120, cuts=(0, 18, 65), bins=None),
    Decimal(name="d", lo=0, hi=30_000_000, scale=2, missing=True).spread(),
    Decimal(name="d", lo=-5_000_000, hi=5_000_000, scale=2).spread(32),
    Float(name="f", lo=2, hi=300, step=1, scale=1, missing=True).spread(),
    Float(name="f", lo=-10, hi=10, step=4, scale=1),
    Date(name="t", lo=17_532, hi=20_088).spread(),
    Date(name="t", lo=-400, hi=-395, missing=True),
    Datetime(name="s", lo=1_514_764_800, hi=1_735_689_599, step=3600).spread(),
    Id(name="k"),
)
