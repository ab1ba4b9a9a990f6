"""A short version of `benchmarks/kills.py`: SIGKILL at random moments, and everything is looked at after."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgres import running

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("store", ["file", "postgres"])
def test_after_every_kill_the_ledger_is_true_and_the_run_goes_on(store: str) -> None:
    if store == "postgres":
        with running(fsync=True):
            pass  # skips where there is no server to start
    command = [sys.executable, str(ROOT / "benchmarks" / "kills.py"), "--kills", "12", "--store", store]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all true" in done.stdout and "| train |" in done.stdout


@pytest.mark.slow
def test_a_ledger_that_forgets_is_seen(tmp_path: Path) -> None:
    """The looks are worth something: a store that does not write a charge down is untrue at the first one."""
    planted = (
        "import sys\n"
        "from synthspec.privacy.store_file import FileStore\n"
        "true = FileStore.append\n"
        "def forgetful(self, decide):\n"
        "    texts = decide(self.read())\n"
        '    if not any(\'"kind":"commit"\' in text or \'"kind":"open"\' in text for text in texts):\n'
        "        true(self, lambda _: texts)\n"
        "FileStore.append = forgetful\n"
        "sys.argv = ['kills.py', '--kills', '5']\n"
        f"sys.path.insert(0, {str(ROOT / 'benchmarks')!r})\n"
        "import kills\n"
        "sys.exit(kills.main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", planted],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 1 and "untrue" in done.stdout, done.stdout + done.stderr
