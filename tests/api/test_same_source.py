"""A control is no control when it is the source under another spelling."""

from __future__ import annotations

from pathlib import Path

import pytest

import synthspec as ss
from synthspec.errors import SourceError
from synthspec.plan.plan import Plan
from synthspec.run.internal.sources import refuse_same


def plan(source: str) -> Plan:
    return (
        ss.Spec(
            name="t",
            source=ss.Source(source),
            privacy=ss.Privacy(unit="row", epsilon=1, ledger="ward"),
            columns={"sex": ["F", "M"]},
            sample={"rows": 3},
        )
        .plan()
        .value
    )


@pytest.mark.parametrize(
    ("source", "control", "same"),
    [
        ("duckdb:PLACE/a.duckdb#visits", "duckdb:PLACE/link.duckdb#main.VISITS", True),
        ("duckdb:PLACE/a.duckdb#visits", "duckdb:PLACE/a.duckdb#others", False),
        (
            "postgres://ann@db/clinic#visits",
            "postgres://bob@db:5432/clinic?sslmode=require#public.visits",
            True,
        ),
        ("postgres://ann@db/clinic#visits", "postgres://ann@/clinic?host=db#visits", True),
        ("postgres://ann@db/clinic#visits", "postgres://ann@db/clinic#y2019.visits", False),
        ("postgres://ann@db/clinic#visits", "postgres://ann@db/other#visits", False),
    ],
)
def test_the_source_in_other_words_is_no_control(
    tmp_path: Path, source: str, control: str, same: bool
) -> None:
    (tmp_path / "a.duckdb").write_bytes(b"")
    (tmp_path / "link.duckdb").symlink_to(tmp_path / "a.duckdb")
    mine, other = (plan(text.replace("PLACE", str(tmp_path))) for text in (source, control))
    if not same:
        refuse_same(mine, other)
        return
    with pytest.raises(SourceError, match="D421"):
        refuse_same(mine, other)
