"""synthspec export: rules as SQL for other engines, networks as BIF."""

from __future__ import annotations

from typing import Literal

import click

from synthspec.cli.group import Verb, VerbGroup
from synthspec.cli.output import Output


@click.group("export", cls=VerbGroup, no_args_is_help=True)
def command() -> None:
    """Hand the rules to other engines, the network to other programs."""


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


@command.command("bif", cls=Verb)
@click.argument("target")
@click.option("-o", "--out", metavar="FILE", help="Where to write it; without it, stdout.")
def bif(target: str, out: str | None) -> int:
    """Print the Bayesian network of a release folder, or that a spec states, in BIF."""
    from pathlib import Path

    from synthspec.api.bif import export_bif
    from synthspec.api.release import load_release
    from synthspec.api.spec import load

    output = Output.here()
    found = load_release(target) if Path(target).is_dir() else load(target, output.shared.settings)
    text = export_bif(found)
    if out is not None:
        Path(out).write_text(text, encoding="utf-8")
        output.result("export-bif", {"file": out}, out)
        return 0
    output.result("export-bif", {"bif": text}, text.rstrip("\n"))
    return 0
