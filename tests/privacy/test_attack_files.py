"""Attacks through the source's files: what a person could do, or a file could hold, to break the claim."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from synthspec.cli.main import run
from synthspec.engines import parquet
from synthspec.engines.recipe import Recipe
from synthspec.terms.protection import Protection
from synthspec.terms.types import DATE, TEXT
from synthspec.terms.view import Bound, Field, Source, View

SPEC = """\
spec: 1
name: small
source: {path: "SOURCE"}
privacy: {unit: row, EXTRA epsilon: 3, delta: 1e-6}
columns:
  row: id
  sex: SEX
  age: int 0..9
sample: {rows: 50, seed: 1}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with a table of one person's many rows."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("row,sex,age\n" + "1,F,3\n" * 60 + "1,CANARY,3\n")
    return tmp_path


def spec(source: str = "t.csv", extra: str = "", sex: str = "[F, M]") -> str:
    """Write the spec and return its path."""
    Path("s.yaml").write_text(SPEC.replace("SOURCE", source).replace("EXTRA", extra).replace("SEX", sex))
    return "s.yaml"


def test_a_column_called_row_is_not_taken_for_a_unit_that_nobody_bounds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["check", spec(extra="max_rows: 2,")]) == 1
    assert "P435" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["t.csv", "./t.csv", "hard.csv", "soft.csv"])
def test_a_public_list_cannot_be_the_private_source(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("hard.csv").hardlink_to("t.csv")
    Path("soft.csv").symlink_to("t.csv")
    assert run(["plan", spec(sex=f"{{type: category, in: {{file: {name}, column: sex}}}}")]) == 1
    seen = capsys.readouterr()
    assert "C121" in seen.err
    assert "CANARY" not in seen.err + seen.out


@pytest.mark.parametrize("pattern", ["*.csv", "[t].csv", "?.csv"])
def test_a_pattern_is_no_new_default_budget(pattern: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", spec(pattern), "--yes", "-o", "rel"]) == 4
    assert "B550" in capsys.readouterr().err
    assert not Path("rel").exists()


def test_a_folder_of_any_name_can_hold_a_release() -> None:
    assert run(["train", spec(), "--yes", "-q", "-o", "re l.v1é"]) == 0
    assert (Path("re l.v1é") / "manifest.json").exists()


def test_a_path_with_brackets_is_that_file_and_no_other() -> None:
    for name, rows in (("g[12].parquet", 2), ("g1.parquet", 3), ("g2.parquet", 5)):
        pl.DataFrame({"a": ["x"] * rows}).write_parquet(name)
    frames = parquet.batches(Path("g[12].parquet"), ["a"])
    assert sum(frame.height for frame in frames) == 2


def view(path: str) -> View:
    """Return a view over one text column."""
    return View(
        source=Source(path=path),
        fields=(Field(name="row", origin="row", type=TEXT),),
        bound=Bound(unit="row", max_rows=2),
        protection=Protection(unit="patient", max_rows=2),
    )


def test_a_source_that_grows_between_two_passes_is_refused() -> None:
    recipe = Recipe(view("t.csv"))
    assert sum(frame.height for frame, _ in recipe.run([])) == 61
    with Path("t.csv").open("a") as more:
        more.write("1,F,3\n" * 100)
    with pytest.raises(OSError, match="changed"):
        list(recipe.run([]))


@pytest.mark.parametrize("unit", ["ms", "us", "ns", "day"])
def test_moments_beyond_the_calendar_are_values_and_no_failure(unit: str) -> None:
    if unit == "day":
        numbers = pl.Series(np.array([-(2**31), 2**31 - 1, 0, 2_932_896], dtype=np.int32)).cast(pl.Date)
    else:
        dtype = pl.Datetime("us" if unit == "us" else "ms" if unit == "ms" else "ns")
        numbers = pl.Series(np.array([-(2**63) + 1, 2**63 - 1, 0, 1], dtype=np.int64)).cast(dtype)
    said = parquet.texts(numbers)
    assert said.null_count() == 0
    assert said.n_unique() == 4
    reader = parquet.Reader(DATE, frozenset({""}), {}, None, False)
    values, bad = parquet.typed(numbers, reader)
    assert bad.to_list() == ([False] * 4 if unit == "ns" else [True, True, False, False])
    assert values.null_count() == bad.sum()
