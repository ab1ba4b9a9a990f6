"""Gates: public conditions on the figures of the report; unknown figures are refused and listed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from synthspec.compile.diagnose.names import known_column
from synthspec.compile.evaluated import MOST_OUTCOMES, can_be_label, has_tail
from synthspec.compile.expressions import Expressions
from synthspec.compile.findings import Findings, listing, plural
from synthspec.metrics.figures import FIGURES, Figure
from synthspec.plan.plan import Gate, PlannedColumn
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
    columns: Mapping[str, PlannedColumn]

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
        if path and not self._decides(name, match["metric"], figure, match["op"] or "between", bounds, path):
            return None
        return Gate(
            name=name,
            text=" ".join(text.split()),
            metric=match["metric"],
            argument=", ".join(arguments) or None,
            op=_OPS[match["op"] or "between"],
            bounds=bounds,
        )

    def _decides(
        self, name: str, metric: str, figure: Figure, op: str, bounds: tuple[float, ...], path: Path_
    ) -> bool:
        """Report Q613 for a figure that is not bought, Q614 for a gate that no or every value passes."""
        split = self.spec.privacy.split if self.spec.privacy is not None else {}
        modelled = sum(column.derive is None and column.lookup is None and column.type != "id"
                       for column in self.spec.columns.values())  # fmt: skip
        order = int(metric[-4]) if metric.endswith("way") else 1
        why = ""
        if figure.class_ != "S" and self.spec.source is None and not self.findings.written("source"):
            why = "the spec has no source to compare with"
        elif figure.class_ == "B" and split.get("report") == 0:
            why = "`report: 0` buys no figures"
        elif order > modelled:
            why = f"the spec has {plural(modelled, 'modelled column')}"
        if why:
            self.findings.report(
                "Q613", f"the figure of the gate `{name}` is never known", path, why,
                helps=("drop the gate, or name a figure that the report has",),
            )  # fmt: skip
            return False
        passes = _range_passes(op, bounds, figure.low, figure.high)
        if passes is not None:
            self.findings.report(
                "Q614", f"the gate `{name}` decides nothing", path,
                f"{'every' if passes else 'no'} value of `{metric}` passes",
                notes=(_range_text(metric, figure),),
                helps=("correct the bound, like `max_tvd_1way <= 0.05`",),
            )  # fmt: skip
        return passes is None

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
        if not given:
            return True
        if not known_column(self.findings, self.expressions, given[0], f"gate `{name}`", path):
            return False
        return self._suits(name, metric, given, path)

    def _suits(self, name: str, metric: str, given: tuple[str, ...], path: Path_) -> bool:
        """Report Q612 for a column that the figure cannot be about, and for a quantile that is none."""
        planned = self.columns.get(given[0])
        why = ""
        if self.spec.source is None:  # said elsewhere; without one no column is known to be counted
            return True
        if planned is not None and metric == "auc_gap" and not can_be_label(planned, self.columns.values()):
            why = f"`{given[0]}` is not a column of at most {MOST_OUTCOMES} listed values"
        if planned is not None and metric == "tail_ratio" and not has_tail(planned, self.columns.values()):
            why = f"the values of `{given[0]}` have no order, or no codes"
        if len(given) > 1 and not (re.fullmatch(_NUMBER, given[1]) and 0 < float(given[1]) < 1):
            why = f"`{given[1]}` is not a quantile between 0 and 1"
        if why:
            self.findings.report(
                "Q612",
                f"the figure in the gate `{name}` does not have the right arguments",
                path,
                why,
                helps=(("write `auc_gap(readmitted)`, of a column with few listed values",)
                if metric == "auc_gap" else ("write `tail_ratio(amount, 0.99)`, of a number or a date",)),
            )  # fmt: skip
        return not why


def _range_passes(op: str, bounds: tuple[float, ...], low: float, high: float) -> bool | None:
    """Return True when the whole range low..high passes, False when none of it does, else None.

    >>> _range_passes("<=", (2.0,), 0.0, 1.0), _range_passes("<=", (-1.0,), 0.0, 1.0)
    (True, False)
    """
    least, most = bounds[0], bounds[-1]
    match op:
        case "<=" | "<":
            every = high < most or (op == "<=" and high == most)
            none = low > most or (op == "<" and low == most)
        case ">=" | ">":
            every = low > least or (op == ">=" and low == least)
            none = high < least or (op == ">" and high == least)
        case "<>":
            every, none = not low <= least <= high, low == high == least
        case _:
            every, none = least <= low and high <= most, most < low or least > high or least > most
    return True if every else False if none else None


def _range_text(metric: str, figure: Figure) -> str:
    if figure.high == float("inf"):
        return f"`{metric}` is at least {figure.low:g}"
    return f"`{metric}` lies between {figure.low:g} and {figure.high:g}"
