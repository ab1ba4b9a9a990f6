"""Finish: a table made whole: columns over windows, and rows repaired where a rule across rows asks.

Rows reach this point lawful one by one but for rules that name what may be changed (`repair`), rules
over windows, and intervals of one unit. A row rule with `repair` takes new values of the named columns
from fresh rows of the model; a limit on a running value shrinks the named number until it holds;
intervals move apart. What that cannot mend is a unit that is drawn anew. Rows of lawful units are
never touched, so that repairing twice is repairing once. The repaired share is reported: these rows
do not follow the learned distribution.

Source: ours; LANGUAGE 2.7 and 6.4 of the design. All of it looks at synthetic rows only.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.draw.repair import repaired
from synthspec.draw.whole import WHERE, Mask, Redraw, Whole, replaced, whole_units
from synthspec.errors import SamplingError
from synthspec.privacy.entropy import SampleRng

TURNS = 200


def finished(
    frame: pl.DataFrame,
    whole: Whole,
    redraw: Redraw,
    rng: SampleRng,
    *,
    drawn: bool = False,
    turns: int = TURNS,
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the table with late columns, every enforced rule holding, and the rows changed per rule.

    Args:
        frame: typed rows with their ids, each meeting `whole.early()`.
        whole: the rules.
        redraw: gives fresh rows.
        rng: public randomness.
        drawn: whether it was just seen that each row meets `whole.early()` and what it says of `where`.
        turns: how often rows are repaired, or drawn anew, at most.

    Raises:
        SamplingError: G450, when units still break a rule after so many turns.
    """
    frame = whole.arranged(whole.with_late(frame))
    changed: dict[str, int] = {}
    broken = whole.broken(frame, drawn=drawn)
    here = np.arange(frame.height)
    part = frame
    for turn in range(turns):
        if not broken:
            return _put(frame, part, here), changed
        if whole.apart:  # lawful persons are done with
            bad = _persons_of(part, whole, broken)
            frame = _put(frame, part, here)
            part, here = part.filter(pl.Series(bad)), here[bad]
            broken = {name: mask[bad] for name, mask in broken.items()}
        stream = rng.split("turn", turn)
        part, mended = repaired(part, whole, broken, redraw, stream)
        part = whole.arranged(part)
        left = whole.broken(part)
        part, again = _redrawn(part, whole, left, redraw, stream.split("anew"), anew=turn % 3 != 0)
        for name, count in (*mended.items(), *again.items()):
            changed[name] = changed.get(name, 0) + count
        broken = whole.broken(part) if left else left
    if not broken:
        return _put(frame, part, here), changed
    worst = max(broken, key=lambda name: int(broken[name].sum()))
    if worst == WHERE:
        raise SamplingError(
            "G450",
            f"the condition `where` could not be met: {turns} turns left rows in which it is not true",
            helps=("loosen the condition", "draw fewer rows with `-n`"),
        )
    raise SamplingError(
        "G450",
        f"rule `{worst}` could not be met: {turns} turns of repairing left rows that break it",
        helps=("loosen the rule, or name more columns under `repair:`", "draw fewer rows with `-n`"),
    )


def _put(frame: pl.DataFrame, part: pl.DataFrame, here: NDArray[np.int64]) -> pl.DataFrame:
    """Return the frame with `part` in the place of the rows `here`."""
    if len(here) == frame.height:
        return part
    if not len(here):
        return frame
    index = np.arange(frame.height)
    index[here] = frame.height + np.arange(len(here))
    return pl.concat([frame, part.select(frame.columns)])[index]


def _persons_of(part: pl.DataFrame, whole: Whole, broken: Mapping[str, Mask]) -> Mask:
    """Return the rows of all persons that break a rule."""
    bad = np.zeros(part.height, dtype=np.bool_)
    for mask in broken.values():
        bad |= mask
    return whole_units(part, bad, whole.unit)


def _redrawn(
    frame: pl.DataFrame,
    whole: Whole,
    broken: Mapping[str, Mask],
    redraw: Redraw,
    rng: SampleRng,
    *,
    anew: bool,
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the frame with every unit that breaks a rule drawn again, its ids kept.

    A person's rows are first drawn again around what all of them share, then, with `anew`, together with it.
    """
    if not broken:
        return frame, {}
    bad = np.zeros(frame.height, dtype=np.bool_)
    counts: dict[str, int] = {}
    rules = {rule.name: rule for rule in whole.rules}
    for name, mask in broken.items():
        alone = whole.unit_of(rules.get(name))
        units = whole_units(frame, mask, whole.unit if whole.unit and (anew or whole.by) else alone)
        counts[name] = int((units & ~bad).sum())
        bad |= units
    fresh = redraw(frame.filter(pl.Series(bad)), rng, anew=anew)
    return whole.arranged(whole.with_late(replaced(frame, bad, fresh, whole))), counts
