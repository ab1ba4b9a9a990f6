"""synthspec export: rules as SQL for other engines, networks as BIF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from synthspec.cli.group import Verb, VerbGroup
from synthspec.cli.output import Output

if TYPE_CHECKING:
    from synthspec.api.release import Release
    from synthspec.api.spec import Spec


@click.group("export", cls=VerbGroup, no_args_is_help=True)
def command() -> None:
    """Hand the rules to other engines, the network to other programs."""


@command.command("rules", cls=Verb)
@click.argument("target", metavar="SPEC|RELEASE")
@click.option("--to", "dialect", type=click.Choice(["duckdb", "postgres", "spark", "dbt"]), default="duckdb")
@click.option("--table", default="synthetic", help="The table's name in the statements.")
@click.option(
    "--adapter",
    type=click.Choice(["duckdb", "postgres", "spark"]),
    default="postgres",
    help="For dbt: the engine it runs on.",
)
@click.option("-o", "--out", metavar="FOLDER", help="Write one file a rule; without it, stdout.")
def rules(
    target: str,
    dialect: Literal["duckdb", "postgres", "spark", "dbt"],
    table: str,
    adapter: Literal["duckdb", "postgres", "spark"],
    out: str | None,
) -> int:
    """Print one query a rule; each returns the rows that break it."""
    from synthspec.api.export import rule_queries

    output = Output.here()
    found = rule_queries(_loaded(target, output), dialect, table, adapter)
    document = {
        "dialect": dialect,
        "queries": {each.name: each.query for each in found.rules},
        "rules": [each.tree() for each in found.rules],
    }
    if out is not None and not output.shared.dry_run:
        files = [str(file) for file in found.write(out)]
        output.result("export-rules", {**document, "files": files}, "\n".join(files) or "no rules")
        return 0
    output.result("export-rules", document, found.text())
    if dialect == "dbt" and out is None:
        output.note("dbt wants one file a rule: `-o tests` writes them")
    return 0


@command.command("bif", cls=Verb)
@click.argument("target", metavar="SPEC|RELEASE")
@click.option("-o", "--out", metavar="FILE", help="Where to write it; without it, stdout.")
def bif(target: str, out: str | None) -> int:
    """Print the Bayesian network of a release folder, or that a spec states, in BIF."""
    from synthspec.api.bif import exported

    output = Output.here()
    made = exported(_loaded(target, output))
    for note in made.notes:
        output.note(note)
    if out is not None:
        if not output.shared.dry_run:
            Path(out).write_text(made.text, encoding="utf-8")
        output.result("export-bif", {"file": out, "notes": list(made.notes)}, out)
        return 0
    output.result("export-bif", {"bif": made.text, "notes": list(made.notes)}, made.text.rstrip("\n"))
    return 0


def _loaded(target: str, output: Output) -> Spec | Release:
    from synthspec.api.release import load_release
    from synthspec.api.spec import load

    return load_release(target) if Path(target).is_dir() else load(target, output.shared.settings)
