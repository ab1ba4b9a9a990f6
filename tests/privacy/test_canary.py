"""Values outside every domain, and names of units, appear nowhere outside the source file."""

from __future__ import annotations

import io
import logging
import tempfile
import zipfile
from pathlib import Path

import polars as pl
import pytest

from synthspec.privacy.entropy import SystemNoise
from synthspec.privacy.home import home
from synthspec.run.engine import engine
from synthspec.run.execute import execute
from tests.run.stand_ins import charged, plan_for, visits

CANARIES = ("CANARYUNIT7741", "CANARYSEX9317", "CANARYWARD5502", "987654321", "CANARYTEXT1234")
ROWS = "".join(
    f"CANARYUNIT7741,{age},{sex},{ward},{days},12.00\n"
    for age, sex, ward, days in (
        ("987654321", "F", "icu", "3"),
        ("40", "CANARYSEX9317", "icu", "3"),
        ("41", "F", "CANARYWARD5502", "CANARYTEXT1234"),
    )
)


def everything(folder: Path) -> bytes:
    """Return all bytes below a folder, archives and Parquet files unpacked."""
    found = []
    for path in sorted(folder.rglob("*")):
        found.append(str(path).encode())
        if not path.is_file():
            continue
        data = path.read_bytes()
        found.append(data)
        if path.suffix == ".npz":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                found += [archive.read(name) for name in archive.namelist()]
        if path.suffix == ".parquet":
            found.append(pl.read_parquet(path).write_csv().encode())
    return b"\n".join(found)


def test_canaries_are_nowhere(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    private = tmp_path / "private"
    private.mkdir()
    source = private / "visits.csv"
    source.write_text(visits(400) + ROWS)
    plan = plan_for(source)
    journal, charge = charged(plan)
    left_behind: list[bytes] = []

    def watch(step: int, steps: int, name: str) -> None:
        left_behind.append(everything(scratch) + everything(tmp_path / "out") + everything(home()))

    execute(plan, journal, charge, engine(), SystemNoise(), tmp_path / "out" / "r", progress=watch)
    out, err = capfd.readouterr()
    seen = b"\n".join([*left_behind, everything(scratch), everything(tmp_path / "out"), everything(home())])
    seen += (out + err + caplog.text).encode()
    assert b"icu" in seen, "a frequent ward is released, so the search does look at what was found"
    for canary in CANARIES:
        assert canary.encode() not in seen
    assert not list(scratch.iterdir())
