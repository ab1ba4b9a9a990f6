"""Output: results on stdout, everything else on stderr; text or exactly one JSON document."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from synthspec.cli.shared import Shared
from synthspec.errors import Diagnostic, SynthspecError
from synthspec.errors.masked import masked

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = (
    (re.compile(r"^error\[.*?\]"), "bold red"),
    (re.compile(r"^warning\[.*?\]"), "bold yellow"),
    (re.compile(r"^note\[.*?\]"), "bold cyan"),
    (re.compile(r"^\s*= help:"), "green"),
    (re.compile(r"^\s*= note:"), "cyan"),
    (re.compile(r"^\s*│\s+\^+.*$"), "red"),
    (re.compile(r"^\s*│\s+-+.*$"), "blue"),
)


class Output:
    """Where a verb says things."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared

    @classmethod
    def here(cls) -> Output:
        """Return the output of the verb that is running."""
        from synthspec.cli.shared import shared_of

        return cls(shared_of(click.get_current_context().meta))

    # results -------------------------------------------------------------------------------------

    def result(self, verb: str, document: Mapping[str, Any], text: str | Text) -> None:
        """Print what was asked for: `text`, or with --json the `document`."""
        if self.shared.json:
            self.document(verb, {"ok": True, **document})
        else:
            self.say(text, sys.stdout)

    def document(self, verb: str, document: Mapping[str, Any]) -> None:
        """Print one JSON document on stdout, with its `schema`."""
        tree = {"schema": f"synthspec.{verb}/1", **document}
        self.say(json.dumps(tree, ensure_ascii=False, indent=2, default=str, allow_nan=False), sys.stdout)

    # notes ---------------------------------------------------------------------------------------

    def note(self, text: str | Text) -> None:
        """Print a line for people on stderr, unless -q or --json was given."""
        if not self.shared.quiet and not self.shared.json:
            self.say(text, sys.stderr)

    def detail(self, text: str) -> None:
        """Print a line for people on stderr when -v was given."""
        if self.shared.verbose and not self.shared.json:
            self.say(text, sys.stderr)

    def always(self, text: str | Text) -> None:
        """Print on stderr whatever the flags: warnings, refusals, secrets that are shown once."""
        self.say(text, sys.stderr)

    def failure(self, verb: str, error: SynthspecError) -> None:
        """Say why a verb refused."""
        if self.shared.json:
            self.document(
                verb,
                {
                    "ok": False,
                    "exit_code": error.exit_code,
                    "diagnostics": [diagnostic_json(d) for d in error.diagnostics],
                },
            )
        else:
            self.diagnostics(error.diagnostics, self._texts(error))

    def diagnostics(self, found: Sequence[Diagnostic], texts: Mapping[str, str] | None = None) -> None:
        """Print findings on stderr, worst last kept in the order they were found."""
        for each in found:
            self.say(_colored(_show(each, texts or {})), sys.stderr)
            self.say("", sys.stderr)

    def _texts(self, error: SynthspecError) -> dict[str, str]:
        """Return the files that findings point into; none when settings moved their lines."""
        files = {span.file for each in error.diagnostics for span in each.spans}
        found = {}
        if self.shared.where is not None:
            found["--where"] = self.shared.where
        for file in () if self.shared.settings else files - set(found):
            with suppress(OSError, ValueError):
                found[file] = Path(file).read_text(encoding="utf-8-sig")
        return found

    def interrupted(self, verb: str, where: str) -> None:
        """Say on which side of a charge Ctrl-C fell; `where` is what the run knows of it."""
        if where:
            words = f"interrupted; {where}"
        elif verb in ("train", "run"):
            words = (
                "interrupted; the ledger says whether the budget was charged: `synthspec budget log`; "
                "what was charged is not lost: the same command with `--resume` goes on from there"
            )
        else:
            words = "interrupted; nothing was charged"
        if self.shared.json:
            self.document(
                verb,
                {
                    "ok": False,
                    "exit_code": 130,
                    "diagnostics": [{"code": None, "level": "error", "message": words}],
                },
            )
        else:
            self.say(words, sys.stderr)

    def crashed(self, verb: str, file: Path | None) -> None:
        """Say that this is a bug of ours, and where its facts are."""
        where = f"; what happened is in `{file}` (types and places, no values)" if file is not None else ""
        error = SynthspecError(
            "I901", f"synthspec has a bug: this should not happen{where}", helps=("report it with that file",)
        )
        self.failure(verb, error)

    # the two streams -----------------------------------------------------------------------------

    def say(self, text: str | Text, stream: IO[str]) -> None:
        """Write one block of text, in colour where the stream takes it, never cut or wrapped.

        A reader that went away (`| head`) stops nothing: the work goes on and the exit code stays true.
        """
        try:
            self._write(text, stream)
        except BrokenPipeError:
            # give the interpreter somewhere to flush what is left
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())

    def _write(self, text: str | Text, stream: IO[str]) -> None:
        if isinstance(text, str):
            click.echo(masked(text), file=stream, color=self.colored(stream))
            return
        if not self.colored(stream):
            click.echo(text.plain, file=stream, color=False)
            return
        from rich.console import Console

        console = Console(file=stream, force_terminal=True, highlight=False, markup=False, soft_wrap=True)
        console.print(text)

    def colored(self, stream: IO[str]) -> bool:
        """Return whether colours go to `stream`."""
        if self.shared.color == "never" or (self.shared.color == "auto" and "NO_COLOR" in os.environ):
            return False
        return self.shared.color == "always" or stream.isatty()


def diagnostic_json(found: Diagnostic) -> dict[str, Any]:
    """Return a finding as JSON, with columns that editors count like we do (1-based, end exclusive)."""
    tree = asdict(found)
    tree["spans"] = [_span_json(span) for span in tree["spans"]]
    tree["fixes"] = [
        {
            "safe": fix["safe"],
            "title": fix["title"],
            "edits": [{**_span_json(edit["span"]), "text": edit["text"]} for edit in fix["edits"]],
        }
        for fix in tree["fixes"]
    ]
    return tree


def _span_json(span: Mapping[str, Any]) -> dict[str, Any]:
    return dict(span)


def _show(found: Diagnostic, texts: Mapping[str, str]) -> str:
    from synthspec.errors.show import show

    return masked(show(found, texts))


def _colored(block: str) -> Text:
    from rich.text import Text

    text = Text()
    for number, line in enumerate(block.split("\n")):
        if number:
            text.append("\n")
        piece = Text(line)
        for pattern, style in _STYLES:
            hit = pattern.search(line)
            if hit:
                piece.stylize(style, *hit.span())
                break
        text.append_text(piece)
    return text
