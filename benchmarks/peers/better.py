"""Where a peer does better than the marginal engine, measure by measure, and what was not run: in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from record import Kept, key_of

EPSILONS = (0.1, 1.0, 10.0)
TIMES = 2.0
"""A difference counts from this many standard deviations of our own figure over seeds."""

MEASURES: Mapping[str, tuple[str, str]] = {
    "tvd1": ("mean variation of single columns", "low"),
    "tvd2": ("mean variation of pairs", "low"),
    "tvd3": ("mean variation of triples", "low"),
    "max1": ("worst single column", "low"),
    "max2": ("worst pair", "low"),
    "max3": ("worst triple", "low"),
    "auc": ("AUC", "high"),
    "f1": ("F1", "high"),
    "tail": ("tail error", "low"),
}
"""What is compared: its name in words, and which end is the better one."""

WHY: Mapping[str, str] = {
    "tvd1": "at least a quarter of our budget goes to single columns, of MST's a third, and the denser model "
    "pulls them further",
    "tvd2": "not looked into",
    "tvd3": "not looked into",
    "max1": "the worst column is the one of most codes, and noise is spread over its codes",
    "max2": "on both codings of ACS the worst pair holds the industry, of 233 codes, mostly with its own "
    "group, which is a function of it: the spec's lookup says so, and `fidelity.py` shows what that buys; "
    "nothing here is told of it",
    "max3": "one figure out of 400 triples, of columns of many codes, which we merge where they drown in "
    "noise",
    "auc": "at 0.1 on ACS, 6,107 rows, we buy no pairs, because they would make the means over all pairs "
    "worse, as they do for the peers: a classifier then learns nothing, while a noisy tree still holds what "
    "goes with the label; elsewhere nothing here is told which column is the label (`workload:` would)",
    "f1": "as for AUC; it also moves with the share of positives that is drawn",
    "tail": "it counts rows beyond the last quantiles: noise left in single columns fills them, denoising "
    "empties them where nothing stands out of the noise; `tails.py` compares values instead of counts",
}
"""Why that may be, as far as we know."""


@dataclass(frozen=True)
class Found:
    """One comparison: a table, an epsilon, a peer, a measure, both figures and our spread."""

    table: str
    epsilon: float
    peer: str
    measure: str
    ours: float
    theirs: float
    spread: float

    @property
    def gain(self) -> float:
        """By how much the peer is better; negative where it is worse."""
        return self.theirs - self.ours if MEASURES[self.measure][1] == "high" else self.ours - self.theirs


def compared(kept: Kept, tables: Sequence[str], peers: Sequence[str]) -> Iterator[Found]:
    """Yield every comparison that both sides have figures for."""
    for table in tables:
        for epsilon in EPSILONS:
            own = kept.get(key_of(table, "marginal", epsilon), {})
            spreads = own.get("spread", {})
            for peer in peers:
                line = kept.get(key_of(table, peer, epsilon), {})
                for measure in MEASURES:
                    ours, theirs = _number(own, measure), _number(line, measure)
                    if ours is not None and theirs is not None:
                        spread = _number(spreads, measure) if isinstance(spreads, dict) else None
                        yield Found(table, epsilon, peer, measure, ours, theirs, spread or 0.0)


def in_words(kept: Kept, tables: Sequence[str], peers: Sequence[str]) -> list[str]:
    """Return the lines of the page: where a peer is better and why, what failed, what was not run."""
    found = list(compared(kept, tables, peers))
    ahead = [each for each in found if each.gain > TIMES * each.spread]
    lines = [
        "## Where another package does better",
        "",
        f"By more than {TIMES:g} standard deviations of our own figure over seeds; a peer ran once.",
        "",
    ]
    for measure, (words, _) in MEASURES.items():
        all_, better = ([e for e in each if e.measure == measure] for each in (found, ahead))
        lines.append(f"* {words} (`{measure}`): in {len(better)} of {len(all_)} comparisons")
        if better:
            lines[-1] += ":"
            lines += [f"  - {line}" for line in _listed(better)]
            if measure in WHY:
                lines.append(f"  - why: {WHY[measure]}")
    lines += ["", "## What did not run", "", *_missing(kept, tables, peers)]
    return lines


def _listed(better: Sequence[Found]) -> Iterator[str]:
    """Yield a line per table and epsilon: the best peer's figure beside ours, and who else is ahead."""
    for table, epsilon in dict.fromkeys((each.table, each.epsilon) for each in better):
        here = [each for each in better if (each.table, each.epsilon) == (table, epsilon)]
        here.sort(key=lambda each: -each.gain)
        best, rest = here[0], [each.peer for each in here[1:]]
        also = f"; also {', '.join(rest)}" if rest else ""
        yield (
            f"{table}, epsilon {epsilon:g}: {best.peer} {best.theirs:.4f}, "
            f"ours {best.ours:.4f} +- {best.spread:.4f}{also}"
        )


def _missing(kept: Kept, tables: Sequence[str], peers: Sequence[str]) -> Iterator[str]:
    none = True
    for peer in peers:
        absent, failed = [], []
        for table in tables:
            for epsilon in EPSILONS:
                line = kept.get(key_of(table, peer, epsilon))
                if line is None:
                    absent.append(f"{table} at {epsilon:g}")
                elif line.get("why"):
                    failed.append(f"{table} at {epsilon:g}: {line['why']}")
        if absent:
            none = False
            yield f"* {peer}, not run: {', '.join(absent)}"
        for each in failed:
            none = False
            yield f"* {peer}, {each}"
    if none:
        yield "* nothing: every peer ran on every table at every epsilon"


def _number(line: Mapping[str, object], measure: str) -> float | None:
    value = line.get(measure)
    return float(value) if isinstance(value, int | float) and isfinite(value) else None
