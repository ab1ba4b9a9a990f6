"""The codes of family S."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "S101": Entry(
        title="not readable YAML",
        text=(
            "The text is not YAML 1.2, so nothing of it was read. The caret stands where YAML gave up; "
            "the cause is often on the line before: a missing colon, a quote that is not closed, a "
            "value that starts with a quote or holds `: ` or ` #` without quotes around it all."
        ),
        bad="no-men: 'M' = sex",
        good="no-men: sex = 'M'",
        related=("S105", "S116"),
    ),
    "S102": Entry(
        title="unknown key",
        text=(
            "The language has a closed set of keys, so that a misspelt one is never skipped in "
            "silence. Keys of your own may start with `x-` at the top level, for YAML anchors."
        ),
        bad="colums: {age: int 0..120}",
        good="columns: {age: int 0..120}",
        related=("S124",),
    ),
    "S103": Entry(
        title="a key written twice",
        text=(
            "A mapping names each key once. Many programs keep the last one without a word; here it is "
            "an error, since the first was meant too."
        ),
        bad="age: int 0..120\nage: int 0..99",
        good="age: int 0..99",
    ),
    "S104": Entry(
        title="a name listed twice",
        text="Each name of such a list counts once; written twice it is a slip.",
        bad="columns: [age, sex, age]",
        good="columns: [age, sex]",
    ),
    "S105": Entry(
        title="an expression cut by a comma inside { }",
        text=(
            "Inside `{ }` YAML ends a value at a comma, also in the middle of `IN (1, 2)` or `round(x, "
            "2)`. Quote the expression, or write the mapping on lines of its own."
        ),
        bad="winter: {where: month(day) IN (12, 1, 2)}",
        good='winter: {where: "month(day) IN (12, 1, 2)"}',
        related=("S101",),
    ),
    "S106": Entry(
        title="the wrong kind of value",
        text=(
            "The key takes another kind of value: a number without quotes, a list, a mapping, `true` "
            "or `false`. `epsilon` in particular is a finite number and never a text."
        ),
        bad="epsilon: one",
        good="epsilon: 1",
        related=("S107",),
    ),
    "S107": Entry(
        title="a number out of range",
        text=(
            "The number lies outside what the key allows. `epsilon` is more than 0, shares are 0 to 1, "
            "counts start at 1."
        ),
        bad="epsilon: 0",
        good="epsilon: 1",
        related=("S106",),
    ),
    "S108": Entry(
        title="a text that the key does not take",
        text=(
            "The key takes one of a few words, or a text of a certain form such as `lo..hi` or `a, b -> c`."
        ),
        bad="missing: modeled",
        good="missing: modelled",
    ),
    "S109": Entry(
        title="the spec cannot be read",
        text="The file does not exist, is a folder, or may not be read.",
        bad="synthspec check hospitl.yaml",
        good="synthspec check hospital.yaml",
        related=("S110", "S111"),
    ),
    "S110": Entry(
        title="not UTF-8",
        text="A spec is UTF-8 text. Files saved as UTF-16 or Latin-1 must be saved again.",
        bad="file hospital.yaml     # ISO-8859 text",
        good="iconv -f latin1 -t utf-8 hospital.yaml > hospital-utf8.yaml",
        related=("S117",),
    ),
    "S111": Entry(
        title="the spec is too large",
        text=(
            "A spec has at most 1,000,000 bytes. Long lists of values belong in a public file of their own."
        ),
        bad='mcc: ["0742", "0743", ...]',
        good="mcc: {type: category, in: {file: mcc.csv, column: mcc}}",
    ),
    "S112": Entry(
        title="too deep, or too many aliases",
        text=(
            "Nesting, aliases and what aliases expand to are bounded, so that a small file cannot take "
            "all memory."
        ),
        bad="x-a: &a [1, 1]\nx-b: &b [*a, *a, *a]\nx-c: [*b, *b, *b]     # and so on, many times",
        good="columns: {ward: {type: category, in: {file: wards.csv, column: ward}}}",
    ),
    "S113": Entry(
        title="the spec is empty",
        text="The file holds no YAML at all. The shortest useful spec has `spec` and `columns`.",
        good="spec: 1\ncolumns: {age: int 0..120}",
    ),
    "S114": Entry(
        title="not a mapping",
        text="A spec is a mapping from keys to values; this file holds a list or a single value.",
        bad="- age",
        good="columns: {age: int 0..120}",
    ),
    "S115": Entry(
        title="two documents in one file",
        text="One file is one release: a `---` in the middle starts a second document.",
        bad="spec: 1\n---\nspec: 1",
        good="spec: 1",
    ),
    "S116": Entry(
        title="a tab where blanks are needed",
        text="YAML indents by blanks; a tab has no agreed width.",
        bad="columns:\n\tage: int 0..120",
        good="columns:\n  age: int 0..120",
        related=("S101",),
    ),
    "S117": Entry(
        title="a byte order mark",
        text=(
            "Some editors start a file with an invisible mark. It is skipped, and `synthspec fmt` removes it."
        ),
        related=("S110",),
    ),
    "S118": Entry(
        title="unknown language version",
        text="The number after `spec:` names the version of the language. This program reads version 1.",
        bad="spec: 3",
        good="spec: 1",
    ),
    "S119": Entry(
        title="an environment variable is not set",
        text=("`${NAME}` in a path is replaced by the environment variable of that name, which must exist."),
        bad="source: ${DATA_DIR}/a.csv",
        good="export DATA_DIR=/srv/data",
    ),
    "S120": Entry(
        title="a suppression without code or reason",
        text=(
            "A warning is allowed by a comment with its code and a reason, on its line or above it. "
            "The reasons are printed in the plan."
        ),
        bad="# synthspec: allow P402",
        good="# synthspec: allow P402 because the assay cannot report more",
    ),
    "S122": Entry(
        title="a YAML tag",
        text=(
            "Tags such as `!!int` or `!include` are not part of the language: types come from the "
            "column, and nothing is ever loaded."
        ),
        bad="age: !!str 5",
        good="age: int 0..5",
    ),
    "S123": Entry(
        title="a name that cannot be used",
        text=(
            "Columns are named by letters, digits and `_`, so that expressions can name them, and not "
            "by a word of the expression language. The name in the source goes to `from:`."
        ),
        bad="hours-per-week: int 1..99",
        good="hours_per_week: {type: int, in: 1..99, from: hours-per-week}",
    ),
    "S124": Entry(
        title="a needed key is missing",
        text=("The mapping needs this key; there is no default. Nothing that matters for privacy has one."),
        bad="privacy: {unit: patient_id, max_rows: 4}",
        good="privacy: {unit: patient_id, max_rows: 4, epsilon: 1}",
        related=("S102",),
    ),
    "S125": Entry(
        title="a column in no readable form",
        text=(
            "The short forms are `id`, `bool`, `int 0..120`, `float 0..30`, `decimal(2) 0..500`, `date "
            "2018-01-01..2024-12-31`, `datetime ...` and `[F, M, X]`. A `?` after the type means "
            "`missing: modelled`. Everything else goes in the long form."
        ),
        bad="age: integer from 0 to 120",
        good="age: int 0..120",
    ),
}
