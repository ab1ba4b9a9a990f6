"""A command line in this process: streams, exit code, and the one JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from synthspec.cli.main import run


@dataclass(frozen=True)
class Done:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


Command = Callable[..., Done]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return a function that runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        code = run(list(arguments))
        seen = capsys.readouterr()
        return Done(code, seen.out, seen.err)

    return call


SPEC = """\
spec: 1
name: small
source: {path: table.csv, rows: 400}
privacy: {unit: row, epsilon: 3}
columns:
  age: int 0..9
  sex: [F, M]
  ward: [medicine, surgery, icu]
rules:
  no-young-icu: ward <> 'icu' OR age >= 2
sample: {rows: 200, seed: 1}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """Return a spec file with its table beside it."""
    wards = ["medicine", "surgery", "icu"]
    lines = [f"{2 + i % 8},{'FM'[i % 2]},{wards[i % 3]}" for i in range(400)]
    (tmp_path / "table.csv").write_text("age,sex,ward\n" + "\n".join(lines) + "\n")
    path = tmp_path / "small.yaml"
    path.write_text(SPEC)
    return path
