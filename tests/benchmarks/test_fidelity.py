"""The benchmark's own arithmetic: bins of numbers, and figures kept from run to run."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (ROOT / "benchmarks", ROOT / "tests" / "generators"):
        monkeypatch.syspath_prepend(str(each))
    for name in ("tables", "fidelity", "rules"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(("low", "high", "bins"), [(0, 100, 100), (15, 100, 85), (0, 140, 140), (1, 15, 14)])
def test_whole_numbers_have_bins_of_their_own(low: int, high: int, bins: int) -> None:
    """29 / 100 * 100 is a little less than 29."""
    from tables import _number

    codes, size, gaps = _number([str(value) for value in range(low, high)], ("linear", low, high, bins))
    assert codes.tolist() == list(range(bins))
    assert (size, gaps) == (bins, False)


def test_a_value_beyond_the_ends_counts_in_the_last_bin_and_an_empty_one_is_missing() -> None:
    from tables import _number

    codes, size, gaps = _number(["-5", "99999", ""], ("linear", 0, 10, 10))
    assert codes.tolist() == [0, 9, 10] and (size, gaps) == (11, True)


def test_figures_are_made_once_and_again_when_one_is_lacking(tmp_path: Path) -> None:
    from fidelity import Kept

    made: list[int] = []

    def make() -> dict[str, float]:
        made.append(1)
        return {"tvd1": 0.5} if len(made) < 2 else {"tvd1": 0.5, "auc": 0.9}

    for _ in range(2):
        kept = Kept(tmp_path / "figures.json")
        assert kept.figures("a", make) == {"tvd1": 0.5}
    assert len(made) == 1
    assert kept.figures("a", make, "auc") == {"tvd1": 0.5, "auc": 0.9}
    assert Kept(tmp_path / "figures.json").figures("a", make, "auc")["auc"] == 0.9
    assert len(made) == 2
    assert np.isclose(Kept().figures("a", make)["tvd1"], 0.5) and len(made) == 3


@pytest.mark.parametrize("name", ["acs-ma", "acs-ma-16"])
def test_no_real_row_lies_in_a_cell_that_the_spec_s_rules_leave_empty(name: str) -> None:
    """Bins of a rule and bins of the rows must be the same ones: one age off, and people vanish."""
    from rules import zeros
    from tables import FILES, folder, load

    if not (folder() / FILES[name][1]).exists():
        pytest.skip("the real tables are not here (SYNTHSPEC_DATA)")
    table = load(name)
    for pair, impossible in zeros(table):
        one, two = (table.rows[:, table.columns.index(column)] for column in pair)
        assert impossible.any() and not impossible[one, two].any(), pair


def test_a_page_names_the_command_without_the_machine_s_files() -> None:
    from fidelity import _command

    words = ["--grid", "--kept", "/some/where.json", "--tables", "bank", "--out", "x.md", "--seeds", "5"]
    assert _command(words) == "python benchmarks/fidelity.py --grid --tables bank --seeds 5"
