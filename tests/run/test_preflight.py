"""Preflight: every public fault has its code, and nothing of the file is in its message."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from pathlib import Path

import polars as pl
import pytest

from synthspec.errors import SourceError
from synthspec.run.engine import engine
from synthspec.run.preflight import check_folder, check_source, check_view
from synthspec.terms.protection import Protection
from synthspec.terms.types import BOOL, DATE, DATETIME, FLOAT, INT, TEXT, Type, decimal
from synthspec.terms.view import Bound, Field, Source, View
from tests.engines.test_engines_agree import FixedKey

FIELDS = (Field(name="age", origin="AGE", type=INT), Field(name="sex", origin="SEX", type=TEXT))
GOOD = "AGE,SEX\n40,F\n"


def fault(source: Source, fields: tuple[Field, ...] = FIELDS) -> SourceError:
    """Return the error that a source gives."""
    with pytest.raises(SourceError) as caught:
        check_source(source, fields, engine())
    return caught.value


def said(error: SourceError) -> str:
    """Return everything that an error says."""
    found = error.diagnostics[0]
    assert found.helps
    return " ".join((str(error), *found.notes, *found.helps))


def test_a_good_source_passes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\ufeff" + GOOD)
    check_source(Source(path=str(tmp_path / "a.csv")), FIELDS, engine())


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", None, "D402"),
        ("a.csv", b"", "D405"),
        ("a.csv", b"PAR1\x00\x01", "D406"),
        ("a.csv", b"\x1f\x8b\x08", "D406"),
        ("a.csv", b"A\x00G\x00E\x00", "D406"),
        ("a.parquet", GOOD.encode(), "D406"),
        ("a.csv", b"\n\n", "D407"),
        ("a.csv", b"Mrs Smith,F\nMr Jones,M\n", "D407"),
        ("a.csv", b"AGE;SEX\n40;F\n", "D407"),
        ("a.csv", b"AGE,SEX,AGE\n1,F,2\n", "D411"),
    ],
)
def test_a_faulty_file(tmp_path: Path, name: str, content: bytes | None, code: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    source = Source(path=str(path), format="parquet" if name.endswith("parquet") else "csv")
    error = fault(source)
    assert error.code == code
    assert error.exit_code == 5
    assert "Smith" not in said(error) and "Jones" not in said(error)


def test_only_the_absent_columns_of_the_spec_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("AGE,GENDER\n40,F\n")
    text = said(fault(Source(path=str(tmp_path / "a.csv"))))
    assert "`SEX`" in text and "AGE" not in text and "GENDER" not in text


def test_a_folder_and_an_unreadable_file(tmp_path: Path) -> None:
    assert fault(Source(path=str(tmp_path))).code == "D403"
    path = tmp_path / "a.csv"
    path.write_text(GOOD)
    path.chmod(0)
    if not os.access(path, os.R_OK):
        assert fault(Source(path=str(path))).code == "D404"


def test_a_pipe_is_refused_at_once_since_it_cannot_be_read_twice(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert fault(Source(path=str(tmp_path / "pipe.csv"))).code == "D404"


def test_an_unknown_format_and_an_unknown_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD)
    assert fault(Source(path="x", format="spark")).code == "D401"
    assert fault(Source(path=str(tmp_path / "a.csv"), encoding="klingon")).code == "D406"


def test_the_files_of_a_pattern_are_neither_named_nor_counted(tmp_path: Path) -> None:
    for name in ("smith", "jones"):
        (tmp_path / f"{name}.csv").write_text(GOOD if name == "jones" else "AGE\n1\n")
    text = said(fault(Source(path=str(tmp_path / "*.csv"))))
    assert "smith" not in text and "jones" not in text and "2" not in text.replace(str(tmp_path), "")
    assert fault(Source(path=str(tmp_path / "*.tsv"))).code == "D402"


@pytest.mark.parametrize(
    ("declared", "series", "fits"),
    [
        (INT, pl.Series([1.5]), True),
        (INT, pl.Series([[1]]), False),
        (TEXT, pl.Series([b"x"]), False),
        (TEXT, pl.Series([1]), True),
        (DATE, pl.Series([1]), False),
        (DATE, pl.Series(["2020-01-01"]), True),
        (DATETIME, pl.Series([True]), False),
        (BOOL, pl.Series([1]), True),
        (BOOL, pl.Series([1.0]), False),
        (decimal(2), pl.Series([1.25]), True),
        (FLOAT, pl.Series([True]), False),
    ],
)
def test_declared_types_against_those_of_a_parquet_file(
    tmp_path: Path, declared: Type, series: pl.Series, fits: bool
) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"X": series}).write_parquet(path)
    source = Source(path=str(path), format="parquet")
    fields = (Field(name="x", origin="X", type=declared),)
    if fits:
        check_source(source, fields, engine())
    else:
        assert fault(source, fields).code == "D408"


def test_an_output_folder_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_folder(tmp_path / "deep" / "out", 10)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="D409"):
        check_folder(tmp_path / "file" / "out", 10)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 9, 1))
    with pytest.raises(SourceError, match="D410"):
        check_folder(tmp_path / "out", 10)


@pytest.mark.parametrize(
    ("first", "second", "fits"),
    [
        (pl.Int64, pl.Float64, False),
        (pl.Int32, pl.UInt8, True),
        (pl.Int64, pl.String, True),
        (pl.String, pl.Decimal(9, 2), False),
        (pl.Int64, pl.Null, True),
        (pl.Float32, pl.Float64, False),
        (pl.Float64, pl.Float64, True),
    ],
)
def test_files_that_would_write_one_person_in_two_ways_are_refused(
    tmp_path: Path, first: pl.DataType, second: pl.DataType, fits: bool
) -> None:
    """With `1` in one file and `1.0` in the other, a person had twice the rows that noise is made for."""
    for name, dtype in (("a", first), ("b", second)):
        value = None if dtype == pl.Null else 1
        frame = pl.DataFrame({"who": pl.Series([value], dtype=pl.Null if value is None else pl.Int64)})
        frame.with_columns(pl.col("who").cast(dtype)).write_parquet(tmp_path / f"{name}.parquet")
    source = Source(path=str(tmp_path / "*.parquet"), format="parquet")
    asked = View(
        source=source,
        fields=(Field(name="who", origin="who", type=TEXT),),
        bound=Bound(unit="who", max_rows=1),
        protection=Protection(unit="who", max_rows=1),
    )
    if fits:
        check_view(asked, engine())
        with engine().open(asked, FixedKey()) as rows:
            assert rows.affected(["rows kept"]).tolist() == [2 if pl.Null in (first, second) else 1]
        return
    with pytest.raises(SourceError, match=r"D408.*give `who` different types"):
        check_view(asked, engine())
