"""LazyGroup: a group of verbs whose files are imported only when they are called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click
import rich_click

from synthspec.cli.shared import note_tool, note_where, shared_options


class LazyGroup(rich_click.RichGroup):
    """Looks verbs up in a table of `module:attribute`, so that one verb costs one import."""

    def __init__(self, *args: Any, verbs: Mapping[str, str], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.verbs = verbs
        self.params.extend(shared_options())

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of the table."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the file of `cmd_name` and return its command; None when there is no such verb."""
        if cmd_name not in self.verbs:
            return None
        module, attribute = self.verbs[cmd_name].split(":")
        found = getattr(importlib.import_module(module), attribute)
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See `click.Group.resolve_command`; an unknown verb gets the nearest known one."""
        import difflib

        if args and args[0] not in self.verbs and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], list(self.verbs), n=1)
            hint = f"did you mean `synthspec {near[0]}`?" if near else "see `synthspec --help`"
            ctx.fail(f"there is no verb `{args[0]}`; {hint}")
        return super().resolve_command(ctx, args)


class Verb(rich_click.RichCommand):
    """A verb: takes the shared flags after its name too."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.extend(shared_options())

    def invoke(self, ctx: click.Context) -> Any:
        """Note which verb runs (for the `schema` of a failure), then run it."""
        ctx.meta["synthspec.verb"] = ctx.command_path.removeprefix("synthspec ").replace(" ", "-")
        note_tool(ctx.meta)
        note_where(ctx.meta, ctx.params.get("where"))
        return super().invoke(ctx)


class VerbGroup(rich_click.RichGroup):
    """A verb with verbs of its own (`budget`); each takes the shared flags."""

    command_class = Verb

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.extend(shared_options())
