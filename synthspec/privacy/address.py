"""Address: where a ledger lies on a server, `postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full#NAME`.

It never holds a password: those come from the environment, a service file or a password file, as the
server's own client reads them. An address that has one is refused, and no refusal quotes what it refuses.

Source: RFC 3986; the connection URIs of PostgreSQL's libpq.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypedDict
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from synthspec.errors import BudgetError

SCHEMES: Mapping[str, str] = {"postgres": "postgres", "postgresql": "postgres"}
"""How the address of each server may begin, and the name that it is kept under."""

OPTIONS = (
    "host", "port", "user", "dbname", "service", "sslmode", "sslrootcert", "sslcert", "sslkey", "passfile",
)  # fmt: skip
"""What may stand after `?`: where the server and the credentials are found, never a credential."""

EXAMPLE = "postgres://db.example/ledgers?sslmode=verify-full#hospital"
LEDGER = (
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
    rf"|(?:{'|'.join(SCHEMES)})://(?:[^\s:/@?#]+@)?[^\s@?#]*"
    rf"(?:\?(?:{'|'.join(OPTIONS)})=[^\s@&#]+(?:&(?:{'|'.join(OPTIONS)})=[^\s@&#]+)*)?"
    r"#[a-z0-9][a-z0-9_-]{0,63}"
)
"""What `ledger:` may be in a spec, as the pattern of its schema: a name, or an address without a password."""
LEDGER_HINT = f"use letters, digits, `-`; or an address like `{EXAMPLE}`"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Server:
    """A server and a database on it; what is empty is left to the environment."""

    scheme: str
    user: str
    host: str
    port: str
    database: str
    options: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Return it as it may be typed again: it holds no credential."""
        user = f"{quote(self.user, safe='')}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else quote(self.host, safe="%.-_")
        port = f":{self.port}" if self.port else ""
        query = "&".join(f"{key}={quote(value, safe='/._-~')}" for key, value in self.options)
        database = quote(self.database, safe="")
        return f"{self.scheme}://{user}{host}{port}/{database}{'?' if query else ''}{query}"

    def settings(self) -> dict[str, str]:
        """Return what the server's client takes: only what the address names."""
        named = {"user": self.user, "host": self.host, "port": self.port, "dbname": self.database}
        return {**{key: value for key, value in named.items() if value}, **dict(self.options)}


@dataclass(frozen=True)
class Address(Server):
    """A server, a database on it, and a ledger's name there."""

    name: str

    def __str__(self) -> str:
        """Return it as it may be typed again: it holds no credential."""
        return f"{super().__str__()}#{self.name}"

    def called(self, name: str) -> Address:
        """Return the address of the ledger `name` on the same server. Raises: BudgetError B509."""
        return replace(self, name=ledger_name(name))


def is_address(text: str) -> bool:
    """Return whether `text` is meant as an address: a scheme and `://`."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) is not None


def ledger_name(name: str) -> str:
    """Return `name` when a ledger may be called so.

    Raises:
        BudgetError: B509.
    """
    if not _NAME.fullmatch(name):
        raise BudgetError(
            "B509",
            "a ledger's name has lower-case letters, digits, `-` and `_`, 64 at most",
            helps=("for example `ledger: hospital`", f"or, on a server, `ledger: {EXAMPLE}`"),
        )
    return name


def read_address(text: str, *, name: str | None = None) -> Address:
    """Return the address that `text` is; `name` is the ledger's where `text` names only the server.

    Raises:
        BudgetError: B516, when it cannot be read, has a password, or names an option that is none of
            `OPTIONS`; B509, for the ledger's name.
    """
    try:
        server, fragment = parts_of(text)
    except ValueError as reason:
        raise _refused(f"the address of a ledger {reason}") from None
    called = fragment or (name or "")
    if not called or (fragment and name is not None):
        raise _refused("the address of a ledger ends in `#` and the ledger's name")
    return Address(**server, name=ledger_name(called))


class ServerParts(TypedDict):
    """What an address says of its server."""

    scheme: str
    user: str
    host: str
    port: str
    database: str
    options: tuple[tuple[str, str], ...]


def parts_of(text: str) -> tuple[ServerParts, str]:
    """Return what `text` says of a server, and what stands behind its `#`.

    Raises:
        ValueError: when it cannot be read, has a password, or names an option that is none of `OPTIONS`;
            the reason follows the words "the address", and quotes nothing.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True) if parts.query else []
    except ValueError:
        parts, pairs = urlsplit(""), []
    scheme = SCHEMES.get(parts.scheme)
    if scheme is None or not all(char.isprintable() and char != " " for char in text):
        raise ValueError("cannot be read")
    user = unquote(parts.username or "")
    if parts.password is not None or ":" in user or "@" in (parts.hostname or "") or text.count("@") > 1:
        raise ValueError("has a password in it")
    if any(key not in OPTIONS for key, _ in pairs):
        raise ValueError("has an option that it cannot have")
    if len(dict(pairs)) < len(pairs) or not all(value for _, value in pairs):
        raise ValueError("has an option twice, or without a value")
    server = ServerParts(
        scheme=scheme,
        user=user,
        host=unquote(parts.hostname or ""),
        port="" if parts.port is None else str(parts.port),
        database=unquote(parts.path.removeprefix("/")),
        options=tuple(pairs),
    )
    return server, unquote(parts.fragment)


def _refused(what: str) -> BudgetError:
    """Return the refusal: it says what is wrong and quotes nothing, for it might be a password."""
    return BudgetError(
        "B516",
        what,
        notes=("it is not shown here, since it might hold a password",),
        helps=(
            f"write it like `{EXAMPLE}`",
            "a password comes from PGPASSWORD, PGPASSFILE (`~/.pgpass`) or a service file (`?service=NAME`)",
            f"the options are {', '.join(f'`{each}`' for each in OPTIONS)}",
        ),
    )
