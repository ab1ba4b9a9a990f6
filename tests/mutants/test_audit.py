"""The audit itself, run in copies of the project with a planted bug: it must fail there, with exit code 3.

Slow. Each bug makes the true mu about twice or three times the claim, which so many plays catch with
probability over 0.999 (`attack.game.chance_of_proof`).
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mutants.harness import Mutant, copy_of_project, environment, plant


@dataclass(frozen=True)
class Audited:
    """A bug, and what is audited to find it.

    Attributes:
        bug: the planted bug; its tests are not run here.
        asked: the arguments of `synthspec audit`.
    """

    bug: Mutant
    asked: tuple[str, ...]


AUDITED = (
    Audited(
        Mutant(
            "half the noise",
            "privacy/rounded.py",
            "    x *= -scale\n",
            "    x *= -scale / 2\n",
            (),
        ),
        ("--mechanism", "threshold", "--runs", "600"),  # its counts have the same noise, and are quick
    ),
    Audited(
        Mutant(
            "counts and scores of a unit's rows as if it had one",
            "terms/query.py",
            "        m = protection.max_rows\n",
            "        m = 1\n",
            (),
        ),
        ("--mechanism", "rounded_gaussian", "--runs", "300"),
    ),
    Audited(
        Mutant(
            "selection rate doubled",
            "mechanisms/exponential.py",
            "SCALE_UNIT / (2 * sensitivity.l1)\n        bits",
            "SCALE_UNIT / sensitivity.l1\n        bits",
            (),
        ),
        ("--mechanism", "exponential", "--runs", "600"),
    ),
)


@pytest.mark.slow
@pytest.mark.parametrize("each", AUDITED, ids=lambda each: each.bug.name)
def test_the_audit_fails_where_a_bug_is_planted(each: Audited, tmp_path: Path) -> None:
    home = copy_of_project(tmp_path)
    plant(home, each.bug)
    done = subprocess.run(
        [sys.executable, "-m", "synthspec", "audit", *each.asked],
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 3, done.stdout[-2000:] + done.stderr[-1000:]
    assert "FAILED" in done.stdout
