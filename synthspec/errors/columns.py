"""The codes of family C."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "C101": Entry(
        title="unknown column",
        text=(
            "A name is used that is no column of the spec. Columns are written with their name in "
            "`columns:`; `from:` gives the name in the source."
        ),
        bad="network: {require: [aeg -> ward]}",
        good="network: {require: [age -> ward]}",
    ),
    "C102": Entry(
        title="a column without a domain",
        text=(
            "Every modelled column needs a public domain, since values, noise and codes are laid out over "
            "it before a row is read. There is no domain that is read off the data: `clip` and `discover` "
            "find one under privacy, and are paid for."
        ),
        bad="age: int",
        good="age: int 0..120",
        related=("P401",),
    ),
    "C103": Entry(
        title="a column without a type",
        text="A column is read with a type, or computed with `derive:` or `lookup:`, whose type is inferred.",
        bad="ward: {in: [icu, other]}",
        good="ward: {type: category, in: [icu, other]}",
    ),
    "C104": Entry(
        title="the domain is empty",
        text="The range starts after it ends, or the list has no value, so no row could exist.",
        bad="admitted: date 2024-12-31..2018-01-01",
        good="admitted: date 2018-01-01..2024-12-31",
    ),
    "C105": Entry(
        title="a value twice in one domain",
        text=(
            "Each value of a list is a code of its own. Written twice it would be counted in one place and "
            "declared in two."
        ),
        bad="sex: [F, M, F]",
        good="sex: [F, M, X]",
    ),
    "C106": Entry(
        title="the domain does not fit the type",
        text="Categories take a list of values, numbers and dates a range, an id and a bool nothing.",
        bad="age: {type: int, in: [young, old]}",
        good="age: {type: int, in: 0..120}",
        related=("C107",),
    ),
    "C107": Entry(
        title="an end of a range has another type",
        text=(
            "The ends of a range are written in the type of the column: whole numbers for `int`, at most n "
            "decimals for `decimal(n)`, dates as 2024-12-31. A date as the upper end of a `datetime` "
            "includes that whole day."
        ),
        bad="paid: decimal(2) 0..99.999",
        good="paid: decimal(2) 0..99.99",
    ),
    "C108": Entry(
        title="a grid that is too fine",
        text="Values are drawn on a grid of exact numbers; beyond 2^53 points they are no longer exact.",
        bad="x: {type: float, in: 0..1e12, step: 1e-9}",
        good="x: {type: float, in: 0..1e12, step: 0.01}",
    ),
    "C109": Entry(
        title="a step that does not fit",
        text=(
            "The step is the distance of grid points: positive, in the unit of the column; spans for time: "
            "`15min`, `1h`, `1d`."
        ),
        bad="at: {type: datetime, in: 2024-01-01..2024-12-31, step: fast}",
        good="at: {type: datetime, in: 2024-01-01..2024-12-31, step: 1h}",
    ),
    "C110": Entry(
        title="bin edges outside the domain",
        text=(
            "Edges are values of the domain in increasing order; the ends of the domain may be left out. "
            "Bins are public: choose them by what matters, never by looking at the data."
        ),
        bad="age: {type: int, in: 0..120, bins: [0, 18, 200]}",
        good="age: {type: int, in: 0..120, bins: [0, 18, 65, 120]}",
    ),
    "C111": Entry(
        title="a key for ordered columns",
        text="`clip`, `step` and `bins` mean something on a line only: numbers, dates and times.",
        bad="sex: {type: category, in: [F, M], bins: 2}",
        good="sex: {type: category, in: [F, M]}",
    ),
    "C113": Entry(
        title="a domain that cannot be bought",
        text=(
            "`discover` finds the values of a category that is read from a private source, `clip` tightens "
            "the range of an ordered one. Without a source, or on another type, there is nothing to buy."
        ),
        bad="age: {type: int, in: {discover: 50, else: x}}",
        good="age: {type: int, in: 0..120, clip: 0.99}",
    ),
    "C114": Entry(
        title="a key without effect",
        text=(
            "The key means nothing on this kind of column. It is refused, since a key that is quietly "
            "ignored is read as a promise."
        ),
        bad="bmi: {derive: kg / m / m, from: BMI}",
        good="bmi: {derive: kg / m / m}",
    ),
    "C115": Entry(
        title="a column computed in two ways, or half a way",
        text=(
            "A column is derived or looked up, not both; a lookup needs the file, `by:` and `take:`; an id "
            "is never computed."
        ),
        bad="rate: {lookup: ecb.csv}",
        good="rate: {lookup: ecb.csv, by: {currency: ccy}, take: rate}",
    ),
    "C116": Entry(
        title="`missing` does not fit the column",
        text=(
            "`modelled` gaps belong to columns that are read; `derived` ones to computed columns, whose "
            "value is missing when an input is."
        ),
        bad="bmi: {derive: kg / m / m, missing: modelled}",
        good="bmi: {derive: kg / m / m, missing: derived}",
    ),
    "C117": Entry(
        title="`outside` does not fit the column",
        text=(
            "What happens to a value outside the domain: `clip` it to the ends of a range, make it "
            "`missing` where gaps are declared, replace it by the `other` value, or `drop` the row. Always "
            "silently, since a message would tell that there was one."
        ),
        bad="sex: {type: category, in: [F, M], outside: other}",
        good="sex: {type: category, in: [F, M], other: X}",
    ),
    "C118": Entry(
        title="a label outside the domain",
        text="`labels` maps codes of the source to values of the domain.",
        bad="sex: {type: category, in: [F, M], labels: {1: male}}",
        good="sex: {type: category, in: [F, M], labels: {1: M}}",
    ),
    "C119": Entry(
        title="declared as one type, computed as another",
        text=(
            "The `type:` of a derived column must be the type of its expression, or one that it converts to"
            " without loss of meaning."
        ),
        bad="name: {derive: length(code), type: bool}",
        good="name: {derive: length(code)}",
    ),
    "C120": Entry(
        title="a public file that cannot be read",
        text=(
            "Code lists and lookup tables are public CSV files, named relative to the folder of the spec. "
            "They are read when the spec is checked, and fixed by their SHA-256 in the plan."
        ),
        bad="icd: {type: category, in: {file: codes/idc.csv, column: block}}",
        good="icd: {type: category, in: {file: codes/icd.csv, column: block}}",
        related=("C121",),
    ),
    "C121": Entry(
        title="a public file that is no table",
        text="A code list is CSV in UTF-8 with commas, a header with distinct names, and rows of one length.",
        bad="in: {file: codes.xlsx, column: code}",
        good="in: {file: codes.csv, column: code}",
        related=("C120",),
    ),
    "C122": Entry(
        title="a public file without that column",
        text="The header of the file does not name the column that the spec asks for.",
        bad="in: {file: icd.csv, column: blok}",
        good="in: {file: icd.csv, column: block}",
    ),
    "C123": Entry(
        title="a value of a lookup table has another type",
        text=(
            "Keys must be readable in the type of the column that looks them up, and the value taken in the"
            " type of the column."
        ),
        bad="rate: {type: int, lookup: rates.csv, by: {day: day}, take: name}",
        good="rate: {lookup: rates.csv, by: {day: day}, take: rate}",
    ),
    "C124": Entry(
        title="a lookup table with two answers",
        text=(
            "One key of the table has two different values, so the looked-up value would depend on which "
            "row is met first."
        ),
        bad="by: {currency: ccy}             # one row per currency and day",
        good="by: {currency: ccy, value_date: day}",
    ),
    "C125": Entry(
        title="a format that gives no date",
        text=(
            "`format` says how dates are written in the source. Dates written by it are read back; when they "
            "do not come back whole, every value of the column would silently count as unreadable."
        ),
        bad="born: {type: date, in: 1905-01-01..2024-12-31, format: DD/MM/YYYY}",
        good='born: {type: date, in: 1905-01-01..2024-12-31, format: "%d/%m/%Y"}',
    ),
    "C126": Entry(
        title="a value that is also a word for nothing",
        text="A word of `nulls` is read as missing, so the value of the domain could never occur.",
        bad="in: [yes, no, '?'], nulls: ['?']",
        good="in: [yes, no], nulls: ['?'], missing: modelled",
    ),
    "C127": Entry(
        title="a column derived from an id",
        text=(
            "Ids are made up fresh for synthetic rows, so what is computed from them means nothing. In a "
            "window, ids may divide and order rows."
        ),
        bad="ward: {derive: substr(admission_id, 1, 2)}",
        good="ward: [medicine, icu]",
    ),
    "C129": Entry(
        title="per unit, and computed row by row",
        text=(
            "A column `per: unit` has one value for all rows of a person. A derived or looked-up column is "
            "per unit by itself, where everything it is computed from is; it needs no key."
        ),
        bad="age: {derive: 'age_years(birth_date, admit_at)', per: unit}",
        good="age: {derive: 'age_years(birth_date, admit_at)'}",
        related=("P441",),
    ),
    "C128": Entry(
        title="a computed column that keeps rows out",
        text=(
            "A computed column is never missing unless it says so. Where it would be null (a root of a "
            "negative number, a division by 0, a key that the file lacks, an input that is missing) no row "
            "is drawn, so those values of its inputs never appear. `missing: derived` lets them."
        ),
        bad="lactate: {type: float, in: 0.2..30, missing: modelled}\nhigh: {derive: lactate > 4}",
        good="lactate: {type: float, in: 0.2..30, missing: modelled}\n"
        "high: {derive: lactate > 4, missing: derived}",
        related=("R202",),
    ),
}
