"""graph: what must be known before what, as text, Graphviz dot or Mermaid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from synthspec.api.spec import Spec
from synthspec.compile.graph import Arrow, arrows, to_dot, to_mermaid
from synthspec.errors import SpecError

if TYPE_CHECKING:
    from synthspec.spec.model import Spec as Written


def written(spec: Spec) -> Written:
    """Return the readable form of a spec.

    Raises:
        SpecError: with every finding, when it has no readable shape.
    """
    found = spec.parsed
    if found.spec is None:
        errors = [each for each in found.diagnostics if each.level == "error"]
        raise SpecError(errors[0].code, errors[0].message, diagnostics=found.diagnostics)
    return found.spec


def edges(spec: Spec) -> tuple[Arrow, ...]:
    """Return the dependencies that a spec declares."""
    return arrows(written(spec))


def draw(spec: Spec, form: Literal["text", "dot", "mermaid"] = "text") -> str:
    """Return the dependency graph of a spec as text."""
    match form:
        case "dot":
            return to_dot(written(spec)).rstrip("\n")
        case "mermaid":
            return to_mermaid(written(spec)).rstrip("\n")
        case _:
            lines = dict.fromkeys(f"{each.source} -> {each.target}  ({each.why})" for each in edges(spec))
            return "\n".join(lines) or "no dependencies"
