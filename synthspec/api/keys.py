"""keys: make and find the keys of signers, sign a release; what `synthspec keys` and `release sign` do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.errors import ReleaseError

if TYPE_CHECKING:
    from synthspec.release.attestation import Attestation
    from synthspec.release.public_key import PublicKey

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_FOLDER = "keys"


@dataclass(frozen=True)
class KeyFile:
    """A key that was made or found: where its file lies, and its public half, which is handed out."""

    path: Path
    public: PublicKey


def new_key(name: str, *, out: str | Path | None = None, passphrase: str | None = None) -> KeyFile:
    """Make a key and keep it in a file that only its owner may read; the public line lies beside it.

    Args:
        name: lower-case letters, digits, `-` and `_`; the key goes by it.
        out: the file; `keys/NAME.pem` in the folder of ledgers without it.
        passphrase: protects the file, where there is one.

    Raises:
        ReleaseError: Q643, when the file is there already or cannot be written; Q648 without the extra.
    """
    from synthspec.privacy.home import private_folder
    from synthspec.release.private_key import PrivateKey

    _named(name)
    path = private_folder(_FOLDER) / f"{name}.pem" if out is None else Path(out)
    if path.suffix == ".pub":
        raise ReleaseError("Q643", "a file `.pub` is for the public line", helps=("`-o NAME.pem`",))
    beside = path.with_suffix(".pub")
    if beside.exists():
        raise ReleaseError(
            "Q643",
            f"`{beside.name}` is there already, and keys are never overwritten",
            helps=("choose another name",),
        )
    key = PrivateKey.new(name)
    key.save(path, passphrase)
    beside.write_text(key.public.line + "\n", encoding="utf-8")
    return KeyFile(path, key.public)


def find_key(name_or_file: str | Path) -> Path:
    """Return the key file of that name, or the file itself. Raises Q643, when there is neither."""
    from synthspec.privacy.home import home

    kept = home() / _FOLDER / f"{name_or_file}.pem"
    if _NAME.fullmatch(str(name_or_file)) and kept.is_file():
        return kept
    if Path(name_or_file).is_file():
        return Path(name_or_file)
    raise ReleaseError(
        "Q643",
        f"there is no key `{Path(name_or_file).name}`, and no such file",
        helps=("`synthspec keys show` lists the keys", "`synthspec keys new NAME` makes one"),
    )


def kept_keys() -> tuple[KeyFile, ...]:
    """Return the keys of this home, by name."""
    from synthspec.privacy.home import home

    found = sorted((home() / _FOLDER).glob("*.pub"))
    return tuple(KeyFile(path.with_suffix(".pem"), _public(path)) for path in found)


def public_key(name_or_file: str | Path) -> PublicKey:
    """Return the public key that goes by a name, is in a file, or is the text itself. Raises Q643."""
    return trusted_keys([str(name_or_file)])[0]


def trusted_keys(values: Iterable[str]) -> tuple[PublicKey, ...]:
    """Return the keys that `values` stand for: `ed25519:` lines, files of such lines, names of kept keys.

    Raises:
        ReleaseError: Q643, when one is nothing of the kind.
    """
    from synthspec.privacy.home import home
    from synthspec.release.public_key import SCHEME, PublicKey, read_keys

    found: list[PublicKey] = []
    for value in values:
        kept = home() / _FOLDER / f"{value}.pub"
        if value.startswith(SCHEME):
            found.append(PublicKey.of(value))
        elif _NAME.fullmatch(value) and kept.is_file():
            found.append(_public(kept))
        else:
            keys = read_keys(_text(Path(value)))
            if not keys:
                raise ReleaseError("Q643", f"`{Path(value).name}` holds no public key", helps=_PUBLIC)
            found += keys
    return tuple(found)


def sign(
    release: str | Path,
    key: str | Path,
    *,
    role: str = "operator",
    others: Mapping[str, str] | None = None,
    again: bool = False,
    passphrase: str | None = None,
) -> Attestation:
    """Sign a release folder as the first signer.

    Args:
        release: the folder; every file of it is checked first.
        key: name or file of a key.
        role: as what the key's holder signs.
        others: who else is to sign, role to public key; missed by `verify` until they countersign.
        again: start over where the release is signed already; all signatures it has are dropped.
        passphrase: of the key file; SYNTHSPEC_KEY_PASSPHRASE without it.

    Raises:
        ReleaseError: Q602, Q603, Q642 to Q645, Q648.
        GateError: Q604, Q605, when the release is not whole.
    """
    from synthspec.release.private_key import PrivateKey
    from synthspec.release.sign import sign as signed
    from synthspec.release.statement import Signer

    more = tuple(Signer(each, public_key(line)) for each, line in (others or {}).items())
    private = PrivateKey.load(find_key(key), _passphrase(passphrase))
    return signed(Path(release), private, role, more, again=again)


def countersign(release: str | Path, key: str | Path, *, passphrase: str | None = None) -> Attestation:
    """Add the signature of somebody whom the first signer named. Raises as `sign`, and Q640."""
    from synthspec.release.private_key import PrivateKey
    from synthspec.release.sign import countersign as countersigned

    return countersigned(Path(release), PrivateKey.load(find_key(key), _passphrase(passphrase)))


_PUBLIC = ("`synthspec keys show NAME` prints the line to hand out",)


def _passphrase(given: str | None) -> str | None:
    return given if given is not None else os.environ.get("SYNTHSPEC_KEY_PASSPHRASE")


def _named(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ReleaseError(
            "Q643",
            "a key's name has lower-case letters, digits, `-` and `_`, 64 at most",
            helps=("`synthspec keys new operator`",),
        )


def _public(path: Path) -> PublicKey:
    from synthspec.release.public_key import PublicKey

    return PublicKey.of(_text(path))


def _text(path: Path) -> str:
    """Return a small text; Q643 when it is none, or a private key, of which nothing is ever shown."""
    problem = "it is missing, or no text"
    try:
        text = path.read_text(encoding="utf-8")
        if "PRIVATE KEY" not in text:
            return text
        problem = "it holds a private key: hand out the file `.pub` beside it"
    except (OSError, ValueError):
        pass
    raise ReleaseError("Q643", f"`{path.name}` is no file of public keys: {problem}", helps=_PUBLIC)
