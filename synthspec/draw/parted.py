"""Parted: the parts of a table, each drawn, written and counted again by itself.

A part's bytes are a function of the release, of what was asked and of the part's number, so it does not
matter who draws it, when, or how often.

Source: ours.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl

from synthspec.draw.certificate import certificate
from synthspec.draw.drawn import together
from synthspec.draw.partition import PART, PART_UNITS, Partitioner, check_parts
from synthspec.draw.parts import ASIDE, PartDone, part_name
from synthspec.draw.recount import Recount, recount
from synthspec.draw.scenario import Stratum, strata_of
from synthspec.errors import SpecError
from synthspec.generators.base import Model
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.scenario import Scenario
from synthspec.privacy.entropy import SampleRng
from synthspec.release.manifest import digest_of
from synthspec.release.put import flush
from synthspec.release.release import Certificate
from synthspec.rules import Determines, Unique

ROW_GROUP = 100_000


def part_size(units: int | None) -> int:
    """Return the number of rows of a part, or of units where whole units are asked for."""
    return PART if units is None else PART_UNITS


class Parted:
    """A table that is drawn part by part, ready to draw any of them."""

    def __init__(
        self,
        plan: Plan,
        columns: Sequence[PlannedColumn],
        models: Mapping[str, Model],
        asked: Scenario,
        rng: SampleRng,
        rows: int,
        units: int | None = None,
    ) -> None:
        """Take what `draw_scenario` takes: the parts in order are its rows.

        `within` names the rules that compare rows: they are counted inside each part only.

        Raises:
            SpecError: S161, for a scenario whose rows are not drawn part by part.
            SamplingError: G458, when a rule looks across parts; G451, when the condition is impossible.
        """
        _refuse_blended(asked)
        self._plan, self._columns = plan, columns
        self.probability, (stratum,) = _one(strata_of(plan, columns, models, asked, units=units is not None))
        self._parts = Partitioner(
            plan,
            columns,
            stratum.models,
            rng.split("scenario", asked.name, 0),
            rows=rows if units is None else None,
            units=units,
            where=stratum.where,
            told=stratum.told,
            shapes=models,
            leanings=stratum.leanings,
        )
        self.within: tuple[str, ...] = ()
        if self._parts.count > 1:
            check_parts(plan, columns)
            self.within = _compared(plan, columns)

    def write(self, folder: Path, at: int) -> PartDone:
        """Draw part `at`, write it aside, have its rules counted again, and put it into its place.

        Raises:
            SamplingError: G450; OSError: when it cannot be written; nothing of it is left then.
        """
        drawn = self._parts.part(at)
        assert drawn.said is not None
        aside = folder / f"{ASIDE}{at:05d}-{os.getpid()}.parquet"
        try:
            aside.write_bytes(_parquet(drawn.frame))
            flush(aside)
            again = recount(aside, self._columns, self._plan.rules)
            size, digest = digest_of(aside)
            aside.replace(folder / part_name(at))
        finally:
            aside.unlink(missing_ok=True)
        return PartDone(at=at, bytes=size, sha256=digest, said=drawn.said, again=again)

    def certificate(self, parts: Iterable[PartDone]) -> Certificate:
        """Return the certificate of all parts together; the counts of each rule are added up."""
        found = sorted(parts, key=lambda part: part.at)
        said = together([part.said for part in found])
        broken = {rule.name: sum(p.again.broken[rule.name] for p in found) for rule in self._plan.rules}
        engines = dict.fromkeys(part.again.engine for part in found)
        again = Recount(engine=", ".join(engines), rows=sum(part.again.rows for part in found), broken=broken)
        return certificate(self._plan, said.of(pl.DataFrame()), again, rows=said.rows)


def _compared(plan: Plan, columns: Sequence[PlannedColumn]) -> tuple[str, ...]:
    """Return the rules whose count over the table can be more than the sum of those over its parts."""
    ids = {column.name for column in columns if column.role == "id"}
    return tuple(
        rule.name
        for rule in plan.rules
        if isinstance(rule, Determines) or (isinstance(rule, Unique) and not set(rule.over) & ids)
    )


def _parquet(frame: pl.DataFrame) -> bytes:
    """Return the file; made in memory, so that a full disk is the system's own error."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=False, row_group_size=ROW_GROUP)
    return buffer.getvalue()


def _one(
    found: tuple[float | None, tuple[Stratum, ...]],
) -> tuple[float | None, tuple[Stratum]]:
    probability, strata = found
    assert len(strata) == 1, "only `rebalance` has more than one"
    return probability, (strata[0],)


def _refuse_blended(asked: Scenario) -> None:
    """Refuse a scenario whose rows depend on all of its rows together."""
    keys = {
        "mix": bool(asked.mix),
        "given": asked.given is not None,
        "rebalance": bool(asked.rebalance),
        "weights": asked.weights is not None,
        "augment": bool(asked.augment),
    }
    for key, there in keys.items():
        if there:
            raise SpecError(
                "S161",
                f"scenario `{asked.name}` cannot be drawn part by part: `{key}` looks at all of its rows",
                helps=("draw it into one file: `-o rows.parquet`",),
            )
