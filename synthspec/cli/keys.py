"""synthspec keys: the keys that sign releases."""

from __future__ import annotations

import os
import sys

import click

from synthspec.cli.group import Verb, VerbGroup
from synthspec.cli.output import Output


@click.group("keys", cls=VerbGroup, no_args_is_help=True)
def command() -> None:
    """The keys that sign releases: new, show."""


@command.command("new", cls=Verb)
@click.argument("name")
@click.option("-o", "--out", metavar="FILE", help="The key file; kept beside the ledgers without it.")
@click.option(
    "--passphrase", "ask", is_flag=True, help="Protect the file; asked for, or SYNTHSPEC_KEY_PASSPHRASE."
)
def new(name: str, out: str | None, ask: bool) -> int:
    """Make key NAME; prints the public line to hand out to whoever verifies."""
    from synthspec.api import keys

    output = Output.here()
    made = keys.new_key(name, out=out, passphrase=passphrase(twice=True) if ask else None)
    output.note(
        f"kept in {made.path}, readable by you only; it is never overwritten, and cannot be made again"
    )
    output.note(f"fingerprint: {made.public.fingerprint}")
    output.note("hand this line out by another way than the releases:")
    output.result("keys-new", _tree(made), made.public.line)
    return 0


@command.command("show", cls=Verb)
@click.argument("name", required=False)
def show(name: str | None) -> int:
    """Show the public line of key NAME (or of a file of public lines); all of them without a name."""
    from synthspec.api import keys

    output = Output.here()
    if name is None:
        kept = keys.kept_keys()
        text = "\n".join(each.public.line for each in kept) or "no keys yet: `synthspec keys new NAME`"
        output.result("keys-show", {"keys": [_tree(each) for each in kept]}, text)
        return 0
    found = keys.trusted_keys([name])
    for key in found:
        output.note(f"fingerprint: {key.fingerprint}")
    tree = {"keys": [{"name": k.name, "public": k.line, "fingerprint": k.fingerprint} for k in found]}
    output.result("keys-show", tree, "\n".join(key.line for key in found))
    return 0


def passphrase(*, twice: bool = False) -> str:
    """Return the passphrase of a key file: SYNTHSPEC_KEY_PASSPHRASE, or what is typed on a terminal."""
    given = os.environ.get("SYNTHSPEC_KEY_PASSPHRASE")
    if given:
        return given
    if not sys.stdin.isatty():
        raise click.UsageError("the passphrase is needed: set SYNTHSPEC_KEY_PASSPHRASE, or use a terminal")
    typed = click.prompt("Passphrase", hide_input=True, err=True, confirmation_prompt=twice)
    assert isinstance(typed, str)
    return typed


def _tree(made: object) -> dict[str, object]:
    from synthspec.api.keys import KeyFile

    assert isinstance(made, KeyFile)
    return {
        "name": made.public.name,
        "file": str(made.path),
        "public": made.public.line,
        "fingerprint": made.public.fingerprint,
    }
