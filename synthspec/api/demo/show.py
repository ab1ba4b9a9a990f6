"""demo: the whole pipeline on a table that rules and literature made; nobody's data, no file needed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.api.spec import Spec, load
from synthspec.api.write import write_table
from synthspec.errors import SpecError

if TYPE_CHECKING:
    from synthspec.api.release import Release
    from synthspec.api.report import Report

_MARK = ".synthspec-demo"


@dataclass(frozen=True)
class Shown:
    """What the demo left behind."""

    folder: Path
    release: Release
    report: Report


def demo(folder: Path, say: Callable[[str], None]) -> Shown:
    """Make a hospital table, then plan, train, sample and report on it as if it were private.

    Args:
        folder: where its files go; a folder of an earlier demo is replaced.
        say: told what is happening, line by line.

    Raises:
        SpecError: S150, when the folder exists and is no demo's.
    """
    folder = _fresh(folder)
    world, spec_file, table = folder / "world.yaml", folder / "hospital.yaml", folder / "admissions.csv"
    for name in ("world.yaml", "hospital.yaml"):
        text = resources.files("synthspec.api.demo").joinpath(name).read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")
    say(f"1. A hospital that does not exist ({world}): rules and literature make {table}")
    made = load(world).mock()
    write_table(made.select([name for name in made.columns if name in _columns(load(spec_file))]), table)
    say("   From here on that table counts as private.")
    say(f"2. What will be learnt, and at what price ({spec_file}); nothing is read yet:")
    spec = load(spec_file, [("source.path", str(table.absolute()))])
    plan = spec.plan()
    say(_indented(plan.text()))
    say("3. Training: the whole price is charged to a ledger first, then noisy answers are bought.")
    with _own_ledger():
        release = plan.train(
            out=folder / "release",
            progress=lambda step, steps, name: say(f"   step {step} of {steps}: {name}"),
        )
    say(f"4. The release is in {release.folder}: everything in it may be published.")
    write_table(release.sample(rows=1000, seed=11), folder / "more.csv")
    report = release.report()
    return Shown(folder, release, report)


def _columns(spec: Spec) -> tuple[str, ...]:
    written = spec.parsed.spec
    return () if written is None else tuple(written.columns)


def _fresh(folder: Path) -> Path:
    if folder.exists():
        if not (folder / _MARK).is_file():
            raise SpecError(
                "S150",
                f"`{folder}` exists and was not made by a demo",
                helps=("name another folder with `-o DIR`",),
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / _MARK).write_text("made by `synthspec demo`; it is replaced when the demo runs again\n")
    return folder


@contextmanager
def _own_ledger() -> Iterator[None]:
    """Keep the demo's ledger out of the user's: its table is new each time, and nobody's."""
    before = os.environ.get("SYNTHSPEC_HOME")
    with tempfile.TemporaryDirectory(prefix="synthspec-demo-") as home:
        os.environ["SYNTHSPEC_HOME"] = home
        try:
            yield
        finally:
            if before is None:
                del os.environ["SYNTHSPEC_HOME"]
            else:
                os.environ["SYNTHSPEC_HOME"] = before


def _indented(text: str) -> str:
    return "\n".join(f"   {line}" if line else line for line in text.split("\n"))
