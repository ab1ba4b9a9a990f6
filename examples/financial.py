"""A financial walk-through: card transactions with a fixed relation of columns and a derived amount.

Run it in an empty folder: `python financial.py`. It writes its files there and keeps its ledger there too.
"""

from __future__ import annotations

import os
from pathlib import Path

import synthspec as ss

os.environ.setdefault("SYNTHSPEC_HOME", str(Path("ledgers").absolute()))

# 1. A made-up table of transactions: a cash machine needs a PIN, online shops have none.
channels = {
    "combos": ["channel", "pin_used"],
    "rows": [["chip", "true"], ["chip", "false"], ["ecom", "false"], ["atm", "true"]],
}
world = ss.Spec(
    name="bank",
    columns={
        "customer_id": "int 1..2000",
        "channel": ["chip", "ecom", "atm"],
        "pin_used": "bool",
        "amount": "decimal(2) 0.01..900.00",
        "fee": "decimal(2) 0..5",
        "is_fraud": "bool",
    },
    rules={"channel-pin": channels},
    network={"known": {"is_fraud": {"cite": "illustrative", "cases": [{"else": {"true": 0.02}}]}}},
)
world.mock(5_000, seed=4).write_csv("transactions.csv")

# 2. The spec: the amount's public range is wide on purpose and tightened under the budget by `clip`.
spec = ss.Spec(
    name="transactions",
    source=ss.Source("transactions.csv", rows=5_000),
    privacy=ss.Privacy(unit="customer_id", max_rows=8, epsilon=4),
    columns={
        "customer_id": "id",
        "channel": ["chip", "ecom", "atm"],
        "pin_used": "bool",
        "amount": ss.Column(
            type="decimal(2)", in_="0..250_000", clip=0.99, basis="scheme cap on one transaction"
        ),
        "fee": "decimal(2) 0..5",
        "is_fraud": "bool",
        "total": ss.Column(derive="amount + fee"),
    },
    rules={"channel-pin": channels, "cash-needs-pin": {"if": "channel = 'atm'", "then": "pin_used"}},
    sample={"rows": 4_000, "seed": 11},
    gates={"rules-hold": "violations = 0", "one-way": "mean_tvd_1way <= 0.5"},
)
plan = spec.plan()
print(plan.steps)

# 3. A plan file is what an auditor signs: it says everything that will be done, and its price.
plan.save("transactions.plan")
release = ss.load_plan("transactions.plan").train(out="release")

# 4. The rules hold in every row, and the total adds up, because it is computed and not learnt.
rows = release.data()
assert ((rows["channel"] != "atm") | rows["pin_used"]).all()
assert (rows["total"] - rows["amount"] - rows["fee"]).abs().max() < 0.005
assert release.report().passed
print(rows.head())
