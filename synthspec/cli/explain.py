"""synthspec explain: the long text of a code; or what a spec or a release says of a column or a rule."""

from __future__ import annotations

from pathlib import Path

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("explain", cls=Verb)
@click.argument("what", required=False, metavar="[CODE|SPEC|RELEASE]")
@click.argument("name", required=False, metavar="[NAME]")
def command(what: str | None, name: str | None) -> int:
    """Explain CODE with a bad and a good example; without one, list every code.

    With a spec or a release: its columns and rules; or the column or rule NAME: what it depends on and
    how it is met.
    """
    from synthspec.errors import CODES

    output = Output.here()
    if what is None:
        listed = {each: CODES[each].title for each in sorted(CODES)}
        text = "\n".join(f"{each}  {title}" for each, title in listed.items())
        output.result("explain", {"codes": listed}, text)
    elif name is None and what.upper() in CODES:
        _code(output, what.upper())
    elif name is not None or Path(what).exists():
        _named(output, what, name)
    else:
        raise click.UsageError(_unknown(what))
    return 0


def _unknown(what: str) -> str:
    """Return what to type instead of a word that is neither a code nor a file."""
    import difflib

    from synthspec.errors import CODES

    near = difflib.get_close_matches(what.upper(), list(CODES), n=1)
    code = f"did you mean `{near[0]}`?" if near else "`synthspec explain` lists them"
    return f"there is no code `{what}`: {code}; for a column or a rule: `synthspec explain SPEC {what}`"


def _code(output: Output, name: str) -> None:
    """Print the entry of a code."""
    from synthspec.errors import CODES

    entry = CODES[name]
    parts = [f"{name}  {entry.title}", "", entry.text]
    for word, example in (("bad", entry.bad), ("good", entry.good)):
        if example:
            parts += ["", word, *(f"  {line}" for line in example.strip("\n").split("\n"))]
    if entry.related:
        named = " · ".join(f"{each} {CODES[each].title}" for each in entry.related if each in CODES)
        parts += ["", f"Related: {named}"]
    document = {
        "code": name,
        "title": entry.title,
        "text": entry.text,
        "bad": entry.bad,
        "good": entry.good,
        "related": list(entry.related),
    }
    output.result("explain", document, "\n".join(parts))


def _named(output: Output, target: str, name: str | None) -> None:
    """Print what a spec or a release says of one column or rule, or of all."""
    from synthspec.api.explain import explain, overview
    from synthspec.api.release import load_release
    from synthspec.api.spec import load

    if name is not None and not Path(target).exists() and Path(name).exists():
        raise click.UsageError(f"the spec comes first: `synthspec explain {name} {target}`")
    loaded = load_release(target) if Path(target).is_dir() else load(target, output.shared.settings)
    found = overview(loaded) if name is None else explain(loaded, name)
    output.result("explain", found.document, found.text)
