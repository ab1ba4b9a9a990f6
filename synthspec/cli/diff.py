"""synthspec diff: two specs or plans by consequence."""

from __future__ import annotations

from dataclasses import asdict

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("diff", cls=Verb)
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--exit-code", is_flag=True, help="Exit 10 when they differ.")
def command(first: str, second: str, exit_code: bool) -> int:
    """Compare two specs or plans by what each change costs; WEAKER PRIVACY and WEAKER GATE can be grepped."""
    from synthspec.api.diff import diff, spec_of

    output = Output.here()
    changes = diff(spec_of(first), spec_of(second))
    lines = []
    if changes:
        paths = max(len(each.path) for each in changes)
        moves = max(len(f"{each.before} → {each.after}") for each in changes)
        for each in changes:
            move = f"{each.before} → {each.after}"
            lines.append(f"  {each.path:<{paths}}  {move:<{moves}}  {each.consequence}  {each.flag}".rstrip())
    costly = sum(each.costs for each in changes)
    verb = "costs" if costly == 1 else "cost"
    lines.append(
        f"{len(changes)} change{'s' if len(changes) != 1 else ''}: "
        f"{len(changes) - costly} free, {costly} {verb} privacy"
        if changes
        else "no changes"
    )
    document = {"changes": [{**asdict(each), "costs": each.costs} for each in changes]}
    output.result("diff", document, "\n".join(lines))
    return 10 if exit_code and changes else 0
