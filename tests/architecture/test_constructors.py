"""In which files the classes that carry the promise may be made."""

from __future__ import annotations

import pytest

from tests.architecture.source_tree import PACKAGE, calls, files, name_of

REPLAYED = {"verify/replay.py", "verify/noise.py"}
"""Released answers, and simulated ones of synthetic rows: no engine can be reached from `verify`."""

MADE_IN = {
    "Kernel": {"run/views.py", "run/kernel.py", "run/rehearsal.py", "run/games.py", "run/internal/shadow.py"},
    "Receipt": {"privacy/ledger.py"},
    "Ledger": {
        "privacy/ledger.py",
        "run/execute.py",
        "run/rehearsal.py",
        "run/games.py",
        "run/internal/shadow.py",
        *REPLAYED,
    },
    "Noisy": {"run/kernel.py", *REPLAYED},
    "Checked": {"compile/check.py"},
    "ChargeKeys": {"privacy/inside.py"},
}


@pytest.mark.parametrize("made", MADE_IN)
def test_a_guarded_class_is_made_only_where_the_table_says(made: str) -> None:
    found = {name_of(path) for path in files() if made in calls(path)}
    assert found == found & MADE_IN[made], f"{made} is made in {sorted(found - MADE_IN[made])}"
    assert found, f"{made} is made nowhere: the table is stale"


def test_the_systems_randomness_is_handed_in_by_api_only() -> None:
    found = {name_of(path) for path in files() if "SystemNoise" in calls(path)}
    assert found
    assert {place.split("/")[0] for place in found} == {"api"}


def test_no_engine_is_reached_from_outside_run() -> None:
    for path in files():
        room = name_of(path).split("/")[0]
        if room not in ("run", "engines"):
            assert "synthspec.engines" not in path.read_text(encoding="utf-8"), name_of(path)


def test_nothing_is_pickled_or_evaluated() -> None:
    for path in files():
        made = set(calls(path))
        assert not made & {"eval", "exec"}, name_of(path)
        text = path.read_text(encoding="utf-8")
        assert "import pickle" not in text, name_of(path)
        assert "allow_pickle=True" not in text, name_of(path)


def test_polars_is_reached_from_few_rooms_only() -> None:
    allowed = {"engines", "release", "draw", "terms", "api", "compile", "run", "verify"}
    for path in files():
        if "import polars" in path.read_text(encoding="utf-8"):
            assert name_of(path).split("/")[0] in allowed, name_of(path)


def test_the_package_is_where_these_tests_think() -> None:
    assert (PACKAGE / "__init__.py").is_file()
    assert len(files()) > 50
