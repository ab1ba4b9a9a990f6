"""The codes of family D: the source does not fit the spec, seen from public facts only."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "D401": Entry(
        title="the table is not read here",
        text=(
            "Rows and their table of units are read by one engine: both from files, or both from one kind of "
            "database. Only a table of units in a file may go with rows in a database."
        ),
        bad="source: visits.csv   # with a table of units `duckdb:clinic.duckdb#patients`",
        good="source: 'duckdb:clinic.duckdb#visits'",
        related=("D402",),
    ),
    "D402": Entry(
        title="the source does not exist",
        text=(
            "No file has the name, or matches the pattern, that the spec gives; relative paths "
            "start at the spec. Whether a file is there, of which kind it is and which columns it "
            "has is public; what is in it is not. So the message names what the spec asks for, "
            "never a name or a value found in the file."
        ),
        bad="source: vists.csv",
        good="source: visits.csv",
        related=("D403", "D404"),
    ),
    "D403": Entry(
        title="the source is a folder",
        text=("A source is one file, or a pattern that matches files of one kind with the same columns."),
        bad="source: exports/",
        good="source: exports/*.csv",
        related=("D402",),
    ),
    "D404": Entry(
        title="the source cannot be read",
        text=("The operating system refuses to open the file; the reason it gives is in the message."),
        related=("D402",),
    ),
    "D405": Entry(
        title="the source is empty",
        text=(
            "The file holds no byte at all, not even the names of its columns. A file with names "
            "and no rows is fine."
        ),
    ),
    "D406": Entry(
        title="the source is not of its format",
        text=(
            "The file is not a CSV, or not a Parquet file, as `source.format` or its name says, or "
            "the encoding is not one that Python knows. Whether a file is there, of which kind it "
            "is and which columns it has is public; what is in it is not. So the message names what"
            " the spec asks for, never a name or a value found in the file."
        ),
        bad="source: {path: visits.csv.gz, format: csv}",
        good="source: {path: visits.csv, encoding: latin-1}",
    ),
    "D407": Entry(
        title="a column is not in the source",
        text=(
            "The source has no column of this name. Names are compared exactly. A CSV must name its"
            " columns in its first line. Whether a file is there, of which kind it is and which "
            "columns it has is public; what is in it is not. So the message names what the spec "
            "asks for, never a name or a value found in the file."
        ),
        bad="age: {type: int, in: 0..120}           # the file calls it AGE_YEARS",
        good="age: {type: int, in: 0..120, from: AGE_YEARS}",
        related=("D411",),
    ),
    "D408": Entry(
        title="the declared type cannot be read from the file's type",
        text=(
            "A Parquet column has a type of its own, and the declared one cannot come from it: a "
            "date from a number, say, or anything from a list. Text can become any type. A type "
            "that fits the file but not some of its rows is a matter of values: it follows "
            "`outside:` and is never reported."
        ),
        bad="admitted: date 2018-01-01..2024-12-31   # the file has whole numbers",
        good="admitted: int 20180101..20241231",
    ),
    "D409": Entry(
        title="the output folder cannot be written",
        text=(
            "The release is written beside its place and renamed, so the folder above it must be "
            "writable. This is checked before anything is charged."
        ),
        bad="synthspec train a.plan -o /proc/release",
        good="synthspec train a.plan -o out/release",
        related=("D410",),
    ),
    "D410": Entry(
        title="there is too little free space",
        text=(
            "The disk has less room than the release will need. This is checked before anything is charged."
        ),
        related=("D409",),
    ),
    "D411": Entry(
        title="a column occurs more than once in the source",
        text=(
            "Two columns of the file have the name that the spec asks for, and nothing says which "
            "one is meant."
        ),
        bad="age,sex,age",
        good="age,sex,age_at_discharge",
        related=("D407",),
    ),
}
