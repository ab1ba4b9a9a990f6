"""synthspec sample: more rows from a release; free."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from synthspec.cli.events import Events, events_option
from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("sample", cls=Verb)
@click.argument("release")
@click.option("-n", "--rows", type=click.IntRange(min=0), help="How many rows; the plan's without it.")
@click.option("--units", type=click.IntRange(min=0), help="How many whole units, in place of rows.")
@click.option("--where", metavar="EXPR", help="Only rows that satisfy this condition.")
@click.option("--scenario", metavar="NAME", help="A scenario of the spec.")
@click.option("--spec", metavar="FILE", help="A changed spec; what `diff` calls free holds in the rows.")
@click.option("--seed", type=int, help="Seed of the sampling; the plan's without it.")
@click.option(
    "-o",
    "--out",
    metavar="FILE|FOLDER/",
    help="A .csv or .parquet file; a folder, for parts in Parquet; without it, CSV on stdout.",
)
@click.option("--format", "parts", type=click.Choice(["parquet"]), help="Parts in Parquet: -o is a folder.")
@click.option(
    "--processes", type=click.IntRange(min=1), default=1, help="How many processes draw into a folder."
)
@click.option("--on", type=click.Choice(["spark"]), help="Draw into a folder on the workers of a cluster.")
@events_option
def command(
    release: str,
    rows: int | None,
    units: int | None,
    where: str | None,
    scenario: str | None,
    spec: str | None,
    seed: int | None,
    out: str | None,
    parts: str | None,
    processes: int,
    on: str | None,
    events: str | None,
) -> int:
    """Draw more rows from a release folder; costs nothing, opens no private data.

    Into a folder, rows are drawn part by part, in constant memory, by as many processes as --processes says;
    after an interruption the same command goes on from there. With --on spark, the cluster that SPARK_MASTER
    names draws them; the rows are the same ones.
    """
    from synthspec.api.release import load_release
    from synthspec.api.spec import load
    from synthspec.api.write import write_table

    output = Output.here()
    changed = None if spec is None else load(spec, output.shared.settings)
    many: dict[str, Any] = {"rows": rows, "units": units, "where": where, "scenario": scenario, "seed": seed}
    if out is not None and _is_folder(out, parts):
        asked = {**many, "spec": changed, "spark": on == "spark"}
        return fill(output, release, out, processes, events, asked)
    if parts is not None or processes > 1 or events is not None or on is not None:
        flags = "`--format`, `--processes`, `--on` and `--events`"
        raise click.UsageError(f"{flags} are for rows in a folder: give `-o FOLDER/`")
    found = load_release(release).sampled(**many, spec=changed)
    frame = found.frame
    for line in found.lines():
        output.note(line)
    if out is not None:
        write_table(frame, out)
        output.note(f"{frame.height} rows written to {out}; sampling costs nothing")
        for name, table in found.tables.items():
            beside = Path(out).with_name(f"{Path(out).stem}-{name}{Path(out).suffix}")
            write_table(table, beside)
            output.note(f"the table `{name}`, {table.height} rows, written to {beside}")
        output.result("sample", {"rows": frame.height, "file": out}, out)
        return 0
    output.result("sample", {"rows": frame.height, "data": frame.write_csv()}, frame.write_csv().rstrip("\n"))
    return 0


def _is_folder(out: str, parts: str | None) -> bool:
    """Return whether rows go into a folder: asked for, there already, or named like one."""
    return parts is not None or out.endswith(("/", os.sep)) or Path(out).is_dir()


def fill(
    output: Output,
    release: str,
    folder: str,
    processes: int,
    events: str | None,
    asked: Mapping[str, Any],
) -> int:
    """Draw into a folder, part by part, and show how far it is."""
    from synthspec.api.release import load_release
    from synthspec.cli.progress import Drawing
    from synthspec.cli.train import refuse_two_streams

    refuse_two_streams(output, events)
    with Events(events) as seen:
        with Drawing(output, seen) as drawing:
            found = load_release(release).sample_into(folder, processes=processes, show=drawing, **asked)
        seen.filled(str(found.folder))
    for line in found.lines():
        output.note(line)
    parts = f"{found.parts:,} part{'' if found.parts == 1 else 's'}"
    output.note(f"{found.rows:,} rows in {parts} in {found.folder}; sampling costs nothing")
    if events != "-":
        facts = {"rows": found.rows, "folder": str(found.folder), "parts": found.parts}
        output.result("sample", {**facts, "violations": found.certificate.violations}, str(found.folder))
    return 0
