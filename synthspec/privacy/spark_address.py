"""Spark address: `spark:TABLE`, a table that a Spark session knows, by one to four names with points between.

A name with other signs than letters, digits and `_` stands in backquotes, a backquote in it twice. The table
may be one of the session's catalog, a temporary view, or files: spark:parquet.`/data/visits`. It holds no
credential: the session has them.

Source: ours; Spark's documentation of identifiers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from synthspec.errors import SourceError

SPARK = "spark:"
EXAMPLES = ("spark:clinic.visits", "spark:parquet.`/data/visits`")
FILES = frozenset(("parquet", "orc", "delta"))
"""Formats whose files are a table by themselves: their types and names are in the files."""
_PART = re.compile(r"([A-Za-z0-9_]+|`(?:[^`]|``)+`)(?:\.|$)")


@dataclass(frozen=True)
class SparkAddress:
    """A table of a session; `parts` are its names, without quotes."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        """Return it as it may be typed again."""
        return SPARK + self.name

    @property
    def name(self) -> str:
        """The table as SQL has it, quoted where it must be."""
        return ".".join(
            part if re.fullmatch(r"\w+", part, re.ASCII) else _quoted(part) for part in self.parts
        )

    @property
    def quoted(self) -> str:
        """The table as SQL has it, with every name quoted but that of a format."""
        if self.files is not None:
            return f"{self.parts[0]}.{_quoted(self.parts[1])}"
        return ".".join(_quoted(part) for part in self.parts)

    @property
    def files(self) -> str | None:
        """The place of the files, if it is files by themselves."""
        return self.parts[1] if len(self.parts) == 2 and self.parts[0] in FILES else None

    def located(self, folder: Path) -> SparkAddress:
        """Return the same with a local path made absolute; a relative one starts at `folder`."""
        if self.files is None or "://" in self.files or self.files.startswith(("file:", "hdfs:", "dbfs:")):
            return self
        path = Path(self.files).expanduser()
        return SparkAddress((self.parts[0], str(path if path.is_absolute() else (folder / path).resolve())))


def is_spark_address(text: str) -> bool:
    """Return whether `text` is meant as a table of a Spark session."""
    return text.startswith(SPARK)


def why_not_spark(text: str) -> str | None:
    """Return what is wrong with the address, None when nothing is."""
    parts = _parts(text.removeprefix(SPARK))
    if not parts or len(parts) > 4 or not text.isprintable():
        return "does not end in a table's name"
    return None


def spark_helps() -> tuple[str, ...]:
    """Return how to write such an address."""
    return (
        f"write it like `{EXAMPLES[0]}`, or, for files, like {EXAMPLES[1]}",
        "other signs than letters, digits and `_` stand in backquotes",
    )


def read_spark_address(text: str) -> SparkAddress:
    """Return the table that `text` names.

    Raises:
        SourceError: D412, when it cannot be read.
    """
    problem = why_not_spark(text)
    if problem is not None:
        raise SourceError(
            "D412",
            f"the address of the table {problem}",
            helps=spark_helps(),
        )
    return SparkAddress(_parts(text.removeprefix(SPARK)))


def short_spark(text: str) -> str:
    """Return an address without the folder, or the server, in which its files lie; of a table, as it is."""
    if why_not_spark(text) is not None:
        return SPARK
    address = read_spark_address(text)
    if address.files is None or not (address.files.startswith(("/", "~")) or ":" in address.files):
        return text
    name = PurePosixPath(address.files).name or PurePosixPath(address.files).anchor
    return str(SparkAddress((address.parts[0], name)))


def _parts(name: str) -> tuple[str, ...]:
    """Return the names, nothing when they cannot be read."""
    parts: list[str] = []
    at = 0
    while at < len(name):
        found = _PART.match(name, at)
        if found is None:
            return ()
        part = found[1]
        parts.append(part[1:-1].replace("``", "`") if part.startswith("`") else part)
        at = found.end()
    return () if name.endswith(".") else tuple(parts)


def _quoted(part: str) -> str:
    return "`" + part.replace("`", "``") + "`"
