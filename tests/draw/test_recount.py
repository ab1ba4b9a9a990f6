"""The second engine reads the written file, agrees with the plain evaluator, and can read nothing else."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from synthspec.draw.recount import plain_recount, recount
from synthspec.draw.table import write_table
from synthspec.plan.plan import PlannedColumn
from synthspec.rules import AnyRule, Check, Combos, Unique
from synthspec.terms.expr import Arithmetic, Column, Compare, IsNull, Literal_, Logic, Not
from synthspec.terms.types import BOOL, DATE, DATETIME, FLOAT, INT, TEXT, decimal

MONEY = decimal(2)
TYPES = {"n": INT, "x": FLOAT, "m": MONEY, "t": TEXT, "d": DATE, "at": DATETIME, "ok": BOOL}
COLUMNS = [PlannedColumn(name=name, role="modelled", type=type_) for name, type_ in TYPES.items()]


def column(name: str) -> Column:
    return Column(name=name, type=TYPES[name])


def frame() -> pl.DataFrame:
    """Return rows with nulls, a tie, an empty text and a comma in a text."""
    return pl.DataFrame(
        {
            "n": [1, 2, 2, None, 5],
            "x": [0.5, -1.25, None, 3.0, 1e-3],
            "m": pl.Series(["1.10", "2.20", None, "0.01", "5.00"]).str.to_decimal(scale=2),
            "t": ["a,b", "", None, 'say "x"', "a,b"],
            "d": pl.Series(["2024-01-01", None, "2024-02-29", "1999-12-31", "2024-01-01"]).str.to_date(),
            "at": pl.Series(
                [
                    "2024-01-01 10:00:00",
                    None,
                    "2024-02-29 00:00:00",
                    "1999-12-31 23:59:59",
                    "2024-01-01 09:00:00",
                ]
            ).str.to_datetime("%Y-%m-%d %H:%M:%S"),
            "ok": [True, False, None, True, False],
        }
    )


RULES: tuple[tuple[AnyRule, int], ...] = (
    (
        Check(
            name="small",
            text="",
            expression=Compare(op="<", left=column("n"), right=Literal_(text="3", type=INT)),
        ),
        1,
    ),
    (
        Check(
            name="cents",
            text="",
            expression=Compare(
                op="=",
                left=Arithmetic(op="+", left=column("m"), right=column("m"), type=MONEY),
                right=Literal_(text="2.20", type=MONEY),
            ),
        ),
        3,
    ),
    (Check(name="said", text="", expression=Not(arg=IsNull(arg=column("t")))), 1),
    (
        Check(
            name="empty",
            text="",
            expression=Compare(op="<>", left=column("t"), right=Literal_(text="", type=TEXT)),
        ),
        1,
    ),
    (
        Check(
            name="late",
            text="",
            expression=Compare(
                op=">=", left=column("at"), right=Literal_(text="2024-01-01T10:00:00", type=DATETIME)
            ),
        ),
        2,
    ),
    (
        Check(
            name="both",
            text="",
            expression=Logic(
                op="and",
                args=(
                    column("ok"),
                    Compare(op=">", left=column("d"), right=Literal_(text="2000-01-01", type=DATE)),
                ),
            ),
        ),
        3,
    ),
    (Combos(name="pairs", text="", over=("t", "n"), types=(TEXT, INT), rows=(("a,b", "1"), ("", "2"))), 1),
    (Unique(name="key", text="", over=("n",)), 1),
    (Unique(name="two", text="", over=("t", "d")), 1),
)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize("engine", [recount, plain_recount])
def test_each_rule_is_counted_as_by_hand(tmp_path: Path, suffix: str, engine: object) -> None:
    path = tmp_path / f"rows.{suffix}"
    write_table(frame(), path)
    found = engine(path, COLUMNS, [rule for rule, _ in RULES])  # type: ignore[operator]
    assert found.rows == 5
    assert found.broken == {rule.name: count for rule, count in RULES}


def test_the_engine_is_named_and_hidden_columns_are_not_looked_for(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    path = tmp_path / "rows.parquet"
    write_table(frame(), path)
    hidden = PlannedColumn(name="gap", role="modelled", type=INT, hidden=True)
    assert recount(path, [*COLUMNS, hidden], []).engine.startswith("DuckDB ")


def test_a_rule_cannot_make_the_engine_read_another_file(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")

    class Prying(Check):
        def broken_query(self, source: str, dialect: str = "duckdb") -> str:
            return f"SELECT * FROM read_csv('{tmp_path / 'other.csv'}')"

    path = tmp_path / "rows.parquet"
    write_table(frame(), path)
    (tmp_path / "other.csv").write_text("a\n1\n")
    prying = Prying(name="p", text="", expression=Not(arg=IsNull(arg=column("n"))))
    with pytest.raises(duckdb.Error, match="ermission"):
        recount(path, COLUMNS, [prying])
