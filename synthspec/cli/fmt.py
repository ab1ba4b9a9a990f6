"""synthspec fmt: canonical layout, comments kept."""

from __future__ import annotations

from pathlib import Path

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("fmt", cls=Verb)
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; name the files that would change.")
@click.option(
    "--expand", is_flag=True, help="Print the spec with every column in its long form; write nothing."
)
@click.option("--upgrade", is_flag=True, help="Bring the spec to the newest version of the language.")
@click.option("--exit-code", is_flag=True, help="With --check: exit 10 when a file would change.")
def command(specs: tuple[str, ...], only_check: bool, expand: bool, upgrade: bool, exit_code: bool) -> int:
    """Bring specs into their canonical layout; comments are kept."""
    from synthspec.api.fmt import expanded, formatted
    from synthspec.api.modeline import refresh_schema

    output = Output.here()
    changed: list[str] = []
    texts: list[str] = []
    for path in specs:
        before = Path(path).read_text(encoding="utf-8")
        if expand:
            texts.append(expanded(before, path))
            continue
        after = formatted(before, path, upgrade=upgrade)
        if not only_check and not output.shared.dry_run:
            refresh_schema(path, after)
        if after != before:
            changed.append(path)
            if not only_check and not output.shared.dry_run:
                Path(path).write_text(after, encoding="utf-8")
    if expand:
        output.result("fmt", {"texts": dict(zip(specs, texts, strict=True))}, "\n".join(texts).rstrip("\n"))
        return 0
    word = "would change" if only_check or output.shared.dry_run else "changed"
    said = "\n".join(f"{word}: {path}" for path in changed) or "nothing to change"
    output.result("fmt", {"changed": changed, "written": word == "changed"}, said)
    return 10 if only_check and exit_code and changed else 0
