"""Error and time as a table grows, through the real run: in rows, and in columns; a table and a plot.

    python benchmarks/growth.py                                          everything, one run each
    python benchmarks/growth.py --rows 10000 100000 --columns 10 --runs 3

The tables are made by a known law: 20 codes a column; each column copies, in half of the rows, a fixed
function of an earlier one, and is otherwise drawn from a law of its own. So the true shares of every column
and pair are known exactly. Each run is the product's own (spec, plan, ledger in a folder that is thrown away,
learning, release), at epsilon 1 and delta 1e-9 with one row a unit, in a process of its own; as many rows are
drawn as were learned from, and at least 1,000,000 (100 million values at most).

* one, pair, linked: mean total variation to the law, over all columns, over pairs (all of them, or 300), and
  over the pairs of a column and the one it copies; of the synthetic rows, and (beside it) of the real ones.
* learn: CPU seconds of the run up to the release, reading the rows included; report: of its report;
  MB: the most memory of that process.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from scale import Facts, measured, opened  # noqa: E402

ROWS = (10_000, 100_000, 1_000_000, 10_000_000)
COLUMNS = (10, 30, 100, 300)
BASE_ROWS, BASE_COLUMNS = 100_000, 10
LEVELS, COPIED, PAIRS = 20, 0.5, 300
FILE = 500_000
LEAST, VALUES = 1_000_000, 100_000_000
ERRORS = ("one", "pair", "linked")
Floats = NDArray[np.float64]


class Law:
    """How rows come about: the column that each copies, by which function, and what it is otherwise."""

    def __init__(self, columns: int) -> None:
        rng = np.random.default_rng(0)
        self.alone = rng.dirichlet(np.ones(LEVELS), columns)
        self.above = [-1, *(int(rng.integers(0, at)) for at in range(1, columns))]
        self.turned = rng.integers(1, LEVELS, columns)

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return len(self.above)

    def rows(self, count: int, seed: int) -> list[NDArray[np.int64]]:
        """Return rows, column by column."""
        rng = np.random.default_rng(seed)
        found: list[NDArray[np.int64]] = []
        for at, above in enumerate(self.above):
            fresh = rng.choice(LEVELS, count, p=self.alone[at])
            if above < 0:
                found.append(fresh)
            else:
                found.append(np.where(rng.random(count) < COPIED, self.copy(found[above], at), fresh))
        return found

    def copy(self, codes: NDArray[np.int64], at: int) -> NDArray[np.int64]:
        """Return what column `at` is where it copies."""
        return (codes * self.turned[at] + 3) % LEVELS

    def step(self, at: int) -> Floats:
        """Return the shares of column `at` given the column that it copies, shape (LEVELS, LEVELS)."""
        table = np.tile((1 - COPIED) * self.alone[at], (LEVELS, 1))
        table[np.arange(LEVELS), self.copy(np.arange(LEVELS), at)] += COPIED
        return table

    def shares(self, scope: Sequence[int]) -> Floats:
        """Return the true shares of one column, or of a pair, flat."""
        if len(scope) == 1:
            at = scope[0]
            return self.alone[at] if self.above[at] < 0 else self.shares((self.above[at],)) @ self.step(at)
        paths = [self.path(at) for at in scope]
        top = next(at for at in paths[0] if at in paths[1])
        down = []
        for path in paths:
            table = np.eye(LEVELS)
            for at in reversed(path[: path.index(top)]):
                table = table @ self.step(at)
            down.append(table)
        return (down[0].T @ (self.shares((top,))[:, None] * down[1])).reshape(-1)

    def path(self, at: int) -> list[int]:
        """Return the column, what it copies, what that copies, ..."""
        return [at] if self.above[at] < 0 else [at, *self.path(self.above[at])]

    def scopes(self) -> dict[str, list[tuple[int, ...]]]:
        """Return what is compared."""
        pairs: list[tuple[int, ...]] = list(combinations(range(self.columns), 2))
        if len(pairs) > PAIRS:
            chosen = np.random.default_rng(1).choice(len(pairs), PAIRS, replace=False)
            pairs = [pairs[at] for at in sorted(chosen)]
        linked: list[tuple[int, ...]] = [(above, at) for at, above in enumerate(self.above) if above >= 0]
        return {"one": [(at,) for at in range(self.columns)], "pair": pairs, "linked": linked}


def errors(law: Law, files: Sequence[Path]) -> dict[str, float]:
    """Return the mean total variation between the rows in `files` and the law."""
    import polars as pl

    from synthspec.engines.matrix import count
    from synthspec.terms.query import Axis

    scopes = law.scopes()
    cliques = [tuple(Axis(f"c{at}", LEVELS) for at in scope) for each in scopes.values() for scope in each]

    def chunks() -> Any:
        for file in files:
            frame = pl.read_parquet(file)
            yield (
                frame.height,
                {f"c{at}": frame[f"c{at}"].to_numpy().astype(np.uint8) for at in range(law.columns)},
            )

    counts = iter(count(chunks(), cliques))
    found = {}
    for name, each in scopes.items():
        apart = []
        for scope in each:
            table = next(counts)
            apart.append(float(np.abs(table / table.sum() - law.shares(scope)).sum() / 2))
        found[name] = float(np.mean(apart))
    return found


# the work, each in a process of its own ----------------------------------------------------------


def make(folder: str, columns: int, rows: int) -> Facts:
    """Write a table, and return how far it is from its law."""
    import polars as pl

    law = Law(columns)
    for at, start in enumerate(range(0, rows, FILE)):
        found = law.rows(min(FILE, rows - start), 1 + at)
        pl.DataFrame({f"c{i}": each for i, each in enumerate(found)}).write_parquet(
            Path(folder) / f"{at:05d}.parquet"
        )
    return errors(law, sorted(Path(folder).glob("*.parquet")))


def learned(folder: str, columns: int, rows: int, out: str) -> Facts:
    """Run the product on it."""
    import synthspec

    name = f"growth-{os.getpid()}"
    opened(name)
    spec = f"""\
