"""The marginal engine beside other packages, each in an environment of its own; prints and keeps lines.

    bash benchmarks/peers/setup.sh ../peers-env               make the environments, once
    python benchmarks/peers/compare.py --envs ../peers-env    everything that was not run yet
    python benchmarks/peers/compare.py --own                  our own lines again, after a change
    python benchmarks/peers/compare.py --page                 only write the page again

One seed, delta 1e-9, add or remove one row, 15 CPU minutes a run, all of it in one thread. What ran is in
`benchmarks/results/peers.json`, the page made from it in `peers.md`; a run found there is not repeated
(`--again` repeats those that were chosen). A peer without an environment is left out and said so. The
measures are those of `closeness.py`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import numpy as np  # noqa: E402
from attempts import Attempt, Limit, attempt  # noqa: E402
from better import in_words  # noqa: E402
from closeness import closeness  # noqa: E402
from protocol import Task  # noqa: E402
from record import keep, key_of, read, write_page  # noqa: E402
from tables import Coded, load  # noqa: E402

RESULTS = HERE.parent / "results"
TABLES = ("adult", "acs-ma-16", "acs-ma", "bank", "credit", "diabetes")
EPSILONS = (1.0, 0.1, 10.0)
DELTA = 1e-9
SEED = 0
OURS = ("marginal", "independent")
SEEDS = 3
"""Our own lines show the first of as many seeds, and keep the spread of all for the comparison."""
FIRST = (("adult", 1.0), ("acs-ma-16", 1.0), ("acs-ma-16", 0.1), ("adult", 0.1))
"""What is asked before all else, of the quick peers and then of the slow ones: the figures of the design."""


@dataclass(frozen=True)
class Peer:
    """A method of a package: the environment's folder, the adapter beside this file, quick or not."""

    name: str
    package: str
    method: str
    quick: bool

    @property
    def adapter(self) -> Path:
        """The script that runs in the peer's environment."""
        return HERE / f"with_{self.package}.py"


PEERS = (
    Peer("dpmm MST", "dpmm", "mst", True),
    Peer("dpmm PrivBayes", "dpmm", "privbayes", True),
    Peer("mbi MST", "mbi", "mst", True),
    Peer("dpmm AIM", "dpmm", "aim", False),
    Peer("mbi AIM", "mbi", "aim", False),
)


Job = tuple[str, float, Peer]


def jobs(tables: tuple[str, ...], epsilons: tuple[float, ...], peers: tuple[Peer, ...]) -> Iterator[Job]:
    """Yield what to run in the order of worth: first questions before others, quick peers before slow."""
    rank = {question: place for place, question in enumerate(FIRST)}
    every = [(t, e, p) for e in epsilons for t in tables for p in peers]
    yield from sorted(
        every,
        key=lambda job: (
            job[:2] not in rank,
            not job[2].quick,
            rank.get(job[:2], len(rank)),
        ),
    )


def asked(table: Coded, peer: Peer, epsilon: float, python: Path, limit: Limit) -> dict[str, object]:
    """Return the line of one run."""
    real, _ = table.split()
    task = Task(peer.method, table.columns, table.sizes, epsilon, DELTA, SEED, len(real))
    return measured(table, attempt(python, peer.adapter, task, real, limit))


def measured(table: Coded, ran: Attempt) -> dict[str, object]:
    """Return what is kept of an attempt."""
    line: dict[str, object] = {"day": date.today().isoformat(), "load": round(os.getloadavg()[0], 1)}
    if ran.rows is None or ran.figures is None:
        return line | {"why": ran.why}
    return (
        line
        | closeness(table, ran.rows, classifier=True)
        | {"fit": ran.figures.seconds, "MB": ran.figures.megabytes, "version": ran.figures.version}
    )


def own(table: Coded, name: str, epsilon: float) -> dict[str, object]:
    """Return our own line, by `fidelity.py`: the first seed's figures, and the spread over seeds."""
    from fidelity import costs, run

    from synthspec.generators import Independent, Marginal

    generator = Marginal() if name == "marginal" else Independent()
    seeds = range(SEED, SEED + SEEDS)
    figures = [run(table, generator, epsilon, seed, classifier=True) for seed in seeds]
    spread = {key: float(np.std([each[key] for each in figures], ddof=1)) for key in figures[0]}
    first = figures[0] | costs(table, generator, epsilon)
    return {"day": date.today().isoformat()} | first | {"spread": spread}


