"""synthspec diff: two specs or plans by consequence, two releases by figures too."""

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

    Of two release folders also their figures: each difference with its own 90 % interval, and what both
    amount to for who holds them. WEAKER PRIVACY and WEAKER GATE can be grepped.
    """
    from synthspec.api.diff import both, diff, diff_text, figures, figures_text
    from synthspec.report.together import together_text

    output = Output.here()
    changes, found = diff(first, second, output.shared.settings), figures(first, second)
    document: dict[str, object] = {
        "changes": [{**each.model_dump(mode="json"), "free": each.is_free} for each in changes]
    }
    text = diff_text(changes)
    if found:
        document["figures"] = [each.model_dump(mode="json") for each in found]
        text = f"{text}\n\n{figures_text(found)}"
    held = both(first, second)
    if held is not None:
        document["together"] = held.model_dump(mode="json")
        text = f"{text}\n\n{together_text(held)}"
    output.result("diff", document, text)
    return 10 if exit_code and changes else 0
