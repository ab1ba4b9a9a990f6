"""fmt: a spec's canonical layout, its long form, and its newest version."""

from __future__ import annotations

from synthspec.errors import SpecError


def formatted(text: str, origin: str, *, upgrade: bool = False) -> str:
    """Return `text` in canonical layout, comments kept; with `upgrade`, in the newest language.

    Raises:
        SpecError: when it is not readable YAML.
    """
    from synthspec.spec.fmt import format_text, upgrade_text

    _readable(text, origin)
    return format_text(upgrade_text(text, origin) if upgrade else text, origin)


def expanded(text: str, origin: str) -> str:
    """Return `text` with every column in its long form.

    Raises:
        SpecError: when it has no readable shape.
    """
    from synthspec.spec.fmt import expand_text

    _readable(text, origin)
    return expand_text(text, origin)


def _readable(text: str, origin: str) -> None:
    from synthspec.spec.source import load_text

    errors = [each for each in load_text(text, origin).diagnostics if each.level == "error"]
    if errors:
        raise SpecError(errors[0].code, errors[0].message, diagnostics=errors)
