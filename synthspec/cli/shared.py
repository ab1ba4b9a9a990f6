"""The flags that every verb takes, before or after its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from synthspec.cli.tool import Tool, read_tool

_KEY = "synthspec.shared"


@dataclass(frozen=True)
class Shared:
    """The shared flags as given.

    Attributes:
        json: one JSON document on stdout.
        color: auto, always or never.
        quiet: no notes on stderr.
        verbose: more notes on stderr.
        settings: (path, value) of each `--set`, `--source PATH` included.
        dry_run: stop before private data is read.
        folder: the folder of releases that `synthspec.toml` names.
        where: the condition that was typed after `--where`; findings about it point into it.
    """

    json: bool = False
    color: str = "auto"
    quiet: bool = False
    verbose: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    dry_run: bool = False
    folder: str | None = None
    where: str | None = None


def shared_of(meta: dict[str, Any]) -> Shared:
    """Return the shared flags that were gathered in a context's `meta`."""
    found = meta.get(_KEY, {})
    tool = found.get("tool", Tool())
    return Shared(
        json=found.get("json", False),
        color=found.get("color", tool.color),
        quiet=found.get("quiet", tool.quiet),
        verbose=found.get("verbose", tool.verbose),
        settings=tuple(found.get("settings", ())),
        dry_run=found.get("dry_run", False),
        folder=tool.folder,
        where=found.get("where"),
    )


def note_tool(meta: dict[str, Any]) -> None:
    """Read `synthspec.toml`, once the folder that a verb runs in is known. Raises: SpecError S156."""
    meta.setdefault(_KEY, {})["tool"] = read_tool()


def note_where(meta: dict[str, Any], text: str | None) -> None:
    """Keep the condition that was typed, so that messages can show where in it something is wrong."""
    meta.setdefault(_KEY, {})["where"] = text


def shared_options() -> list[click.Parameter]:
    """Return fresh options; each stores its value beside the context and reaches no callback."""
    return [
        _option("--json", "json", "One JSON document on stdout, on success and failure.", is_flag=True),
        _option(
            "--color",
            "color",
            "Colours: auto (default), always, never; NO_COLOR is honoured.",
            type=click.Choice(["auto", "always", "never"]),
        ),
        _option("-q", "quiet", "Say nothing but results and errors.", "--quiet", is_flag=True),
        _option("-v", "verbose", "Say more.", "--verbose", is_flag=True),
        _option("--set", "settings", "Replace one value of the spec, e.g. privacy.epsilon=2.", multiple=True),
        _option("--source", "source", "Short for --set source.path=PATH.", metavar="PATH"),
        _option("--project", "project", "Run as if started in this folder.", metavar="DIR"),
        _option("--dry-run", "dry_run", "Stop before private data is read.", is_flag=True),
    ]


def _option(flag: str, name: str, text: str, *more: str, **settings: Any) -> click.Option:
    return click.Option(
        [flag, *more, f"shared_{name}"],
        help=text,
        expose_value=False,
        callback=_store,
        default=None,
        **settings,
    )


def _store(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    found = ctx.meta.setdefault(_KEY, {})
    name = (option.name or "").removeprefix("shared_")
    if value is None or value is False or value == ():
        return
    if name == "settings":
        found.setdefault("settings", []).extend(_pair(text) for text in value)
    elif name == "source":
        found.setdefault("settings", []).append(("source.path", _typed(value)))
    elif name == "project":
        _enter(value)
    else:
        found[name] = value


def _typed(source: str) -> str:
    """Return a source that was typed at a prompt: relative to the folder one stands in, not to the spec's."""
    if source.startswith("duckdb:"):
        return f"duckdb:{Path(source.removeprefix('duckdb:')).absolute()}"
    if source.startswith(("postgres:", "postgresql:", "spark:")):
        return source
    return str(Path(source).absolute())


def _pair(text: str) -> tuple[str, str]:
    path, sign, value = text.partition("=")
    if not sign or not path:
        raise click.BadParameter(f"`{text}` is not PATH=VALUE, for example privacy.epsilon=2")
    return path, value


def _enter(folder: str) -> None:
    import os

    if not Path(folder).is_dir():
        raise click.BadParameter(f"there is no folder `{folder}`")
    os.chdir(folder)
