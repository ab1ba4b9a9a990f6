"""diff: two specs or plans, compared by what a change costs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.api.graph import written
from synthspec.api.spec import Spec, load

if TYPE_CHECKING:
    from synthspec.spec.model import Spec as Written

FREE_NOTHING = "free: nothing to redo"
FREE_RESAMPLE = "free: resample"
FREE_JUDGE = "free: judge again"
COSTS_ALL = "costs: everything"

_ABSENT = "(absent)"


@dataclass(frozen=True)
class Change:
    """One value that differs.

    Attributes:
        path: where, keys joined by dots.
        before: what A says.
        after: what B says.
        consequence: what has to be done again, and whether it costs privacy.
        flag: WEAKER PRIVACY, WEAKER GATE, or empty.
    """

    path: str
    before: str
    after: str
    consequence: str
    flag: str = ""

    @property
    def costs(self) -> bool:
        """Whether private rows must be read again."""
        return self.consequence.startswith("costs")


def diff(first: Spec, second: Spec) -> tuple[Change, ...]:
    """Return what differs between two specs, in the order of the language's keys.

    Raises:
        SpecError: when one of them has no readable shape.
    """
    one, two = written(first), written(second)
    before, after = _flat(one), _flat(two)
    order = list(dict.fromkeys((*before, *after)))
    return tuple(
        _change(path, before.get(path), after.get(path), two)
        for path in order
        if before.get(path) != after.get(path)
    )


def spec_of(path: str, settings: Sequence[tuple[str, str]] = ()) -> Spec:
    """Return the spec in a YAML file, or the one that a plan file was made from."""
    file = Path(path)
    if file.suffix in (".yaml", ".yml"):
        return load(path, settings)
    try:
        tree = json.loads(file.read_text(encoding="utf-8"))
        return Spec.of(tree["spec_text"], path)
    except (ValueError, KeyError, TypeError):
        return load(path, settings)


def _flat(spec: Written) -> dict[str, str]:
    tree = spec.model_dump(mode="json", exclude_defaults=True)
    flat: dict[str, str] = {}

    def walk(value: object, path: tuple[str, ...]) -> None:
        if isinstance(value, dict) and value and not _is_leaf(path):
            for key, each in value.items():
                walk(each, (*path, str(key).rstrip("_")))
        elif value not in (None, {}, []):
            flat[".".join(path)] = _said(value)

    walk(tree, ())
    return flat


def _is_leaf(path: tuple[str, ...]) -> bool:
    return len(path) >= 3 and path[0] == "columns" and path[-1] == "domain"


def _said(value: object) -> str:
    match value:
        case {"kind": "range", "lo": lo, "hi": hi}:
            return f"{lo}..{hi}"
        case {"kind": "list", "values": list(values)}:
            return "[" + ", ".join(map(str, values)) + "]"
        case str() | int() | float() | bool():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _change(path: str, before: str | None, after: str | None, spec: Written) -> Change:
    top, _, rest = path.partition(".")
    shown = path.replace(".domain", ".in")
    match top:
        case "name" | "about" | "output" | "spec":
            consequence = FREE_NOTHING
        case "sample" if not rest.startswith("holdout"):
            consequence = FREE_RESAMPLE
        case "gates":
            consequence = FREE_JUDGE
        case "columns" if rest.endswith((".about", ".basis", ".measured_in")):
            consequence = FREE_NOTHING
        case "generate":
            consequence = f"costs: re-measure `{rest.split('.')[0]}`"
        case "columns":
            consequence = _column_cost(rest.split(".")[0], spec)
        case _:
            consequence = COSTS_ALL
    return Change(shown, before or _ABSENT, after or _ABSENT, consequence, _flag(path, before, after))


def _column_cost(column: str, spec: Written) -> str:
    for group, written in spec.generate.items():
        if column in written.columns:
            return f"costs: re-measure `{group}`"
    return COSTS_ALL


def _flag(path: str, before: str | None, after: str | None) -> str:
    old, new = _number(before), _number(after)
    if path in ("privacy.epsilon", "privacy.delta") and old is not None and new is not None and new > old:
        return "WEAKER PRIVACY"
    if path == "privacy.unit" and after == "row":
        return "WEAKER PRIVACY"
    if path in ("privacy", "source.public") and (after is None or after == "True"):
        return "WEAKER PRIVACY"
    if path.startswith("gates.") and _weaker(before, after):
        return "WEAKER GATE"
    return ""


def _weaker(before: str | None, after: str | None) -> bool:
    if before is None:
        return False
    if after is None:
        return True
    for sign in ("<=", ">=", "<", ">"):
        if sign in before and sign in after:
            (left, old), (right, new) = before.split(sign, 1), after.split(sign, 1)
            low, high = _number(old), _number(new)
            if left.strip() != right.strip() or low is None or high is None:
                return True
            return high > low if sign.startswith("<") else high < low
    return True


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
