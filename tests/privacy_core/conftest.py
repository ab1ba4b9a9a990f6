"""A place for ledgers in each kind of store: the laws of the ledger hold in all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.postgres import Server, running

Place = Callable[[str], str]
"""What a ledger of this name is called, in the store at hand."""


@pytest.fixture(scope="session")
def durable_server() -> Iterator[Server]:
    """Yield a server that writes durably, as ledgers need it."""
    with running(fsync=True) as server:
        yield server


@pytest.fixture
def server(durable_server: Server) -> Server:
    """Return a server without a ledger on it."""
    import psycopg

    with psycopg.connect(durable_server.place, autocommit=True) as db:
        db.execute("DROP SCHEMA IF EXISTS synthspec CASCADE")
    return durable_server


@pytest.fixture(params=["file", "postgres"])
def at(request: pytest.FixtureRequest) -> Place:
    """Return what names a ledger: itself in a file, its address on a server."""
    if request.param == "file":
        return lambda name: name
    found: Server = request.getfixturevalue("server")
    return found.address
