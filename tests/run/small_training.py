"""A plan whose one group is fine-tuned privately, in a few steps."""

from __future__ import annotations

import sys
from pathlib import Path

import synthspec
from synthspec.generators.neural.autoregressive import Autoregressive
from synthspec.plan.ops import Fit
from synthspec.plan.plan import Plan
from synthspec.privacy.journal import Journal
from tests.run.stand_ins import charged

STEPS = 6
SPEC = """\
spec: 1
name: visits
source: {path: SOURCE, nulls: ['?']}
privacy: {unit: patient, max_rows: 3, epsilon: 4, delta: 1e-6}
columns:
  patient: id
  sex: [F, M]
  ward: [icu, er, med]
  age: {type: int, in: 0..119}
sample: {rows: 50}
output: {format: csv}
"""


PUBLIC = SPEC.replace("nulls: ['?']}", "nulls: ['?'], public: true, basis: made up}").replace(
    "privacy: {unit: patient, max_rows: 3, epsilon: 4, delta: 1e-6}\n", ""
)


def tuned_plan(source: Path, steps: int = STEPS, spec: str = SPEC) -> Plan:
    """Return the plan, its group's generator a network that is always fine-tuned."""
    path = source.parent / "visits.yaml"
    path.write_text(spec.replace("SOURCE", str(source)))
    value: Plan = synthspec.load(path).plan()._value
    slack = value.budget.delta0 // 10
    ops = tuple(
        op.model_copy(update={"cost": op.cost.model_copy(update={"delta0": slack})})
        if isinstance(op, Fit)
        else op
        for op in value.ops
    )
    network = Autoregressive(fine_tune="always", steps=steps, width=8)
    groups = tuple(group.model_copy(update={"generator": network}) for group in value.groups)
    return value.model_copy(update={"ops": ops, "groups": groups})


def counted(journal: Journal, charge: str) -> int:
    """Return how many training steps are counted."""
    return sum(each.counted for each in journal.standing().charges[charge].counters)


def main(source: str, out: str, resume: str) -> None:
    """Train, or go on; run in a process of its own by the tests that kill it."""
    from synthspec.privacy.entropy import SystemNoise
    from synthspec.run.companion import accompany_torchrun
    from synthspec.run.company import company, is_companion
    from synthspec.run.engine import engine
    from synthspec.run.execute import execute

    if is_companion("torchrun" if resume == "torchrun" else 1):
        accompany_torchrun("cpu")
        return
    plan = tuned_plan(Path(source), 60)
    journal = Journal.of_source(source)
    if journal is None:
        journal, charge = charged(plan)
    else:
        charge = next(iter(journal.standing().charges))

    def told(step: int, steps: int, name: str) -> None:
        print(name, flush=True)

    again = resume == "resume"
    with company("torchrun" if resume == "torchrun" else 1) as ranks:
        execute(plan, journal, charge, engine(), SystemNoise(), Path(out), again, progress=told, ranks=ranks)


if __name__ == "__main__":
    main(*sys.argv[1:])
