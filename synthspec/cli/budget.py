"""synthspec budget: the owner's ledgers."""

from __future__ import annotations

import sys
from typing import Literal

import click

from synthspec.cli.group import Verb, VerbGroup
from synthspec.cli.output import Output


@click.group("budget", cls=VerbGroup, no_args_is_help=True)
def command() -> None:
    """The owner's ledgers: open, join, show, log, cap, void, verify.

    NAME is a ledger that `budget open` made, or the address of one on a server
    (postgres://db.example/ledgers#NAME); --source PATH is the default ledger of that table.
    """


@command.command("open", cls=Verb)
@click.argument("name")
@click.option("--unit", required=True, metavar="COLUMN", help="Whom it protects: a column, or `row`.")
@click.option(
    "--cap", "epsilon", required=True, metavar="E", help="The most that all releases together may spend."
)
@click.option("--delta", required=True, metavar="D", help="The delta that goes with it, for example 1e-9.")
@click.option(
    "--neighbours", type=click.Choice(["add-remove", "replace"]), default="add-remove", show_default=True
)
@click.option("--owner", default="", help="A name for the log.")
@click.option("--store", metavar="URL", help="Keep it on a PostgreSQL server: postgres://HOST/DATABASE.")
def open_(
    name: str,
    unit: str,
    epsilon: str,
    delta: str,
    neighbours: Literal["add-remove", "replace"],
    owner: str,
    store: str | None,
) -> int:
    """Open ledger NAME; prints the owner secret, once.

    On a server, NAME may be the whole address; no password stands in it (PGPASSWORD, ~/.pgpass, a service).
    """
    from synthspec.api import ledgers

    output = Output.here()
    opened = ledgers.open_named(
        name, unit=unit, epsilon=epsilon, delta=delta, neighbours=neighbours, owner=owner, store=store
    )
    text = (
        f"ledger {opened.name} opened: unit {unit}, neighbours {neighbours}, "
        f"cap ε = {epsilon} at δ = {delta}\n"
        f"owner secret (shown once, needed for `cap` and `void`): {opened.secret}"
    )
    document = {"ledger": opened.name, "secret": opened.secret, "file": opened.place}
    output.result("budget-open", document, text)
    if opened.on_server:
        output.note(f"kept at {opened.place}; back that database up")
        output.note(
            "who trains needs the rights `USAGE ON SCHEMA synthspec` and "
            "`SELECT, INSERT ON synthspec.entries`,\n"
            "and says once `synthspec budget join` with that address"
        )
    else:
        output.note(f"kept in {opened.place}; back that file up")
    return 0


@command.command("join", cls=Verb)
@click.argument("address")
def join(address: str) -> int:
    """Call the ledger at ADDRESS, on a server, by its name here, so that `ledger: NAME` finds it."""
    from synthspec.api import ledgers

    output = Output.here()
    name = ledgers.join_ledger(address)
    output.result("budget-join", {"ledger": name}, f"`ledger: {name}` is that ledger from here on")
    return 0


@command.command("show", cls=Verb)
@click.argument("name", required=False)
def show(name: str | None) -> int:
    """Show what a ledger has spent and what still fits; without a name, list them all."""
    from synthspec.api import ledgers

    output = Output.here()
    if name is None and _source(output) is None:
        listed = ledgers.names()
        output.result("budget-show", {"ledgers": listed}, "\n".join(listed) or "no ledgers yet")
        return 0
    state = ledgers.state(name, _source(output))
    output.result("budget-show", state.tree(), state.text())
    return 0


@command.command("log", cls=Verb)
@click.argument("name", required=False)
def log(name: str | None) -> int:
    """List a ledger's entries in order."""
    from synthspec.api import ledgers

    output = Output.here()
    state = ledgers.state(name, _source(output))
    output.result("budget-log", {"ledger": state.name, "entries": state.entries}, state.log())
    return 0


@command.command("verify", cls=Verb)
@click.argument("name", required=False)
def verify(name: str | None) -> int:
    """Check a ledger's chain of hashes and its sums; exit 4 when it was tampered with."""
    from synthspec.api import ledgers

    output = Output.here()
    state = ledgers.state(name, _source(output))
    said = f"ledger {state.name}: chain verified ({len(state.entries)} entries)"
    output.result("budget-verify", {"ledger": state.name, "entries": len(state.entries)}, said)
    return 0


@command.command("cap", cls=Verb)
@click.argument("name", required=False)
@click.option("--to", "epsilon", required=True, metavar="E", help="The new cap.")
@click.option("--delta", metavar="D", help="The new delta; the ledger's without it.")
@click.option("--secret", envvar="SYNTHSPEC_OWNER_SECRET", help="The owner secret; asked for on a terminal.")
def cap(name: str | None, epsilon: str, delta: str | None, secret: str | None) -> int:
    """Raise the cap. NAME needs the owner secret; --source PATH a typed confirmation."""
    from synthspec.api import ledgers

    output = Output.here()
    source = _source(output)
    if name is not None:
        ledgers.raise_named(name, epsilon=epsilon, delta=delta, secret=_secret(secret))
    elif source is not None:
        _typed(source)
        ledgers.raise_default(source, epsilon=epsilon, delta=delta)
    else:
        raise click.UsageError("give a ledger's NAME or --source PATH")
    said = f"cap is now ε = {epsilon}; the change is an entry, and every later report counts the raises"
    output.result("budget-cap", {"ledger": name or source, "cap": epsilon}, said)
    return 0


@command.command("void", cls=Verb)
@click.argument("which", nargs=-1, required=True, metavar="[NAME] CHARGE")
@click.option("--secret", envvar="SYNTHSPEC_OWNER_SECRET", help="The owner secret; asked for on a terminal.")
def void(which: tuple[str, ...], secret: str | None) -> int:
    """Give back a charge that was reserved and never opened; others cannot be.

    NAME needs the owner secret; with --source PATH there is no NAME.
    """
    from synthspec.api import ledgers

    output = Output.here()
    source = _source(output)
    if len(which) != (2 if source is None else 1):
        raise click.UsageError("give NAME CHARGE, or --source PATH CHARGE; `budget log` lists the charges")
    name, charge = (which[0] if source is None else None), which[-1]
    ledgers.void(name, charge, secret=_secret(secret) if name is not None else None, source=source)
    output.result("budget-void", {"ledger": name or source, "charge": charge}, f"charge {charge} is void")
    return 0


def _source(output: Output) -> str | None:
    return next((value for path, value in reversed(output.shared.settings) if path == "source.path"), None)


def _secret(given: str | None) -> str:
    if given:
        return given
    if not sys.stdin.isatty():
        raise click.UsageError("the owner secret is needed: --secret, or SYNTHSPEC_OWNER_SECRET")
    typed = click.prompt("Owner secret", hide_input=True, err=True)
    assert isinstance(typed, str)
    return typed


def _typed(source: str) -> None:
    from pathlib import Path

    if not sys.stdin.isatty():
        raise click.UsageError("raising a default cap asks for a typed confirmation and needs a terminal")
    words = (
        "This table's default ledger has no owner: raising its cap weakens what its people were promised,\n"
        "and every later report will say that the operator raised it.\n"
        "Type the source's file name to continue"
    )
    if click.prompt(words, err=True, default="", show_default=False) != Path(source).name:
        raise click.UsageError("that is not the file's name; the cap stays as it is")
