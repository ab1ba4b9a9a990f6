"""graph: what depends on what, as text or a picture; what the graph says about independence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from synthspec.api.spec import Spec
from synthspec.compile.drawing import LEGEND, Arc, Drawing, drawing_of, kinds_of, to_dot, to_mermaid
from synthspec.compile.graph import Arrow, arrows, read_by
from synthspec.compile.picture import to_svg
from synthspec.compile.ruled import determined, solved_arrows
from synthspec.errors import SpecError

if TYPE_CHECKING:
    from synthspec.api.release import Release
    from synthspec.plan.plan import PlannedColumn
    from synthspec.rules import AnyRule
    from synthspec.spec.model import Spec as Written

_SAID = {
    "require": "declared",
    "derive": "derived",
    "equation": "derived from an equation",
    "determines": "derived by a table",
}
_FIXED = ("rules", "independent")
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
    """Return what a spec declares; for a release, with what was learned beside it.

    Raises:
        SpecError: with every finding, when a part of the spec cannot be read: it would be left out.
    """
    from synthspec.api.release import Release

    if not isinstance(target, Release):
        findings = target.parsed.diagnostics
        errors = [each for each in findings if each.level == "error"]
        if errors:
            raise SpecError(errors[0].code, errors[0].message, diagnostics=findings)
        return drawing_of(written(target), ruled=_ruled(target))
    plan = target.value.plan
    learned = []
    for saved in target.value.models:
        directed = bool(saved.facts.get("directed", False))
        found = saved.facts.get("edges", ())
        links = found if isinstance(found, list | tuple) else ()
        learned += [(str(a), str(b), directed) for a, b, how in links if how == "learned"]
    return drawing_of(
        written(Spec.of(plan.spec_text, plan.spec_path)), learned, _given_by_rules(plan.columns, plan.rules)
    )


def _ruled(spec: Spec) -> tuple[Arrow, ...]:
    """Return the arrows into columns that rules give; none while the spec has errors."""
    texts = [getattr(rule, "check", "determines") for rule in written(spec).rules.values()]
    if not any("=" in text or text == "determines" for text in texts):
        return ()  # most specs need no more than their shape
    try:
        checked = spec.checked()
    except SpecError:
        return ()
    return _given_by_rules(checked.columns, checked.rules)


def _given_by_rules(columns: Sequence[PlannedColumn], rules: Sequence[AnyRule]) -> tuple[Arrow, ...]:
    solved = {column.name: column.value for column in columns if column.value is not None}
    return (*solved_arrows(rules, solved), *determined(rules))


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
    """Return a line per edge by kind, edges between groups once, what the groups hold, then the legend."""
    lines = []
    for kind in kinds_of(found):
        arcs = [arc for arc in found.arcs if arc.kind == kind]
        if kind != "given":
            lines += [_line(arc) for arc in arcs]
        else:
            lines += _of_groups(found) if found.frames else _between(arcs)
    held = [f"{frame.name} is {', '.join(frame.columns)}" for frame in found.frames]
    if not lines:
        return []
    return [*lines, *([""] if held else []), *held, "", *(LEGEND[kind] for kind in kinds_of(found))]


def _of_groups(found: Drawing) -> list[str]:
    """Return a line per group that is given something: what it is given."""
    given: dict[str, list[str]] = {}
    for each in found.between:
        given.setdefault(each.target, []).append(each.source)
    return [f"{', '.join(sources)} -> {target}  (given)" for target, sources in given.items()]


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
    said = " and ".join(_SAID.get(why, why) for why in arc.why.split(" and "))
    return f"{arc.source} {sign} {arc.target}  ({said})"


def blanket(target: Spec | Release, column: str) -> tuple[str, ...]:
    """Return the Markov blanket of a column in the stated graph; of a release, in that of its model.

    Raises:
        SpecError: N326, an unknown column; N301, a cycle; N324 without the extra `pgm`.
    """
    from synthspec.api.networks import blanket as found

    names, pairs, rules = _directed(target, (column,))
    return tuple(name for name in found([*names, *rules], pairs, column) if name not in rules)


def separated(target: Spec | Release, one: str, other: str, given: Sequence[str] = ()) -> bool:
    """Return whether the graph makes two columns independent given others (d-separation).

    Raises:
        SpecError: N326, an unknown column; N301, a cycle; N324 without the extra `pgm`.
    """
    from synthspec.api.networks import separated as found

    names, pairs, rules = _directed(target, (one, other, *given))
    return found([*names, *rules], pairs, one, other, [*given, *rules])


@dataclass(frozen=True)
class Standing:
    """Where a column stands in the graph.

    Attributes:
        parents: what it depends on.
        children: what depends on it.
        blanket: given these columns, no other says more about it.
        apart: the columns that are independent of it, given nothing.
        caveat: what the graph does not know; empty for a release whose model is a network.
    """

    parents: tuple[str, ...]
    children: tuple[str, ...]
    blanket: tuple[str, ...]
    apart: tuple[str, ...]
    caveat: str = ""


def standing(target: Spec | Release, column: str) -> Standing:
    """Return where a column stands in the stated graph; of a release, in that of its model.

    Raises:
        SpecError: N326, an unknown column; N301, a cycle; N324 without the extra `pgm`.
    """
    from synthspec.api.networks import unconnected

    names, pairs, rules = _directed(target, (column,))
    return Standing(
        tuple(a for a, b in pairs if b == column),
        tuple(b for a, b in pairs if a == column and b not in rules),
        blanket(target, column),
        tuple(name for name in unconnected([*names, *rules], pairs, column, rules) if name != column),
        caveat(target),
    )


def caveat(target: Spec | Release) -> str:
    """Return what an answer about independence leaves open, in words; empty when it is the whole model."""
    from synthspec.api.release import Release

    if isinstance(target, Release):
        if _modelled(target) is not None:
            return ""
        return (
            "by declared and learned edges: a model of this release is no network, and may tie more columns"
        )
    spec = written(target)
    fixed = spec.generate and all(group.using in _FIXED for group in spec.generate.values())
    if spec.source is None or fixed:
        return ""
    return "by what the spec states: what is learned from rows may tie more columns, ask the release"


def _modelled(release: Release) -> tuple[tuple[str, str], ...] | None:
    """Return the edges of the fitted models, filled-in ones included; None when one is no network."""
    from synthspec.api.bif import nodes_of_release

    try:
        return tuple((p, node.name) for node in nodes_of_release(release) for p in node.parents)
    except SpecError:
        return None


def _directed(
    target: Spec | Release, asked: Sequence[str]
) -> tuple[list[str], list[tuple[str, str]], list[str]]:
    """Return columns, directed edges, and the rules: each a child, always observed, of what it reads.

    Of a release whose models are networks, the edges are those of the models (with those that the joint
    fit filled in); else a learned pair points from the earlier column to the later. That a rule holds is
    known of every row: it ties its columns as an observed common child does.
    """
    from synthspec.api.release import Release

    found = drawing(target)
    for name in asked:
        if name not in found.columns:
            raise SpecError(
                "N326",
                f"there is no column `{name}`",
                helps=(f"the columns are {', '.join(f'`{each}`' for each in found.columns)}",),
            )
    fitted = _modelled(target) if isinstance(target, Release) else None
    arcs = [arc for arc in found.arcs if fitted is None or arc.kind not in ("given", "learned")]
    pairs = dict.fromkeys((arc.source, arc.target) for arc in arcs if arc.directed)
    gaps = {arc.target: arc.source for arc in found.arcs if arc.kind == "missing"}
    learned = [(arc.source, arc.target) for arc in arcs if arc.directed and arc.kind in ("given", "learned")]
    for source, to in learned if fitted is None else fitted:
        pairs[source, to] = None
        if to in gaps:  # what a group may learn of a column, it may learn of its gaps
            pairs[source, gaps[to]] = None
    for arc in arcs:
        if not arc.directed:
            one, other = arc.source, arc.target
            pairs[(other, one) if _reaches(pairs, other, one) else (one, other)] = None
    if any(_reaches(pairs, b, a) for a, b in pairs):
        raise SpecError("N301", "the graph has a cycle", helps=("run `synthspec check`, which shows it",))
    pairs |= dict.fromkeys(_through_hidden(target))
    rules = _ties(target, list(found.columns))
    pairs |= {(name, rule): None for rule, names in rules.items() for name in names}
    names = [*found.columns, *(end for pair in pairs for end in pair if end not in rules)]
    return list(dict.fromkeys(names)), list(pairs), list(rules)


def _through_hidden(target: Spec | Release) -> list[tuple[str, str]]:
    """Return the edges of a release into columns that are computed from a modelled difference."""
    from synthspec.api.release import Release
    from synthspec.terms.walk import columns_of

    if not isinstance(target, Release):
        return []
    columns = target.value.columns
    hidden = {column.name for column in columns if column.hidden}
    return [
        (part, column.name)
        for column in columns
        if column.value is not None and not column.hidden and hidden & set(columns_of(column.value))
        for part in columns_of(column.value)
    ]


def _ties(target: Spec | Release, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the columns of each enforced rule that reads several; a gap goes with its column."""
    from synthspec.api.release import Release

    spec = target if isinstance(target, Spec) else None
    if isinstance(target, Release):
        spec = Spec.of(target.value.plan.spec_text, target.value.plan.spec_path)
    assert spec is not None
    found = {}
    for name, rule in written(spec).rules.items():
        read = read_by(rule, columns)
        if len(read) > 1 and getattr(rule, "enforce", "always") == "always":
            found[f"rule {name}"] = read
    return found


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
    from synthspec.api.ledgers import refuse_owned
    from synthspec.api.networks import search
    from synthspec.api.sources import located
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
        source = plan.source.model_copy(update={"path": located(plan)})
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
