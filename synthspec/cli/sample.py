"""synthspec sample: more rows from a release; free."""

from __future__ import annotations

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("sample", cls=Verb)
@click.argument("release")
@click.option("-n", "--rows", type=click.IntRange(min=0), help="How many rows; the plan's without it.")
@click.option("--where", metavar="EXPR", help="Only rows that satisfy this condition.")
@click.option("--scenario", metavar="NAME", help="A scenario of the spec.")
@click.option("--spec", metavar="FILE", help="A changed spec; what `diff` calls free holds in the rows.")
@click.option("--seed", type=int, help="Seed of the sampling; the plan's without it.")
@click.option("-o", "--out", metavar="FILE", help="A .csv or .parquet file; without it, CSV on stdout.")
def command(
    release: str,
    rows: int | None,
    where: str | None,
    scenario: str | None,
    spec: str | None,
    seed: int | None,
    out: str | None,
) -> int:
    """Draw more rows from a release folder; costs nothing, opens no private data."""
    from synthspec.api.release import load_release
    from synthspec.api.spec import load
    from synthspec.api.write import write_table

    output = Output.here()
    changed = None if spec is None else load(spec, output.shared.settings)
    found = load_release(release).sampled(rows, where=where, scenario=scenario, seed=seed, spec=changed)
    frame = found.frame
    for line in found.lines():
        output.note(line)
    if out is not None:
        write_table(frame, out)
        output.note(f"{frame.height} rows written to {out}; sampling costs nothing")
        output.result("sample", {"rows": frame.height, "file": out}, out)
        return 0
    output.result("sample", {"rows": frame.height, "data": frame.write_csv()}, frame.write_csv().rstrip("\n"))
    return 0
