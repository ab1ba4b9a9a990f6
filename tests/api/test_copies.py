"""Further copies of the rows: `output.also`."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import synthspec as ss
from synthspec.errors import ReleaseError, SamplingError, SourceError, SpecError


def plan(tmp_path: Path, also: str) -> ss.Plan:
    table = tmp_path / "t.csv"
    table.write_text("sex,age\n" + "F,30\nM,40\n" * 50)
    return ss.Spec(
        name="t",
        source=ss.Source(str(table)),
        privacy=ss.Privacy(unit="row", epsilon=1),
        columns={"sex": ["F", "M"], "age": "int 0..120"},
        sample={"rows": 30},
        output={"also": [also]},
    ).plan()


def test_a_copy_is_written_beside_the_release(tmp_path: Path) -> None:
    copy = tmp_path / "copies" / "rows.csv"
    release = plan(tmp_path, f"csv:{copy}").train(out=tmp_path / "out")
    assert pl.read_csv(copy).equals(release.data().cast({"sex": pl.String}))


def test_a_copy_never_replaces_a_file_and_the_refusal_charges_nothing(tmp_path: Path) -> None:
    copy = tmp_path / "rows.csv"
    copy.write_text("mine")
    with pytest.raises(ReleaseError, match="Q601"):
        plan(tmp_path, f"csv:{copy}").train(out=tmp_path / "out")
    assert copy.read_text() == "mine"
    assert not (tmp_path / "out").exists()


def test_a_copy_that_is_no_csv_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="S152"):
        plan(tmp_path, f"csv:{tmp_path / 'rows.txt'}").train(out=tmp_path / "out")


def test_units_are_refused_beside_rows_and_where_there_are_none(tmp_path: Path) -> None:
    release = plan(tmp_path, f"csv:{tmp_path / 'rows.csv'}").train(out=tmp_path / "out")
    with pytest.raises(SpecError, match="S155"):
        release.sample(5, units=3)
    with pytest.raises(SamplingError, match="G458"):
        release.sample(units=3)


TWO_TABLES = """
spec: 1
name: t
source: {path: visits.csv}
privacy: {unit: who, max_rows: 2, epsilon: 1}
tables: {people: {path: people.csv, key: who, columns: [sex]}, visits: {columns: rest}}
columns: {who: id, sex: [F, M], day: int 0..3}
sample: {units: 5}
output: {also: ["csv:COPY"]}
"""


@pytest.mark.parametrize("link", ["itself", "symbolic", "hard"])
def test_a_copy_never_replaces_a_file_that_is_read(tmp_path: Path, link: str) -> None:
    """Not with `--replace` either; the table of units is read, too."""
    visits, people, copy = (tmp_path / name for name in ("visits.csv", "people.csv", "copy.csv"))
    visits.write_text("who,day\n" + "".join(f"p{i % 30},{i % 4}\n" for i in range(60)))
    people.write_text("who,sex\n" + "".join(f"p{i},{'FM'[i % 2]}\n" for i in range(30)))
    for target in (visits, people):
        before = target.read_text()
        copy.unlink(missing_ok=True)
        if link == "symbolic":
            copy.symlink_to(target)
        elif link == "hard":
            copy.hardlink_to(target)
        text = TWO_TABLES.replace("COPY", str(target if link == "itself" else copy))
        (tmp_path / "t.yaml").write_text(text)
        with pytest.raises(SourceError, match="would write to the source"):
            ss.load(tmp_path / "t.yaml").plan().train(out=tmp_path / "out", replace=True)
        assert target.read_text() == before and not (tmp_path / "out").exists()
