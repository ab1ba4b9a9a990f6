"""A PostgreSQL server of a test's own: started in a new folder, on a socket there, and stopped after."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _programs() -> Path | None:
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next(
        (place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None
    )


@contextmanager
def server() -> Iterator[str]:
    """Yield the connection string of a private server; skip where there are no programs for it."""
    pytest.importorskip("psycopg", reason="the PostgreSQL client is not installed: `postgres` extra")
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server programs (initdb, postgres) on this machine")
    user: list[str] = []
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if os.geteuid() == 0:
        if (
            shutil.which("runuser") is None
            or subprocess.run(["id", "postgres"], capture_output=True).returncode
        ):
            pytest.skip("PostgreSQL does not run as root, and there is no user `postgres` to run it as")
        user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
    data, said = folder / "data", {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    control = [*user, str(programs / "pg_ctl"), "-D", str(data)]
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    try:
        initdb = [
            *user,
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "tester",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "-N",
        ]
        subprocess.run(initdb, check=True, cwd=folder, **said)
        subprocess.run([*control, "-w", "-t", "60", "-o", options, "start"], check=True, cwd=folder, **said)
        try:
            yield f"host={folder} user=tester dbname=postgres"
        finally:
            subprocess.run([*control, "-w", "-m", "immediate", "stop"], check=False, cwd=folder, **said)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
