"""Cycle: the one check that edges, `given`, `derive`, `lookup`, known tables and rules form no loop."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from synthspec.compile.findings import Findings
from synthspec.compile.graph import Arrow, Why, cycle_in, node_of
from synthspec.errors import Span

_DONE: dict[Why, str] = {
    "derive": "derived",
    "lookup": "looked up",
    "equation": "solved from an equation",
    "determines": "determined by a table",
}


@dataclass(frozen=True, eq=False)
class Cycle:
    """Looks for a loop among `arrows`: what must be known before what."""

    findings: Findings
    arrows: Sequence[Arrow]

    def check(self) -> None:
        """Report N301 with a shortest loop."""
        loop = cycle_in([replace(a, source=node_of(a.source), target=node_of(a.target)) for a in self.arrows])
        if not loop:
            return
        closing = next((arrow for arrow in reversed(loop) if arrow.why == "require"), loop[-1])
        first = loop.index(closing)
        names = " -> ".join([*(arrow.source for arrow in (*loop[first:], *loop[:first])), closing.source])
        notes = [
            f"`{arrow.target}` is {_DONE[arrow.why]}, so `{arrow.source} -> {arrow.target}` is an edge "
            "even though `network:` does not list it"
            for arrow in sorted(loop, key=lambda each: each.why not in ("equation", "determines"))
            if arrow.why in _DONE
        ]
        self.findings.report(
            "N301",
            f"the network has a cycle: {names}",
            closing.path,
            "closes the loop",
            span=self._place(closing),
            also=[(self._place(arrow), because(arrow)) for arrow in loop if arrow is not closing],
            notes=notes[:1],
            helps=(_way_out(closing),),
        )

    def _place(self, arrow: Arrow) -> Span:
        """Return where the spec says so: the very word in an expression."""
        parsed = self.findings.parsed
        if arrow.at:
            return parsed.at(arrow.path)(*arrow.at)
        long = (*arrow.path, "check")
        if arrow.why == "equation" and self.findings.written(*long):
            return parsed.span(long)
        whole = parsed.span(arrow.path)
        if arrow.why != "require" or whole.line != whole.end_line:
            return whole
        line = parsed.text.split("\n")[whole.line - 1][: whole.end_column - 1]
        found = re.search(rf"\b{re.escape(arrow.source)}\b", line[whole.column - 1 :])
        return replace(whole, column=whole.column + found.start()) if found else whole


def _way_out(arrow: Arrow) -> str:
    if arrow.source == arrow.target and arrow.why == "require":
        return f"drop `{arrow.source} -> {arrow.target}`: no column depends on itself"
    match arrow.why:
        case "derive" | "lookup":
            return f"compute `{arrow.target}` from other columns"
        case "equation" | "determines":
            return f"generate `{arrow.target}` in a group, or drop what depends on it"
        case "given":
            return "drop one of the `given:`, or put the columns into one group"
        case "require":
            other = f"`{arrow.target} -> {arrow.source}`"
            return f"drop `{arrow.source} -> {arrow.target}`, or point it the other way: {other}"
        case "known":
            return f"write the cases of `{arrow.target}` without `{arrow.source}`"


def because(arrow: Arrow) -> str:
    """Return why there is an arrow, in words."""
    match arrow.why:
        case "derive":
            return f"`{arrow.target}` is computed from `{arrow.source}`"
        case "lookup":
            return f"`{arrow.target}` is looked up by `{arrow.source}`"
        case "equation":
            return f"no group generates `{arrow.target}`: it is solved from `{arrow.source}`"
        case "determines":
            return f"`{arrow.target}` is determined by `{arrow.source}`"
        case "given":
            return f"`{arrow.target}` is generated given `{arrow.source}`"
        case "require":
            return f"`{arrow.target}` depends on `{arrow.source}`"
        case "known":
            return f"the known table of `{arrow.target}` reads `{arrow.source}`"
