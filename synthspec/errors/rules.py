"""The codes of family R."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "R201": Entry(
        title="no row can satisfy these declarations together",
        text=(
            "The domains and the rules named exclude every possible row. The set is minimal: without any "
            "one of them rows would exist. Rules over few values are tried one by one; what cannot be "
            "decided so is not reported."
        ),
        bad="columns: {fee: decimal(2) 0.50..500}\nrules: {free: fee = 0}",
        good="columns: {fee: decimal(2) 0..500}\nrules: {free: fee = 0}",
        related=("R202",),
    ),
    "R202": Entry(
        title="a value that no row can take",
        text=(
            "A rule leaves no row for a value of the domain. Such values stay in the code list and receive "
            "noise for nothing."
        ),
        bad="combos: [ward, floor], rows: [[icu, 1]]     # ward: [icu, surgery]",
        good="combos: [ward, floor], rows: [[icu, 1], [surgery, 2]]",
        related=("R201",),
    ),
    "R210": Entry(
        title="combos without tuples, or with two lists",
        text="`combos` takes its tuples from `rows:` or from a public `file:`, one of them.",
        bad="pin: {combos: [channel, pin_used]}",
        good="pin: {combos: [channel, pin_used], rows: [[chip, true], [atm, true]]}",
    ),
    "R211": Entry(
        title="a tuple of the wrong length",
        text="Each tuple gives one value for each column of `combos`, in that order.",
        bad="{combos: [a, b], rows: [[x]]}",
        good="{combos: [a, b], rows: [[x, y]]}",
    ),
    "R212": Entry(
        title="a tuple with an impossible value",
        text="A tuple holds a value that its column cannot take: outside the domain, or of another type.",
        bad="{combos: [sex, ward], rows: [[femal, icu]]}",
        good="{combos: [sex, ward], rows: [[F, icu]]}",
    ),
    "R213": Entry(
        title="a rule about the values of an id",
        text=(
            "Ids are made up fresh for synthetic rows, so no value of theirs means anything. The one rule "
            "that can be met is `unique`."
        ),
        bad="known: {combos: [patient_id, ward], rows: [[p1, icu]]}",
        good="key: {unique: [patient_id, ward]}",
    ),
    "R214": Entry(
        title="a column that determines itself",
        text="`determines` names the columns that follow from those under `by:`; none can be in both.",
        bad="{determines: [city], by: [postcode, city]}",
        good="{determines: [city], by: [postcode]}",
    ),
    "R215": Entry(
        title="not an interval of a unit",
        text="`no_overlap` compares intervals of one unit: two columns of one ordered type, and an id.",
        bad="{no_overlap: [admit_at, ward], per: patient_id}",
        good="{no_overlap: [admit_at, discharge_at], per: patient_id}",
    ),
    "R216": Entry(
        title="a rule over no column",
        text="A rule says something about a row. One without a column is true, or false, of all alike.",
        bad="rules: {sane: 1 = 1}",
        good="rules: {sane: discharge_at >= admit_at}",
    ),
    "R217": Entry(
        title="fewer keys than rows",
        text=(
            "`unique` over columns with few values cannot hold for as many rows as `sample` asks for "
            "(10,000 when it does not say). Found now, and not after the budget is spent."
        ),
        bad="rules: {key: {unique: [sex]}}",
        good="rules: {key: {unique: [visit_id]}}",
    ),
    "R206": Entry(
        title="an impossible condition",
        text=(
            "No row that the domains and rules allow meets the `where` of a scenario: drawing would go on "
            "until its limit. Conditions over few values are tried one by one; what cannot be decided so is "
            "not reported."
        ),
        bad="rules: {no-icu: ward <> 'icu'}, scenarios: {winter: {where: ward = 'icu'}}",
        good="scenarios: {winter: {where: ward = 'medicine'}}",
        related=("R201",),
    ),
}
