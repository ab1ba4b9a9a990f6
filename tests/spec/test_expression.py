"""Expressions: the traps of LANGUAGE 2.4 each have their own code, and what is typed has one type."""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthspec.errors import CODES, Diagnostic, Span
from synthspec.spec.expression import parse_expression
from synthspec.spec.scope import ColumnInfo
from synthspec.terms.evaluate import evaluate
from synthspec.terms.expr import Cast, Compare, Expr, IsNull, Literal_, Logic, Not
from synthspec.terms.text import to_text
from synthspec.terms.types import BOOL, DATE, DATETIME, FLOAT, INT, TEXT, Type, decimal
from tests.terms.expressions import COLUMNS, expressions, rows

SCOPE: dict[str, Type | ColumnInfo] = {
    "age": INT,
    "sex": ColumnInfo(TEXT, ("F", "M", "X")),
    "ward": ColumnInfo(TEXT, ("medicine", "icu", "surgery")),
    "mcc": ColumnInfo(TEXT, ("0742", "6011")),
    "disposition": ColumnInfo(TEXT, ("home", "died"), span=Span("x.yaml", 9, 3, 9, 14)),
    "fee": decimal(2),
    "fx": decimal(4),
    "rate": FLOAT,
    "day": DATE,
    "at": DATETIME,
    "pid": TEXT,
    "flag": BOOL,
    "lactate": ColumnInfo(FLOAT, missing=True),
    "default": INT,
}


def findings(text: str, **given_: object) -> list[Diagnostic]:
    found = parse_expression(text, SCOPE, what="rule `r`", **given_)  # type: ignore[arg-type]
    assert isinstance(found, list), to_text(found)
    return found


def expr(text: str, **given_: object) -> Expr:
    found = parse_expression(text, SCOPE, **given_)  # type: ignore[arg-type]
    assert not isinstance(found, list), found
    return found


@pytest.mark.parametrize(
    ("text", "code", "marked", "replacement"),
    [
        # the six of LANGUAGE 2.4
        ("age >= 10 foo", "R106", "foo", None),
        ("10 <= age <= 20", "R102", "10 <= age <= 20", None),
        ("age > 10 && sex = 'F'", "R103", "&&", "AND"),
        ("age > 3; drop table t", "R105", "; drop table t", None),
        ('sex = "M"', "R107", '"M"', "'M'"),
        ("ward = icu", "R108", "icu", "'icu'"),
        # more of the kind
        ("ward IN (surgery, icuu)", "R108", "surgery", "'surgery'"),
        ("!flag", "R103", "!", "NOT "),
        ("age == 3", "R104", "==", "="),
        ("age = 3 IS NULL", "R102", "age = 3 IS", None),
        ("age > 3 AS x", "R106", "AS x", None),
        ("agee > 3", "C101", "agee", "age"),
        ("dispostion = 'died'", "C101", "dispostion", "disposition"),
        ("agee.missing", "C101", "agee.missing", "age.missing"),
        ("lenght(pid) > 3", "R109", "lenght(pid)", None),
        ("now() > day", "R110", "now()", None),
        ("age IN (SELECT 1)", "R110", "SELECT", None),
        ("age -- x", "R110", "--", None),
        ("age::int = 3", "R110", "::", None),
        ("age = '5'", "R111", "'5'", "5"),
        ("mcc = 6011", "R111", "6011", "'6011'"),
        ("flag = 1", "R111", "1", None),
        ("age + pid > 3", "R111", "pid", None),
        ("age = NULL", "R111", "NULL", None),
        ("age IN (1, NULL)", "R111", "NULL", None),
        ("rate % 2 = 0", "R111", "rate % 2", None),
        ("CAST(rate AS text) = 'x'", "R111", "rate", None),
        ("CAST(pid AS int) = 3", "R111", "pid", None),
        ("fx * fx * fx * fx > 1", "R111", "fx * fx * fx * fx", None),
        ("age AND flag", "R111", "age", None),
        ("CASE WHEN flag THEN 1 ELSE 'x' END = 1", "R111", "'x'", None),
        ("length(pid, 2) = 1", "R112", "length(pid, 2)", None),
        ("sum(age) > 3", "R113", "sum(age)", None),
        ("sum(age) OVER (PARTITION BY pid) > 3", "R113", "sum(age) OVER (PARTITION BY pid)", None),
        ("ward = 'icuu'", "R115", "'icuu'", "'icu'"),
        ("day > '2024-13-01'", "R116", "'2024-13-01'", None),
        ("day = '2024-01-01T00:00'", "R116", "'2024-01-01T00:00'", None),
        ("age.missing", "R119", "age.missing", None),
        ("age IS 3", "R101", "3", None),
        ("(age > 3", "R101", "3", None),
        ("age > 3)", "R101", ")", None),
        ("", "R101", "", None),
        ("pid = 'x", "R101", "'x", None),
    ],
)  # fmt: skip
def test_a_wrong_expression_has_one_finding_that_points_at_it(
    text: str, code: str, marked: str, replacement: str | None
) -> None:
    found = findings(text)[0]
    assert found.code == code and code in CODES
    span = next(span for span in found.spans if span.primary)
    assert text[span.column - 1 : span.end_column - 1] == marked
    assert (found.fixes[0].edits[0].text if found.fixes else None) == replacement
    assert len(found.helps) <= 3 and "`" + "None" not in found.message


