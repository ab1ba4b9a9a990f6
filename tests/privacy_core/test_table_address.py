"""Addresses of tables: read as they are written, never with a password, and never quoted when refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthspec.errors import SourceError
from synthspec.privacy.address import Server
from synthspec.privacy.table_address import read_table_address, why_not
from synthspec.release.public import short


@pytest.mark.parametrize(
    ("text", "schema", "table"),
    [
        ("duckdb:a/b.duckdb#visits", "", "visits"),
        ("duckdb:a#b.duckdb#main.visits", "main", "visits"),
        ('duckdb:a.db#"my.schema"."a ""table"""', "my.schema", 'a "table"'),
        ("postgres://reader@db.example:5433/clinic?sslmode=verify-full#public.visits", "public", "visits"),
        ("postgres://[::1]/clinic#visits", "", "visits"),
        ("postgres:///clinic?host=/run/postgresql#Visits", "", "Visits"),
        ("postgresql://db.example/clinic#visits", "", "visits"),
    ],
)
def test_an_address_says_where_a_table_lies_and_can_be_typed_again(
    text: str, schema: str, table: str
) -> None:
    found = read_table_address(text)
    assert (found.schema, found.table) == (schema, table)
    assert read_table_address(str(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "duckdb:a.db",
        "duckdb:#visits",
        "duckdb:a.db#",
        "duckdb:a.db#a.b.c",
        "postgres://db.example/clinic",
        "postgres://db.example/clinic#a.b.c",
        "postgres://olga:s3cret@db.example/clinic#visits",
        "postgres://olga:s3@cret@db.example/clinic#visits",
        "postgres://db.example/clinic?password=s3cret#visits",
        "postgres://db.example/clinic?sslmode=#visits",
        "postgres://db.example:port/clinic#visits",
        "postgres://db.example/cli nic#visits",
        "postgres:visits#t\n",
    ],
)
def test_what_cannot_be_an_address_is_refused_without_being_shown(text: str) -> None:
    assert why_not(text) is not None
    with pytest.raises(SourceError, match="D412") as caught:
        read_table_address(text)
    found = caught.value.diagnostics[0]
    said = " ".join((str(caught.value), *found.notes, *found.helps))
    assert "s3cret" not in said and "olga" not in said
    assert found.helps


def test_a_relative_file_is_located_and_a_server_stays(tmp_path: Path) -> None:
    assert read_table_address("duckdb:a.db#t").located(tmp_path).place == tmp_path / "a.db"
    assert read_table_address("duckdb:/x/a.db#t").located(tmp_path).place == Path("/x/a.db")
    assert isinstance(read_table_address("postgres:///d#t").located(tmp_path).place, Server)


@pytest.mark.parametrize(
    ("path", "public"),
    [
        ("duckdb:/home/olga/clinic.duckdb#visits", "duckdb:clinic.duckdb#visits"),
        ("duckdb:data/clinic.duckdb#visits", "duckdb:data/clinic.duckdb#visits"),
        ("postgres://olga@db.example/clinic#public.visits", "postgres:#public.visits"),
        ("postgresql://db.example/clinic#visits", "postgres:#visits"),
        ("csv:/home/olga/rows.csv", "csv:rows.csv"),
        ("/home/olga/visits.csv", "visits.csv"),
        ("visits.csv", "visits.csv"),
    ],
)
def test_a_release_names_neither_folder_nor_server_nor_user(path: str, public: str) -> None:
    assert short(path) == public
    assert short(public) == public


def test_a_source_typed_at_a_prompt_is_relative_to_the_folder_one_stands_in() -> None:
    from synthspec.cli.shared import _typed

    here = Path.cwd()
    assert _typed("a.csv") == str(here / "a.csv")
    assert _typed("exports/*.csv") == str(here / "exports" / "*.csv")
    assert _typed("duckdb:a.db#t") == f"duckdb:{here / 'a.db#t'}"
    assert _typed("postgres:///d#t") == "postgres:///d#t"
