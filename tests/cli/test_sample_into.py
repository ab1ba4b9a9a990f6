"""`sample -o FOLDER/` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from tests.cli.conftest import Command

PUBLIC = """\
spec: 1
name: public
columns:
  age: int 0..9
  ward: [medicine, surgery, icu]
rules:
  no-young-icu: ward <> 'icu' OR age >= 2
sample: {rows: 200, seed: 1}
"""


def test_rows_go_into_a_folder_and_a_second_time_says_that_they_are_there(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "public.yaml").write_text(PUBLIC)
    assert command("run", "public.yaml", "--yes", "-o", "rel", "-q").code == 0

    done = command("sample", "rel", "-n", "50", "-o", "rows/")
    assert done.code == 0 and done.out == "rows\n"
    assert "1 rule counted again by DuckDB" in done.err and "0 violations" in done.err
    assert "50 rows in 1 part in rows" in done.err
    assert pl.read_parquet("rows/*.parquet").height == 50

    again = command("sample", "rel", "-n", "50", "-o", "rows")
    assert again.code == 0 and "nothing was drawn" in again.err

    other = command("sample", "rel", "-n", "51", "-o", "rows")
    assert other.code == 2 and "error[Q650]" in other.err and "`rows`: 50 there, 51 now" in other.err

    named = command("sample", "rel", "-n", "5", "-o", "parts", "--format", "parquet", "--json")
    assert named.json == {
        "schema": "synthspec.sample/1",
        "ok": True,
        "rows": 5,
        "folder": "parts",
        "parts": 1,
        "violations": 0,
    }

    told = command("sample", "rel", "-n", "5", "-o", "told/", "--events", "-")
    events = [json.loads(line) for line in told.out.splitlines()]
    assert [each["event"] for each in events] == ["version", "rows", "rows", "done"]
    assert events[2]["rows"] == 5 and events[2]["of"] == 5 and events[2]["seconds_left"] == 0

    file = command("sample", "rel", "-n", "5", "-o", "rows.parquet", "--processes", "2")
    assert file.code == 2 and "give `-o FOLDER/`" in file.err and not Path("rows.parquet").exists()
    both = command("sample", "rel", "-o", "x/", "--events", "-", "--json")
    assert both.code == 2 and not Path("x").exists()
