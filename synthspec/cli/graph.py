"""synthspec graph: what depends on what."""

from __future__ import annotations

from typing import Literal

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("graph", cls=Verb)
@click.argument("spec")
@click.option(
    "--to", "form", type=click.Choice(["text", "dot", "mermaid"]), default="text", show_default=True
)
def command(spec: str, form: Literal["text", "dot", "mermaid"]) -> int:
    """Draw what depends on what, as text, Graphviz dot or Mermaid."""
    from synthspec.api.graph import draw, edges, written
    from synthspec.api.spec import load

    output = Output.here()
    loaded = load(spec, output.shared.settings)
    found = [{"from": each.source, "to": each.target, "why": each.why} for each in edges(loaded)]
    output.result("graph", {"columns": list(written(loaded).columns), "edges": found}, draw(loaded, form))
    return 0
