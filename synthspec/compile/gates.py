"""Gates: public conditions on the figures of the report; unknown figures are refused and listed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from synthspec.compile.diagnose.names import known_column
from synthspec.compile.expressions import Expressions
from synthspec.compile.findings import Findings, listing
from synthspec.metrics.figures import FIGURES, Figure
from synthspec.plan.plan import Gate
from synthspec.spec.model import Spec
from synthspec.spec.tree import Path_

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_GATE = re.compile(
    rf"\s*(?P<metric>[A-Za-z_]\w*)\s*(?:\(\s*(?P<arguments>[^()]*?)\s*\))?\s*"
    rf"(?:(?P<op><=|>=|<>|=|<|>)\s*(?P<bound>{_NUMBER})|BETWEEN\s+(?P<low>{_NUMBER})\s+AND\s+(?P<high>{_NUMBER}))\s*",
    re.IGNORECASE,
)

Op = Literal["=", "<>", "<", "<=", ">", ">=", "between"]
_OPS: Mapping[str, Op] = {
    "=": "=",
    "<>": "<>",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "between": "between",
}

DEFAULT_GATES: Mapping[str, str] = {"rules-hold": "violations = 0"}


@dataclass(frozen=True, eq=False)
class Gates:
    """Reads `gates:`."""

    findings: Findings
    spec: Spec
    expressions: Expressions

    def resolve(self) -> tuple[Gate, ...]:
        """Return the gates; without any, the default ones."""
        if not self.spec.gates:
            return tuple(gate for name, text in DEFAULT_GATES.items() if (gate := self._gate(name, text, ())))
        read = [self._gate(name, text, ("gates", name)) for name, text in self.spec.gates.items()]
        return tuple(gate for gate in read if gate is not None)

    def _gate(self, name: str, text: str, path: Path_) -> Gate | None:
        match = _GATE.fullmatch(text)
        if match is None:
            self.findings.report(
                "Q610",
                f"the gate `{name}` is not readable",
                path,
                "a figure, a comparison and a number",
                helps=("write `max_tvd_1way <= 0.05`, or `... BETWEEN 0.9 AND 1.1`",),
            )
            return None
        figure = self._figure(name, match["metric"], path, match.span("metric"))
        arguments = tuple(part.strip() for part in (match["arguments"] or "").split(",") if part.strip())
        if figure is None or not self._arguments(name, match["metric"], figure, arguments, path):
            return None
        bounds = (float(match["bound"]),) if match["op"] else (float(match["low"]), float(match["high"]))
        return Gate(
            name=name,
            text=" ".join(text.split()),
            metric=match["metric"],
            argument=", ".join(arguments) or None,
            op=_OPS[match["op"] or "between"],
            bounds=bounds,
        )

    def _figure(self, name: str, metric: str, path: Path_, at: tuple[int, int]) -> Figure | None:
        if metric in FIGURES:
            return FIGURES[metric]
        span = self.findings.parsed.at(path)(*at)
        helps, fixes = self.findings.did_you_mean(metric, tuple(FIGURES), span)
        self.findings.report(
            "Q611",
            f"the gate `{name}` names an unknown figure",
            path,
            f"there is no figure `{metric}`",
            span=span,
            notes=(f"the figures are {listing(tuple(FIGURES), 12)}",),
            helps=helps,
            fixes=fixes,
        )
        return None

    def _arguments(self, name: str, metric: str, figure: Figure, given: tuple[str, ...], path: Path_) -> bool:
        if len(given) != figure.arguments:
            wanted = ("takes no argument", "takes a column", "takes a column and a number")[figure.arguments]
            self.findings.report(
                "Q612",
                f"the figure in the gate `{name}` does not have the right arguments",
                path,
                f"`{metric}` {wanted}",
                helps=(f"write `{metric}{('', '(column)', '(column, 0.99)')[figure.arguments]}`",),
            )
            return False
        return not given or known_column(self.findings, self.expressions, given[0], f"gate `{name}`", path)
