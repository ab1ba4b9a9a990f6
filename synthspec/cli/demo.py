"""synthspec demo: the whole pipeline on a made-up table."""

from __future__ import annotations

from pathlib import Path

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("demo", cls=Verb)
@click.option(
    "-o", "--out", metavar="DIR", default="synthspec-demo", show_default=True, help="Where its files go."
)
def command(out: str) -> int:
    """Make a hospital table out of rules and literature, then plan, train, sample and report on it.

    Needs no file; uses a ledger of its own that it throws away.
    """
    from synthspec.api.demo.show import demo
    from synthspec.cli.report import show

    output = Output.here()
    shown = demo(Path(out), output.note)
    if output.shared.json:
        document = {
            "ok": shown.report.passed,
            "folder": str(shown.folder),
            "release": str(shown.release.folder),
            "claim": shown.release.claim,
            "gates": shown.report.gates,
        }
        output.document("demo", document)
    else:
        show(output, shown.report)
        output.note(
            f"\nLook at:\n"
            f"  {shown.folder / 'hospital.yaml'}   the spec: what a person writes\n"
            f"  {shown.release.folder / 'report.html'}   the report: what may be claimed, how good it is\n"
            f"  {shown.folder / 'more.csv'}   fresh synthetic rows; drawing them costs nothing\n"
            f"Next: synthspec init --names-only YOUR.csv -o your.yaml"
        )
    return 0 if shown.report.passed else 3
