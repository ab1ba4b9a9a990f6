"""Every walk-through runs, and the README says nothing that does not work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "examples").glob("*.py")))
def test_a_walk_through_runs(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / name)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SYNTHSPEC_HOME": str(tmp_path / "ledgers")},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "release" / "manifest.json").is_file()


def blocks(language: str) -> list[str]:
    """Return the README's blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_readmes_spec_passes_check() -> None:
    from synthspec.api.spec import Spec

    (text,) = blocks("yaml")
    assert [each for each in Spec.of(text, "readme.yaml").check() if each.level == "error"] == []


def test_the_readmes_python_runs_up_to_its_plan(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    assert "step" in capsys.readouterr().out


def test_the_readme_names_every_verb_and_exit_code() -> None:
    from synthspec.cli.verbs import VERBS

    for verb in set(VERBS) - {"demo", "completion"}:
        assert f"`{verb}`" in README, verb
    for code in (0, 1, 2, 3, 4, 5, 6, 10, 70, 130):
        assert f"\n| {code} |" in README
