"""synthspec export: rules as SQL for other engines, or the language's schema."""

from __future__ import annotations

from typing import Literal

import click

from synthspec.cli.group import Verb, VerbGroup
from synthspec.cli.output import Output


@click.group("export", cls=VerbGroup, no_args_is_help=True)
def command() -> None:
    """Hand the rules to other engines."""


@command.command("rules", cls=Verb)
@click.argument("spec")
@click.option("--to", "dialect", type=click.Choice(["duckdb", "postgres", "spark", "dbt"]), default="duckdb")
@click.option("--table", default="synthetic", help="The table's name in the statements.")
def rules(spec: str, dialect: Literal["duckdb", "postgres", "spark", "dbt"], table: str) -> int:
    """Print one query a rule; each returns the rows that break it."""
    from synthspec.api.export import rule_queries
    from synthspec.api.spec import load

    output = Output.here()
    queries = rule_queries(load(spec, output.shared.settings), dialect, table)
    text = "\n".join(f"-- {name}\n{query};" for name, query in queries.items()) or "-- no row rules"
    output.result("export-rules", {"dialect": dialect, "queries": queries}, text)
    return 0
