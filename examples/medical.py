"""A medical walk-through: admissions of made-up patients, one release under a budget, and its report.

Run it in an empty folder: `python medical.py`. It writes its files there and keeps its ledger there too.
"""

from __future__ import annotations

import os
from pathlib import Path

import synthspec as ss

# The ledger of a real table lies in the user's data folder; this table is made up, so its ledger is too.
os.environ.setdefault("SYNTHSPEC_HOME", str(Path("ledgers").absolute()))

# 1. A table to protect. Nobody's data: domains, and rules that hold in it, at epsilon 0.
world = ss.Spec(
    name="clinic",
    columns={
        "patient_id": "int 1..1500",
        "sex": ["F", "M"],
        "age": "int 0..99",
        "ward": ["medicine", "surgery", "obstetrics", "icu"],
        "dice": "int 0..99",
        "stay_days": ss.Column(
            derive="CASE WHEN ward = 'icu' THEN 3 + floor(dice / 5) ELSE 1 + floor(dice / 20) END"
        ),
    },
    rules={"obstetrics": ss.sql("ward <> 'obstetrics' OR (sex = 'F' AND age BETWEEN 15 AND 50)")},
)
world.mock(4_000, seed=3).select("patient_id", "sex", "age", "ward", "stay_days").write_csv("admissions.csv")

# 2. What may be learnt from it, and at what price. One patient, with up to four admissions, is the unit.
spec = ss.Spec(
    name="admissions",
    source=ss.Source("admissions.csv", rows=4_000),
    privacy=ss.Privacy(unit="patient_id", max_rows=4, epsilon=2),
    columns={
        "patient_id": "id",
        "sex": ["F", "M"],
        "age": ss.Column(type="int", in_="0..120", basis="longest documented human life is 122 years"),
        "ward": ["medicine", "surgery", "obstetrics", "icu"],
        "stay_days": "int 0..60",
    },
    rules={"no-men-in-obstetrics": {"if": "ward = 'obstetrics'", "then": "sex = 'F'"}},
    sample={"rows": 3_000, "seed": 7},
    gates={"rules-hold": "violations = 0"},
)
for found in spec.check():
    print(found.level, found.code, found.message)
plan = spec.plan()
print(plan.text())

# 3. The only line that reads the table and spends.
release = plan.train(out="release")

# 4. Everything from here on is free: rows, conditions, the report.
icu = release.sample(200, where="ward = 'icu'", seed=1)
assert set(icu["ward"]) == {"icu"}
report = release.report()
assert report.passed
report.save("report.html")
print(f"released {release.value.rows} rows under {release.claim}")

# 5. A second release of the same table does not fit its ledger any more.
try:
    spec.replace({"privacy.epsilon": 1}).plan().train(out="second")
except ss.BudgetError as refused:
    print(refused.message)
else:
    raise AssertionError("a second release must be refused")
