"""Kill `train`, `sample` and `budget` with SIGKILL at random moments, and look at what is left each time.

After every kill, in a new process: the ledger's chain holds and no entry that was seen is gone; every noisy
answer on the disk belongs to a charge that is opened or committed; every release folder is whole, and its
entry is in the ledger; a file of sampled rows is absent or complete. Then the killed verb goes on
(`--resume`), sometimes to be killed again, and must end well: one charge for one release, the answers
bought before the kill replayed and not drawn again, nothing left lying about.

The moment is uniform over the time that the verb takes; a verb that ended before it is not a kill and not
counted. Verbs run in processes forked from one that has only imported them: what is killed is their work,
not Python's start. The page's pictures are left out (no `vl_convert`), since they are half of the time.

Run: python benchmarks/kills.py --kills 1000 --store file
     python benchmarks/kills.py --kills 300 --store postgres        (starts a private server)
     python benchmarks/kills.py --kills 300 --store postgres --address 'postgres://db.example/ledgers#kills'
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SPEC = """\
spec: 1
name: small
source: {{path: table.csv, rows: 400}}
privacy: {{unit: row, epsilon: 0.5, ledger: '{ledger}'}}
columns:
  age: int 0..9
  sex: [F, M]
  ward: [medicine, surgery, icu]
rules:
  no-young-icu: ward <> 'icu' OR age >= 2
