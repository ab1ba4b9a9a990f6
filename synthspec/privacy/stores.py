"""stores: where a ledger lies, by its name, its source, or its address.

A name stands for a file here, or for an address that was joined: then a small file `named-NAME.address`
says which. Addresses that were used are kept too, so that what their ledgers protect is known here. Another
kind of store is one more file beside `store_postgres.py` and its line in `_ON_SERVERS`.

Source: ours; DECISIONS 9, 22.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from synthspec.errors import BudgetError
from synthspec.privacy.address import Address, is_address, ledger_name, read_address
from synthspec.privacy.home import home, private_folder, sync_folder
from synthspec.privacy.store import Store
from synthspec.privacy.store_file import FileStore
from synthspec.privacy.store_postgres import PostgresStore

FOLDER = "ledgers"

_ON_SERVERS: Mapping[str, Callable[[Address], Store]] = {"postgres": PostgresStore}
"""What keeps ledgers at addresses of each scheme (`address.SCHEMES`)."""


def store_of(name: str) -> Store:
    """Return where the ledger `name` lies, or would lie: a name, or an address.

    Raises:
        BudgetError: B509, for a name that cannot be one, or that stands for two ledgers; B516, for an
            address that cannot be one.
    """
    if is_address(name):
        return at(read_address(name))
    file, kept = _file(ledger_name(name)), _pointer(name)
    address = _kept(kept)
    if address is None:
        return FileStore(file)
    if file.exists():
        raise BudgetError(
            "B509",
            f"`{name}` is a ledger in a file here, and the name of one on a server too",
            helps=(f"name the one on the server as `{address}`, and delete `{kept}`",),
        )
    return at(address)


def store_of_source(source: str) -> FileStore:
    """Return where the default ledger of `source`, a resolved absolute path, lies."""
    key = hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return FileStore(home() / FOLDER / f"source-{key}.sqlite")


def every_store() -> tuple[Store, ...]:
    """Return the ledgers that this home knows: files that hold one, then addresses; named ones first."""
    folder = home() / FOLDER
    files = [FileStore(path) for path in sorted(folder.glob("*.sqlite"))]
    kept = {str(found): found for path in sorted(folder.glob("*.address")) if (found := _kept(path))}
    return (*(each for each in files if each.exists()), *(at(address) for address in kept.values()))


def at(address: Address) -> Store:
    """Return the ledger at an address."""
    return _ON_SERVERS[address.scheme](address)


def join(address: Address) -> None:
    """Let the address's ledger be called by its name here.

    Raises:
        BudgetError: B509, when another ledger has that name here; B506, when it cannot be written.
    """
    refuse_called(address)
    _write(_pointer(address.name), address)


def refuse_called(address: Address) -> None:
    """Refuse an address whose name is that of another ledger here. Raises: BudgetError B509."""
    if _file(address.name).exists() or _kept(_pointer(address.name)) not in (None, address):
        raise BudgetError(
            "B509",
            f"another ledger is called `{address.name}` here",
            helps=(f"name this one by its address: `{address}`", "or give it another name"),
        )


def remember(address: Address) -> None:
    """Keep an address that is used without having been joined. Raises: BudgetError B506."""
    key = hashlib.blake2b(str(address).encode(), digest_size=16).hexdigest()
    kept = home() / FOLDER / f"used-{key}.address"
    if address not in (_kept(_pointer(address.name)), _kept(kept)):
        _write(kept, address)


def _file(name: str) -> Path:
    return home() / FOLDER / f"named-{name}.sqlite"


def _pointer(name: str) -> Path:
    return home() / FOLDER / f"named-{name}.address"


def _kept(path: Path) -> Address | None:
    """Return the address in a file; None when there is no such file; B506 when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        text = ""
    try:
        return read_address(text.strip())
    except BudgetError:
        pass
    raise _unusable(path)


def _write(path: Path, address: Address) -> None:
    """Put the address in its file, whole or not at all, durably."""
    private_folder(FOLDER)
    aside = path.with_name(f".{secrets.token_hex(8)}.part")
    written = False
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{address}\n")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sync_folder(path.parent)
        written = True
    except OSError:
        aside.unlink(missing_ok=True)
    if not written:
        raise _unusable(path)


def _unusable(path: Path) -> BudgetError:
    return BudgetError(
        "B506",
        f"the file `{path}`, which says where a ledger lies, cannot be read or written",
        notes=("nothing was read and nothing was charged",),
        helps=("check that it is yours and that the disk is not full, or `synthspec budget join` it anew",),
    )
