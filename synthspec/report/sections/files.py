"""files: which exact bytes this report speaks of."""

from __future__ import annotations

from synthspec.release.release import Release
from synthspec.report.blocks import Block, Facts, Prose, Section, Table, Value
from synthspec.report.words import count, named, number, plain


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
    named_files = release.plan.files
    if named_files:
        items = tuple((named(file.path).text, (plain(file.sha256),)) for file in named_files)
        blocks.append(Facts(items=(("Public files of the spec", ("fixed by their SHA-256",)), *items)))
    return Section(id="files", title="Files", question="Which exact bytes?", blocks=tuple(blocks))


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
