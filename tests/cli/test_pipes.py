"""A reader that goes away: the work is done and the exit code says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = """spec: 1
source: t.csv
privacy: {unit: row, epsilon: 1}
columns: {sex: [F, M]}
sample: {rows: 20}
"""


@pytest.mark.parametrize("closed", ["stdout", "stderr", "both"])
def test_a_closed_stream_stops_no_run(tmp_path: Path, closed: str) -> None:
    (tmp_path / "s.yaml").write_text(SPEC)
    (tmp_path / "t.csv").write_text("sex\n" + "F\nM\n" * 30)
    reader, writer = os.pipe()
    os.close(reader)
    gone = {name: writer for name in ("stdout", "stderr") if closed in (name, "both")}
    done = subprocess.run(
        [sys.executable, "-m", "synthspec", "run", "s.yaml", "--yes", "-o", "out"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SYNTHSPEC_HOME": str(tmp_path / "home")},
        stdout=gone.get("stdout", subprocess.DEVNULL),
        stderr=gone.get("stderr", subprocess.DEVNULL),
        timeout=120,
        check=False,
    )
    os.close(writer)
    assert done.returncode == 0
    assert (tmp_path / "out" / "report.html").exists()
