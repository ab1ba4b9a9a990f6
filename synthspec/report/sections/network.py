"""network: what depends on what: stated, forbidden or learned; published tables; tables as fitted."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import Id
from synthspec.generators.base import Model
from synthspec.generators.tree_model import TreeModel
from synthspec.plan.plan import KnownTable
from synthspec.release.release import Release
from synthspec.report.blocks import Block, Heading, Prose, Section, Table, Value
from synthspec.report.measured import rebuild
from synthspec.report.sourced import learned, resting
from synthspec.report.words import count, named, number, percent, plain, quoted

MOST_ROWS = 8
MOST_VALUES = 5
MOST_TABLES = 40
MOST_CELLS = 200_000
FOLDED = 20

Shares = NDArray[np.float64]
Family = tuple[str, tuple[str, ...]]
Edge = tuple[str, str, bool, str, str]
"""First, second, whether it has a direction, how it came about, the group that learned it."""


def network(release: Release) -> Section:
    """Return the section."""
    models = {saved.group: rebuild(saved) for saved in release.models}
    edges = [*_stated(release), *_learned(release, models)]
    blocks: list[Block] = [_says(release, edges)]
    if edges:
        blocks.append(_edges(edges))
    if release.plan.known or release.plan.known_tables:
        blocks.append(_published(release))
    blocks += _fitted(release, models)
    return Section(
        id="network",
        title="Dependence",
        question="What depends on what, who says so, and what was learned?",
        blocks=tuple(blocks),
    )


def _stated(release: Release) -> list[Edge]:
    network = release.plan.network
    kinds = (("declared", network.require), ("forbidden", network.forbid))
    return [(p, edge.child, True, how, "") for how, edges in kinds for edge in edges for p in edge.parents]


def _learned(release: Release, models: dict[str, Model]) -> list[Edge]:
    return [
        (first, second, model.directed, "learned", group)
        for group, model in models.items()
        if isinstance(model, TreeModel)
        for first, second, how in model.edges
        if how == "learned"
    ]


def _says(release: Release, edges: Sequence[Edge]) -> Prose:
    many = {how: sum(edge[3] == how for edge in edges) for how in ("declared", "forbidden", "learned")}
    tables = len(release.plan.known) + len(release.plan.known_tables)
    if not tables and not any(many.values()):
        return Prose(parts=("The spec declares no dependence, and none was learned.",))
    parts: list[str | Value] = []
    for how, one, more, says in (
        ("declared", "edge is", "edges are", "public knowledge, measured without a choice that costs"),
        ("forbidden", "edge is", "edges are", "never learned"),
        ("learned", "edge was", "edges were", "by noisy selections that the budget paid for"),
    ):
        word = one if many[how] == 1 else more
        done = "chosen" if how == "learned" else f"{how}:"
        chosen = learned(release) if how == "learned" else ()
        parts += [resting(release, many[how], count(many[how]), chosen)]
        parts += [f" {word} {done} {says}. "]
    parts += [
        number(tables, count(tables), "S"),
        f" published {'table was' if tables == 1 else 'tables were'} taken as public knowledge. An edge says "
        "that two columns were modelled together, not that one causes the other.",
    ]
    return Prose(parts=tuple(parts))


def _edges(edges: Sequence[Edge]) -> Table:
    return Table(
        caption="Edges",
        columns=("Column", "Direction", "Column", "How it came about", "Model"),
        rows=tuple(
            (
                named(first),
                plain("goes to" if directed else "goes with"),
                named(second),
                plain(how),
                named(group) if group else plain(""),
            )
            for first, second, directed, how, group in edges
        ),
        folded=len(edges) > FOLDED,
    )


def _published(release: Release) -> Table:
    plan = release.plan
    ones = tuple(KnownTable(child=n, parents=(), shape=(len(row),), rows=(row,)) for n, row in plan.known)
    cited = dict(plan.citations)
    return Table(
        caption="Published tables",
        columns=("Column", "Depends on", "Cells", "Worth", "Cited from"),
        rows=tuple(_source(table, cited.get(table.child, "")) for table in (*ones, *plan.known_tables)),
        numeric=(2,),
    )


def _source(table: KnownTable, cite: str) -> tuple[Value, ...]:
    worth = plain("fixed: nothing was measured")
    if table.strength is not None:
        worth = number(table.strength, f"{table.strength:,.10g} units of data", "S")
    return (
        named(table.child),
        _names(table.parents) if table.parents else plain("nothing"),
        number(prod(table.shape), count(prod(table.shape)), "S"),
        worth,
        quoted(cite) if cite else plain("not stated"),
    )


def _names(names: Sequence[str]) -> Value:
    shown = ", ".join(named(name).text for name in names)
    return Value(text=shown, full=", ".join(names), name=True)


def _fitted(release: Release, models: dict[str, Model]) -> list[Block]:
    """Return the tables of columns given their parents, of the groups that are networks."""
    found: list[tuple[str, TreeModel, Family]] = []
    for group, model in models.items():
        if not isinstance(model, TreeModel) or not model.directed:
            continue
        parents: dict[str, list[str]] = {}
        for parent, child, _ in model.edges:
            parents.setdefault(child, []).append(parent)
        found += [(group, model, (child, tuple(above))) for child, above in parents.items()]
    if not found:
        return []
    small = [each for each in found if _cells(*each[1:]) <= MOST_CELLS][:MOST_TABLES]
    left = len(found) - len(small)
    says: list[str | Value] = [
        "P(column | parents) as read off the fitted models; the likeliest parents first. All of it is "
        "post-processing of noisy answers that were paid for."
    ]
    if left:
        says += [" ", resting(release, left, count(left), learned(release))]
        says.append(" further tables are too many or too large to show.")
    return [
        Heading(text="Fitted tables"),
        Prose(parts=tuple(says)),
        *(_table(release, model, family, _paid(release, group, family)) for group, model, family in small),
    ]


def _paid(release: Release, group: str, family: Family) -> tuple[str, ...]:
    """Return the events of the answers about a family's columns alone, or of all where there is none."""
    names = {family[0], *family[1]}
    mine = [m.event for m in release.measurements if m.group == group and names.issuperset(m.attributes)]
    return tuple(dict.fromkeys(mine)) or learned(release, group)


