"""What passes between the benchmark and a peer, with stand-ins for the peers: no peer is installed here."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
ECHO = """
import sys
from pathlib import Path
sys.path.insert(0, {peers!r})
from protocol import answer
answer(Path(sys.argv[1]), "echo 1", lambda task, rows: lambda many: rows[::-1][:many] + {shift})
"""


@pytest.fixture(scope="module")
def peers() -> Iterator[SimpleNamespace]:
    """The comparison's modules, which are scripts beside each other and no package."""
    before = list(sys.path), set(sys.modules)
    sys.path[:0] = [str(FOLDER), str(FOLDER / "peers")]
    names = ("protocol", "attempts", "record", "better", "compare", "zcdp")
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    sys.path[:] = before[0]
    for name in set(sys.modules) - before[1]:
        if str(getattr(sys.modules[name], "__file__", "") or "").startswith(str(FOLDER)):
            del sys.modules[name]


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(0).integers(0, (2, 300, 5), (40, 3))


def task_for(peers: SimpleNamespace, rows: np.ndarray) -> object:
    return peers.protocol.Task("mst", ("a", "b", "ü c"), (2, 300, 5), 0.1, 1e-9, 3, len(rows))


def stand_in(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "with_stand_in.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_task_and_an_answer_come_out_as_they_went_in(
    peers: SimpleNamespace, rows: np.ndarray, tmp_path: Path
) -> None:
    task = task_for(peers, rows)
    peers.protocol.write_task(tmp_path, task, rows)
    read, codes = peers.protocol.read_task(tmp_path)
    assert read == task
    assert (codes == rows).all() and codes.dtype == np.int64
    figures = peers.protocol.Figures(1.5, 200.25, "echo 1")
    peers.protocol.write_answer(tmp_path, rows, figures)
    drawn, said = peers.protocol.read_answer(tmp_path, task)
    assert (drawn == rows).all()
    assert said == figures


def test_an_adapter_answers_from_a_process_of_its_own(
    peers: SimpleNamespace, rows: np.ndarray, tmp_path: Path
) -> None:
    adapter = stand_in(tmp_path, ECHO.format(peers=str(FOLDER / "peers"), shift=0))
    ran = peers.attempts.attempt(
        Path(sys.executable), adapter, task_for(peers, rows), rows, peers.attempts.Limit()
    )
    assert ran.why == ""
    assert (ran.rows == rows[::-1]).all()
    assert ran.figures.version == "echo 1" and ran.figures.megabytes > 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("while True: pass", "did not finish in 0.0166667 CPU minutes"),
        (
            "import numpy as np\nx = np.ones(30_000_000)\nimport time\ntime.sleep(60)",
            "did not finish: over 0.1 GB",
        ),
        ("raise RuntimeError('no luck in /some/where/file.py')", "failed: RuntimeError: no luck in ..."),
        ("pass", "failed: "),
        (ECHO, "failed: codes outside the domain"),
    ],
    ids=["too long", "too much", "an error", "no answer", "a wrong answer"],
)
def test_what_went_wrong_is_said_in_one_line(
    peers: SimpleNamespace, rows: np.ndarray, tmp_path: Path, text: str, why: str
) -> None:
    if text is ECHO:
        text = text.format(peers=str(FOLDER / "peers"), shift=1)
    ran = peers.attempts.attempt(
        Path(sys.executable),
        stand_in(tmp_path, text),
        task_for(peers, rows),
        rows,
        peers.attempts.Limit(seconds=1, megabytes=100),
    )
    assert ran.rows is None
    assert ran.why.startswith(why)
    assert "\n" not in ran.why
    assert "peer-" not in ran.why and str(tmp_path) not in ran.why, "no path of this machine"