def test_a_misspelt_column_shows_where_the_similar_one_is_declared() -> None:
    (found,) = findings("dispostion = 'died'")
    assert [span.line for span in found.spans] == [9, 1]


def test_independent_faults_are_all_found() -> None:
    assert [found.code for found in findings("agee > 3 AND ward = icu AND fee = 'x'")] == [
        "C101",
        "R108",
        "R111",
    ]


def test_a_rule_must_be_a_condition() -> None:
    assert findings("age", wants=BOOL)[0].code == "R117"
    assert findings("rate", wants=INT)[0].code == "R111"
    assert expr("age", wants=decimal(2)).type == decimal(2)


def test_deep_and_long_expressions_are_refused_and_not_crashed_on() -> None:
    limit = sys.getrecursionlimit()
    assert findings("(" * 5000 + "1" + ")" * 5000)[0].code == "R118"
    assert findings("NOT " * 3000 + "flag")[0].code == "R118"
    assert findings("1" + " + age" * 1500 + " = 3")[0].code == "R118"
    assert expr("1" + " + age" * 90 + " = 3").type == BOOL
    assert findings("age = 1 OR " * 3000 + "flag")[0].code == "R118"
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("fee + fx", decimal(4)),
        ("fee * fx", decimal(6)),
        ("fee * rate", FLOAT),
        ("age + 1", INT),
        ("age / 2", FLOAT),
        ("round(rate, 1)", decimal(1)),
        ("round(rate)", INT),
        ("round(fee, 0)", INT),
        ("round(age, -2)", INT),
        ("floor(fee)", INT),
        ("coalesce(age, fee)", decimal(2)),
        ("greatest(day, at)", DATETIME),
        ("if(flag, 'a', 'b')", TEXT),
        ("CASE WHEN flag THEN 1 END", INT),
        ("date_add('day', 3, day)", DATE),
        ("date_add('hour', 3, day)", DATETIME),
        ("date_diff('day', day, at)", INT),
        ("-fee", decimal(2)),
        ("lactate.missing", BOOL),
        ("default + 1", INT),
        ("'a' || pid", TEXT),
        ("1.50", decimal(2)),
        ("1e-3", FLOAT),
        ("300_000", INT),
        ("CAST(at AS DATE)", DATE),
        ("age % 2", INT),
        ("abs(fee)", decimal(2)),
    ],
)
def test_the_type_of_an_expression(text: str, type_: Type) -> None:
    assert expr(text).type == type_


def test_sides_of_a_comparison_have_one_type_in_the_result() -> None:
    for text in ("fee > age", "fee > 1", "rate > fee", "day > at", "day > '2024-01-01'", "at = '2024-01-01'"):
        found = expr(text)
        assert isinstance(found, Compare) and found.left.type == found.right.type


def test_sugar_becomes_the_closed_algebra() -> None:
    between = expr("age NOT BETWEEN 3 AND 4")
    assert isinstance(between, Not) and isinstance(between.arg, Logic)
    present = expr("age IS NOT NULL")
    assert isinstance(present, Not) and isinstance(present.arg, IsNull)
    assert isinstance(expr("lactate.missing"), IsNull)
    assert expr("day = '2024-01-01'") == expr("day = DATE '2024-01-01'")
    moment = expr("CAST(day AS datetime)")
    assert isinstance(moment, Cast)
    assert expr("-5") == Literal_(text="-5", type=INT)


