"""What every test gets: a ledger folder of its own, and the real tables where they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import Phase, settings

settings.register_profile("no-shrinking", phases=(Phase.explicit, Phase.generate))
"""For planted bugs, where that a test fails is all that counts."""

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--bless`, which rewrites golden files; the difference is reviewed like code."""
    parser.addoption("--bless", action="store_true", help="rewrite golden files instead of comparing")


@pytest.fixture
def bless(request: pytest.FixtureRequest) -> bool:
    """Return whether golden files are to be rewritten."""
    return bool(request.config.getoption("--bless"))


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep ledgers and crash files of tests out of the user's folder."""
    monkeypatch.setenv("SYNTHSPEC_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real tables: SYNTHSPEC_DATA, else `../shared/data` beside the project."""
    folder = Path(os.environ.get("SYNTHSPEC_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real tables are not here: set SYNTHSPEC_DATA to their folder")
    return folder
