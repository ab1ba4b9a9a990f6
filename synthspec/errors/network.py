"""The codes of family N."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "N301": Entry(
        title="a cycle",
        text=(
            "What depends on what must be a graph without loops. `derive`, `lookup`, `given` and "
            "`network.require` count together: a derived column depends on its inputs even though no edge "
            "says so."
        ),
        bad="require: [bmi -> diabetes, diabetes -> weight_kg]   # bmi is derived from weight_kg",
        good="require: [bmi -> diabetes, age -> weight_kg]",
    ),
    "N302": Entry(
        title="an edge both required and forbidden",
        text=(
            "There is no order of precedence between the two lists: one of them must go. To forbid an edge "
            "of `x.missing` is to forbid that of x: a table with x in it also tells how often x is missing. "
            "An edge of `x.missing` may be required where that of x is forbidden."
        ),
        bad="{require: [age -> sex], forbid: [any -> sex]}",
        good="{require: [sex -> age], forbid: [any -> sex]}",
    ),
    "N303": Entry(
        title="more required parents than allowed",
        text=(
            "A table over many parents has many cells and each takes noise; `max_parents` is the limit you "
            "set."
        ),
        bad="{max_parents: 1, require: ['a, b -> c']}",
        good="{max_parents: 2, require: ['a, b -> c']}",
    ),
    "N304": Entry(
        title="`any` in a required edge",
        text=(
            "`any` stands for every column. Forbidding all edges into a column makes sense; requiring them "
            "does not."
        ),
        bad="require: [any -> ward]",
        good="require: [age, sex -> ward]",
    ),
    "N306": Entry(
        title="a distribution for a column that is not modelled",
        text=(
            "`known` gives the distribution of a column that a group generates. Ids are made up and "
            "computed columns computed."
        ),
        bad="known: {bmi: {...}}     # bmi is derived",
        good="known: {weight_kg: {...}}",
    ),
    "N307": Entry(
        title="a known table without a source",
        text="A published distribution is taken as public knowledge; `cite` says whose.",
        bad="known: {smoker: {cite: '', cases: [...]}}",
        good="known: {smoker: {cite: national health survey 2022, cases: [...]}}",
    ),
    "N308": Entry(
        title="cases without a final else",
        text=(
            "Cases are read from top to bottom; the first that applies counts. The last one is `else`, and "
            "there is only one."
        ),
        bad="cases: [{if: age > 60, is: {true: 0.2}}]",
        good="cases: [{if: age > 60, is: {true: 0.2}}, {else: {true: 0.1}}]",
    ),
    "N309": Entry(
        title="a distribution that is not complete",
        text=(
            "Named distributions take their numbers in Stan's order: `normal(mean, sd)`, `lognormal(mean, "
            "sd)` of the logarithm, `gamma(shape, rate)`, `beta(a, b)`, `poisson(rate)`, `uniform(lo, hi)`."
        ),
        bad="else: normal(5.4)",
        good="else: normal(5.4, 0.4)",
    ),
    "N310": Entry(
        title="a known table names a value outside the domain",
        text="The values of a table are values of the column.",
        bad="ward: [icu, other]   # known: {iuc: 0.1, other: 0.9}",
        good="ward: [icu, other]   # known: {icu: 0.1, other: 0.9}",
    ),
    "N311": Entry(
        title="probabilities that do not sum to 1",
        text=(
            "Each case gives every value of the column its probability; a value left out has none. Only a "
            "bool may give one side."
        ),
        bad="else: {home: 0.8, died: 0.1}",
        good="else: {home: 0.8, transfer: 0.1, died: 0.1}",
    ),
    "N312": Entry(
        title="a gap of a column that has none",
        text="`x.missing` is decided with x, where `missing: modelled` says that it may be missing.",
        bad="require: [ward -> lactate.missing]   # lactate: float 0..30",
        good="require: [ward -> lactate.missing]   # lactate: float? 0..30",
    ),
    "N313": Entry(
        title="an id in an edge",
        text="Ids are made up fresh for synthetic rows: they depend on nothing and nothing depends on them.",
        bad="require: [patient_id -> ward]",
        good="require: [age -> ward]",
    ),
    "N305": Entry(
        title="a known table gives mass to what a rule excludes",
        text=(
            "Rules hold in every row, so a table that gives probability to an excluded combination cannot be "
            "met. It is not rescaled behind your back: give such cells probability 0 yourself."
        ),
        bad="known: {pregnant: {cases: [{else: {true: 0.04}}]}}   # rule: NOT pregnant OR sex <> 'M'",
        good="cases: [{if: sex = 'M', is: {true: 0}}, {else: {true: 0.04}}]",
        related=("N311",),
    ),
    "N314": Entry(
        title="a known table over a domain that is bought",
        text=(
            "A published table is written over the codes of its columns before any row is read. The codes of "
            "a column with `clip:` or `discover:` are known only when the plan has run."
        ),
        bad="paid: {in: 0..300_000, clip: 0.99}   # known: {paid: ...}",
        good="paid: {in: 0..20_000}",
    ),
    "N315": Entry(
        title="a known table over a column without codes",
        text=(
            "A table has one row per combination of values of the columns that its conditions read, so each "
            "needs a finite domain. A derived column gets one from `in:`; an id has none."
        ),
        bad="bmi: {derive: ...}             # known: {diabetes: {cases: [{if: bmi > 30, ...}]}}",
        good="bmi: {derive: ..., in: 8..90}",
    ),
    "N316": Entry(
        title="a declared table that is too large",
        text=(
            "A column with its declared parents is one table, and all tables of a group share one junction "
            "tree. Over the cap on cells (`with: {max_cells: ...}`, 600,000 by default) the plan is refused: "
            "coarser bins or fewer parents make it fit, and take less noise."
        ),
        bad="require: [age, income, weight -> disease]   # 121 x 128 x 128 x 2 cells",
        good="income: {in: 0..300_000, bins: 10}",
    ),
    "N317": Entry(
        title="a condition that splits a bin",
        text=(
            "A table is written over bins. Where a condition changes inside one, the bin gets the cases by "
            "their shares, so that a value near the edge may follow the neighbouring case."
        ),
        bad="age: {in: 0..120, bins: 12}    # cases: [{if: age < 45, ...}]",
        good="age: {in: 0..120, bins: [0, 15, 45, 65]}",
    ),
    "N327": Entry(
        title="a case that never applies",
        text=(
            "Cases are read from top to bottom and the first true one counts. A case that is true for no "
            "value of the domains, or only where an earlier case is true as well, says nothing: often a "
            "value was misspelt, or the general case stands above the special one."
        ),
        bad="cases: [{if: age >= 18, ...}, {if: age >= 65, ...}, {else: ...}]",
        good="cases: [{if: age >= 65, ...}, {if: age >= 18, ...}, {else: ...}]",
        related=("N308", "N310"),
    ),
    "N328": Entry(
        title="every edge is forbidden",
        text=(
            "`any -> any` forbids every edge that nobody declared: nothing is learned about how columns go "
            "together. Where that is meant, `using: independent` says it and buys no table for it."
        ),
        bad="forbid: [any -> any]",
        good="generate: {all: {columns: [age, sex], using: independent}}",
        related=("N302",),
    ),
    "N329": Entry(
        title="a forbidden edge that a computed column has anyway",
        text=(
            "`forbid` speaks of what may be learned. A column that is derived or looked up depends on what "
            "it is computed from, whatever is forbidden."
        ),
        bad="network: {forbid: [birth_date -> age]}    # age: {derive: age_years(birth_date, admit_at)}",
        good="network: {forbid: [postcode -> sick]}",
        related=("N302",),
    ),
    "N318": Entry(
        title="a parent that the group does not know",
        text=(
            "A column is generated with its parents at hand: they are columns of the same group, or named "
            "under its `given:`. A derived column is at hand once an earlier group has made its inputs."
        ),
        bad="{who: {columns: [age]}, what: {columns: [ward]}}       # require: [age -> ward]",
        good="{who: {columns: [age]}, what: {columns: [ward], given: [age]}}",
    ),
    "N319": Entry(
        title="an edge into a computed column",
        text="A derived or looked-up column is decided by its inputs; no other edge can point at it.",
        bad="require: [sex -> bmi]          # bmi is derived from weight and height",
        good="require: [sex -> weight_kg]",
    ),
    "N320": Entry(
        title="a required edge that a fixed table rules out",
        text=(
            "Without `strength` a table with conditions is the whole truth about its column: it depends on "
            "what they read and on nothing else above it. A table without conditions is a total, and leaves "
            "room for edges. With `strength: n` it is worth n units of data: as sure as a share counted on n "
            "of them. A unit counts once, however many rows it may have, since they tell of one person."
        ),
        bad="{require: [age -> flu], known: {flu: {cases: [{if: ward = 'icu', is: ...}, ...]}}}",
        good="known: {flu: {strength: 500, cases: [{if: ward = 'icu', is: ...}, ...]}}",
    ),
    "N321": Entry(
        title="a generator that cannot take part in a network",
        text=(
            "`independent` learns each column by itself and `copula` only correlations: neither can learn a "
            "declared edge or weigh a conditional table."
        ),
        bad="all: {columns: [age, ward], using: copula}     # require: [age -> ward]",
        good="all: {columns: [age, ward], using: bn}",
    ),
    "N322": Entry(
        title="a model that cannot be written as a network",
        text=(
            "A network is written as one table per column given its parents. Models that are no graph have "
            "none, and a table of more than a million cells is of no use to anyone."
        ),
        bad="synthspec export bif out/rel      # a group uses `copula`",
        good="{using: bn}, or coarser `bins:` on the parents",
    ),
    "N323": Entry(
        title="a BIF file that cannot be read",
        text="The file is in the Interchange Format for Bayesian Networks, and each table sums to 1.",
        bad="probability ( rain ) { table 0.3, 0.6; }",
        good="probability ( rain ) { table 0.3, 0.7; }",
    ),
    "N324": Entry(
        title="the extra `pgm` is not installed",
        text="BIF files, independence in graphs and structure search use pgmpy, which is an extra.",
        bad="synthspec export bif out/rel",
        good='pip install "synthspec[pgm]"',
    ),
    "N325": Entry(
        title="a structure search on a private table",
        text=(
            "A search reads the rows as they are. That is only right for a source declared public; on a "
            "private one `using: bn` selects edges with noise and is charged for it."
        ),
        bad="synthspec graph private.yaml --learn",
        good="source: {path: a.csv, public: true, basis: published by the census office}",
    ),
    "N326": Entry(
        title="a column that the graph does not have",
        text="Blankets and separations are asked about columns of the spec.",
        bad="synthspec graph a.yaml --blanket wrad",
        good="synthspec graph a.yaml --blanket ward",
    ),
}
