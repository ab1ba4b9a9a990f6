"""A wire to a PostgreSQL server that can be cut: before a COMMIT arrives, or before its answer comes back."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

Moment = Literal["before", "after"]
NAME = ".s.PGSQL.5432"


class Wire:
    """Forwards what clients and the server say to one another; at a COMMIT it may be cut.

    `cuts` are the moments still to come, one for each COMMIT that is seen; `at_cut` is called once the wire
    was cut and, for "after", the server has committed; with `for_good` there are no connections after it.
    """

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self.cuts: list[Moment] = []
        self.at_cut: Callable[[], None] = lambda: None
        self.for_good = False
        self._server = server
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(folder / NAME))
        self._socket.listen(8)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def address(self, name: str) -> str:
        """Return the address of a ledger at the other end."""
        return f"postgres://tester@/postgres?host={self.folder}#{name}"

    def close(self) -> None:
        """Take no more connections."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=10)
        self._socket.close()

    def _accept(self) -> None:
        """Serve one connection after the other."""
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            broken = False
            with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
                server.connect(str(self._server / NAME))
                broken = self._serve(client, server)
                if broken and self.for_good:
                    self._socket.close()
            if broken:
                self.at_cut()

    def _serve(self, client: socket.socket, server: socket.socket) -> bool:
        """Forward until an end hangs up; return whether the wire was cut."""
        with selectors.DefaultSelector() as ends:
            ends.register(client, selectors.EVENT_READ, server)
            ends.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in ends.select():
                    assert isinstance(key.fileobj, socket.socket)
                    data = key.fileobj.recv(65536)
                    if not data:
                        return False
                    if key.fileobj is client and b"COMMIT\0" in data and self.cuts:
                        if self.cuts.pop(0) == "after":
                            server.sendall(data)
                            while b"COMMIT\0" not in server.recv(65536):
                                pass
                        return True
                    key.data.sendall(data)


@contextmanager
def wire(folder: Path, server: Path) -> Iterator[Wire]:
    """Yield a wire from a socket in `folder` to the one in `server`."""
    made = Wire(folder, server)
    try:
        yield made
    finally:
        made.close()
