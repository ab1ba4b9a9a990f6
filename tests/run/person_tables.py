"""Person tables: the plans and the neighbouring files of the games about one whole person."""

from __future__ import annotations

from pathlib import Path

from synthspec.compile.check import check
from synthspec.compile.plan import compile_plan
from synthspec.plan.plan import Plan
from synthspec.spec.parse import parse
from tests.run.person_games import People

M = 4
"""Rows of a person that count; the person of the game has three times as many."""
SPEC = """\
spec: 1
source: {{path: people.csv, rows: 400, units: 100}}
privacy: {{unit: person, max_rows: {most}, epsilon: 2, delta: 1e-6, neighbours: {relation}{more}}}
columns:
  person: id
  sex: {{type: category, in: [F, M, X]{per}}}
  visit: {{type: int, in: 1..6}}
  ward: {{type: category, in: [a, b, c, d]}}
generate:
"""
ALL = "  all: {columns: [sex, visit, ward]}\n"
LEVELS = """\
  who: {columns: [sex]}
  what: {columns: [visit, ward], given: [sex], sequence: {by: visit}}
"""
TABLES = (
    "  who: {columns: [sex]}\n  what: {columns: [visit, ward], given: [sex]}\n"
    "tables:\n  persons: {path: people-units.csv, columns: [sex]}\n  visits: {columns: rest}\n"
)
KINDS = {
    "plain": ("", "", ALL, "bound"),
    "weights": (", contribution: weights", "", ALL, "weigh"),
    "once": ("", ", per: unit", LEVELS, "units"),
    "tables": ("", "", TABLES, "units"),
    "sequence": ("", ", per: unit", LEVELS, "bound"),
}


def planned(kind: str, relation: str) -> tuple[Plan, int]:
    """Return a plan, and the place of the op whose view is played for."""
    more, per, groups, op = KINDS[kind]
    text = SPEC.format(most=M, relation=relation, more=more, per=per) + groups
    checked, diagnostics = check(parse(text, "users.yaml"), None)
    if checked is None:
        raise ValueError("\n".join(each.message for each in diagnostics))
    plan = compile_plan(checked)
    return plan, next(at for at, each in enumerate(plan.ops) if each.op == op)


def neighbours(folder: Path, kind: str, relation: str) -> People:
    """Write others, and a person of three times as many rows as count, all alike, or other rows."""
    others = [f"p{i},{'FM'[i % 2]},{1 + i % 4},{'abc'[i % 3]}" for i in range(40) for _ in range(1 + i % 6)]
    paths = []
    for name, line in (("there", "me,X,6,d"), ("away", "me,F,5,c" if relation == "replace" else None)):
        # of persons, the other one has one row: then the number of rows differs, too
        rows = 1 if kind in ("once", "tables") and name == "away" else 3 * M
        mine = [] if line is None else [line] * rows
        paths.append(folder / f"{name}.csv")
        if kind == "tables":  # what is said of a person lies in a file of its own, of some several times
            parts = [text.split(",") for text in (*mine[::2], *others, *mine[1::2])]
            rest = ["person,visit,ward", *(f"{who},{visit},{ward}" for who, _, visit, ward in parts)]
            paths[-1].write_text("\n".join(rest) + "\n")
            beside = ["person,sex", *(f"{who},{sex}" for who, sex, _, _ in parts)]
            paths[-1].with_name(f"{name}-units.csv").write_text("\n".join(beside) + "\n")
            continue
        paths[-1].write_text("\n".join(["person,sex,visit,ward", *mine[::2], *others, *mine[1::2]]) + "\n")
    return People(*paths)
