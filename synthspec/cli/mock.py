"""synthspec mock: rows from domains, rules and known tables only."""

from __future__ import annotations

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("mock", cls=Verb)
@click.argument("spec")
@click.option("-n", "--rows", type=click.IntRange(min=0), help="How many rows; the spec's, or 10000.")
@click.option("--units", type=click.IntRange(min=0), help="How many whole units, in place of rows.")
@click.option("--where", metavar="EXPR", help="Only rows that satisfy this condition.")
@click.option("--scenario", metavar="NAME", help="A scenario of the spec.")
@click.option("--seed", type=int, help="Seed of the sampling; the spec's, or 0.")
@click.option("-o", "--out", metavar="FILE", help="A .csv or .parquet file; without it, CSV on stdout.")
def command(
    spec: str,
    rows: int | None,
    units: int | None,
    where: str | None,
    scenario: str | None,
    seed: int | None,
    out: str | None,
) -> int:
    """Make rows from domains, rules and known tables only: epsilon 0, no data is read."""
    from synthspec.api.spec import load
    from synthspec.api.write import write_table
    from synthspec.draw.gaps import MISSING

    output = Output.here()
    loaded = load(spec, output.shared.settings)
    frame = loaded.mock(rows, seed=seed, where=where, scenario=scenario, units=units)
    priors = [table.child for table in loaded.checked().tables if table.strength is not None]
    if priors:
        output.note(
            f"{', '.join(priors)}: a table with `strength` holds in full, with no data to weigh it against"
        )
    if out is not None:
        write_table(frame, out)
        output.note(f"{frame.height} made-up rows written to {out} (no data was read, epsilon 0)")
        output.note(
            f"values are missing in {MISSING:.0%} of rows where neither rules nor tables say how often"
        )
        output.result("mock", {"rows": frame.height, "file": out}, out)
        return 0
    output.result("mock", {"rows": frame.height, "data": frame.write_csv()}, frame.write_csv().rstrip("\n"))
    return 0
