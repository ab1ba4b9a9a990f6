"""terminal: the report's summary with rich; names are printed as text, never as markup."""

from __future__ import annotations

from typing import Literal, assert_never

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from synthspec.report.blocks import (
    Block,
    Callout,
    Claim,
    Facts,
    Figure,
    Heading,
    Prose,
    Report,
    Section,
    Status,
    Table,
    Value,
    Verdict,
)

SIGNS: dict[Status, tuple[str, str]] = {
    "yes": ("✓", "green"),
    "no": ("✗", "bold red"),
    "open": ("?", "yellow"),
    "none": ("–", "dim"),
}
SUMMARY = ("cover", "budget", "fit", "rules", "fidelity", "gates")
"""The sections of the summary; `full` shows all."""


def render_terminal(report: Report, console: Console, *, full: bool = False) -> None:
    """Print the report on `console`."""
    console.print(Text(report.title, style="bold"), highlight=False)
    for section in sections(report, full=full):
        console.print(section, highlight=False)


def sections(report: Report, *, full: bool = False) -> list[RenderableType]:
    """Return what `render_terminal` prints below the title."""
    return [_section(section, full=full) for section in report.sections if full or section.id in SUMMARY]


def _section(section: Section, *, full: bool) -> RenderableType:
    blocks = [
        Padding(_block(b, full=full), (0, 0, 0, 2), expand=False) for b in section.blocks if full or _brief(b)
    ]
    return Group(Text(), Text(section.title, style="bold underline"), *blocks)


def _brief(block: Block) -> bool:
    return not (isinstance(block, Callout) and block.tone == "note") and not (
        isinstance(block, Table) and block.folded
    )


def _block(block: Block, *, full: bool) -> RenderableType:
    match block:
        case Heading():
            return Text(block.text, style="bold")
        case Prose():
            return _text(block.parts)
        case Claim():
            return Group(_text(block.sentence), *(_claim_line(*number) for number in block.numbers))
        case Verdict():
            return _verdict(block)
        case Callout():
            head = Text(f"{block.title}: ", style="yellow" if block.tone == "warning" else "bold")
            return Text.assemble(head, _text(block.parts))
        case Facts():
            return _facts(block)
        case Table():
            return (
                _table(block)
                if full or not block.folded
                else Text(f"{block.caption}: in the report", style="dim")
            )
        case Figure():
            return Group(_text(block.finding), _table(block.table))
    assert_never(block)


def _text(parts: tuple[str | Value, ...]) -> Text:
    text = Text()
    for part in parts:
        if isinstance(part, str):
            text.append(part)
        else:
            text.append(part.text, style="cyan" if part.name else "bold" if part.number is not None else "")
    return text


def _claim_line(term: str, value: Value, meaning: tuple[str | Value, ...]) -> Text:
    return Text.assemble((f"{term:<12} ", "dim"), (value.text, "bold"), "  ", _text(meaning))


def _verdict(block: Verdict) -> RenderableType:
    grid = RichTable.grid(padding=(0, 1))
    for check in block.checks:
        sign, style = SIGNS[check.status]
        grid.add_row(
            Text(sign, style=style),
            Text(check.what, style="bold"),
            Text(check.word, style=style),
            _text(check.says),
        )
    return grid


def _facts(block: Facts) -> RenderableType:
    grid = RichTable.grid(padding=(0, 2))
    for term, parts in block.items:
        grid.add_row(Text(term, style="dim"), _text(parts))
    return grid


def _table(block: Table) -> RenderableType:
    table = RichTable(title=Text(block.caption), title_justify="left", box=None, padding=(0, 2, 0, 0))
    for i, column in enumerate(block.columns):
        side: Literal["left", "right"] = "right" if i in block.numeric else "left"
        table.add_column(Text(column, style="dim"), justify=side, overflow="fold")
    for row in block.rows:
        table.add_row(*(_text((value,)) for value in row))
    return table