spec: 1
name: growth
source: {{path: '{folder}/*.parquet', rows: {rows}}}
privacy: {{unit: row, epsilon: 1, delta: 1e-9, ledger: {name}}}
columns:
"""
    spec += "".join(f"  c{at}: int 0..{LEVELS - 1}\n" for at in range(columns))
    path = Path(out).parent / "growth.yaml"
    path.write_text(spec + "sample: {rows: 1000, seed: 1}\n")
    steps: list[tuple[str, float]] = [("plan", time.process_time())]
    plan = synthspec.load(path).plan()
    plan.train(out=out, progress=lambda at, of, step: steps.append((step, time.process_time())))
    ends = [*(when for _, when in steps[1:]), time.process_time()]
    spent = {step: end - when for (step, when), end in zip(steps, ends, strict=True)}
    report = sum(spent.get(step, 0.0) for step in ("assess", "write"))
    return {"learn": sum(spent.values()) - report, "report": report}


def drawn(release: str, columns: int, rows: int, out: str) -> Facts:
    """Draw rows, and return how far they are from the law."""
    import synthspec

    synthspec.load_release(release).sample_into(out, rows)
    return errors(Law(columns), sorted(Path(out).glob("*.parquet")))


def once(columns: int, rows: int) -> dict[str, float]:
    """Return the figures of one run."""
    with tempfile.TemporaryDirectory(prefix="growth-") as top:
        place = Path(top)
        os.environ["SYNTHSPEC_HOME"] = str(place / "home")
        data, release, out = place / "data", place / "release", place / "rows"
        data.mkdir()
        real = measured(make, str(data), columns, rows)
        fit = measured(learned, str(data), columns, rows, str(release))
        more = max(rows, min(LEAST, VALUES // columns))
        other = measured(drawn, str(release), columns, more, str(out))
        return {
            **{name: other[name] for name in ERRORS},
            **{f"real {name}": real[name] for name in ERRORS},
            "learn": fit["learn"],
            "report": fit["report"],
            "wall": fit["wall"],
            "MB": fit["mb"],
        }


# showing -----------------------------------------------------------------------------------------

DIGITS = {
    **{f"{real}{name}": 4 for name in ERRORS for real in ("", "real ")},
    "learn": 1,
    "report": 1,
    "wall": 1,
    "MB": 0,
}


def lines(label: str, runs: Sequence[Mapping[str, float]]) -> list[str]:
    """Return the means over runs, and under them their spread."""
    found = [f"{label:<26}" + "".join(f"{np.mean([r[c] for r in runs]):>12.{d}f}" for c, d in DIGITS.items())]
    if len(runs) > 1:
        spread = (f"{np.std([r[c] for r in runs], ddof=1):>12.{d}f}" for c, d in DIGITS.items())
        found.append(f"{'   +-':<26}" + "".join(spread))
    return found


def plot(found: Mapping[tuple[int, int], Sequence[Mapping[str, float]]], path: Path) -> None:
    """Draw error and time, against rows and against columns."""
    import altair as alt
    import polars as pl
    import vl_convert

    panels = []
    ways = {
        "rows": {rows: runs for (columns, rows), runs in found.items() if columns == BASE_COLUMNS},
        "columns": {columns: runs for (columns, rows), runs in found.items() if rows == BASE_ROWS},
    }
    for way, points in ways.items():
        if len(points) < 2:
            continue
        held = [
            {"x": x, "of": name, "real": real, "y": float(np.mean([run[f"{real}{name}"] for run in runs]))}
            for x, runs in sorted(points.items())
            for name in ERRORS
            for real in ("", "real ")
        ]
        frame = pl.DataFrame(held).with_columns(
            pl.when(pl.col("real") == "")
            .then(pl.lit("synthetic"))
            .otherwise(pl.lit("real rows"))
            .alias("rows")
        )
        scale = alt.Scale(type="log")
        along = alt.X("x:Q", scale=scale, title=way, axis=alt.Axis(values=sorted(points), format="~s"))
        error = alt.Chart(frame).mark_line(point=True)
        panels.append(
            error.encode(
                x=along,
                y=alt.Y("y:Q", scale=scale, title="mean total variation to the law"),
                color=alt.Color("of:N", title=None, sort=list(ERRORS)),
                strokeDash=alt.StrokeDash("rows:N", sort=["synthetic", "real rows"], legend=None),
            ).properties(width=300, height=220)
        )
        times = pl.DataFrame(
            [
                {"x": x, "y": float(np.mean([run["learn"] for run in runs]))}
                for x, runs in sorted(points.items())
            ]
        )
        time_of = alt.Chart(times).mark_line(point={"color": "#444"}, color="#444")
        seconds = alt.Y("y:Q", scale=scale, title="CPU seconds to learn")
        panels.append(time_of.encode(x=along, y=seconds).properties(width=300, height=220))
    if panels:
        title = "solid: synthetic rows, dashed: the real ones"
        chart = alt.vconcat(*(panels[at] | panels[at + 1] for at in range(0, len(panels), 2)), title=title)
        path.write_text(vl_convert.vegalite_to_svg(chart.to_dict()))


def main() -> None:
    """Run what was asked for."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--rows", type=int, nargs="*", default=list(ROWS))
    parser.add_argument("--columns", type=int, nargs="*", default=list(COLUMNS))
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--keep", metavar="FILE", help="write the page there, and the plot beside it")
    given = parser.parse_args()
    shapes = [(BASE_COLUMNS, rows) for rows in given.rows]
    shapes += [(columns, BASE_ROWS) for columns in given.columns if (columns, BASE_ROWS) not in shapes]
    page = [" " * 26 + "".join(f"{name:>12}" for name in DIGITS)]
    print(page[0], flush=True)
    found: dict[tuple[int, int], list[dict[str, float]]] = {}
    for columns, rows in shapes:
        found[columns, rows] = [once(columns, rows) for _ in range(given.runs)]
        told = lines(f"{columns} columns, {rows:,} rows", found[columns, rows])
        page += told
        print("\n".join(told), flush=True)
        if given.keep is not None:
            keep(Path(given.keep), page, given.runs)
            plot(found, Path(given.keep).with_suffix(".svg"))


def keep(path: Path, page: Sequence[str], runs: int) -> None:
    """Write the page."""
    words = list(sys.argv[1:])
    at = words.index("--keep")
    command = " ".join(["python benchmarks/growth.py", *words[:at], *words[at + 2 :]])
    facts = f"{date.today().isoformat()}, {os.cpu_count()} cores, {runs} run(s) of each: `{command}`"
    about = (__doc__ or "").partition("\n\n")[2].partition("The tables")
    text = "\n".join(["```", *page, "```"])
    path.write_text(
        f"# {path.stem}\n\n{facts}\n\n{text}\n\n![error and time]({path.stem}.svg)\n\n{about[1]}{about[2]}"
    )


if __name__ == "__main__":
    main()
