"""synthspec report: what a release claims, and how good it is."""

from __future__ import annotations

import sys
from io import StringIO
from typing import TYPE_CHECKING

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output

if TYPE_CHECKING:
    from synthspec.api.report import Report

_WIDTH = 110
"""Columns where stdout is no terminal, unless a table needs more: no cell is ever cut."""


@click.command("report", cls=Verb)
@click.argument("release")
@click.option("-o", "--out", metavar="FILE", help="Also write it: .html or .json by the file's ending.")
@click.option("--full", is_flag=True, help="Every section and table.")
@click.option("--strict", is_flag=True, help="A gate that cannot be told counts as failed.")
@click.option("--internal", is_flag=True, help="The report for the inside; not built yet.")
def command(release: str, out: str | None, full: bool, strict: bool, internal: bool) -> int:
    """Show the public report of a release folder; exit 3 when a gate failed."""
    from synthspec.api.release import load_release

    output = Output.here()
    report = load_release(release).report(internal=internal)
    if out is not None:
        report.save(out)
        output.note(f"written: {out}")
    if output.shared.json:
        output.document("report", {"ok": report.passed, "report": report.tree()})
    else:
        show(output, report, full=full)
    bad = not report.passed or (strict and report.unknown > 0)
    return 3 if bad else 0


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
