"""Explain: a plan as text for people: steps and prices, rules, gates, what is taken as public."""

from __future__ import annotations

from collections.abc import Sequence

from synthspec.plan.explain_levels import contribution_lines, level_lines
from synthspec.plan.explain_risk import risk_lines
from synthspec.plan.explain_rules import rule_lines
from synthspec.plan.networks import network_lines
from synthspec.plan.notes import published_lines, vacuous_lines
from synthspec.plan.ops import Fit, Score
from synthspec.plan.plan import Gate, Plan, Question
from synthspec.plan.scenario import Scenario
from synthspec.privacy.accountant import mu_in
from synthspec.privacy.cost import Cost
from synthspec.terms.types import BOOL

SHOWN = 8
"""Lines of a long list before the rest is counted and left to `--full`."""

WIDEST = 32
"""Characters of a domain before the rest is left to `--full`."""

SURE = 2.0
"""Predictions spread the rows evenly, which overstates: measured worst columns are 0.3 to 0.9 of them."""

_UNIT_NULL = {
    "own": "rows without one are protected one by one",
    "drop": "rows without one are dropped",
}


def explain(
    plan: Plan,
    *,
    full: bool = False,
    ledger: str | None = None,
    reuse: Sequence[str] = (),
    before: Cost | None = None,
) -> str:
    """Return the plan as text.

    Args:
        plan: a verified plan.
        full: show every line of every list.
        ledger: a line about the ledger that would be charged, made by the caller, who can read it.
        reuse: lines about earlier releases on that ledger which answer the plan, likewise.
        before: what the releases on that ledger amount to so far, likewise.
    """
    blocks = [
        _head(plan),
        _steps(plan),
        level_lines(plan),
        contribution_lines(plan),
        network_lines(plan),
        _free(plan),
        [*rule_lines(plan), *vacuous_lines(plan)],
        _gates(plan),
        _report(plan),
        _questions(plan),
        _public(plan, full),
        _short(published_lines(plan), full),
        risk_lines(plan, before),
        [ledger] if ledger else [],
        ["Reuse", *(f"  {line}" for line in reuse)] if reuse else [],
        _reasons(plan),
        ["Nothing was read and nothing was charged."],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(plan: Plan) -> list[str]:
    lines = [f"{plan.name:<56}spec {plan.spec_digest[:8]}   synthspec {plan.tool}"]
    if plan.source is None:
        return [*lines, "  source     none: every row comes from domains, rules and published tables, ε = 0"]
    lines.append(f"  source     {plan.source.path} (not opened)")
    if plan.source.units is not None:
        lines.append(f"  units      {plan.source.units.path} (not opened), joined by {plan.unit}")
    if plan.source_public:
        return [
            *lines,
            f"  protects   nothing: declared public ({plan.source_basis}), no budget and no ledger",
        ]
    lines.append(f"  protects   {_protects(plan)}")
    if plan.protection is not None and plan.protection.unit != "row":
        lines.append(f"             {_UNIT_NULL[plan.unit_null]}")
    mu = mu_in(plan.budget)
    lines.append(
        f"  budget     ε = {plan.epsilon:g}, δ = {plan.delta:g} "
        f"(a tenth of it kept for discovery), μ = {mu:.3g}"
    )
    return lines


def _protects(plan: Plan) -> str:
    protection = plan.protection
    if protection is None:
        return "nothing"
    change = "add or remove" if protection.neighbours == "add-remove" else "replace"
    if protection.unit == "row":
        return f"every row by itself; {change} one row"
    most = "1 row" if protection.max_rows == 1 else f"{protection.max_rows} rows"
    return f"everything one {protection.unit} contributed, at most {most}; {change} one {protection.unit}"


def _steps(plan: Plan) -> list[str]:
    if not plan.predictions:
        return []
    rows = [
        (
            f"{at} {each.step}",
            each.what,
            f"{100 * each.share:.0f} %",
            each.noise,
            "" if plan.source_public else f"{each.epsilon_alone:.2f}",
            _error(each.error, each.worst),
        )
        for at, each in enumerate(plan.predictions, 1)
    ]
    read = "Steps that read " + ("public data" if plan.source_public else "private data")
    title = (read, "", "share", "noise", "alone ε", "predicted error (noise only)")
    lines = _table([title, *rows], right={2, 4})
    share = sum(each.share for each in plan.predictions)
    if not plan.source_public:
        lines.append(
            f"  together {100 * share:.0f} % of the budget: ε = {plan.epsilon:g} "
            "(composed; the column does not add)"
        )
    if plan.public_rows is None:
        lines.append("  errors are not predicted: add a public round number, `source: {rows: 40000}`")
    return lines


def _report(plan: Plan) -> list[str]:
    """Return a line per purchase of the report's share, with the width of its intervals."""
    if not plan.bought_for_report:
        return _held_out(plan)
    rows = [
        (each.what, f"{100 * each.share:.1f} %", f"σ {each.stddev:.3g}", each.width or "not predicted")
        for each in plan.bought_for_report
    ]
    wide = [max(len(row[at]) for row in rows) for at in range(3)]
    lines = [
        f"  {what:<{wide[0]}}  {share:>{wide[1]}}  {noise:<{wide[2]}}  {width}"
        for what, share, noise, width in rows
    ]
    head = "The report's share buys".ljust(wide[0] + wide[1] + wide[2] + 8) + "90 % intervals"
    return [head, *lines, *_held_out(plan)]


def _held_out(plan: Plan) -> list[str]:
    """Return the line about the units that nothing is learned from, where there are any."""
    if plan.holdout is None:
        return []
    line = f"  {100 * plan.holdout:g} % of the units are held out: nothing is learned from them"
    scored = any(isinstance(op, Score) for op in plan.ops)
    return [line if scored else f"{line}, and the report scores nothing on them"]


def _error(error: float | None, worst: str | None) -> str:
    if error is None:
        return worst or "not predicted"
    return f"{error:.3f}  {worst or ''}".rstrip()


def _table(rows: Sequence[Sequence[str]], right: set[int]) -> list[str]:
    """Return rows as aligned lines; columns in `right` are set to the right."""
    widths = [max(len(row[at]) for row in rows[1:] or rows) for at in range(len(rows[0]))]
    widths[0] = max(widths[0], 8)
    for at in range(2, len(widths)):
        widths[at] = max(widths[at], len(rows[0][at]))
    lead = max(widths[0] + 2 + widths[1], len(rows[0][0]))
    lines = []
    for number, row in enumerate(rows):
        first = row[0].ljust(lead) if number == 0 else f"{row[0].ljust(widths[0])}  {row[1]}".ljust(lead)
        rest = [
            cell.rjust(widths[at]) if at in right else cell.ljust(widths[at])
            for at, cell in enumerate(row[2:], 2)
        ]
        lines.append(
            ("" if number == 0 else "  ") + first + ("    " if number == 0 else "  ") + "  ".join(rest)
        )
    return [line.rstrip() for line in lines]


def _free(plan: Plan) -> list[str]:
    computed = [column.name for column in plan.columns if column.role == "computed"]
    free = [op.group for op in plan.ops if isinstance(op, Fit) and op.view is None]
    parts = [", ".join(computed)] if computed else []
    parts += [f"{', '.join(free)} from the spec alone"] if free else []
    enforced = sum(rule.enforce == "always" for rule in plan.rules)
    parts += [
        f"enforce {enforced} rule{'' if enforced == 1 else 's'}",
        f"{_many(plan.rows, plan.units, plan.unit)} into {plan.folder}",
        *(_scenario(scenario, plan.unit) for scenario in plan.scenarios),
    ]
    cast = plan.forecast
    rough = f"Rough time and memory: {_span(cast.seconds)}, {cast.megabytes:.0f} MB"
    return ["Free steps: " + " · ".join(parts), *([rough] if cast.seconds else [])]


def _many(rows: int, units: int | None, unit: str | None) -> str:
    return f"{rows} rows" if units is None else f"{units} whole units ({unit})"


def _scenario(scenario: Scenario, unit: str | None) -> str:
    """Return what a scenario is made of; all of it is post-processing of what is released or public."""
    how = []
    if scenario.given is not None:
        how.append(f"completing {scenario.given.path}")
    if scenario.mix:
        how.append("blending " + ", ".join(part.label for part in scenario.mix))
    if scenario.augment:
        how.append("synthetic rows varied")
    many = _many(scenario.rows, scenario.units, unit)
    return f"scenario {scenario.name} {many}" + (f" ({'; '.join(how)})" if how else "")


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _gates(plan: Plan) -> list[str]:
    if not plan.gates:
        return []
    names = max(len(gate.name) for gate in plan.gates) + 2
    texts = max(len(gate.text) for gate in plan.gates) + 2
    head = "Gates".ljust(names + texts + 2) + "predicted"
    return [head, *(f"  {g.name.ljust(names)}{g.text.ljust(texts)}{predicted(plan, g)}" for g in plan.gates)]


def predicted(plan: Plan, gate: Gate) -> str:
    """Return what is expected of a gate: a figure, whether noise alone breaks it, or "not predicted"."""
    if gate.metric == "violations":
        return "0"
    value = getattr(plan.forecast, gate.metric, None)
    if not isinstance(value, float):
        return "not predicted"
    over = value / gate.bounds[0] if gate.op in ("<", "<=") and gate.bounds[0] > 0 else 0.0
    verdict = ": likely to fail" if over > SURE else ": may fail" if over > 1 else ""
    return f"about {value:.3f} from noise alone{verdict}"


def _questions(plan: Plan) -> list[str]:
    """Return a line per question of `must_answer`: what it counts, and the interval of an answer."""
    if not plan.questions:
        return []
    rows = []
    for question in plan.questions:
        by = f" by {', '.join(question.by)}" if question.by else ""
        rows.append((question.name, _cut(f"{question.text}{by}", False), _half_width(plan, question)))
    return _table([("Questions", "", "90 % of an answer (noise only)"), *rows], right=set())


def _half_width(plan: Plan, question: Question) -> str:
    if question.expected is None or plan.public_rows is None:
        return "not predicted"
    return f"± {question.expected * plan.public_rows:,.0f} rows"


def _public(plan: Plan, full: bool) -> list[str]:
    domains = [
        column
        for column in plan.columns
        if column.column is not None
        and column.role == "modelled"
        and column.type != BOOL
        and not column.hidden
    ]
    based = [column for column in domains if column.basis]
    facts = [f"{len(domains)} domains ({len(based)} with a basis)"]
    if plan.files:
        facts.append(f"{len(plan.files)} public file{'' if len(plan.files) == 1 else 's'}")
    tables = len(plan.known) + len(plan.known_tables)
    if tables:
        facts.append(f"{tables} published table{'' if tables == 1 else 's'}")
    if plan.network.require:
        count = len(plan.network.require)
        facts.append(f"{count} declared edge{'' if count == 1 else 's'} (measured without selection)")
    rough = [f"{key} {n}" for key, n in (("rows", plan.public_rows), ("units", plan.public_units)) if n]
    if rough:
        facts.append(f"{' and '.join(rough)} (prediction only)")
    shown = [
        (column.name, _cut(column.column.domain_text(), full), column.basis or "no basis")
        for column in domains
        if column.column is not None and (full or column.basis)
    ]
    wide = [min(max((len(row[at]) for row in shown), default=0), most) for at, most in ((0, 28), (1, WIDEST))]
    lines = [f"  {name:<{wide[0]}}  {text:<{wide[1]}}  {basis}" for name, text, basis in shown]
    lines += [f"  {file.path}   sha256 {file.sha256[:12]}…" for file in plan.files]
    return ["Taken as public: " + ", ".join(facts), *_short(lines, full)]


def _cut(text: str, full: bool) -> str:
    return text if full or len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _reasons(plan: Plan) -> list[str]:
    return (
        ["Allowed with a reason:", *(f"  {code}  {why}" for code, why in plan.reasons)]
        if plan.reasons
        else []
    )


def _short(lines: list[str], full: bool) -> list[str]:
    if full or len(lines) <= SHOWN + 2:
        return lines
    return [*lines[:SHOWN], f"  ... {len(lines) - SHOWN} more lines, shown by `--full`"]
