"""synthspec.toml: settings of the tool in the folder one stands in; never of what a release is or costs.

    color = "never"
    quiet = true

    [output]
    folder = "releases"

`output.folder` takes the place of `out` where neither `-o` nor the spec names a folder. Where ledgers lie
is no setting of a working folder: a new folder would be a new budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from synthspec.errors import SpecError

FILE = "synthspec.toml"
_KEYS = ("color", "quiet", "verbose", "output")
_COLORS = ("auto", "always", "never")


@dataclass(frozen=True)
class Tool:
    """What `synthspec.toml` says; flags win over it."""

    color: str = "auto"
    quiet: bool = False
    verbose: bool = False
    folder: str | None = None


def read_tool() -> Tool:
    """Return the settings of this folder; the defaults where it has none.

    Raises:
        SpecError: S156, when the file cannot be read or says something it cannot.
    """
    file = Path(FILE)
    if not file.is_file():
        return Tool()
    import tomllib

    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _wrong("it is not TOML text") from None
    _known(tree, _KEYS, "")
    output = tree.get("output", {})
    if not isinstance(output, dict):
        raise _wrong("`output` is no table")
    _known(output, ("folder",), "output.")
    color, folder = tree.get("color", "auto"), output.get("folder")
    if color not in _COLORS:
        raise _wrong("`color` is one of auto, always, never")
    if folder is not None and not (isinstance(folder, str) and folder.strip()):
        raise _wrong("`output.folder` is no path")
    return Tool(color, _flag(tree, "quiet"), _flag(tree, "verbose"), folder)


def _known(tree: Mapping[str, object], keys: tuple[str, ...], where: str) -> None:
    for key in tree:
        if key not in keys:
            raise _wrong(f"there is no setting `{where}{key}`")


def _flag(tree: Mapping[str, object], key: str) -> bool:
    value = tree.get(key, False)
    if not isinstance(value, bool):
        raise _wrong(f"`{key}` is true or false")
    return value


def _wrong(reason: str) -> SpecError:
    return SpecError(
        "S156",
        f"`{FILE}` cannot be used: {reason}",
        helps=("its settings are `color`, `quiet`, `verbose` and `output.folder`",),
    )
