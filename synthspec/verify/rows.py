"""rows: the released rows and scenarios drawn again from the released models and the seed.

Sampling tables are stored, and drawn from, as integers (`generators.dyadic`), so that the same seed gives
the same rows everywhere. A network's shares come out of float arithmetic: equal rows are promised on one
kind of machine. Rows that came from public files are not in the release, and no path that a release names
is ever opened.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from synthspec.draw.certificate import certificate
from synthspec.draw.recount import Recount, recount
from synthspec.draw.rows import Drawn, draw
from synthspec.draw.scenario import draw_scenario
from synthspec.draw.scenarios import effective_share, file_of
from synthspec.draw.table import to_csv
from synthspec.errors import SamplingError, SynthspecError
from synthspec.generators.base import Model
from synthspec.generators.models import load_model
from synthspec.generators.neural.neural_model import NeuralModel
from synthspec.plan.plan import Plan
from synthspec.plan.scenario import Scenario
from synthspec.privacy.entropy import SampleRng
from synthspec.release.bundle import data_path
from synthspec.release.release import Certificate, Release, ScenarioTable
from synthspec.verify.standalone import Check

MOST_ROWS = 20_000_000
MOST_COLUMNS = 10_000
DIFFERENT = 0.01
"""Share of rows of a network that another kind of machine may draw differently."""


class Again:
    """The rows of a release drawn again, once, when they are first asked for."""

    most = MOST_ROWS

    def __init__(self, release: Release) -> None:
        self._release = release
        self._drawn: Drawn | None = None
        self.exact = False
        """Whether the file was found to hold exactly these rows."""

    @property
    def rows(self) -> int:
        """How many the plan asks for, at most."""
        return most_rows(self._release.plan)

    @cached_property
    def models(self) -> Mapping[str, Model]:
        """The released models."""
        return {each.group: load_model(each.facts, each.arrays) for each in self._release.models}

    @property
    def loose(self) -> bool:
        """Whether a network is among them, so that another kind of machine may draw other rows."""
        return any(isinstance(model, NeuralModel) for model in self.models.values())

    def drawn(self) -> Drawn:
        """Return the rows. Raises SamplingError, when they cannot be drawn."""
        if self._drawn is None:
            plan = self._release.plan
            rng = SampleRng(plan.seed).split("sample")
            columns = self._release.columns
            self._drawn = draw(plan, columns, self.models, plan.rows, rng, units=plan.units)
        return self._drawn


def most_rows(plan: Plan) -> int:
    """Return how many rows a plan draws at most: of whole units, each may have `max_rows`."""
    if plan.units is None or plan.counter is None or plan.counter.column is None:
        return plan.rows
    return plan.units * plan.counter.column.size


def check_rows(release: Release, folder: Path, again: Again | None = None) -> tuple[Check, ...]:
    """Return one check for the rows and one per scenario."""
    again = Again(release) if again is None else again
    models, loose = again.models, again.loose
    rng = SampleRng(release.plan.seed).split("sample")
    found = [_guarded("rows", lambda: _rows(release, folder, again))]
    if len(release.scenarios) != len(release.plan.scenarios) * (release.certificate.problem is None):
        found.append(Check("scenarios", "failed", "the release has other scenarios than its plan"))
        return tuple(found)
    for at, (asked, table) in enumerate(zip(release.plan.scenarios, release.scenarios), 1):
        name = f"scenario {asked.name}"
        found.append(
            _guarded(
                name,
                lambda at=at, asked=asked, table=table, name=name: _scenario(  # type: ignore[misc]
                    release, folder, models, asked, table, at, rng, name, loose=loose
                ),
            )
        )
    return tuple(found)


def _guarded(name: str, work: Callable[[], Check]) -> Check:
    """Return the check, failed where the release's parts cannot be worked with."""
    try:
        return work()
    except SynthspecError as refusal:
        return Check(name, "failed", f"cannot be drawn again: {refusal.diagnostics[0].message}")
    except (pl.exceptions.PolarsError, ValueError, KeyError, IndexError, ArithmeticError, OSError) as error:
        return Check(name, "failed", f"cannot be drawn again: {type(error).__name__}")


def _rows(release: Release, folder: Path, whole: Again) -> Check:
    plan, held, loose = release.plan, release.certificate, whole.loose
    if most_rows(plan) > MOST_ROWS:
        return Check("rows", "not done", f"more than {MOST_ROWS:,} rows are not drawn again")
    if held.problem is not None:
        try:
            whole.drawn()
        except SamplingError:
            return Check("rows", "passed", "the rules cannot be met, as the release says: it has no rows")
        return Check("rows", "failed", "the release says that no rows can be drawn, and they can")
    drawn = whole.drawn()
    same = compared("rows", data_path(folder), drawn.frame, loose=loose)
    if same.outcome == "failed":
        return same
    whole.exact = "different" not in same.figures
    again = Recount(engine=held.engine or "", rows=drawn.frame.height, broken={
        rule.name: rule.recounted or 0 for rule in held.rules
    })  # fmt: skip
    made = certificate(plan, drawn, again).model_copy(update={"tables": held.tables})
    if not loose and not _equal(made, held):
        return Check("rows", "failed", "drawn again they are the same, and met the rules in another way")
    return same


