"""priced: each event's question asked again by the product's own code, with its bounds and its price.

The one-file verifier recomputes sensitivities and prices by its own formulas; this is the other half:
questions that depend on columns (ranges and lists that were bought), and the product's own mechanisms,
certified.

Source: ours; PRIVACY 2 of the design.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from synthspec.mechanisms import AnyMechanism, Mechanism
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.view import flags_of
from synthspec.release.level import event_protection
from synthspec.release.release import Event, Release
from synthspec.terms.query import Affected, Axis, Marginal, Sensitivity, Touched
from synthspec.verify.standalone import Check, many_of


def check_questions(release: Release) -> Check:
    """Return whether every event asks what the plan asks, and costs what its mechanism costs."""
    plan = release.plan
    if not release.events:
        return Check("questions", "passed", "nothing was bought")
    adapter: TypeAdapter[Mechanism] = TypeAdapter(AnyMechanism)
    known = 0
    for event in release.events:
        bought = adapter.validate_python(event.mechanism)
        if bought.cost() != event.cost:
            return _bad(event, "has another price than its mechanism")
        if event.property_used != bought.property_used:
            return _bad(event, "names another formula than that of its mechanism")
        if event.sensitivity_l1 is None or event.sensitivity_l2_squared is None:
            return _bad(event, "states no sensitivity")
        bound = Sensitivity(event.sensitivity_l1, event.sensitivity_l2_squared)
        if event.stddev is None or abs(bought.stddev(bound) - event.stddev) > 1e-9 * event.stddev:
            return _bad(event, "states another noise than its mechanism draws")
        query = _query(plan, release, event)
        if query is not None:
            known += 1
            protection = event_protection(plan, event)
            assert protection is not None
            if query.digest() != event.query:
                return _bad(event, "asks something else than the plan")
            if query.sensitivity(protection) != bound:
                return _bad(event, "states another sensitivity than its question has")
    priced, asked = many_of(len(release.events), "event"), many_of(known, "question")
    said = f"{priced} priced by the product's mechanisms; {asked} asked again"
    return Check("questions", "passed", said, {"events": len(release.events), "questions": known})


def _query(plan: Plan, release: Release, event: Event) -> Touched | Marginal | Affected | None:
    """Return the question of an event that depends on the plan's columns alone; None for others."""
    match event.stage:
        case "discover":
            return Touched(column=event.target[0])
        case "tighten":
            return Marginal(axes=(_axis(plan.column(event.target[0])),))
        case "determine":
            name = event.target[0]
            resolved = {column.name: column for column in release.columns}
            return Marginal(
                axes=tuple(_axis(resolved[each]) for each in (*plan.column(name).determined_by, name))
            )
        case "fit":
            return Affected(flags=flags_of(plan))
        case _:
            return None


def _axis(planned: PlannedColumn) -> Axis:
    return Axis(attribute=planned.name, size=1 if planned.column is None else planned.column.size)


def _bad(event: Event, why: str) -> Check:
    return Check("questions", "failed", f"event {event.id} {why}")
