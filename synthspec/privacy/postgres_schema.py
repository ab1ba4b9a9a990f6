"""The SQL of ledgers on a PostgreSQL server: fixed text, values bound apart.

One table for all ledgers of a database. Triggers that fire in every session keep rows from being changed or
removed and let an entry in only behind the last one. A role that writes needs SELECT and INSERT, no more.

Source: ours; DECISIONS 9, 27.
"""

from __future__ import annotations

from typing import Final, LiteralString

_SESSION: Final = """
SET LOCAL search_path = pg_catalog;
SET LOCAL row_security = off;
SET LOCAL statement_timeout = '60s';
SET LOCAL idle_in_transaction_session_timeout = '60s';
"""

BEGIN_READ: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;" + _SESSION

BEGIN_WRITE: Final = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
    + _SESSION
    + "SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = '30s';"
)
"""Read committed: what is read after the lock was had is what stands then."""

GUARDS: Final = ("entries_stay", "entries_remain", "entries_follow")
"""The triggers; a table without one of them is not relied on."""

STATE: Final = """
SELECT c.relkind::text, c.relpersistence::text, pg_catalog.obj_description(c.oid, 'pg_class'),
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger AS t
   WHERE t.tgrelid = c.oid AND t.tgname::text = ANY (%s) AND t.tgenabled = 'A'),
  pg_catalog.current_setting('fsync')
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'synthspec' AND c.relname = 'entries'
"""
"""Kind, persistence, mark, number of guards, fsync: needs no right on the table."""

SELECT: Final = "SELECT seq, content, hash, token FROM synthspec.entries WHERE ledger = %s ORDER BY seq"

INSERT: Final = (
    "INSERT INTO synthspec.entries (ledger, seq, content, hash, token) VALUES (%s, %s, %s, %s, %s)"
)

MAKE: Final[tuple[LiteralString, ...]] = (
    "CREATE SCHEMA IF NOT EXISTS synthspec",
    "REVOKE ALL ON SCHEMA synthspec FROM PUBLIC",
    """CREATE TABLE synthspec.entries (
      ledger text COLLATE "C" NOT NULL CHECK (ledger <> ''),
      seq bigint NOT NULL CHECK (seq >= 0),
      content text NOT NULL,
      hash text NOT NULL,
      token text NOT NULL,
      PRIMARY KEY (ledger, seq),
      UNIQUE (ledger, hash))""",
    """CREATE FUNCTION synthspec.entries_stay() RETURNS trigger LANGUAGE plpgsql
      SET search_path = pg_catalog AS $$ BEGIN RAISE EXCEPTION 'append only'; END $$""",
    """CREATE FUNCTION synthspec.entries_follow() RETURNS trigger LANGUAGE plpgsql
      SET search_path = pg_catalog AS $$
      BEGIN
        IF NEW.seq <> (SELECT coalesce(max(e.seq) + 1, 0) FROM synthspec.entries AS e
                       WHERE e.ledger = NEW.ledger) THEN
          RAISE EXCEPTION 'not behind the last entry' USING ERRCODE = 'unique_violation';
        END IF;
        RETURN NEW;
      END $$""",
    """CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE ON synthspec.entries
      FOR EACH ROW EXECUTE FUNCTION synthspec.entries_stay()""",
    """CREATE TRIGGER entries_remain BEFORE TRUNCATE ON synthspec.entries
      FOR EACH STATEMENT EXECUTE FUNCTION synthspec.entries_stay()""",
    """CREATE TRIGGER entries_follow BEFORE INSERT ON synthspec.entries
      FOR EACH ROW EXECUTE FUNCTION synthspec.entries_follow()""",
    "ALTER TABLE synthspec.entries ENABLE ALWAYS TRIGGER entries_stay",
    "ALTER TABLE synthspec.entries ENABLE ALWAYS TRIGGER entries_remain",
    "ALTER TABLE synthspec.entries ENABLE ALWAYS TRIGGER entries_follow",
    "REVOKE ALL ON synthspec.entries FROM PUBLIC",
    "REVOKE UPDATE, DELETE, TRUNCATE ON synthspec.entries FROM CURRENT_USER",
    "COMMENT ON TABLE synthspec.entries IS 'synthspec ledgers, version 1'",
)
