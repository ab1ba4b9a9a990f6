"""Planted bugs of ledgers on a server; none where no server can be started: nothing would catch them."""

from __future__ import annotations

from importlib.util import find_spec

from tests.mutants.harness import Mutant
from tests.postgres import programs

PC = "tests/privacy_core/"

_ALL = (
    Mutant(
        "an entry whose answer was lost is written again",
        "privacy/store_postgres.py",
        "        if any(row.token == token for row in found):",
        "        if False:",
        (PC + "test_lost_server.py",),
    ),
    Mutant(
        "an entry of another taken for one's own",
        "privacy/store_postgres.py",
        "        token = secrets.token_hex(16)\n",
        '        token = "the same for all"\n',
        (PC + "test_lost_server.py", PC + "test_journal.py"),
    ),
    Mutant(
        "a commit that does not wait for the disk",
        "privacy/postgres_schema.py",
        "synchronous_commit = on",
        "synchronous_commit = off",
        (PC + "test_store_postgres.py",),
    ),
    Mutant(
        "rows hidden by a policy",
        "privacy/postgres_schema.py",
        "SET LOCAL row_security = off;\n",
        "",
        (PC + "test_store_postgres.py",),
    ),
    Mutant(
        "a guard that a session can turn off",
        "privacy/postgres_schema.py",
        '    "ALTER TABLE synthspec.entries ENABLE ALWAYS TRIGGER entries_stay",\n',
        "",
        (PC + "test_store_postgres.py",),
    ),
)

MUTANTS = _ALL if programs() is not None and find_spec("psycopg") is not None else ()
