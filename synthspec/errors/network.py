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
        text="There is no order of precedence between the two lists: one of them must go.",
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
}
