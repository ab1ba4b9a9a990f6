"""Links: which attributes a fitted model joins, and whether the spec or a selection said so; all public.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from synthspec.generators.base import Workload
from synthspec.generators.conditionals import joints
from synthspec.generators.pgm.estimate import Evidence

Link = tuple[str, str, str]


def links(workload: Workload, names: Sequence[str], evidence: Sequence[Evidence]) -> tuple[Link, ...]:
    """Return (first, second, "declared" or "learned"): edges and tables of the spec, then selected pairs.

    Args:
        workload: what the spec declares.
        names: the attributes, in the order of the model.
        evidence: what the model was fitted to.
    """
    families = [(edge[:-1], edge[-1]) for edge in workload.edges]
    families += [(edge[:-1], edge[-1]) for edge, _ in workload.missing_edges]
    families += [(table.parents, table.child) for table in workload.conditionals]
    found = {(parent, child): "declared" for parents, child in families for parent in parents}
    tables = joints(workload)
    for each in evidence:
        if any({names[place] for place in each.scope} == set(parents) for parents in tables):
            continue  # measured for the table's sake
        if len(each.scope) == 2 and not each.exact:
            a, b = (names[place] for place in each.scope)
            if (b, a) not in found:
                found.setdefault((a, b), "learned")
    place = {name: at for at, name in enumerate(names)}
    order = sorted(found, key=lambda pair: (place[pair[0]], place[pair[1]]))
    return tuple((a, b, found[a, b]) for a, b in order)
