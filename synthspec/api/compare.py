"""compare: one spec under several policies side by side, which is how people choose one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synthspec.api.spec import Spec

if TYPE_CHECKING:
    from synthspec.compile.choices import Choice

SHORT = {
    "epsilon": "privacy.epsilon",
    "delta": "privacy.delta",
    "max_rows": "privacy.max_rows",
    "neighbours": "privacy.neighbours",
    "rows": "sample.rows",
}
"""Names that policies are known by, and the places of a spec that they mean; any other place as it is."""


def compare(spec: Spec, epsilons: Sequence[float]) -> tuple[Choice, ...]:
    """Return what each epsilon gives: predicted errors, gates, and the best possible attack.

    Raises:
        SpecError: P440, the spec has no private source; or what is wrong with the spec.
    """
    from synthspec.api.ledgers import charged
    from synthspec.compile.choices import choices

    before = charged(spec.plan().value) if spec.checked().spec.privacy is not None else None
    return choices(spec.checked(), epsilons, before=before)


def simulate(spec: Spec, changes: Sequence[tuple[str, str]]) -> tuple[Choice, ...]:
    """Return what the spec gives as it is, and under each single change.

    Args:
        spec: the spec.
        changes: (key, value) pairs; a key is one of `SHORT` or a place like `privacy.epsilon`.

    Raises:
        SpecError: P440; S151, when a place leads nowhere; or what is wrong with a changed spec.
    """
    from synthspec.api.ledgers import charged
    from synthspec.compile.choices import policy

    before = charged(spec.plan().value) if spec.checked().spec.privacy is not None else None
    found = [policy(spec.checked(), "as it is", before=before)]
    for key, value in changes:
        changed = spec.replace({SHORT.get(key, key): value})
        same = key not in ("neighbours", "privacy.neighbours", "privacy.unit")  # else another ledger
        found.append(policy(changed.checked(), f"{key} {value}", before=before if same else None))
    return tuple(found)


def table(found: Sequence[Choice]) -> str:
    """Return the choices as a table for people, one column a policy."""
    from synthspec.compile.choices import choices_text

    return choices_text(found)
