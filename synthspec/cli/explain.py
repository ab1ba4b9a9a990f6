"""synthspec explain: the long text of a code; or what a spec or a release says of a column or a rule."""

from __future__ import annotations

from pathlib import Path

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("explain", cls=Verb)
@click.argument("code", required=False, metavar="[CODE|NAME]")
@click.argument("target", required=False, metavar="[SPEC|RELEASE]")
def command(code: str | None, target: str | None) -> int:
    """Explain CODE with a bad and a good example; without one, list every code.

    With a spec or a release: the column or rule NAME, what it depends on and how it is met.
    """
    import difflib

    from synthspec.errors import CODES

    output = Output.here()
    if code is None:
        listed = {each: CODES[each].title for each in sorted(CODES)}
        output.result(
            "explain", {"codes": listed}, "\n".join(f"{each}  {title}" for each, title in listed.items())
        )
        return 0
    if target is not None:
        return _named(output, code, target)
    name = code.upper()
    if name not in CODES:
        near = difflib.get_close_matches(name, list(CODES), n=1)
        hint = f"did you mean `{near[0]}`?" if near else "`synthspec explain` lists them"
        hint += f"; for a column or a rule: `synthspec explain {code} SPEC`"
        raise click.UsageError(f"there is no code `{code}`; {hint}")
    entry = CODES[name]
    parts = [f"{name}  {entry.title}", "", entry.text]
    for word, example in (("bad", entry.bad), ("good", entry.good)):
        if example:
            parts += ["", word, *(f"  {line}" for line in example.strip("\n").split("\n"))]
    if entry.related:
        parts += [
            "",
            "Related: "
            + " · ".join(f"{each} {CODES[each].title}" for each in entry.related if each in CODES),
        ]
    document = {
        "code": name,
        "title": entry.title,
        "text": entry.text,
        "bad": entry.bad,
        "good": entry.good,
        "related": list(entry.related),
    }
    output.result("explain", document, "\n".join(parts))
    return 0


def _named(output: Output, name: str, target: str) -> int:
    from synthspec.api.explain import explain
    from synthspec.api.release import load_release
    from synthspec.api.spec import load

    loaded = load_release(target) if Path(target).is_dir() else load(target, output.shared.settings)
    found = explain(loaded, name)
    output.result("explain", found.document, found.text)
    return 0