def test_not_binds_looser_than_comparison_and_tighter_than_and() -> None:
    assert expr("NOT age = 3 AND flag OR flag") == expr("((NOT (age = 3)) AND flag) OR flag")
    assert expr("1 - 2 - 3 * 4") == expr("(1 - 2) - (3 * 4)")


def test_windows_stay_inside_the_unit() -> None:
    text = "sum(fee) OVER (PARTITION BY pid ORDER BY at, age)"
    assert expr(text, windows=True, unit="pid").type == decimal(2)
    assert findings(text, windows=True, unit="ward")[0].code == "R114"
    assert findings("sum(fee) OVER (ORDER BY at)", windows=True, unit="pid")[0].code == "R114"
    assert findings("avg(fee) OVER (PARTITION BY pid)", windows=True, unit="pid")[0].code == "R114"
    assert findings("sum(fee)", windows=True, unit="pid")[0].code == "R113"
    assert findings("sum(fee) OVER (PARTITION BY pid ORDER BY att)", windows=True)[0].code == "C101"


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_text_of_an_expression_parses_to_the_same_meaning(data: st.DataObject) -> None:
    made = data.draw(expressions(data.draw(st.sampled_from([BOOL, INT, FLOAT, TEXT, DATE, DATETIME]))))
    text = to_text(made)
    if any(word in text for word in ("position of", "bin of", "lookup of")):
        return
    again = parse_expression(text, COLUMNS)
    assert not isinstance(again, list), (text, again)
    assert again.type == made.type
    assert parse_expression(to_text(again), COLUMNS) == again
    row = data.draw(rows(1))[0]
    assert evaluate(again, row) == evaluate(made, row)


_PIECES = [*"()'\"=<>+-*/%,.;& |!0123abc_\n", "age ", "AND ", "IN ", "NOT ", "CASE ", "sex ", "NULL ", "day "]


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(st.sampled_from(_PIECES), max_size=20))
def test_no_text_raises(pieces: list[str]) -> None:
    found = parse_expression("".join(pieces), SCOPE)
    assert not isinstance(found, list) or all(each.code in CODES for each in found)


WRONG = """\
age > 3 || flag; age > 3 ||| 2; age ~ 3; `age` > 3; age > 3 # c; age ? 1 : 2; a: 3; {age}; age > 3 @
age ] 3; age ILIKE 'a'; age SIMILAR TO 'a'; (SELECT 1) = 1; length(SELECT 1) > 1; age IN (SELECT 1)
DISTINCT age; day + INTERVAL 3 day > day; day - INTERVAL '3' day > day; ward.startswith('i')
flag implies age > 3; flag xor flag; date(at) = day; isin(age, 1); exists(age); xor(flag, flag)
notnull(age); age = NULL; NULL = NULL; age IN (NULL); count(DISTINCT age) > 1; lactate. > 3
CAST(age AS 3) = 3; CAST(age AS) = 3; age >; (age; age); age IS 3; age IN 3; age IN ward
age IN (1-3); CASE flag END; age age; age 3; 3 age; 'x' 'y'; age > 1,5; age > 0x10; day > 01.02.2020
ward = ''icu''; age BETWEEN 3; NOT; AND; age AND; * age; age *; age > > 3; foo(; foo(age); age > 'x'
flag & flag
"""


@pytest.mark.parametrize(
    "text", [each.strip() for line in WRONG.split("\n") for each in line.split(";") if each]
)
def test_every_refusal_of_an_expression_ends_with_what_to_type(text: str) -> None:
    for found in findings(text):
        assert found.helps and all(found.helps), (found.code, found.message)


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("flag&&flag", "flag AND flag"),
        ("flag && flag", "flag AND flag"),
        ("flag||flag", "flag OR flag"),
        ("age > 3||flag", "age > 3 OR flag"),
        ("(flag)&(flag)", "(flag) AND (flag)"),
        ("!flag", "NOT flag"),
    ],
)
def test_a_sign_replaced_by_a_word_stays_apart_from_its_neighbours(text: str, fixed: str) -> None:
    (found,) = findings(text)
    (edit,) = found.fixes[0].edits
    made = text[: edit.span.column - 1] + edit.text + text[edit.span.end_column - 1 :]
    assert made == fixed
    assert expr(made).type == BOOL
