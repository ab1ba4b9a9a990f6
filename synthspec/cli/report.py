"""synthspec report: what a release claims, and how good it is."""

from __future__ import annotations

import sys
from io import StringIO
from typing import TYPE_CHECKING

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output

if TYPE_CHECKING:
    from synthspec.api.release import Release
    from synthspec.api.report import Report

_WIDTH = 110
"""Columns where stdout is no terminal, unless a table needs more: no cell is ever cut."""


WARNED = (
    "The internal edition reads the source without noise. Its figures are exact and outside the guarantee: "
    "they are written to files that only you can read, and shown nowhere else."
)
"""Said whatever the flags."""


@click.command("report", cls=Verb)
@click.argument("release")
@click.option(
    "-o",
    "--out",
    metavar="FILE|DIR",
    help="Also write it: .html or .json by the file's ending; with --internal its folder.",
)
@click.option("--full", is_flag=True, help="Every section and table.")
@click.option("--strict", is_flag=True, help="A gate that cannot be told counts as failed.")
@click.option(
    "--internal", is_flag=True, help="Exact figures and attacks, from the source; never to be passed on."
)
@click.option("--control", metavar="FILE", help="With --internal: people who are not in the source.")
@click.option(
    "--attack",
    "attacks",
    multiple=True,
    type=click.Choice(["shadow"]),
    help="With --internal: an attack that takes long.",
)
@click.option(
    "--label", "labels", metavar="COLUMN", multiple=True, help="With --internal: what models predict."
)
def command(
    release: str,
    out: str | None,
    full: bool,
    strict: bool,
    internal: bool,
    control: str | None,
    attacks: tuple[str, ...],
    labels: tuple[str, ...],
) -> int:
    """Show the public report of a release folder; exit 3 when a gate failed.

    With --internal --source PATH: write the internal edition beside the release, and end with 0.
    """
    from synthspec.api.release import load_release

    output = Output.here()
    if internal:
        return inside(output, load_release(release), out, control, attacks, labels)
    for flag, given in (("--control", control), ("--attack", attacks), ("--label", labels)):
        if given:
            raise click.UsageError(
                f"`{flag}` belongs to the internal edition: add `--internal --source PATH`"
            )
    report = load_release(release).report()
    if out is not None:
        report.save(out)
        output.note(f"written: {out}")
    if output.shared.json:
        output.document("report", {"ok": report.passed, "report": report.tree()})
    else:
        show(output, report, full=full)
    bad = not report.passed or (strict and report.unknown > 0)
    return 3 if bad else 0


def inside(
    output: Output,
    release: Release,
    out: str | None,
    control: str | None,
    attacks: tuple[str, ...],
    labels: tuple[str, ...],
) -> int:
    """Write the internal edition; only its path is ever said on a stream."""
    from synthspec.api.internal import internal, ready

    settings = dict(output.shared.settings)
    source = settings.pop("source.path", None)
    if settings:
        raise click.UsageError("a release is final: only `--source PATH` says where its table lies")
    folder = ready(release, source, labels, out)
    if output.shared.dry_run:
        output.result("report", {"internal": str(folder), "dry_run": True}, str(folder))
        output.note("dry run: the source was not opened")
        return 0
    output.always(WARNED)
    folder = internal(
        release, source, control=control, attacks=attacks, labels=labels, out=out, told=output.note
    )
    output.note("Do not pass it on, and do not choose between releases by it.")
    output.result("report", {"internal": str(folder), "warning": WARNED}, str(folder / "report.html"))
    return 0


def show(output: Output, report: Report, *, full: bool = False) -> None:
    """Print a report on stdout: as wide as a terminal is; elsewhere no wider than its tables need."""
    from rich.console import Console

    from synthspec.report.render.terminal import render_terminal

    colored = output.colored(sys.stdout)
    if sys.stdout.isatty():
        console = Console(file=sys.stdout, force_terminal=colored, no_color=not colored, highlight=False)
        render_terminal(report.value, console, full=full)
        return
    wide = max(_WIDTH, _least(report, full=full))
    console = Console(
        file=StringIO(), width=wide, force_terminal=colored, no_color=not colored, highlight=False
    )
    with console.capture() as seen:
        render_terminal(report.value, console, full=full)
    output.say("\n".join(line.rstrip() for line in seen.get().rstrip("\n").split("\n")), sys.stdout)


def _least(report: Report, *, full: bool) -> int:
    """Return the fewest columns at which no word of the report's tables is cut."""
    from rich.console import Console
    from rich.measure import Measurement

    from synthspec.report.render.terminal import sections

    console = Console(file=StringIO(), width=10_000, color_system=None)
    return max(
        Measurement.get(console, console.options, each).minimum for each in sections(report.value, full=full)
    )
