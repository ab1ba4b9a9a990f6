"""Two processes that share a training give what one gives: one draw of each batch and of each noise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from tests.run import two_ranks  # noqa: E402
from tests.run.test_steps import COUNTS  # noqa: E402

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch was built without torch.distributed")
def test_two_processes_give_what_one_gives(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", two_ranks.__file__]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen([*command, str(rank), "2", str(tmp_path)], env=environment) for rank in range(2)
    ]
    assert [process.wait(timeout=250) for process in started] == [0, 0]
    wanted = torch.cat([each.detach().reshape(-1) for each in two_ranks.alone(2).module.parameters()])
    found = [dict(np.load(tmp_path / f"rank{rank}.npz")) for rank in range(2)]
    for each in found:
        assert float(np.abs(each["parameters"] - wanted.numpy()).max()) < 1e-6
    assert [int(each["units"]) for each in found] == [3, 3], "every unit lies on one rank"
    batches = len(two_ranks.BATCHES)
    assert found[0]["drawn"].tolist() == [batches, batches, len(COUNTS)]
    assert found[1]["drawn"].tolist() == [0, 0, 0], "only the first draws"


@pytest.mark.slow
def test_a_rank_whose_first_is_gone_ends_as_k701(tmp_path: Path) -> None:
    """The first stops in the middle, without a word: the other neither hangs nor says what it saw."""
    command = [sys.executable, "-W", "ignore", two_ranks.__file__]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    first, other = (
        subprocess.Popen(
            [*command, str(rank), "2", str(tmp_path), "dies"],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    )
    said = [process.communicate(timeout=250)[1] for process in (first, other)]
    assert first.returncode == two_ranks.DIED
    assert other.returncode == 1 and "K701" in said[1]
    assert "broadcast" not in said[1] and "Connection" not in said[1]
