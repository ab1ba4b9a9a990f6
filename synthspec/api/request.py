"""request: what rows are to be drawn into a folder, told to another process or made ready to draw."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synthspec import __version__
from synthspec.terms.frozen import Frozen

if TYPE_CHECKING:
    from synthspec.api.respec import Text
    from synthspec.draw.parted import Parted
    from synthspec.draw.parts import Asked
    from synthspec.release.release import Release as ReleaseValue


class SpecText(Frozen):
    """A changed spec as it is told to another process."""

    text: str
    origin: str
    settings: tuple[tuple[str, str], ...] = ()


class Request(Frozen):
    """What is to be drawn, as it is told to another process; `release` and `folder` are paths."""

    release: str
    folder: str
    rows: int | None = None
    units: int | None = None
    where: str | None = None
    scenario: str | None = None
    seed: int | None = None
    spec: SpecText | None = None


@dataclass(frozen=True, eq=False)
class Job:
    """A request made ready: what draws its parts, and what its folder is to say."""

    parted: Parted
    asked: Asked
    notes: tuple[str, ...]


def text_of(spec: Text | str | Path) -> SpecText:
    """Return a changed spec as it is told to another process."""
    from synthspec.spec.source import read_text

    if isinstance(spec, str | Path):
        return SpecText(text=read_text(spec), origin=str(spec))
    return SpecText(text=spec.text, origin=spec.origin, settings=spec.settings)


def prepared(request: Request, release: ReleaseValue | None = None) -> Job:
    """Return what draws the parts of `request`, and what its folder is to say.

    Args:
        request: what to draw.
        release: the release itself, where its folder is on another machine.

    Raises:
        see `parted.sampled_into`.
    """
    from synthspec.api.condition import marked
    from synthspec.api.respec import respecified
    from synthspec.api.sampled import asked_of, either
    from synthspec.draw.parted import Parted, part_size
    from synthspec.draw.parts import Asked
    from synthspec.generators.models import load_model
    from synthspec.privacy.entropy import SampleRng
    from synthspec.release.bundle import read_release

    either(request.rows, request.units)
    release = read_release(Path(request.release)) if release is None else release
    plan, columns, notes = release.plan, release.columns, tuple[str, ...]()
    if request.spec is None:
        models = {saved.group: load_model(saved.facts, saved.arrays) for saved in release.models}
    else:
        found = respecified(release, request.spec)
        plan, columns, models, notes = found.plan, found.columns, dict(found.models), found.notes()
    seed = plan.seed if request.seed is None else request.seed
    with marked(request.where):
        scenario = asked_of(plan, columns, request.scenario, request.where)
        rows = scenario.rows if request.rows is None else request.rows
        units = scenario.units if request.rows is None and request.units is None else request.units
        rng = SampleRng(seed, "sample")
        parted = Parted(plan, columns, models, scenario, rng, rows, units)
    asked = Asked(
        tool=__version__,
        release=_digest(release),
        name=plan.name,
        seed=seed,
        rows=rows if units is None else None,
        units=units,
        size=part_size(units),
        where=request.where,
        scenario=request.scenario,
        spec=None if request.spec is None else request.spec.digest(),
        columns=tuple(column.name for column in columns if not column.hidden),
    )
    if plan.tables:
        names = " and ".join(f"`{table.name}`" for table in plan.tables)
        notes = (*notes, f"the parts hold the tables joined; `-o FILE` writes {names} apart too")
    return Job(parted, asked, notes)


def _digest(release: ReleaseValue) -> str:
    """Return a digest of the release's files, reports aside."""
    lines = sorted(f"{entry.sha256} {entry.name}" for entry in release.files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
