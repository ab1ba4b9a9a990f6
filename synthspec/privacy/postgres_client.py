"""Postgres client: how this tool connects to a server, for a ledger or for a table.

Source: ours; libpq's connection parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synthspec.privacy.address import Server

if TYPE_CHECKING:
    from psycopg import Connection

WAIT = 10
"""Seconds until a server that does not answer is given up."""


def connect(server: Server, **more: str | int) -> Connection[Any]:
    """Return a connection that notices a server which is gone; `more` are further parameters of libpq.

    Raises:
        ImportError: without psycopg.
        psycopg.Error, OSError, ValueError: none can be had; what is said may name the server.
    """
    import psycopg

    return psycopg.connect(
        "",
        autocommit=True,
        prepare_threshold=None,
        connect_timeout=WAIT,
        client_encoding="UTF8",
        application_name="synthspec",
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        **more,  # type: ignore[arg-type]
        **server.settings(),  # type: ignore[arg-type]
    )
