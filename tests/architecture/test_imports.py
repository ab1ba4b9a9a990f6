"""What `import synthspec` and the command line may load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "pandas", "sklearn", "pgmpy", "opacus", "z3", "altair", "duckdb", "pyspark"}
SPEC = """\
spec: 1
source: a.csv
privacy: {unit: row, epsilon: 1}
columns:
  age: int 0..120
  sex: [F, M]
"""


def loaded_by(code: str, *arguments: str, cwd: Path = ROOT) -> set[str]:
    """Return the names of all modules that a fresh interpreter holds after running `code`."""
    script = f"{code}\nimport sys, json\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def tops(modules: set[str]) -> set[str]:
    """Return the top-level packages of `modules`."""
    return {module.partition(".")[0] for module in modules}


def test_importing_the_package_loads_nothing_heavy() -> None:
    found = loaded_by("import synthspec")
    assert not tops(found) & (HEAVY | {"polars", "numpy", "scipy", "sqlglot", "yaml", "pydantic"})


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    found = loaded_by("import synthspec.cli.main")
    assert not tops(found) & (HEAVY | {"polars", "numpy", "scipy", "sqlglot"})


def test_help_loads_no_verb() -> None:
    found = loaded_by("from synthspec.cli.main import run; run(['--help'])")
    assert not tops(found) & (HEAVY | {"polars", "numpy", "scipy"})
    assert "synthspec.run.kernel" not in found


def test_checking_a_spec_without_expressions_loads_neither_engines_nor_statistics(tmp_path: Path) -> None:
    spec = tmp_path / "a.yaml"
    spec.write_text(SPEC)
    found = loaded_by(
        "from synthspec.cli.main import run\nimport sys\nassert run(['check', sys.argv[1]]) == 0", str(spec)
    )
    # scipy.special alone costs 0.3 s: whoever needs it imports it inside a function
    assert not tops(found) & (HEAVY | {"polars", "sqlglot", "scipy"})
    assert not any(module.startswith(("synthspec.run.", "synthspec.engines.")) for module in found)


@pytest.mark.parametrize("name", ["load", "Spec", "Plan", "Release", "SpecError"])
def test_a_public_name_can_be_reached_after_a_bare_import(name: str) -> None:
    found = loaded_by(f"import synthspec\nassert synthspec.{name} is not None")
    assert not tops(found) & HEAVY
