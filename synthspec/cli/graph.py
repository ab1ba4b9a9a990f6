"""synthspec graph: what depends on what, and what that says about independence."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("graph", cls=Verb)
@click.argument("target", metavar="SPEC|RELEASE")
@click.option(
    "--to", "form", type=click.Choice(["text", "dot", "mermaid", "svg"]), default="text", show_default=True
)
@click.option("--blanket", metavar="COLUMN", help="The columns that say all there is about this one.")
@click.option("--separated", nargs=2, metavar="A B", help="Whether the graph makes A and B independent.")
@click.option("--given", multiple=True, metavar="COLUMN", help="With --separated: given this column.")
@click.option("--learn", is_flag=True, help="Search for edges in a source that is declared public.")
@click.option("-o", "--out", metavar="FILE", help="Where to write the graph; without it, stdout.")
def command(
    target: str,
    form: Literal["text", "dot", "mermaid", "svg"],
    blanket: str | None,
    separated: tuple[str, str] | None,
    given: tuple[str, ...],
    learn: bool,
    out: str | None,
) -> int:
    """Draw what depends on what: declared, derived, and, of a release, learned edges."""
    from synthspec.api import graph
    from synthspec.api.release import load_release
    from synthspec.api.spec import Spec, load

    output = Output.here()
    if sum((blanket is not None, separated is not None, learn)) > 1:
        raise click.UsageError("give one of --blanket, --separated and --learn")
    if given and separated is None:
        raise click.UsageError("--given goes with --separated")
    loaded = load_release(target) if Path(target).is_dir() else load(target, output.shared.settings)
    if blanket is not None:
        found, caveat = graph.blanket(loaded, blanket), graph.caveat(loaded)
        document: dict[str, object] = {"column": blanket, "blanket": list(found), "caveat": caveat}
        output.result("graph", document, "\n".join(found) or "no column")
        if caveat:
            output.note(caveat)
    elif separated is not None:
        apart = graph.separated(loaded, *separated, given)
        caveat = graph.caveat(loaded)
        document = {"columns": list(separated), "given": list(given), "separated": apart, "caveat": caveat}
        said = f"{separated[0]} and {separated[1]}{' given ' + ', '.join(given) if given else ''}: "
        output.result("graph", document, said + ("independent" if apart else "not independent"))
        if caveat:
            output.note(caveat)
    elif learn:
        if not isinstance(loaded, Spec):
            raise click.UsageError("--learn takes a spec, not a release")
        edges = graph.learn(loaded)
        lines = [f"- {a} -> {b}" for a, b in edges]
        output.result("graph", {"edges": [list(edge) for edge in edges]}, "\n".join(lines) or "no edges")
    else:
        drawing, text = graph.drawing(loaded), graph.draw(loaded, form)
        if out is not None:
            Path(out).write_text(text + "\n", encoding="utf-8")
            text = out
        arcs = [
            {"from": a.source, "to": a.target, "why": a.why, "kind": a.kind, "directed": a.directed}
            for a in drawing.arcs
        ]
        groups = {frame.name: list(frame.columns) for frame in drawing.frames}
        output.result("graph", {"columns": list(drawing.columns), "edges": arcs, "groups": groups}, text)
    return 0
