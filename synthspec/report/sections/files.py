"""files: which exact bytes this report speaks of."""

from __future__ import annotations

from synthspec.columns import Category
from synthspec.release.release import Release
from synthspec.report.blocks import Block, Callout, Facts, Prose, Section, Table, Value
from synthspec.report.words import count, listed, named, number, plain


def files(release: Release) -> Section:
    """Return the section."""
    blocks: list[Block] = []
    if release.files:
        blocks += [
            Prose(
                parts=(
                    "The classes say what a file is made of: S, the spec and the released rows; M, noisy "
                    "answers "
                    "that were paid for; B, figures bought for this report; P, public data. No file of "
                    "another "
                    "kind belongs to a release.",
                )
            ),
            _table(release),
        ]
    else:
        blocks.append(Prose(parts=("The release was not read from a folder, so it names no files.",)))
    blocks += [*_apart(release), *_formulas(release)]
    named_files = release.plan.files
    if named_files:
        items = tuple((named(file.path).text, (plain(file.sha256),)) for file in named_files)
        blocks.append(Facts(items=(("Public files of the spec", ("fixed by their SHA-256",)), *items)))
    return Section(id="files", title="Files", question="Which exact bytes?", blocks=tuple(blocks))


def _apart(release: Release) -> tuple[Block, ...]:
    """Return the tables that the rows were written as, too; nothing where they are one table."""
    held = release.certificate.tables
    if not held:
        return ()
    rows = tuple(
        (
            named(each.name),
            plain(each.file),
            number(each.rows, count(each.rows), "S"),
            number(each.repeated, count(each.repeated), "S"),
            number(each.orphans, count(each.orphans), "S"),
        )
        for each in held
    )
    caption = "The same rows as tables, counted on the written files; joined they are the rows"
    columns = ("Table", "File", "Rows", "Keys that stand twice", "Keys that are in no other table")
    return (Table(caption=caption, columns=columns, rows=rows, numeric=(2, 3, 4)),)


FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell starts with that a spreadsheet takes for a formula."""


def _formulas(release: Release) -> tuple[Block, ...]:
    """Return a warning where rows written as CSV may hold cells that a spreadsheet would run.

    Cells are written as they are: a quote in front would be another value for every other reader.
    """
    if "csv" not in (release.plan.format, *release.plan.also):
        return ()
    found = [
        column.name
        for column in release.columns
        if isinstance(column.column, Category) and any(v.startswith(FORMULA) for v in column.column.values)
    ]
    if not found:
        return ()
    return (
        Callout(
            tone="warning",
            title="Cells that look like formulas",
            parts=(
                "Declared values of ",
                listed(found[:5]),
                *_more(len(found) - 5),
                " start with a sign that spreadsheets take for a formula. The CSV holds them as "
                "they are: import its columns as text.",
            ),
        ),
    )


def _more(left: int) -> tuple[str | Value, ...]:
    return () if left <= 0 else (" and ", number(left, count(left), "S"), " more")


def _table(release: Release) -> Table:
    rows: list[tuple[Value, ...]] = []
    for entry in release.files:
        size = number(entry.bytes, count(entry.bytes), entry.class_, _events(release, entry.class_))
        rows.append((named(entry.name), size, plain(entry.class_), plain(entry.sha256)))
    return Table(
        caption="Files of the release folder (reports aside)",
        columns=("File", "Bytes", "Class", "SHA-256"),
        rows=tuple(rows),
        numeric=(1,),
    )


def _events(release: Release, class_: str) -> tuple[str, ...]:
    """Return the events that paid for what a file of this class holds."""
    if class_ not in ("M", "B"):
        return ()
    mine = tuple(e.id for e in release.events if class_ == "M" or e.stage in ("fit", "report"))
    return mine or ("none",)
