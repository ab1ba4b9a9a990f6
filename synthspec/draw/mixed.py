"""Mixed: a table blended from others that are public or released, each row saying where it is from.

Rows are taken without putting them back, in exact shares; nothing is drawn and nothing private is near.
Rows that break an enforced rule on single rows are left out before.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from synthspec.columns import Id
from synthspec.draw.frame import released
from synthspec.draw.public_rows import public_rows
from synthspec.draw.rows import Drawn, violations
from synthspec.draw.whole import Whole
from synthspec.errors import SamplingError
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.scenario import PROVENANCE, Part, Scenario
from synthspec.privacy.entropy import SampleRng


def mixed(
    plan: Plan,
    columns: Sequence[PlannedColumn],
    scenario: Scenario,
    counts: Sequence[int],
    rng: SampleRng,
    folder: Path,
) -> tuple[Drawn, pl.Series]:
    """Return the rows of a mix, and the column that says where each is from.

    Args:
        plan: what was planned.
        columns: its columns with bought domains in place.
        scenario: with a `mix`.
        counts: rows from each part.
        rng: public randomness.
        folder: what relative paths start from.

    Raises:
        SamplingError: G452, G453; G455, when a part has too few rows; G450, when rows of different
            origin break a rule together.
    """
    shown = [column for column in columns if not column.hidden]
    whole = Whole(tuple(columns), plan.rules)
    frames = []
    for at, (part, count) in enumerate(zip(scenario.mix, counts, strict=True)):
        frame = public_rows(part.rows, folder, shown)
        frame = frame.filter(pl.Series(whole.lawful(_hidden(frame, columns))))
        frames.append(_taken(_with_ids(frame, shown), part, count, rng.split("mix", at)))
    order = rng.split("order").generator.permutation(sum(counts))
    labels = [part.label for part in scenario.mix]
    origin = pl.Series(scenario.provenance or PROVENANCE, np.repeat(labels, counts).tolist(), pl.String)
    frame = _named(pl.concat(frames).with_columns(origin.alias("\x00origin"))[order], shown)
    frame = _hidden(frame.drop("\x00origin"), columns)
    broken = whole.broken(frame)
    if broken:
        raise SamplingError(
            "G450",
            f"rule `{next(iter(broken))}` is not met by the rows of this mix together",
            helps=("mark the rule `enforce: report`, or mix other tables",),
        )
    drawn = Drawn(released(frame, shown), 1.0, {}, violations(frame, plan.rules))
    return drawn, origin[order]


def _taken(frame: pl.DataFrame, part: Part, count: int, rng: SampleRng) -> pl.DataFrame:
    if frame.height < count:
        raise SamplingError(
            "G455",
            f"`{part.rows.path}` has {frame.height} lawful rows, and its share asks for {count}",
            helps=("ask for fewer rows, or a smaller share of it",),
        )
    chosen = np.sort(rng.generator.choice(frame.height, size=count, replace=False))
    return frame[chosen]


def _with_ids(frame: pl.DataFrame, columns: Sequence[PlannedColumn]) -> pl.DataFrame:
    """Return the frame in the order of the table; an id that it lacks is another one in each row."""
    rows = pl.int_range(pl.len()).cast(pl.String)
    lacking = [c.name for c in columns if c.role == "id" and c.name not in frame.columns]
    return frame.with_columns(rows.alias(name) for name in lacking).select(c.name for c in columns)


def _hidden(frame: pl.DataFrame, columns: Sequence[PlannedColumn]) -> pl.DataFrame:
    from synthspec.terms.to_polars import to_polars

    made = [(c.name, c.from_source) for c in columns if c.from_source is not None]
    return frame.with_columns(to_polars(value).alias(name) for name, value in made)


def _named(frame: pl.DataFrame, columns: Sequence[PlannedColumn]) -> pl.DataFrame:
    """Return the frame with fresh ids: equal ones of one origin stay equal, no two origins share one."""
    for column in columns:
        if column.role != "id":
            continue
        named = column.column if isinstance(column.column, Id) else Id(name=column.name)
        key = pl.struct("\x00origin", column.name).rank("dense")
        rank = frame.select(key.alias("rank"))["rank"].to_numpy()
        made = named.surrogates(int(rank.max()) if len(rank) else 0, 1)
        at = pl.Series(rank.astype(np.int64) - 1)
        frame = frame.with_columns(pl.Series(column.name, made.tolist(), pl.String).gather(at))
    return frame