def test_kept_lines_survive_other_writers_and_show_on_the_page(
    peers: SimpleNamespace, tmp_path: Path
) -> None:
    path = tmp_path / "peers.json"
    key = peers.record.key_of
    peers.record.keep(path, key("adult", "marginal", 1.0), {"tvd1": 0.0079, "fit": 2.25})
    peers.record.keep(path, key("adult", "dpmm AIM", 1.0), {"why": "did not finish in 15 CPU minutes"})
    kept = peers.record.read(path)
    assert list(kept) == ["adult | dpmm AIM | 1", "adult | marginal | 1"]
    page = tmp_path / "peers.md"
    peers.record.write_page(
        page, kept, {"adult": "some rows"}, ("marginal", "dpmm AIM", "mbi AIM"), "# peers"
    )
    lines = page.read_text(encoding="utf-8").splitlines()
    assert any(line.split() == ["marginal", "0.0079", "2.2"] for line in lines)
    assert any(
        line.split(maxsplit=2) == ["dpmm", "AIM", "did not finish in 15 CPU minutes"] for line in lines
    )
    assert sum(line.endswith("not run yet") for line in lines) == 7
    assert sorted(p.name for p in tmp_path.iterdir()) == ["peers.json", "peers.md"]


def test_first_questions_go_first_and_quick_peers_before_slow_ones(peers: SimpleNamespace) -> None:
    compare = peers.compare
    found = list(compare.jobs(compare.TABLES, compare.EPSILONS, compare.PEERS))
    assert len(found) == len(set(found)) == len(compare.TABLES) * len(compare.EPSILONS) * len(compare.PEERS)
    many = len(compare.FIRST) * len(compare.PEERS)
    for part in (found[:many], found[many:]):
        speeds = [peer.quick for _, _, peer in part]
        assert speeds == sorted(speeds, reverse=True)
    assert tuple(dict.fromkeys(job[:2] for job in found))[: len(compare.FIRST)] == compare.FIRST
    assert {job[:2] for job in found[:many]} == set(compare.FIRST)


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 10.0])
def test_rho_is_the_largest_that_the_budget_allows(peers: SimpleNamespace, epsilon: float) -> None:
    rho = peers.zcdp.rho_of(epsilon, 1e-9)
    # the simple bound of Bun and Steinke 2016: rho + 2 sqrt(rho log(1/delta)) = epsilon
    log = np.log(1e9)
    simple = (np.sqrt(log + epsilon) - np.sqrt(log)) ** 2
    assert simple < rho < 1.5 * simple
    assert peers.zcdp.delta_of(1.001 * rho, epsilon) > 1e-9


def test_a_peer_ahead_by_more_than_our_spread_is_named_and_one_that_is_not_is_not(
    peers: SimpleNamespace,
) -> None:
    key = peers.record.key_of
    kept = {
        key("adult", "marginal", 1.0): {"tvd1": 0.02, "auc": 0.9, "spread": {"tvd1": 0.001, "auc": 0.01}},
        key("adult", "MST", 1.0): {"tvd1": 0.0179, "auc": 0.91},
        key("adult", "AIM", 1.0): {"tvd1": 0.0185, "auc": 0.95},
        key("adult", "AIM", 10.0): {"why": "did not finish in 15 CPU minutes"},
    }
    ahead = [
        (each.measure, each.peer)
        for each in peers.better.compared(kept, ["adult"], ["MST", "AIM"])
        if each.gain > 2 * each.spread
    ]
    assert ahead == [("tvd1", "MST"), ("auc", "AIM")]
    lines = peers.better.in_words(kept, ["adult"], ["MST", "AIM"])
    assert "  - adult, epsilon 1: MST 0.0179, ours 0.0200 +- 0.0010" in lines
    assert "* AUC (`auc`): in 1 of 2 comparisons:" in lines
    assert "* F1 (`f1`): in 0 of 0 comparisons" in lines
    assert "* MST, not run: adult at 0.1, adult at 10" in lines
    assert "* AIM, adult at 10: did not finish in 15 CPU minutes" in lines


def test_every_measure_has_words_and_a_reason(peers: SimpleNamespace) -> None:
    assert set(peers.better.WHY) == set(peers.better.MEASURES) <= set(peers.record.DIGITS)