def references(table: Coded) -> dict[str, dict[str, object]]:
    """Return the lines that no method passes: rows resampled, and rows held out."""
    real, held = table.split()
    again = real[np.random.default_rng(SEED).integers(0, len(real), len(real))]
    return {
        "rows resampled": dict(closeness(table, again, classifier=True)),
        "fresh real sample": dict(closeness(table, held, classifier=False)),
    }


@cache
def about(name: str) -> str:
    """Return the size of a table in words."""
    table = load(name)
    return f"{len(table.split()[0])} rows, {len(table.columns)} columns, {sum(table.sizes)} codes."


def page(path: Path) -> None:
    """Write the page from what is kept."""
    kept = read(path)
    known = [t for t in TABLES if any(k.startswith(f"{t} | ") for k in kept)]
    peers = [p.name for p in PEERS]
    head = "\n".join([(HERE / "NOTES.md").read_text(), *in_words(kept, known, peers)])
    write_page(path.with_suffix(".md"), kept, {t: about(t) for t in known}, (*OURS, *peers), head)


def main() -> None:
    """Run what was asked for and not run yet."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--envs", type=Path, help="the folder with the peers' environments")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    parser.add_argument("--epsilons", nargs="+", type=float, default=EPSILONS)
    parser.add_argument(
        "--peers", nargs="+", choices=[p.name for p in PEERS], default=[p.name for p in PEERS]
    )
    parser.add_argument("--minutes", type=float, default=15.0, help="CPU minutes a run")
    parser.add_argument("--megabytes", type=int, default=10_000)
    parser.add_argument("--again", action="store_true", help="run what was run before too")
    parser.add_argument("--own", action="store_true", help="only our own lines, again")
    parser.add_argument("--page", action="store_true", help="only write the page")
    parser.add_argument("--kept", type=Path, default=RESULTS / "peers.json")
    parser.add_argument("--figures", type=Path, help="our own figures kept by `fidelity.py --kept`")
    chosen = parser.parse_args()
    if not chosen.page:
        ours(chosen)
        if not chosen.own:
            others(chosen)
    page(chosen.kept)


def ours(chosen: argparse.Namespace) -> None:
    """Keep our own lines and the references."""
    from fidelity import KEPT

    KEPT.path = chosen.figures
    for table in chosen.tables:
        coded = load(table)
        if key_of(table, "rows resampled", None) not in read(chosen.kept):
            for name, line in references(coded).items():
                keep(chosen.kept, key_of(table, name, None), line)
        for epsilon in chosen.epsilons:
            for name in OURS:
                key = key_of(table, name, epsilon)
                if chosen.own or key not in read(chosen.kept):
                    keep(chosen.kept, key, own(coded, name, epsilon))
                    page(chosen.kept)
                    print(key, flush=True)


def others(chosen: argparse.Namespace) -> None:
    """Ask the peers, one after the other, keeping each answer as it comes."""
    if chosen.envs is None:
        sys.exit("where are the peers' environments? --envs FOLDER, made by benchmarks/peers/setup.sh FOLDER")
    peers = tuple(p for p in PEERS if p.name in chosen.peers)
    limit = Limit(round(60 * chosen.minutes), chosen.megabytes)
    for table, epsilon, peer in jobs(tuple(chosen.tables), tuple(chosen.epsilons), peers):
        key = key_of(table, peer.name, epsilon)
        python = chosen.envs.resolve() / peer.package / "bin/python"
        if not python.exists():
            print(f"{key}: no environment for {peer.package}", flush=True)
            continue
        if key in read(chosen.kept) and not chosen.again:
            continue
        print(f"{key}: ", end="", flush=True)
        line = asked(load(table), peer, epsilon, python, limit)
        keep(chosen.kept, key, line)
        page(chosen.kept)
        print(
            line.get("why")
            or f"{line['tvd1']:.4f} {line['tvd2']:.4f} {line['tvd3']:.4f} {line['fit']:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
