"""The codes of family R that concern the text of expressions."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "R101": Entry(
        title="an expression that cannot be read",
        text=(
            "The text is not an expression of the language: a word is missing or stands in the wrong place."
        ),
        bad="age >",
        good="age > 18",
    ),
    "R102": Entry(
        title="comparisons do not chain",
        text=(
            "`10 <= age <= 20` would compare true or false with 20. Two comparisons are joined by AND; "
            "a test after a comparison needs parentheses."
        ),
        bad="10 <= age <= 20",
        good="age BETWEEN 10 AND 20",
    ),
    "R103": Entry(
        title="&&, || or ! instead of AND, OR or NOT",
        text="Expressions are SQL: AND, OR, NOT. `||` joins two texts, like `concat`.",
        bad="age > 10 && sex = 'F'",
        good="age > 10 AND sex = 'F'",
        related=("R104",),
    ),
    "R104": Entry(
        title="== instead of =",
        text="SQL compares by a single `=`.",
        bad="age == 10",
        good="age = 10",
        related=("R103",),
    ),
    "R105": Entry(
        title="a statement instead of an expression",
        text=("An expression has no `;`: it is one condition or one value, and nothing that could be run."),
        bad="age > 3; drop table t",
        good="age > 3",
    ),
    "R106": Entry(
        title="a word that does not belong",
        text=(
            "After a complete expression came another word. SQL would read it as an alias and go on; "
            "here it is an error, since a forgotten AND looks the same."
        ),
        bad="age >= 10 foo",
        good="age >= 10",
    ),
    "R107": Entry(
        title="double quotes around a text",
        text="In SQL double quotes name a column. Texts have single quotes; a quote inside is doubled.",
        bad='sex = "M"',
        good="sex = 'M'",
        related=("R108",),
    ),
    "R108": Entry(
        title="a value without quotes",
        text="A bare word names a column. A value of a category is written in single quotes.",
        bad="ward = icu",
        good="ward = 'icu'",
        related=("C101", "R107"),
    ),
    "R109": Entry(
        title="unknown function",
        text="Expressions may call a closed list of deterministic functions, the same in every engine.",
        bad="lenght(name) > 3",
        good="length(name) > 3",
        related=("R110",),
    ),
    "R110": Entry(
        title="a construct that is not in the language",
        text=(
            "Expressions are a small part of SQL: no subqueries, no comments, no operators of other "
            "languages, no functions whose value changes from run to run."
        ),
        bad="day < now()",
        good="day < '2025-01-01'",
        related=("R109",),
    ),
    "R111": Entry(
        title="types that do not go together",
        text=(
            "Both sides of a comparison, the branches of a CASE and the arguments of a function have "
            "fitting types. Numbers widen from int to decimal to float, dates to datetimes; nothing "
            "else is converted without a CAST."
        ),
        bad="age = '18'",
        good="age = 18",
        related=("R116",),
    ),
    "R112": Entry(
        title="the wrong number of arguments",
        text="The function takes another number of arguments.",
        bad="date_diff(a, b)",
        good="date_diff('day', a, b)",
    ),
    "R113": Entry(
        title="an aggregate where a row is meant",
        text=(
            "Rules and conditions look at one row. Sums over a unit's rows are derived columns with a "
            "window; a rule may then use the derived column."
        ),
        bad="total: sum(paid) < 100",
        good="paid_so_far: {derive: sum(paid) OVER (PARTITION BY card ORDER BY day)}",
        related=("R114",),
    ),
    "R114": Entry(
        title="a window that leaves its unit",
        text=(
            "A window partitions by the privacy unit and orders by columns, so that its value depends "
            "on one unit's rows only."
        ),
        bad="sum(paid) OVER (PARTITION BY city)",
        good="sum(paid) OVER (PARTITION BY card ORDER BY day)",
        related=("R113",),
    ),
    "R115": Entry(
        title="a value outside the domain",
        text="The column can never have this value, so the comparison is always false.",
        bad="sex = 'female'",
        good="sex = 'F'",
        related=("R108",),
    ),
    "R116": Entry(
        title="a date that cannot be read",
        text=(
            "Beside a date a text is read as a date: `'2024-12-31'`; beside a datetime with a time: "
            "`'2024-12-31T23:59:00'`."
        ),
        bad="day > '31.12.2024'",
        good="day > '2024-12-31'",
        related=("R111",),
    ),
    "R117": Entry(
        title="not a condition",
        text="A rule, an `if` or a `where` is a condition: true, false or unknown.",
        bad="adults: age",
        good="adults: age >= 18",
    ),
    "R118": Entry(
        title="an expression too long or too deep",
        text="Expressions are bounded in length and depth. Split it into derived columns.",
        bad="r: ward = 'a' OR ward = 'b' OR ward = 'c'     # and hundreds more",
        good="r: ward IN ('a', 'b', 'c')",
    ),
    "R119": Entry(
        title=".missing of a column that has none",
        text="`x.missing` exists for columns with `missing: modelled`. For others write `x IS NULL`.",
        bad="age.missing",
        good="age IS NULL",
    ),
}
