"""synthspec verify: check a release without the data."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("verify", cls=Verb)
@click.argument("release", required=False)
@click.argument("other", required=False, metavar="[OTHER]")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    help="A trusted signer: its line, a file of lines, or a name.",
)
@click.option("--ledger", metavar="NAME", help="Also ask this ledger for the entry that the release names.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="What to print.")
@click.option("-o", "--out", metavar="FILE", help="Also write the checks as JSON.")
@click.option("--standalone", is_flag=True, help="Print the one-file verifier (needs only numpy) instead.")
def command(
    release: str | None,
    other: str | None,
    keys: tuple[str, ...],
    ledger: str | None,
    form: str,
    out: str | None,
    standalone: bool,
) -> int:
    """Check a release folder without the data; exit 3 when anything differs.

    With a second release: that no entry of a ledger pays for both.
    """
    from synthspec.api.verify import verify

    output = Output.here()
    if standalone:
        return _standalone(output, out)
    if release is None:
        raise click.UsageError("name a release folder: `synthspec verify RELEASE`")
    if out is not None and Path(out).resolve().is_relative_to(Path(release).resolve()):
        raise click.UsageError(
            "write the checks beside the release, not into it: it would not be the same release"
        )
    found = verify(release, other, ledger=ledger, keys=keys)
    if out is not None:
        Path(out).write_text(json.dumps(found.tree(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        output.note(f"written: {out}")
    if output.shared.json or form == "json":
        output.document("verify", found.tree())
        return 0 if found.passed else 3
    wide = shutil.get_terminal_size((110, 24)).columns if sys.stdout.isatty() else 110
    output.say(found.text(max(80, wide)), sys.stdout)
    found.require()
    return 0


def _standalone(output: Output, out: str | None) -> int:
    from synthspec.api.verify import standalone_text

    if out is None:
        output.say(standalone_text().rstrip("\n"), sys.stdout)
    else:
        Path(out).write_text(standalone_text(), encoding="utf-8")
        output.note(f"written: {out}; `python {out} RELEASE` needs numpy and nothing of synthspec")
    return 0
