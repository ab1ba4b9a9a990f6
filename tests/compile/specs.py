"""Short specs for tests of checking and planning."""

from __future__ import annotations

from pathlib import Path

from synthspec.compile.check import check
from synthspec.compile.checked import Checked
from synthspec.compile.plan import compile_plan
from synthspec.errors import Diagnostic
from synthspec.plan.plan import Plan
from synthspec.spec.parse import parse

HEAD = """\
spec: 1
source: {path: a.csv, rows: 50000}
privacy: {unit: row, epsilon: 1}
"""

SMALL = (
    HEAD
    + """\
columns:
  age: int 0..120
  sex: [F, M, X]
  ward: [medicine, surgery, obstetrics, icu]
  stay: int 0..365
rules:
  no-men: ward <> 'obstetrics' OR sex <> 'M'
"""
)

PATIENTS = """\
spec: 1
source: {path: a.csv, rows: 50000, units: 20000}
privacy: {unit: patient, max_rows: 4, epsilon: 2, split: {who: 0.5}}
columns:
  patient: id
  visit: id
  age: int 0..120
  sex: {type: category, in: [F, M], other: X}
  area: {type: category, in: {discover: 50, else: OTHER}}
  paid: {type: decimal(2), in: 0..300_000, clip: 0.99}
  stay: {type: int, in: 0..365, outside: drop, missing: modelled}
  old: {derive: age >= 65}
rules:
  young-stay: {if: age < 18, then: stay < 100}
generate:
  who: {columns: [age, sex, area]}
  what: {columns: [paid, stay], given: [old, sex]}
"""

PANEL = """\
spec: 1
source: {path: a.csv, rows: 60000, units: 20000}
privacy: {unit: person, max_rows: 5, epsilon: 2}
columns:
  person: id
  sex: {type: category, in: [F, M], per: unit}
  born: {type: int, in: 1930..2005, per: unit}
  area: {type: category, in: {discover: 20, else: OTHER}, per: unit}
  young: {derive: born > 1980}
  year: int 2015..2024
  state: [well, ill, dead]
  paid: {type: int, in: 0..100_000, clip: 0.99, missing: modelled}
generate:
  who: {columns: [sex, born, area]}
  visits: {columns: [year, state, paid], given: [who, young], sequence: {by: year}}
sample: {units: 500}
"""


def diagnose(text: str, folder: Path | None = None) -> tuple[Diagnostic, ...]:
    """Return every diagnostic of a spec."""
    return check(parse(text, "spec.yaml"), folder)[1]


def codes(text: str, folder: Path | None = None) -> list[str]:
    """Return the codes of every diagnostic of a spec, in order of place."""
    return [diagnostic.code for diagnostic in diagnose(text, folder)]


def checked(text: str, folder: Path | None = None) -> Checked:
    """Return the checked spec; the spec has no errors."""
    found, diagnostics = check(parse(text, "spec.yaml"), folder)
    assert found is not None, [d.message for d in diagnostics]
    return found


def plan(text: str, folder: Path | None = None) -> Plan:
    """Return the compiled plan."""
    return compile_plan(checked(text, folder))
