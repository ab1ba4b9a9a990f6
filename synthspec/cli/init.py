"""synthspec init: a draft from a data dictionary, from names only, or (loudly) from data."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output

_LOUD = """\
WARNING  This reads private values and writes what it sees into a text file.
         Minimums, maximums, category lists and null rates can each identify a person,
         and no later noise can take them back. It is not differentially private.
  Safer:   synthspec init --from odcs:contract.yaml          no data read
           synthspec init --names-only {file}"""


@click.command("init", cls=Verb)
@click.option(
    "--from",
    "source",
    metavar="FMT:PATH",
    help="A data dictionary: csv, frictionless, odcs, redcap; or a network: bif.",
)
@click.option("--names-only", metavar="FILE", help="A CSV's first line, or a Parquet file's schema.")
@click.option("--from-data", metavar="FILE", help="Reads private values; asks first.")
@click.option(
    "--data", metavar="PATH", default="data.csv", help="The private table's path, as the draft shall say."
)
@click.option("-o", "--out", metavar="FILE", help="Where to write the draft; without it, stdout.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def command(
    source: str | None, names_only: str | None, from_data: str | None, data: str, out: str | None, force: bool
) -> int:
    """Draft a spec; `check` then leads, column by column, to one that runs."""
    from synthspec.api.init import init_from, init_names_only
    from synthspec.api.init_bif import left_out
    from synthspec.api.modeline import modeline, refresh_schema

    output = Output.here()
    if sum(each is not None for each in (source, names_only, from_data)) != 1:
        raise click.UsageError("give one of --from FMT:PATH, --names-only FILE or --from-data FILE")
    if out is not None and Path(out).exists() and not force:
        raise click.UsageError(f"`{out}` exists; add --force to overwrite it")
    if source is not None:
        text = init_from(source, data=data)
    elif names_only is not None:
        text = init_names_only(names_only)
    else:
        assert from_data is not None
        text = _from_data(output, from_data)
    for line in left_out(text):
        output.note(f"left out: {line}")
    if out is None:
        output.result("init", {"spec": text}, text.rstrip("\n"))
        return 0
    text = f"{modeline(out)}\n{text}"
    if not output.shared.dry_run:
        Path(out).write_text(text, encoding="utf-8")
        refresh_schema(out, text)
    output.note(
        f"a draft is in {out}; no value of any table was read"
        if from_data is None
        else f"a draft is in {out}"
    )
    output.note(f"Next: synthspec check {out}")
    output.result("init", {"file": out, "spec": text}, out)
    return 0


def _from_data(output: Output, file: str) -> str:
    from synthspec.api.init_observed import init_from_data

    output.always(_LOUD.format(file=file))
    if output.shared.dry_run:
        raise click.UsageError("--dry-run: stopped before private data was read")
    if not sys.stdin.isatty():
        raise click.UsageError("--from-data asks for a typed confirmation and needs a terminal")
    typed = click.prompt("Type the source's file name to continue", err=True, default="", show_default=False)
    if typed not in (file, Path(file).name):
        raise click.UsageError("that is not the file's name; nothing was read")
    return init_from_data(file)
