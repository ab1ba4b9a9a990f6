"""synthspec release: sign a release, and open its commitment to the source."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from synthspec.cli.group import Verb, VerbGroup
from synthspec.cli.keys import passphrase
from synthspec.cli.output import Output

if TYPE_CHECKING:
    from synthspec.release.attestation import Attestation


@click.group("release", cls=VerbGroup, no_args_is_help=True)
def command() -> None:
    """Vouch for a release: sign, countersign, match, reveal."""


@command.command("sign", cls=Verb)
@click.argument("release")
@click.option("--key", required=True, metavar="NAME|FILE", help="Your key: see `synthspec keys new`.")
@click.option("--role", default="operator", show_default=True, help="As what you sign.")
@click.option(
    "--with",
    "others",
    multiple=True,
    metavar="ROLE=KEY",
    help="Who else is to sign: a role, and a public line, a file .pub or a name.",
)
@click.option("--again", is_flag=True, help="Start over; every signature it has is dropped.")
def sign(release: str, key: str, role: str, others: tuple[str, ...], again: bool) -> int:
    """Sign every file of RELEASE; it is not changed any more."""
    from synthspec.api import keys

    output = Output.here()
    more = dict(_pair(each) for each in others)
    if len(more) < len(others):
        raise click.UsageError("--with: a role is named twice; give each signer another role")
    done = keys.sign(release, key, role=role, others=more, again=again, passphrase=_passphrase(key))
    _show(output, "release-sign", release, done)
    return 0


@command.command("countersign", cls=Verb)
@click.argument("release")
@click.option("--key", required=True, metavar="NAME|FILE", help="Your key, which the first signer named.")
def countersign(release: str, key: str) -> int:
    """Add your signature to RELEASE."""
    from synthspec.api import keys

    output = Output.here()
    done = keys.countersign(release, key, passphrase=_passphrase(key))
    _show(output, "release-countersign", release, done)
    return 0


@command.command("match", cls=Verb)
@click.argument("release")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--commitment-key", metavar="FILE", help="The key that `reveal` wrote; the one kept here without it."
)
def match(release: str, sources: tuple[str, ...], commitment_key: str | None) -> int:
    """Check that RELEASE was made from exactly the files SOURCE; exit 3 when it was not."""
    from synthspec.api import commitments

    output = Output.here()
    commitments.match(release, sources, commitment_key=commitment_key)
    one = len(sources) == 1
    said = f"{'this is' if one else 'these are'} what the release was made from, byte for byte"
    output.result("release-match", {"release": release, "match": True}, said)
    return 0


@command.command("reveal", cls=Verb)
@click.argument("release")
@click.option("-o", "--out", required=True, metavar="FILE", help="A new file, readable by you only.")
def reveal(release: str, out: str) -> int:
    """Write the key of RELEASE's commitment to its source, for an authorised auditor."""
    from synthspec.api import commitments

    output = Output.here()
    path = commitments.reveal(release, out)
    output.note("whoever has this key can test candidates for the source: treat it like the source itself")
    output.result("release-reveal", {"release": release, "file": str(path)}, str(path))
    return 0


def _pair(text: str) -> tuple[str, str]:
    role, found, key = text.partition("=")
    if not found:
        raise click.UsageError("--with wants ROLE=KEY, for example --with 'data-protection officer=dpo.pub'")
    return role.strip(), key.strip()


def _passphrase(key: str) -> str | None:
    """Return the passphrase where the key file needs one and there is a terminal to ask at."""
    from synthspec.api.keys import find_key

    with find_key(key).open("rb") as file:
        protected = b"BEGIN ENCRYPTED" in file.read(100)
    return passphrase() if protected and sys.stdin.isatty() else None


def _show(output: Output, verb: str, release: str, done: Attestation) -> None:
    tree = {
        "release": release,
        "complete": done.complete,
        "signers": [
            {
                "role": each.signer.role,
                "name": each.signer.key.name,
                "fingerprint": each.signer.key.fingerprint,
                "signed": each.signed,
            }
            for each in done.signers
        ],
    }
    lines = [
        f"{'signed' if each.signed else 'to sign'}: {each.signer.role} {each.signer.key.name} "
        f"({each.signer.key.fingerprint})"
        for each in done.signers
    ]
    output.result(verb, tree, "\n".join(lines))
    if not done.complete:
        output.note(f"Next, by each of the others: synthspec release countersign {release} --key NAME")
