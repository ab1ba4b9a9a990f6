"""Other packages' private networks beside ours; prints and keeps lines.

    bash benchmarks/peers/setup.sh ../peers-env smartnoise mostlyai synthcity    make their environments, once
    python benchmarks/peers/networks.py --envs ../peers-env                      what was not run yet
    python benchmarks/peers/networks.py --page                                   only write the page again

adult, one seed, delta 1e-9, add or remove one row, 10 CPU minutes a run, one thread. What ran is in
`benchmarks/results/neural_peers.json`, the page made from it in `neural_peers.md`; a run found there is not
repeated (`--again` repeats those that were chosen).
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from attempts import Limit  # noqa: E402
from compare import RESULTS, SEED, Peer, about, asked, references  # noqa: E402
from record import keep, key_of, read, write_page  # noqa: E402
from tables import Coded, load  # noqa: E402

TABLE = "adult"
OURS = ("marginal", "autoregressive", "vae", "ctgan")
PEERS = (
    Peer("smartnoise DPCTGAN", "smartnoise", "dpctgan", True),
    Peer("smartnoise PATECTGAN", "smartnoise", "patectgan", True),
    Peer("mostlyai TabularARGN", "mostlyai", "argn", True),
    Peer("synthcity DPGAN", "synthcity", "dpgan", True),
    Peer("synthcity PATEGAN", "synthcity", "pategan", True),
)
EPSILONS = (1.0, 10.0)


def own(table: Coded, name: str, epsilon: float) -> dict[str, object]:
    """Return our own line, by `neural.py`."""
    from neural import by_name, figures

    model, seconds = by_name(table, name, epsilon, SEED)
    return {"day": date.today().isoformat(), **figures(table, model, SEED), "fit": seconds}


def page(path: Path) -> None:
    """Write the page from what is kept."""
    names = (*OURS, *(peer.name for peer in PEERS))
    head = (HERE / "NETWORKS.md").read_text()
    kept = read(path)
    versions = sorted({str(line["version"]) for line in kept.values() if "version" in line})
    head += "\n" + (f"Versions: {', '.join(versions)}." if versions else "")
    write_page(path.with_suffix(".md"), kept, {TABLE: about(TABLE)}, names, head, EPSILONS)


def main() -> None:
    """Run what was asked for and not run yet."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--envs", type=Path, help="the folder with the peers' environments")
    parser.add_argument("--epsilons", nargs="+", type=float, default=EPSILONS)
    every = [*OURS, *(peer.name for peer in PEERS)]
    parser.add_argument("--names", nargs="+", choices=every, default=every)
    parser.add_argument("--minutes", type=float, default=10.0, help="CPU minutes a run")
    parser.add_argument("--megabytes", type=int, default=10_000)
    parser.add_argument("--again", action="store_true", help="run what was run before too")
    parser.add_argument("--page", action="store_true", help="only write the page")
    parser.add_argument("--kept", type=Path, default=RESULTS / "neural_peers.json")
    chosen = parser.parse_args()
    if not chosen.page:
        run(chosen)
    page(chosen.kept)


def run(chosen: argparse.Namespace) -> None:
    """Ask one after the other, keeping each answer as it comes."""
    table = load(TABLE)
    limit = Limit(round(60 * chosen.minutes), chosen.megabytes)
    os.environ["PEER_MINUTES"] = f"{0.8 * chosen.minutes:g}"
    if key_of(TABLE, "rows resampled", None) not in read(chosen.kept):
        for name, line in references(table).items():
            keep(chosen.kept, key_of(TABLE, name, None), line)
    for epsilon in chosen.epsilons:
        for name in chosen.names:
            key = key_of(TABLE, name, epsilon)
            if key in read(chosen.kept) and not chosen.again:
                continue
            if name in OURS:
                line = own(table, name, epsilon)
            else:
                peer = next(peer for peer in PEERS if peer.name == name)
                python = (chosen.envs or Path()).resolve() / peer.package / "bin/python"
                if chosen.envs is None or not python.exists():
                    print(f"{key}: no environment for {peer.package}", flush=True)
                    continue
                line = asked(table, peer, epsilon, python, limit)
            keep(chosen.kept, key, line)
            page(chosen.kept)
            print(key, line.get("why") or f"{line['tvd3']:.4f} {line['fit']:.0f} s", flush=True)


if __name__ == "__main__":
    main()
