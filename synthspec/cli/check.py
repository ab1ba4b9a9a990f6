"""synthspec check: every finding that needs no data."""

from __future__ import annotations

from pathlib import Path

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output, diagnostic_json
from synthspec.errors import Diagnostic, SynthspecError


@click.command("check", cls=Verb)
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
@click.option("--fix", is_flag=True, help="Apply the fixes that keep the meaning, then check again.")
@click.option("--strict", is_flag=True, help="Warnings fail too (exit 1).")
def command(specs: tuple[str, ...], fix: bool, strict: bool) -> int:
    """Show every finding of a spec that needs no data; exit 1 when one is an error."""
    from synthspec.api.check import check_file
    from synthspec.api.modeline import refresh_schema

    output = Output.here()
    reports: list[dict[str, object]] = []
    failed = False
    for path in specs:
        try:
            spec, found, fixed = check_file(path, output.shared.settings, fix=fix)
            text = spec.text
            if not output.shared.settings and not output.shared.dry_run:
                refresh_schema(path, text)
        except SynthspecError as error:
            found, text, fixed = tuple(error.diagnostics), "", 0
        bad = _fails(found, strict)
        failed = failed or bad
        reports.append(
            {
                "ok": not bad,
                "spec": {"path": path},
                "fixed": fixed,
                "diagnostics": [diagnostic_json(each) for each in found],
            }
        )
        if not output.shared.json:
            output.diagnostics(found, {path: text})
            output.note(_summary(path, found, fixed))
    if output.shared.json:
        one = reports[0] if len(reports) == 1 else {"specs": reports}
        output.document("check", {**one, "ok": not failed})
    return 1 if failed else 0


def _fails(found: tuple[Diagnostic, ...], strict: bool) -> bool:
    levels = {"error", "warning"} if strict else {"error"}
    return any(each.level in levels for each in found)


def _summary(path: str, found: tuple[Diagnostic, ...], fixed: int) -> str:
    counts = [(level, sum(each.level == level for each in found)) for level in ("error", "warning", "note")]
    said = ", ".join(f"{count} {level}{'s' if count != 1 else ''}" for level, count in counts if count)
    words = f"{Path(path).name}: {said or 'no findings'}"
    return f"{words}; {fixed} fixed" if fixed else words
