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

_SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def programs() -> Path | None:
    """Return the folder of the server's programs, None when they are not on this machine."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next(
        (place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None
    )


class Server:
    """One server; it may be stopped, killed and started again."""

    def __init__(self, folder: Path, programs: Path, user: list[str], options: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._programs = programs
        self._user = user
        self._options = options

    @property
    def place(self) -> str:
        """The connection string."""
        return f"host={self.folder} user=tester dbname=postgres"

    def address(self, name: str, user: str = "tester", database: str = "postgres") -> str:
        """Return the address of a ledger on it."""
        return f"postgres://{user}@/{database}?host={self.folder}#{name}"

    def make(self) -> None:
        """Make the files of a new server that trusts who can reach its socket."""
        program = [str(self._programs / "initdb"), "-D", str(self.data), "-U", "tester", "-A", "trust"]
        self._run([*program, "-E", "UTF8", "-N"])

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._control("-w", "-t", "60", "-l", str(self.folder / "log"), "-o", self._options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: `immediate` is a crash, after which the next start recovers."""
        self._control("-w", "-m", mode, "stop", check=False)

    def _control(self, *arguments: str, check: bool = True) -> None:
        self._run([str(self._programs / "pg_ctl"), "-D", str(self.data), *arguments], check)

    def _run(self, command: list[str], check: bool = True) -> None:
        subprocess.run([*self._user, *command], check=check, cwd=self.folder, **_SILENT)


@contextmanager
def running(*, fsync: bool = False) -> Iterator[Server]:
    """Yield a private server; skip where there are no programs for it."""
    pytest.importorskip("psycopg", reason="the PostgreSQL client is not installed: `postgres` extra")
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL server programs (initdb, postgres) on this machine")
    user: list[str] = []
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        if os.geteuid() == 0:
            known = subprocess.run(["id", "postgres"], capture_output=True).returncode == 0
            if shutil.which("runuser") is None or not known:
                pytest.skip("PostgreSQL does not run as root, and there is no user `postgres` to run it as")
            user = ["runuser", "-u", "postgres", "--"]
            shutil.chown(folder, "postgres")
        flush = "on" if fsync else "off"
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync={flush}"
        here = Server(folder, found, user, options)
        here.make()
        here.start()
        try:
            yield here
        finally:
            here.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server() -> Iterator[str]:
    """Yield the connection string of a private server; skip where there are no programs for it."""
    with running() as here:
        yield here.place
