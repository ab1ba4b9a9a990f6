"""Files: public code lists and tables that a spec names, fixed by their digest; never private data."""

from __future__ import annotations

import contextlib
import csv
import glob
import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path

from synthspec.compile.findings import Findings, listing
from synthspec.plan.plan import PublicFile
from synthspec.spec.tree import Path_

MOST_BYTES = 64_000_000
"""Public lists are small; a larger file is probably data."""


@dataclass(frozen=True, eq=False)
class PublicTable:
    """A public CSV file with a header; `rows` in file order."""

    path: str
    sha256: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> tuple[str, ...]:
        """Return the values of a column, one per row."""
        at = self.header.index(name)
        return tuple(row[at] for row in self.rows)


@dataclass(frozen=True, eq=False)
class PublicFiles:
    """Reads each file once, relative to the spec's folder; findings say what is wrong with it."""

    folder: Path
    findings: Findings
    _tables: dict[str, PublicTable | None] = field(default_factory=dict)

    def table(self, path: str, where: Path_) -> PublicTable | None:
        """Return the table in `path`, or None after reporting C120 or C121 once per file."""
        if path not in self._tables:
            self._tables[path] = self._read(path, where)
        return self._tables[path]

    def column(self, path: str, name: str, where: Path_, at: Path_) -> tuple[str, ...] | None:
        """Return a column's values in file order, or None after reporting C122."""
        table = self.table(path, where)
        if table is None:
            return None
        if name not in table.header:
            self.missing_column(table, name, at)
            return None
        return table.column(name)

    def missing_column(self, table: PublicTable, name: str, at: Path_) -> None:
        """Report C122: the file has no such column."""
        span = self.findings.parsed.span(at)
        helps, _ = self.findings.did_you_mean(name, table.header, span)
        self.findings.report(
            "C122",
            f"`{table.path}` has no column `{name}`",
            at,
            "not in the file's header",
            notes=(f"its columns are {listing(table.header)}",),
            helps=helps or ("name one of its columns, or correct the file",),
        )

    def read(self) -> tuple[PublicFile, ...]:
        """Return every file that was read, with its digest, by path."""
        tables = sorted((t for t in self._tables.values() if t is not None), key=lambda t: t.path)
        return tuple(PublicFile(path=table.path, sha256=table.sha256) for table in tables)

    def _read(self, path: str, where: Path_) -> PublicTable | None:
        file = self.folder / path
        if self._private(file):
            self._unreadable(path, where, "it is the private source itself: a list from it is not public")
            return None
        try:
            if file.stat().st_size > MOST_BYTES:
                self._unreadable(path, where, "it is larger than 64 MB, which no code list is")
                return None
            data = file.read_bytes()
        except OSError:
            self.findings.report(
                "C120",
                f"cannot read the public file `{path}`",
                where,
                "there is no such file",
                notes=("paths are relative to the folder of the spec",),
                helps=("put the file there, or correct the path",),
            )
            return None
        problem, header, rows = _parse(data)
        if problem:
            self._unreadable(path, where, problem)
            return None
        return PublicTable(path, hashlib.sha256(data).hexdigest(), header, rows)

    def is_private(self, path: str) -> bool:
        """Return whether a path leads to the private source of the spec."""
        return self._private(self.folder / Path(path).expanduser())

    def _private(self, file: Path) -> bool:
        """Return whether `file` is one of the files that `source` names and does not declare public."""
        spec = self.findings.parsed.spec
        if spec is None or spec.source is None or spec.source.public:
            return False
        named = self.folder / Path(spec.source.path).expanduser()
        found = (named, *map(Path, glob.glob(str(named), recursive=True)))  # noqa: PTH207
        with contextlib.suppress(OSError):
            return any(each.exists() and each.samefile(file) for each in found)
        return False

    def _unreadable(self, path: str, where: Path_, why: str) -> None:
        self.findings.report(
            "C121",
            f"`{path}` is not a readable public table",
            where,
            why,
            helps=("use a CSV file in UTF-8 with commas and a header line",),
        )


def _parse(data: bytes) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return what is wrong with a CSV file (or ""), its header and its rows."""
    try:
        text = data.decode("utf-8-sig")
        lines = [tuple(line) for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except (UnicodeDecodeError, csv.Error):
        return "it is not CSV in UTF-8", (), ()
    if len(lines) < 2:
        return "it has no rows under a header", (), ()
    header = lines[0]
    if len(set(header)) != len(header):
        return "two of its columns have the same name", (), ()
    if any(len(line) != len(header) for line in lines):
        return "some of its rows are longer or shorter than its header", (), ()
    return "", header, tuple(lines[1:])
