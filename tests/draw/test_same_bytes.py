"""Rows do not depend on the order in which a process hands out the members of a set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import hashlib, sys
from pathlib import Path
from synthspec.compile.check import check
from synthspec.compile.plan import mock_plan
from synthspec.draw.mock import mock
from synthspec.privacy.entropy import SampleRng
from synthspec.spec.parse import parse
path = Path(sys.argv[1])
checked, _ = check(parse(path.read_text(), str(path)), path.parent)
made = mock(mock_plan(checked, 1500), 1500, SampleRng(3))
print(hashlib.sha256(made.frame.write_csv().encode()).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["heart-cleveland", "hospital"])
def test_another_process_draws_the_same_rows(name: str) -> None:
    found = set()
    for salt in ("1", "2", "3"):  # what strings hash to differs from process to process
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(ROOT / "specs" / f"{name}.yaml")],
            env={**os.environ, "PYTHONHASHSEED": salt, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(run.stdout)
    assert len(found) == 1
