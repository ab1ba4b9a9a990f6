"""The codes of sources and targets in databases (family D)."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "D412": Entry(
        title="the address of the table cannot be read",
        text=(
            "A table in a DuckDB file is written `duckdb:FILE#TABLE`, one on a PostgreSQL server "
            "`postgres://USER@HOST:PORT/DATABASE?options#SCHEMA.TABLE`, one of a Spark session "
            "`spark:TABLE`, or spark:parquet.`PATH` for files; what is left out is taken from the "
            "environment, as the server's own client does. An address never has a password: that comes from "
            "PGPASSWORD, a password file or a service file. No refusal shows the address, for it might."
        ),
        bad="source: postgres://olga:s3cret@db.example/clinic#visits",
        good="source: postgres://olga@db.example/clinic?sslmode=verify-full#visits",
        related=("D413",),
    ),
    "D413": Entry(
        title="the client of the database is not installed",
        text=(
            "Sources and copies in DuckDB need the extra `duckdb`, those on a PostgreSQL server the extra "
            "`postgres`, and those on Spark, like `sample --on spark`, the extra `spark` and Java 17. "
            "Everything else works without them. Nothing was read and nothing was charged."
        ),
        bad="pip install synthspec",
        good="pip install 'synthspec[duckdb]'",
        related=("D412",),
    ),
    "D414": Entry(
        title="the table is not there, or may not be read",
        text=(
            "The database has no table or view of this name, or the role has no right to SELECT from it. "
            "Names are compared exactly; a table without a schema is looked for as the server's search path "
            "says. A role that may only SELECT is enough. A view in a DuckDB file that reads other files is "
            "not run. This is found before anything is charged."
        ),
        bad="source: postgres://db.example/clinic#Visits",
        good="source: postgres://db.example/clinic#public.visits",
        related=("D412", "D415"),
    ),
    "D415": Entry(
        title="the server of the table cannot be used",
        text=(
            "No connection came about: nothing answers, the credentials are not accepted, or the database is "
            "not there. Credentials are found as the server's own client finds them, and are never shown. "
            "When the server goes away later, beside private rows, K701 says so; what was paid for is kept, "
            "and `train --resume` goes on."
        ),
        bad="source: postgres://localhsot/clinic#visits",
        good="source: postgres://localhost/clinic#visits",
        related=("D414", "K701"),
    ),
    "D416": Entry(
        title="a column has a database type that is not read",
        text=(
            "Numbers, texts, booleans, dates, timestamps, times, UUIDs and enumerations are read. Intervals, "
            "arrays, bytes, documents and the like are not. The type of a column is a public fact, found "
            "before anything is charged. A view of the table can cast it to text."
        ),
        bad="CREATE TABLE visits (codes text[])",
        good="CREATE VIEW visits_flat AS SELECT codes[1] AS first_code FROM visits",
        related=("D408",),
    ),
    "D417": Entry(
        title="the copy cannot be written to the table",
        text=(
            "`output.also` writes the synthetic rows to a table in one transaction, creating it. It never "
            "writes to the source, and replaces a table only with `--replace`, and only one that synthspec "
            "wrote, as its comment says. Whether it could be written is checked before anything is charged, "
            "as far as that can be known. The release itself does not depend on it."
        ),
        bad="output: {also: ['duckdb:clinic.duckdb#visits']}   # the source itself",
        good="output: {also: ['duckdb:synthetic.duckdb#visits']}",
        related=("Q601", "D412"),
    ),
}