def _cells(model: TreeModel, family: Family) -> int:
    return prod(model.domain.size(name) for name in (*family[1], family[0]))


def _table(release: Release, model: TreeModel, family: Family, events: tuple[str, ...]) -> Table:
    """Return the first rows of P(child | parents), and how many there are beside."""
    child, parents = family
    joint: Shares = model.marginal((*parents, child))
    mass = joint.sum(axis=-1)
    rows = np.argsort(-mass.ravel(), kind="stable")[:MOST_ROWS]
    whole = joint.sum(axis=tuple(range(len(parents))))
    shown = np.sort(np.argsort(-whole, kind="stable")[:MOST_VALUES])
    others = len(whole) - len(shown)
    labels = {name: _labels(release, name, model.domain.size(name)) for name in (*parents, child)}
    made = []
    for row in rows:
        cell = np.unravel_index(int(row), mass.shape)
        if mass[cell] <= 0:
            continue
        share = joint[cell] / mass[cell]
        numbers = [share[value] for value in shown] + ([1.0 - share[shown].sum()] if others else [])
        made.append(
            (
                *(named(labels[name][int(at)]) for name, at in zip(parents, cell, strict=True)),
                *(
                    resting(release, max(float(each), 0.0), percent(max(float(each), 0.0)), events)
                    for each in numbers
                ),
            )
        )
    title = f"{named(child).text} given {', '.join(named(name).text for name in parents)}"
    heads = [named(labels[child][int(value)]).text for value in shown]
    heads += [f"{others} other values"] if others else []
    rest = f", {len(made)} of {mass.size:,} rows" if mass.size > len(made) else ""
    return Table(
        caption=f"{title}{rest}",
        columns=(*(named(name).text for name in parents), *heads),
        rows=tuple(made),
        numeric=tuple(range(len(parents), len(parents) + len(heads))),
        folded=True,
    )


def _labels(release: Release, name: str, size: int) -> tuple[str, ...]:
    column = next((each.column for each in release.columns if each.name == name), None)
    if column is None or isinstance(column, Id) or column.size != size:
        return tuple(f"code {code}" for code in range(size))
    return column.labels()
