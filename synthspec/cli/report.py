"""synthspec report: what a release claims, and how good it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output

if TYPE_CHECKING:
    from synthspec.api.report import Report

_WIDE = 1_000
"""Columns where stdout is no terminal: nothing is cut or wrapped there."""


@click.command("report", cls=Verb)
@click.argument("release")
@click.option("-o", "--out", metavar="FILE", help="Also write it: .html or .json by the file's ending.")
@click.option("--full", is_flag=True, help="Every section and table.")
@click.option("--strict", is_flag=True, help="A gate that cannot be told counts as failed.")
def command(release: str, out: str | None, full: bool, strict: bool) -> int:
    """Show the public report of a release folder; exit 3 when a gate failed."""
    from synthspec.api.release import load_release

    output = Output.here()
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


def show(output: Output, report: Report, *, full: bool = False) -> None:
    """Print a report on stdout; in colour on a terminal, never wrapped elsewhere."""
    from rich.console import Console

    from synthspec.report.render.terminal import render_terminal

    colored = output.colored(sys.stdout)
    width = None if sys.stdout.isatty() else _WIDE
    console = Console(
        file=sys.stdout,
        width=width,
        force_terminal=colored,
        no_color=not colored,
        highlight=False,
        soft_wrap=width is not None,
    )
    render_terminal(report.value, console, full=full)