def compared(name: str, path: Path, frame: pl.DataFrame, *, loose: bool) -> Check:
    """Return whether the file at `path` holds exactly `frame`; with `loose`, nearly."""
    if path.suffix == ".csv" and path.read_bytes() == to_csv(frame).encode():
        return _passed(name, frame.height)
    there = read_like(path, frame)
    if there is None or there.columns != frame.columns or there.height != frame.height:
        return Check(name, "failed", f"`{path.name}` has other columns or another number of rows")
    if path.suffix != ".csv" and there.equals(frame):
        return _passed(name, frame.height)
    unlike = np.zeros(frame.height, dtype=np.bool_)
    for column in frame.columns:
        unlike |= (~there[column].cast(pl.String).eq_missing(frame[column].cast(pl.String))).to_numpy()
    many = int(unlike.sum())
    said = f"{many} of {frame.height} rows differ from those drawn again, the first is row {_first(unlike)}"
    if loose and many <= DIFFERENT * frame.height:
        return Check(name, "passed", f"{said}: a network on another kind of machine", {"different": many})
    return Check(
        name, "failed", said if many else f"`{path.name}` is written in another way", {"different": many}
    )


def read_like(path: Path, frame: pl.DataFrame) -> pl.DataFrame | None:
    """Return the rows of a file as text-comparable columns, None when it is far larger than `frame`."""
    if path.suffix == ".csv":
        if path.stat().st_size > 2 * len(to_csv(frame)) + 1000:
            return None
        return pl.read_csv(path, infer_schema=False, glob=False)
    scan = pl.scan_parquet(path, glob=False)
    if scan.select(pl.len()).collect().item() != frame.height or len(scan.collect_schema()) > MOST_COLUMNS:
        return None
    return scan.collect()


def _first(unlike: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    return int(np.argmax(unlike)) + 1


def _passed(name: str, rows: int) -> Check:
    return Check(name, "passed", f"{rows} rows drawn again from models and seed: the same", {"rows": rows})


def _scenario(
    release: Release,
    folder: Path,
    models: Mapping[str, Model],
    asked: Scenario,
    table: ScenarioTable,
    at: int,
    rng: SampleRng,
    name: str,
    *,
    loose: bool,
) -> Check:
    plan = release.plan
    if (table.name, table.condition) != (asked.name, asked.where_text):
        return Check(name, "failed", "the release speaks of another scenario than its plan")
    if asked.given is not None or asked.mix:
        return Check(name, "not done", "it is made of public rows that are not in the release")
    if asked.rows > MOST_ROWS:
        return Check(name, "not done", f"more than {MOST_ROWS:,} rows are not drawn again")
    try:
        drawn = draw_scenario(plan, release.columns, models, asked, rng)
    except SamplingError:
        known = table.problem is not None
        said = "it cannot be drawn, as the release says" if known else "it cannot be drawn again"
        return Check(name, "passed" if known else "failed", said)
    if table.file != file_of(at, asked.name, plan.format) or table.file not in {
        f.name for f in release.files
    }:
        return Check(name, "failed", "its file is missing")
    same = compared(name, folder / table.file, drawn.frame, loose=loose)
    if same.outcome == "failed" or loose:
        return same
    counted = recount(folder / table.file, release.columns, plan.rules)
    own = certificate(plan, drawn.drawn, counted)
    figures = (table.probability, table.effective, table.augmented)
    if not _near(figures, (drawn.probability, effective_share(drawn), drawn.augmented)):
        return Check(name, "failed", "its rows are the same, and other figures are said of it")
    if not _equal(own, table.certificate):
        return Check(name, "failed", "its rules come out otherwise than said")
    return same


def _equal(own: Certificate, said: Certificate) -> bool:
    """Return whether two certificates count the same; engines and rounding aside."""
    if own.rows != said.rows or not _near((own.acceptance,), (said.acceptance,)):
        return False
    if len(own.rules) != len(said.rules):
        return False
    for one, two in zip(own.rules, said.rules, strict=True):
        figures = {"acceptance", "repaired", "mended"}
        if one.model_dump(exclude=figures) != two.model_dump(exclude=figures):
            return False
        if not _near((one.acceptance, one.repaired, one.mended), (two.acceptance, two.repaired, two.mended)):
            return False
    return True


def _near(one: tuple[float | None, ...], two: tuple[float | None, ...]) -> bool:
    return all(
        a == b or (a is not None and b is not None and abs(a - b) <= 1e-9 * max(1.0, abs(b)))
        for a, b in zip(one, two, strict=True)
    )
