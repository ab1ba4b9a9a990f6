"""synthspec schema: the JSON Schema of the language."""

from __future__ import annotations

import json

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("schema", cls=Verb)
@click.option("--for", "spec", metavar="SPEC", help="With the names of this spec's columns and groups.")
def command(spec: str | None) -> int:
    """Print the JSON Schema (draft-07) of the language, for editors."""
    from synthspec.api.schema import schema

    output = Output.here()
    tree = schema(spec, output.shared.settings)
    text = json.dumps(tree, indent=2, ensure_ascii=False)
    output.result("schema", {"json_schema": tree}, text)
    return 0
