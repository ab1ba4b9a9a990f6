"""People with many rows, from the command line: learned once per person, drawn whole, in order, verified."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from synthspec.verify import standalone
from tests.cli.conftest import Command

PANEL = """\
spec: 1
name: panel
source: {path: panel.csv, rows: 1500, units: 500}
privacy: {unit: person, max_rows: 5, epsilon: 20}
columns:
  person: id
  visit: id
  sex: {type: category, in: [F, M], per: unit}
  born: {type: int, in: 1980..1989, per: unit}
  even: {derive: born % 2 = 0}
  year: int 2015..2019
  state: [well, ill, dead]
  before: {derive: lag(state) over (partition by person order by year), missing: derived}
rules:
  alive: {if: year < 2016, then: state <> 'dead'}
generate:
  who: {columns: [sex, born]}
  visits: {columns: [year, state], given: [sex], sequence: {by: year}}
sample: {units: 150, seed: 3}
"""


def panel(people: int = 500) -> tuple[list[str], list[str]]:
    """Return the lines of a table in which states follow each other, women with more rows; of people."""
    rng = np.random.default_rng(1)
    rows, units = ["person,sex,born,year,state"], ["id,sex,born"]
    for person in range(people):
        sex, born = "FM"[int(rng.integers(2))], 1980 + int(rng.integers(10))
        units.append(f"p{person},{sex},{born}")
        many = int(rng.integers(4, 7)) if sex == "F" else int(rng.integers(1, 3))
        state = 0
        for year in sorted((2015 + rng.integers(0, 5, many)).tolist()):
            state = min(2, state + int(rng.random() < 0.4)) if year >= 2016 else min(1, state)
            rows.append(f"p{person},{sex},{born},{year},{('well', 'ill', 'dead')[state]}")
    return rows, units


def lawful(rows: pl.DataFrame) -> None:
    """People are whole: what is per unit is one value, rows are in order, windows see the row before."""
    for _, person in rows.group_by("person"):
        assert person["sex"].n_unique() == person["born"].n_unique() == 1 and person.height <= 5
        ordered = person.sort("year", maintain_order=True)
        assert (ordered["even"] == (ordered["born"] % 2 == 0)).all()
        assert ordered["before"].null_count() >= 1
    assert rows["visit"].n_unique() == rows.height


def test_people_from_a_spec_to_a_verified_release(command: Command) -> None:
    Path("panel.csv").write_text("\n".join(panel()[0]) + "\n")
    Path("panel.yaml").write_text(PANEL)
    planned = command("plan", "panel.yaml")
    assert planned.code == 0, planned.err
    assert "one row of each person" in planned.out and "150 whole units (person)" in planned.out

    trained = command("train", "panel.yaml", "--yes", "-o", "rel")
    assert trained.code == 0, trained.err
    rows = pl.read_parquet("rel/synthetic.parquet")
    assert rows["person"].n_unique() == 150
    lawful(rows)
    many = rows.group_by("person", "sex").len().group_by("sex").agg(pl.col("len").mean())
    mean = dict(many.iter_rows())
    assert mean["F"] > 3.5 and mean["M"] < 2.5  # in the table 4.7 and 1.5; noise moves them by 0.2

    verified = command("verify", "rel")
    assert verified.code == 0, verified.out
    assert all(check.outcome != "failed" for check in standalone.verify(Path("rel")))

    sampled = command("sample", "rel", "--units", "40", "-o", "more.csv")
    assert sampled.code == 0, sampled.err
    assert pl.read_csv("more.csv")["person"].n_unique() == 40
    reported = command("report", "rel", "--json")
    assert reported.code == 0 and "Counted once per unit" in Path("rel/report.html").read_text()


def test_states_follow_each_other_as_they_do_in_the_source(command: Command) -> None:
    """Without the order about a third of all steps would go back from dead to well or ill."""
    Path("panel.csv").write_text("\n".join(panel(2000)[0]) + "\n")
    Path("panel.yaml").write_text(
        PANEL.replace("epsilon: 20", "epsilon: 60").replace("units: 150", "units: 400")
    )
    assert command("train", "panel.yaml", "--yes", "-o", "rel").code == 0
    rows = pl.read_parquet("rel/synthetic.parquet").filter(pl.col("before").is_not_null())
    back = ((rows["before"] == "dead") & (rows["state"] != "dead")).mean()
    assert back is not None and back < 0.05


@pytest.mark.slow
def test_two_tables_are_read_and_written_and_every_key_is_there(command: Command) -> None:
    rows, units = panel()
    Path("people.csv").write_text("\n".join(units) + "\n")
    parts = [line.split(",") for line in rows]
    Path("panel.csv").write_text("".join(f"{p},{y},{s}\n" for p, _, _, y, s in parts))
    text = PANEL.replace(", per: unit", "") + "tables:\n"
    text += "  people: {path: people.csv, key: id, columns: [sex, born]}\n  visits: {columns: rest}\n"
    Path("two.yaml").write_text(text)
    trained = command("train", "two.yaml", "--yes", "-o", "rel")
    assert trained.code == 0, trained.err
    whole = pl.read_parquet("rel/synthetic.parquet")
    lawful(whole)
    people, visits = pl.read_parquet("rel/table-people.parquet"), pl.read_parquet("rel/table-visits.parquet")
    assert people.columns == ["person", "sex", "born", "even"]
    assert people["person"].n_unique() == people.height == 150
    joined = visits.join(people, on="person", how="left", maintain_order="left").select(whole.columns)
    assert joined.equals(whole)
    assert command("verify", "rel").code == 0
    assert command("sample", "rel", "--units", "9", "-o", "more.csv").code == 0
    assert pl.read_csv("more-people.csv").height == 9
    assert set(pl.read_csv("more-visits.csv")["person"]) == set(pl.read_csv("more-people.csv")["person"])
    folder = command("sample", "rel", "--units", "9", "-o", "parts/")
    assert "`-o FILE` writes `people` and `visits` apart too" in folder.err
    (Path("rel") / "table-people.parquet").write_bytes(b"")
    assert command("verify", "rel").code == 3

    Path("people.csv").write_text("\n".join(["key,sex,born", *units[1:]]) + "\n")
    refused = command("train", "two.yaml", "--yes", "-o", "other")
    assert refused.code == 5 and "D407" in refused.err and "table of units" in refused.err
