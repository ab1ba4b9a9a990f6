"""synthspec diff: two specs or plans by consequence."""

from __future__ import annotations

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("diff", cls=Verb)
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--exit-code", is_flag=True, help="Exit 10 when they differ.")
def command(first: str, second: str, exit_code: bool) -> int:
    """Compare two specs, plans or releases by what each change costs.

    WEAKER PRIVACY and WEAKER GATE can be grepped.
    """
    from synthspec.api.diff import diff, diff_text

    output = Output.here()
    changes = diff(first, second, output.shared.settings)
    document = {"changes": [{**each.model_dump(mode="json"), "free": each.is_free} for each in changes]}
    output.result("diff", document, diff_text(changes))
    return 10 if exit_code and changes else 0
