"""State: a ledger as `budget show` and `budget log` show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthspec.privacy.forecast import down2, up2


@dataclass(frozen=True)
class State:
    """A ledger as it stands, its chain verified; amounts are the ledger's own and public."""

    name: str
    facts: Mapping[str, Any]
    charges: tuple[Mapping[str, Any], ...]
    entries: tuple[Mapping[str, Any], ...]

    def tree(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"ledger": self.name, **self.facts, "charges": list(self.charges)}

    def text(self) -> str:
        """Return it for people."""
        facts = self.facts
        head = (
            f"ledger {self.name}   opened by {facts['owner']} ({facts['by']})   unit {facts['unit']}, "
            f"{facts['neighbours']}   cap ε = {facts['cap']:g} at δ = {facts['delta']:g}   "
            f"chain verified ({len(self.entries)} entries, `log` lists them)"
        )
        lines = [
            f"  {charge['day']}  {charge['label']}  {charge['state']:<9}  ε {charge['epsilon']} alone"
            for charge in self.charges
        ]
        times = facts["raises"]
        raised = "" if not times else f"   cap raised {'once' if times == 1 else f'{times} times'}"
        fits = f"largest single release that still fits: ε = {down2(facts['largest'])}"
        tail = f"spent ε = {up2(facts['spent'])}   {fits}"
        return "\n".join([head, *lines, tail + raised])

    def log(self) -> str:
        """Return every entry, one a line."""
        return "\n".join(
            f"{number:>4}  {entry['day']}  {entry['kind']:<13}  " + _rest(entry)
            for number, entry in enumerate(self.entries)
        )


def _rest(entry: Mapping[str, Any]) -> str:
    shown = ("charge", "label", "epsilon", "delta", "by", "owner", "unit", "neighbours", "counted")
    return "  ".join(f"{key} {entry[key]}" for key in shown if entry.get(key) not in (None, ""))