sample: {{rows: 200, seed: 1}}
"""
PRELOADED = (
    "polars", "scipy.optimize", "sqlglot", "rich.console", "synthspec.api.ledgers", "synthspec.api.train",
    "synthspec.api.plan", "synthspec.api.spec", "synthspec.api.release", "synthspec.api.sampled",
    "synthspec.api.write", "synthspec.cli.main", "synthspec.cli.train", "synthspec.cli.sample",
    "synthspec.cli.budget", "synthspec.release.bundle", "synthspec.run.execute", "synthspec.run.engine",
    "duckdb", "synthspec.api.parted", "synthspec.draw.parted", "synthspec.cli.progress",
)  # fmt: skip
PATIENCE = 300.0
LEARN = "train without its page"
"""The verb up to the release: charging, learning, writing. Making its page takes four times as long."""
FILL = "sample into a folder"
"""The verb that draws rows into a folder, part by part."""
PARTS = 6
PAGED = 0.15
"""How often the page is made too."""
RENEWED = 40
"""After so many turns the next ledger is opened: an entry is decided on all before it."""


def preload() -> None:
    """Import what the verbs import; run none of it, so that no thread is lost in a fork."""
    import importlib

    sys.modules["vl_convert"] = None  # type: ignore[assignment]
    for name in PRELOADED:
        importlib.import_module(name)


def forked(work: Callable[[], int], folder: Path, log: Path) -> int:
    """Start `work` in a process of its own, in `folder`; return its id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.chdir(folder)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for stream in (1, 2):
            os.dup2(out, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def ended(pid: int, until: float) -> int | None:
    """Return the exit status when the process ended before the moment `until`, else None."""
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            return None
        time.sleep(0.0005)


@dataclass
class Bench:
    """One store under fire; `counts` says of (verb, what was found after the kill) how often."""

    folder: Path
    named: Callable[[str], str]
    rng: np.random.Generator
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    typical: dict[str, float] = field(default_factory=dict)
    kills: int = 0
    looks: int = 0
    resumed: int = 0
    finished: int = 0
    entries: int = 0
    ledgers: int = 0
    ledger: str = ""
    secret: str = ""
    removed: int = 0

    # ---- running verbs

    def verb(self, *arguments: str) -> Callable[[], int]:
        """Return the work of a command line."""

        def work() -> int:
            if arguments[0] == LEARN:
                return learn(arguments[1], resume="--resume" in arguments)
            from synthspec.cli.main import run

            return run(["sample", *arguments[1:]] if arguments[0] == FILL else list(arguments))

        return work

    def whole(self, *arguments: str) -> str:
        """Run a command to its end; return what it said, and fail when it failed."""
        begun = time.monotonic()
        pid = forked(self.verb(*arguments), self.folder, self.log)
        code = ended(pid, begun + PATIENCE)
        said = self.log.read_text(errors="replace")
        if code is None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        assert code == 0, f"{arguments} ended with {code}: {said}"
        self.typical[arguments[0]] = time.monotonic() - begun
        return said

    def killed(self, *arguments: str) -> bool:
        """Run a command and kill it at some moment; return whether it was still at work.

        Half of the trainings are killed at some moment after their folder of answers was made, and half of
        the drawings into a folder after its first part was.
        """
        late = arguments[0] in ("train", LEARN, FILL) and bool(self.rng.integers(2))
        moment = float(self.rng.uniform(0, (0.6 if late else 1.05) * self.typical[arguments[0]]))
        begun = self.parts if arguments[0] == FILL else self.runs
        before = begun()
        pid = forked(self.verb(*arguments), self.folder, self.log)
        while late and begun() == before and self.at_work(pid):
            time.sleep(0.0005)
        code = ended(pid, time.monotonic() + moment)
        if code is not None:
            said = self.log.read_text(errors="replace")
            assert code == 0, f"{arguments} ended with {code}: {said}"
            return False
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self.kills += 1
        return True

    def runs(self) -> int:
        """Return how many runs have written answers, or begun to."""
        return sum(1 for _ in (self.folder.parent / "home" / "runs").glob("*/*"))

    def parts(self) -> int:
        """Return how many parts of rows there are."""
        return sum(1 for _ in (self.folder / "rows").glob("part-*"))

    def at_work(self, pid: int) -> bool:
        """Return whether the process has not ended, without taking its exit status."""
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    @property
    def log(self) -> Path:
        """What the last process said."""
        return self.folder.parent / "log"

    # ---- looking

    def look(self) -> dict[str, Any]:
        """Look at everything in a new process; return its facts, and fail when anything is untrue."""
        told = self.folder.parent / "facts.json"
        told.unlink(missing_ok=True)

        def work() -> int:
            told.write_text(json.dumps(facts(self.ledger, self.folder, self.removed)))
            return 0

        code = ended(forked(work, self.folder, self.log), time.monotonic() + PATIENCE)
        assert code == 0, f"after kill {self.kills}: {self.log.read_text(errors='replace')}"
        found: dict[str, Any] = json.loads(told.read_text())
        assert found["entries"] >= self.entries, f"after kill {self.kills}: entries are gone"
        self.entries = found["entries"]
        self.looks += 1
        return found

    # ---- the verbs under fire

    def prepare(self) -> None:
        """Make the table, and a first ledger and release; take the time of each verb once."""
        lines = [f"{2 + i % 8},{'FM'[i % 2]},{['medicine', 'surgery', 'icu'][i % 3]}" for i in range(400)]
        (self.folder / "table.csv").write_text("age,sex,ward\n" + "\n".join(lines) + "\n")
        self.renew()
        self.whole("train", "small.plan", "-o", "first", "-q")
        self.whole(LEARN, "second")
        shutil.rmtree(self.folder / "second")
        self.removed += 1
        self.whole("sample", "first", "-n", "3000", "--seed", "7", "-o", "wanted.csv", "-q")
        self.whole(*self.filling("wanted"))
        self.look()

    def renew(self) -> None:
        """Open the next ledger, and a plan on it."""
        self.ledgers += 1
        self.entries = self.removed = 0
        self.ledger = self.named(f"kills-{self.ledgers}")
        (self.folder / "small.yaml").write_text(SPEC.format(ledger=self.ledger))
        cap = ("--unit", "row", "--cap", "300", "--delta", "1e-6")
        said = self.whole("budget", "open", self.ledger, *cap, "--json")
        self.secret = json.loads(said)["secret"]
        self.whole("plan", "small.yaml", "-o", "small.plan", "-q")
        self.raised()

    def raised(self) -> None:
        """Set the cap, as its owner."""
        self.whole("budget", "cap", self.ledger, "--to", "300", "--secret", self.secret)

    def train(self, number: int) -> None:
        """Train one release through some kills."""
        out = f"rel-{self.ledgers}-{number}"
        before = self.look()["states"]
        bought: list[str] = []
        again: tuple[str, ...] = ()
        for _ in range(int(self.rng.integers(1, 4))):
            if not self.killed(*self.training(out), *again):
                break
            found = self.look()
            kept = self.answers(found, len(before))
            assert kept[: len(bought)] == bought, f"kill {self.kills}: a bought answer is not there any more"
            bought = kept
            new = found["states"][len(before) :]
            assert len(new) <= 1, f"kill {self.kills}: more than one charge for one release"
            state = new[0] if new else "not charged"
            again = ("--resume",) if new else ()
            self.counts["train", state if state != "opened" else f"opened, {some(len(bought))}"] += 1
            if state == "committed":
                break
        self.go_on(out, len(before))
        kept = self.answers(self.look(), len(before))
        assert kept[: len(bought)] == bought, "an answer was drawn anew"

    def answers(self, found: dict[str, Any], before: int) -> list[str]:
        """Return the answers of the charge that came after the first `before` ones."""
        new = found["names"][before:]
        return answers(self.folder.parent / "home", new[0]) if new else []

    def training(self, out: str) -> tuple[str, ...]:
        """Return how the next training is run: most are run without making their page."""
        if self.rng.random() < PAGED:
            return ("train", "small.plan", "-o", out, "-q")
        return (LEARN, out)

    def go_on(self, out: str, before: int) -> None:
        """Let the run end, and see that one charge and one whole release came of it."""
        new = self.look()["states"][before:]
        if new != ["committed"]:
            again = ("--resume",) if new else ()
            self.resumed += bool(again)
            self.whole(LEARN, out, *again)
        found = self.look()
        assert found["states"][before:] == ["committed"], found["states"][before:]
        assert out in found["releases"], f"{out} is not there"
        assert not found["strays"], f"left lying about: {found['strays']}"
        self.finished += 1
        shutil.rmtree(self.folder / out)
        self.removed += 1

    def sample(self) -> None:
        """Sample to a file through a kill: it is absent or complete, and comes whole the next time."""
        rows = self.folder / "rows.csv"
        rows.unlink(missing_ok=True)
        asked = ("sample", "first", "-n", "3000", "--seed", "7", "-o", "rows.csv", "-q")
        wanted = (self.folder / "wanted.csv").read_bytes()
        if self.killed(*asked):
            state = "complete" if rows.exists() else "absent"
            assert not rows.exists() or rows.read_bytes() == wanted, f"kill {self.kills}: rows are half there"
            self.counts["sample", state] += 1
        self.look()
        self.whole(*asked)
        assert rows.read_bytes() == wanted
        assert not self.look()["strays"]

    def filling(self, folder: str, processes: int = 1) -> tuple[str, ...]:
        """Return how rows are drawn into a folder."""
        rows = ("first", "-n", f"{PARTS * 100_000 - 50}", "--seed", "7", "-q")
        return (FILL, *rows, "-o", f"{folder}/", "--processes", str(processes))

    def fill(self) -> None:
        """Draw into a folder through some kills: every part is absent or whole, and all come in the end."""
        folder = self.folder / "rows"
        wanted = parts_of(self.folder / "wanted")
        asked = self.filling("rows", int(self.rng.integers(1, 3)))
        for _ in range(int(self.rng.integers(1, 4))):
            if not self.killed(*asked):
                break
            there = parts_of(folder)
            assert all(wanted[name] == each for name, each in there.items()), (
                f"kill {self.kills}: a part is half there"
            )
            state = "no part yet" if not there else "all parts" if len(there) == PARTS else "some parts"
            self.counts[FILL, state] += 1
        self.look()
        self.whole(*asked)
        assert parts_of(folder) == wanted, "the parts are others than without a kill"
        assert not [path.name for path in folder.iterdir() if path.name.startswith(".")], "left lying about"
        shutil.rmtree(folder)

    def budget(self) -> None:
        """Change the cap through a kill: one entry more or none."""
        before = self.look()
        if self.killed("budget", "cap", self.ledger, "--to", "300", "--secret", self.secret):
            more = self.look()["entries"] - before["entries"]
            assert more in (0, 1)
            self.counts["budget cap", "written" if more else "not written"] += 1
        after = self.look()
        assert after["spent"] == before["spent"]
        self.raised()

    def fire(self, kills: int, until: float) -> None:
        """Go on until so many processes were killed at work, or until the time is over."""
        number = 0
        while self.kills < kills and time.monotonic() < until:
            number += 1
            match self.rng.choice(["train", "sample", "fill", "budget"], p=[0.6, 0.12, 0.14, 0.14]):
                case "train":
                    self.train(number)
                case "sample":
                    self.sample()
                case "fill":
                    self.fill()
                case _:
                    self.budget()
            if number % RENEWED == 0:
                self.renew()
                print(f"  {self.kills} kills", file=sys.stderr, flush=True)


def parts_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of the parts that are there."""
    return {path.name: path.read_bytes() for path in folder.glob("part-*.parquet")}


def learn(out: str, *, resume: bool) -> int:
    """Charge for the plan, learn, and write the release."""
    from synthspec.api.train import train
    from synthspec.plan.plan import Plan

    train(Plan.model_validate_json(Path("small.plan").read_bytes()), out=out, resume=resume)
    return 0


def some(bought: int) -> str:
    """Return how far a run had come, in words."""
    return "no answer yet" if bought == 0 else "some answers bought"


def answers(home: Path, release: str) -> list[str]:
    """Return the whole lines of a release's answers, the first of which names the plan."""
    path = home / "runs" / release / "answers.jsonl"
    return path.read_text().split("\n")[1:-1] if path.exists() else []


def facts(ledger: str, folder: Path, removed: int) -> dict[str, Any]:
    """Return what is there now; an AssertionError, or a coded error, when any of it is untrue."""
    from synthspec.privacy.home import home
    from synthspec.privacy.journal import Journal
    from synthspec.release.bundle import read_release

    journal = Journal.find(ledger)
    assert journal is not None
    entries = journal.verify()
    standing = journal.standing()
    charges = list(standing.charges.values())
    began = {each.release for each in charges if each.state in ("opened", "committed")}
    for run in (home() / "runs").glob("*"):
        if run.name.startswith(f"rel-{ledger.rpartition('-')[2]}-"):
            paid = run.name in began
            assert paid or not answers(home(), run.name), "answers that no opened charge paid for"
    releases = []
    for path in folder.iterdir():
        if path.is_dir() and not path.name.startswith(".") and path.name not in ("wanted", "rows"):
            release = read_release(path)
            assert release.ledger is not None and release.ledger.entry is not None
            seq, _, digest = release.ledger.entry.partition(":")
            if path.name != "first":  # that one is on the first ledger
                assert journal.holds(int(seq), digest), f"the entry of {path.name} is not in the ledger"
            releases.append(path.name)
    committed = [each for each in charges if each.state == "committed"]
    assert len(releases) + removed >= len(committed), "a charge is committed and its release is not there"
    price = charges[0].cost.mu2 if charges else 0
    assert standing.spent.mu2 == price * len(charges), "less is counted than was spent"
    known = {"table.csv", "small.yaml", "small.plan", "wanted.csv", "rows.csv", "wanted", "rows", *releases}
    return {
        "entries": entries,
        "spent": standing.spent.mu2,
        "states": [each.state for each in charges],
        "names": [each.release for each in charges],
        "releases": releases,
        "strays": sorted({path.name for path in folder.iterdir()} - known),
    }


def table(store: str, bench: Bench, seconds: float) -> str:
    """Return the figures of one store as a Markdown table."""
    lines = [
        f"### {store}: {bench.kills} kills",
        "",
        "| verb | found after the kill | kills |",
        "|---|---|---:|",
        *(f"| {verb} | {state} | {times} |" for (verb, state), times in sorted(bench.counts.items())),
        "",
        f"{bench.looks} looks at everything, all true: no entry gone, nothing spent that is not counted, no "
        f"release or file half-written. {bench.finished} releases were finished, {bench.resumed} of them by "
        f"`--resume`; {bench.ledgers} ledgers; {seconds:.0f} s.",
    ]
    return "\n".join(lines)


def main() -> int:
    """Run as the module says; exit 0 when everything held, 1 at the first thing that did not."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--kills", type=int, default=100)
    asked.add_argument("--minutes", type=float, default=1e6, help="stop there, whatever was reached")
    asked.add_argument("--store", choices=("file", "postgres"), default="file")
    asked.add_argument("--address", help="of a ledger that is not there yet, for --store postgres")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1]))
    if given.store == "file":
        return fire(given, lambda name: name)
    if given.address is not None:
        return fire(given, lambda name: f"{given.address}-{name}")
    from tests.postgres import running

    with running(fsync=True) as server:
        return fire(given, server.address)


def fire(given: argparse.Namespace, named: Callable[[str], str]) -> int:
    """Kill, print the table, and return the exit code."""
    preload()
    with tempfile.TemporaryDirectory(prefix="kills-") as top:
        folder = Path(top) / "work"
        folder.mkdir()
        os.environ["SYNTHSPEC_HOME"] = str(Path(top) / "home")
        bench = Bench(folder, named, np.random.default_rng(given.seed))
        begun = time.monotonic()
        try:
            bench.prepare()
            bench.fire(given.kills, begun + 60 * given.minutes)
        except AssertionError as untrue:
            print(f"untrue: {untrue}")
            return 1
        print(table(given.store, bench, time.monotonic() - begun))
    return 0


if __name__ == "__main__":
    sys.exit(main())
