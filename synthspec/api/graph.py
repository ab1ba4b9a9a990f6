"""graph: what depends on what, as text or a picture; what the graph says about independence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from synthspec.api.spec import Spec
from synthspec.compile.drawing import LEGEND, Arc, Drawing, drawing_of, kinds_of, to_dot, to_mermaid, to_svg
from synthspec.compile.graph import Arrow, arrows
from synthspec.errors import SpecError

if TYPE_CHECKING:
    from synthspec.api.release import Release
    from synthspec.spec.model import Spec as Written

_SAME = ("require", "derive")
Form = Literal["text", "dot", "mermaid", "svg"]


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


def drawing(target: Spec | Release) -> Drawing:
    """Return what a spec declares; for a release, with what was learned beside it."""
    from synthspec.api.release import Release

    if not isinstance(target, Release):
        return drawing_of(written(target))
    plan = target.value.plan
    learned = []
    for saved in target.value.models:
        directed = bool(saved.facts.get("directed", False))
        found = saved.facts.get("edges", ())
        links = found if isinstance(found, list | tuple) else ()
        learned += [(str(a), str(b), directed) for a, b, how in links if how == "learned"]
    return drawing_of(written(Spec.of(plan.spec_text, plan.spec_path)), learned)


def draw(target: Spec | Release, form: Form = "text") -> str:
    """Return the dependency graph of a spec or a release as text; an SVG needs no other program."""
    found = drawing(target)
    match form:
        case "dot":
            return to_dot(found).rstrip("\n")
        case "mermaid":
            return to_mermaid(found).rstrip("\n")
        case "svg":
            return to_svg(found, "What depends on what").rstrip("\n")
        case _:
            return "\n".join(_lines(found)) or "no dependencies"


def _lines(found: Drawing) -> list[str]:
    """Return a line per edge by kind; edges between groups once per set of columns; then the legend."""
    lines = []
    for kind in kinds_of(found):
        arcs = [arc for arc in found.arcs if arc.kind == kind]
        lines += _between(arcs) if kind == "given" else [_line(arc) for arc in arcs]
    return [*lines, "", *(LEGEND[kind] for kind in kinds_of(found))] if lines else []


def _between(arcs: Sequence[Arc]) -> list[str]:
    """Return edges of groups, sources with the same targets on one line."""
    targets: dict[str, list[str]] = {}
    for arc in arcs:
        targets.setdefault(arc.source, []).append(arc.target)
    alike: dict[tuple[str, ...], list[str]] = {}
    for source, names in targets.items():
        alike.setdefault(tuple(names), []).append(source)
    return [f"{', '.join(sources)} -> {', '.join(names)}  (given)" for names, sources in alike.items()]


def _line(arc: Arc) -> str:
    sign = "->" if arc.directed else "--"
    return f"{arc.source} {sign} {arc.target}  ({arc.kind if arc.why in _SAME else arc.why})"


def blanket(target: Spec | Release, column: str) -> tuple[str, ...]:
    """Return the Markov blanket of a column in the stated graph (and, of a release, the learned one).

    Raises:
        SpecError: N326, an unknown column; N301, a cycle; N324 without the extra `pgm`.
    """
    from synthspec.api.networks import blanket as found

    names, pairs = _directed(target, (column,))
    return found(names, pairs, column)


def separated(target: Spec | Release, one: str, other: str, given: Sequence[str] = ()) -> bool:
    """Return whether the graph makes two columns independent given others (d-separation).

    Raises:
        SpecError: N326, an unknown column; N301, a cycle; N324 without the extra `pgm`.
    """
    from synthspec.api.networks import separated as found

    names, pairs = _directed(target, (one, other, *given))
    return found(names, pairs, one, other, given)


def _directed(target: Spec | Release, asked: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return columns and directed edges; a learned pair points from the earlier column to the later."""
    found = drawing(target)
    for name in asked:
        if name not in found.columns:
            raise SpecError(
                "N326",
                f"there is no column `{name}`",
                helps=(f"the columns are {', '.join(f'`{each}`' for each in found.columns)}",),
            )
    pairs = dict.fromkeys((arc.source, arc.target) for arc in found.arcs if arc.directed)
    gaps = {arc.target: arc.source for arc in found.arcs if arc.kind == "missing"}
    for arc in found.arcs:  # what a group may learn of a column, it may learn of its gaps
        if arc.directed and arc.kind in ("given", "learned") and arc.target in gaps:
            pairs[arc.source, gaps[arc.target]] = None
    for arc in found.arcs:
        if not arc.directed:
            one, other = arc.source, arc.target
            pairs[(other, one) if _reaches(pairs, other, one) else (one, other)] = None
    if any(_reaches(pairs, b, a) for a, b in pairs):
        raise SpecError("N301", "the graph has a cycle", helps=("run `synthspec check`, which shows it",))
    return list(found.columns), list(pairs)


def _reaches(pairs: dict[tuple[str, str], None], start: str, end: str) -> bool:
    seen, stack = {start}, [start]
    while stack:
        here = stack.pop()
        if here == end:
            return True
        new = {b for a, b in pairs if a == here} - seen
        seen |= new
        stack += new
    return False


def learn(spec: Spec) -> tuple[tuple[str, str], ...]:
    """Return the edges that a structure search finds in the spec's *public* table, required ones kept.

    Raises:
        SpecError: N325, when the source is not declared public; N324 without the extra `pgm`.
        BudgetError: B554, when a ledger protects it.
        SourceError: D450, when it cannot be read.
    """
    from synthspec.api.ledgers import refuse_owned, source_path
    from synthspec.api.networks import search
    from synthspec.draw.network import forbidden_pairs
    from synthspec.run.public import public_codes

    checked = spec.checked()
    if checked.spec.source is None or not checked.spec.source.public:
        raise SpecError(
            "N325",
            "a structure search reads rows, and the source is not declared public",
            helps=("write `source: {path: ..., public: true, basis: ...}` when it is", "use `using: bn`"),
        )
    plan = spec.plan().value
    refuse_owned(plan)
    if plan.source is not None:
        source = plan.source.model_copy(update={"path": str(source_path(plan))})
        plan = plan.model_copy(update={"source": source})
    codes = dict(public_codes(plan))
    sizes = {c.name: c.column.size for c in plan.columns if c.column is not None and c.name in codes}
    names = [column.name for column in plan.columns if column.name in codes and column.role == "modelled"]
    required = [
        (parent, edge.child)
        for edge in plan.network.require
        for parent in edge.parents
        if parent in names and edge.child in names
    ]
    return search(
        {name: codes[name] for name in names},
        {name: sizes[name] for name in names},
        required=required,
        forbidden=forbidden_pairs(plan, names),
        max_parents=plan.network.max_parents,
    )
