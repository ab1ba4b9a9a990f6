"""The codes of family G."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "G401": Entry(
        title="unknown generator",
        text=(
            "`using` names an entry of the shelf: `marginal` learns one- and two-way tables under privacy, "
            "`copula` single columns and correlations, `independent` single columns, `rules` nothing at all."
        ),
        bad="using: margnal",
        good="using: marginal",
    ),
    "G402": Entry(
        title="an option that the generator does not have",
        text="`with:` holds the options of the generator; one that it does not know would be ignored.",
        bad="with: {max_cell: 100000}",
        good="with: {max_cells: 100000}",
    ),
    "G403": Entry(
        title="an option with a value that does not fit",
        text="The generator's own limits on its options.",
        bad="with: {max_cells: 10}",
        good="with: {max_cells: 600000}",
    ),
    "G410": Entry(
        title="nothing to generate",
        text=(
            "A table needs at least one modelled column: one with a domain that is neither an id nor "
            "computed."
        ),
        bad="columns: {patient_id: id}",
        good="columns: {patient_id: id, age: int 0..120}",
    ),
    "G411": Entry(
        title="a column in no group",
        text=(
            "With `generate:`, each modelled column is in exactly one group. Without `generate:` one group "
            "takes them all."
        ),
        bad="generate: {a: {columns: [x]}}         # columns: x and y",
        good="generate: {a: {columns: [x, y]}}",
        related=("G420",),
    ),
    "G412": Entry(
        title="a column that no group can generate",
        text="Ids are made up and computed columns computed; groups generate the rest.",
        bad="a: {columns: [age, bmi]}       # bmi is derived",
        good="a: {columns: [age, height, weight]}",
    ),
    "G413": Entry(
        title="unknown name under `given`",
        text=(
            "`given` names groups (all their columns), modelled columns of other groups, or derived columns"
            " with a domain."
        ),
        bad="given: [patient]",
        good="given: [patients]",
    ),
    "G414": Entry(
        title="a group without columns",
        text="A group lists the columns that it generates.",
        bad="labs: {using: marginal}",
        good="labs: {using: marginal, columns: [lactate]}",
    ),
    "G415": Entry(
        title="a generator that cannot be conditioned",
        text="This generator makes its columns by themselves.",
        bad="labs: {using: independent, given: [stay], columns: [x]}",
        good="labs: {using: marginal, given: [stay], columns: [x]}",
    ),
    "G416": Entry(
        title="learning without a source",
        text="Only `rules` works from the spec alone.",
        bad="generate: {all: {columns: [x], using: marginal}}   # no source",
        good="generate: {all: {columns: [x], using: rules}}",
    ),
    "G417": Entry(
        title="an id as a condition",
        text="An id names a person or a row; a model conditioned on it would learn persons.",
        bad="given: [patient_id]",
        good="given: [patients]",
    ),
    "G418": Entry(
        title="a condition without a domain",
        text="A derived column that others depend on is coded like any column, so it needs a public domain.",
        bad="age: {derive: 'age_years(born, seen)'}",
        good="age: {derive: 'age_years(born, seen)', in: 0..120}",
    ),
    "G419": Entry(
        title="a group conditioned on itself",
        text="Columns of one group are modelled jointly; `given` is for those of other groups.",
        bad="labs: {columns: [a, b], given: [a]}",
        good="labs: {columns: [a, b]}",
    ),
    "G420": Entry(
        title="a column in two groups",
        text=(
            "Two groups would each draw a value. Generate it in one and name that group under `given` in "
            "the other."
        ),
        bad="{a: {columns: [x]}, b: {columns: [x, y]}}",
        good="{a: {columns: [x]}, b: {columns: [y], given: [a]}}",
        related=("G411",),
    ),
    "G424": Entry(
        title="groups that cannot be counted",
        text=(
            "Answers are given for each value of a column: a boolean, a category, or a whole number with few "
            "values. Derive a coarse column for anything else."
        ),
        bad="must_answer: {late: {count: delay > 30, by: [arrived]}}   # a date",
        good="must_answer: {late: {count: delay > 30, by: [ward]}}",
        related=("G425",),
    ),
    "G425": Entry(
        title="a question with too many answers",
        text="A question has one answer per combination of values of its `by:` columns, 1,000 at most.",
        bad="must_answer: {q: {count: died, by: [age, icd_chapter]}}",
        good="must_answer: {q: {count: died, by: [age_band]}}",
        related=("G424",),
    ),
    "G426": Entry(
        title="what is per unit, given what differs from row to row",
        text=(
            "A person is drawn first, then the rows given the person. Columns `per: unit` can be conditioned "
            "on each other, and on nothing that a person's rows differ in."
        ),
        bad="patients: {columns: [sex], given: [visits]}      # sex: per unit",
        good="patients: {columns: [sex]}\nvisits: {columns: [ward], given: [patients]}",
        related=("C129",),
    ),
    "G427": Entry(
        title="an order that rows cannot follow",
        text=(
            "`sequence: {by: COLUMN}` draws each row given the row before it. The rows of a person need an "
            "order: a number, a date or a time that each row has, drawn in this group or before it."
        ),
        bad="visits: {columns: [ward, stay], sequence: {by: ward}}",
        good="visits: {columns: [admit_at, ward, stay], sequence: {by: admit_at}}",
        related=("G428", "P441"),
    ),
    "G428": Entry(
        title="a longer memory than one row",
        text=(
            "A row is drawn given the row before it. Tables over two rows before it would have so many cells "
            "that noise is all they hold."
        ),
        bad="sequence: {by: admit_at, memory: 2}",
        good="sequence: {by: admit_at, memory: 1}",
        related=("G427",),
    ),
    "G441": Entry(
        title="other tables than one of units and one of rows",
        text=(
            "`tables` reads two files: one with a row per person, which has a `path`, and the rows of "
            "`source`, joined by the column of `privacy.unit`. Grandchildren, and several tables of rows, "
            "are not read: join them first."
        ),
        bad="tables: {patients: {columns: [sex]}, visits: {columns: rest}}",
        good="tables: {patients: {path: patients.csv, columns: [sex]}, visits: {columns: rest}}",
        related=("G442", "P441"),
    ),
    "G442": Entry(
        title="a column in the wrong table",
        text=(
            "The table of units lists the columns that are read there: each has one value per person. Ids "
            "and computed columns are not listed; everything else is with the rows."
        ),
        bad="patients: {path: patients.csv, columns: [sex, visit_id]}",
        good="patients: {path: patients.csv, columns: [sex]}",
        related=("G441",),
    ),
    "G429": Entry(
        title="a network on rows that share a weight",
        text=(
            "With `contribution: weights` every person counts the same in the tables. A network is "
            "fine-tuned by gradients, which are summed over a person's rows and clipped: no weight reaches "
            "them, so its two halves would learn different things."
        ),
        bad="privacy: {contribution: weights, ...}\ngenerate: {all: {using: vae, ...}}",
        good="generate: {all: {using: vae, with: {fine_tune: never}, ...}}",
        related=("P435",),
    ),
    "G430": Entry(
        title="rows and units at once",
        text="`sample` says how much to draw: rows, or units with their rows.",
        bad="sample: {rows: 1000, units: 200}",
        good="sample: {rows: 1000}",
    ),
    "G431": Entry(
        title="rebalancing an unknown value",
        text="A scenario gives shares to values of the column.",
        bad="rebalance: {fraud: {yes: 0.2, no: 0.8}}     # a bool",
        good="rebalance: {fraud: {true: 0.2, false: 0.8}}",
    ),
    "G432": Entry(
        title="shares that do not sum to 1",
        text="A scenario gives every value of the column, or every table of a mix, its share of the rows.",
        bad="rebalance: {fraud: {true: 0.2}}",
        good="rebalance: {fraud: {true: 0.2, false: 0.8}}",
    ),
    "G433": Entry(
        title="a source of unknown format",
        text=(
            "The ending of the path says how to read it: .csv, .tsv, .txt, .parquet; any other needs "
            "`format:`."
        ),
        bad="source: data/table.dat",
        good="source: {path: data/table.dat, format: csv}",
    ),
    "G440": Entry(
        title="a table that the generator cannot meet",
        text=(
            "A copula joins one-way tables by correlations: it has no place for a published table of several "
            "columns, and would contradict it silently."
        ),
        bad="a: {using: copula, columns: [x, y]}      # with a known table of x and y",
        good="a: {using: marginal, columns: [x, y]}",
    ),
    "G490": Entry(
        title="not built yet",
        text=(
            "The key is part of the language: it parses and is checked, so that specs do not change shape "
            "later. This version cannot act on it, and refuses rather than ignore it."
        ),
        bad="using: bn",
        good="using: marginal",
    ),
    "G421": Entry(
        title="a group with the name of a step",
        text=(
            "`bounds`, `domains`, `rows_per_unit`, `fit` and `report` are steps that `privacy.split` pays "
            "for, so no group can have one of these names."
        ),
        bad="generate: {report: {columns: [a, b]}}",
        good="generate: {visits: {columns: [a, b]}}",
    ),
    "G423": Entry(
        title="a parent that is known too late",
        text=(
            "A column over a window, or computed from one, needs all rows of a unit, so no group can be "
            "conditioned on it: groups draw the rows."
        ),
        bad="visits: {columns: [kind], given: [running_total]}",
        good="visits: {columns: [kind], given: [amount]}",
    ),
    "G422": Entry(
        title="a marginal without effect",
        text=(
            "`workload` makes the choice of what to measure prefer some marginals. It works within one group "
            "that learns pairs: single columns are measured anyway, and columns of two groups only when one "
            "is given the other."
        ),
        bad="workload: [{columns: [age], weight: 3}]",
        good="workload: [{columns: [age, ward], weight: 3}]",
    ),
    "G434": Entry(
        title="weights with the name of a column",
        text="The weights of a scenario, and the provenance of a mix, are new columns beside the spec's.",
        bad="weights: age",
        good="weights: sample_weight",
    ),
    "G454": Entry(
        title="keys of a scenario that do not go together",
        text=(
            "The rows of a `mix` exist already, and rows of `given` come out as they are: neither can be "
            "rebalanced, weighted or augmented, and a mix takes no condition. Draw such a table in a "
            "scenario of its own."
        ),
        bad="{given: people.csv, basis: census, augment: {age: {jitter: 2}}}",
        good="{where: age > 60, augment: {age: {jitter: 2}}}",
    ),
    "G456": Entry(
        title="an augmentation that the column cannot take",
        text=(
            "`jitter` moves numbers and dates that are drawn, by a multiple of their step (a span like `1h` "
            "or `2d` for dates). `interpolate` moves rows towards their neighbours of the same class; it "
            "stands once, under its own name, with the columns that are the class. Labels never change."
        ),
        bad="augment: {age: {jitter: 0.5}}            # age is an int",
        good="augment: {age: {jitter: 2}, interpolate: {class: [fraud], k: 5}}",
    ),
    "G435": Entry(
        title="a copy that cannot be written",
        text="`output.also` lists further copies, each once: a kind, a colon and where to.",
        bad="also: [copy.csv]",
        good='also: ["csv:copy.csv"]',
    ),
    "G438": Entry(
        title="the address of the source cannot be read",
        text=(
            "A table of a database is named by an address, `duckdb:FILE#TABLE` or "
            "`postgres://HOST/DATABASE#SCHEMA.TABLE`, which says its format and never holds a password: that "
            "comes from PGPASSWORD, a password file or a service file. See also D412."
        ),
        bad="source: {path: 'postgres://olga:s3cret@db.example/clinic#visits'}",
        good="source: 'postgres://olga@db.example/clinic#visits'",
        related=("D412",),
    ),
    "G436": Entry(
        title="an unknown encoding",
        text="`source.encoding` names how the bytes of a CSV file stand for characters.",
        bad="source: {path: a.csv, encoding: ansi-latin}",
        good="source: {path: a.csv, encoding: cp1252}",
    ),
    "G437": Entry(
        title="more units than rows",
        text="`rows` and `units` are public, rough figures, and each unit has at least one row.",
        bad="source: {path: a.csv, rows: 1000, units: 5000}",
        good="source: {path: a.csv, rows: 5000, units: 1000}",
    ),
}
