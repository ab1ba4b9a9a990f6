"""The codes of family R."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "R201": Entry(
        title="no row can satisfy these declarations together",
        text=(
            "Some set of domains and rules excludes every possible row. The compiler shrinks that set "
            "until removing any member would make the rest satisfiable, then shows only that set. Types, "
            "and `missing:`, are taken as given."
        ),
        bad="columns: {fee: decimal(2) 0.50..500}\nrules: {free: fee = 0}",
        good="columns: {fee: decimal(2) 0..500}\nrules: {free: fee = 0}",
        related=("R202", "R206", "R209"),
    ),
    "R202": Entry(
        title="a value that no row can take",
        text=(
            "The rules leave no row for a value of the domain. Such values stay in the code list and receive "
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
    "R230": Entry(
        title="a dependency that cannot be learnt",
        text=(
            "`determines` buys one noisy table of the determined column by those under `by:`, and keeps the "
            "likeliest value of each. Every column in it needs a domain with codes, the determined one a "
            "code per value, and the table must not have more than 600,000 cells."
        ),
        bad="{determines: [salary], by: [postcode]}      # salary: decimal(2) 0..500_000",
        good="{determines: [district], by: [postcode]}",
    ),
    "R232": Entry(
        title="a determined column without a place",
        text=(
            "A column that `determines` gives is computed from the columns under `by:` by a table that its "
            "group buys. So a group generates it beside others, only one rule determines it, no edge or "
            "published table of `network` names it, and what it comes from is drawn with it or before."
        ),
        bad="{determines: [district], by: [ward]}     # ward is drawn in a later group",
        good="{determines: [district], by: [postcode]}",
    ),
    "R231": Entry(
        title="a repair of what no model draws",
        text=(
            "`repair` names the columns that may be changed so that a rule holds. A computed column follows "
            "from others and an id is made up fresh, so neither can be changed by itself."
        ),
        bad="{check: balance >= 0, repair: [balance]}    # balance: {derive: ...}",
        good="{check: balance >= 0, repair: [amount]}",
    ),
    "R218": Entry(
        title="a rule that hardly any row meets",
        text=(
            "No model can be told of this rule, and values drawn again inside their codes do not meet it "
            "either: whole rows are drawn until it holds, and fewer than one in a hundred does, judged from "
            "the spec alone. Rows learned from data may fare better, since the data obeys the rule."
        ),
        bad="rules: {rare: a * b + c = 12345}     # over three columns of thousands of values",
        good="columns: {c: {derive: 12345 - a * b}}",
        related=("R201",),
    ),
    "R206": Entry(
        title="an impossible condition",
        text=(
            "No row that the domains, the rules and the fixed `known` tables allow meets the `where` of a "
            "scenario: drawing would go on until its limit."
        ),
        bad="rules: {no-icu: ward <> 'icu'}, scenarios: {winter: {where: ward = 'icu'}}",
        good="scenarios: {winter: {where: ward = 'medicine'}}",
        related=("R201", "R209"),
    ),
    "R207": Entry(
        title="a given row that breaks a rule",
        text=(
            "Rows of a `given` come out as they are, and every rule holds in every row. So a row of the "
            "public file that breaks a rule, or that nothing can complete, is named now and not after the "
            "budget is spent. Rows are counted from 1, below the header."
        ),
        bad="given: people.csv     # a man in obstetrics, and `ward <> 'obstetrics' OR sex <> 'M'`",
        good="given: people.csv     # without that row",
        related=("R206", "G452"),
    ),
    "R209": Entry(
        title="could not decide",
        text=(
            "Whether rows exist is a hard question in general. One question gets 1.5 seconds and all "
            "questions about one spec get 5; what is left then is neither claimed nor denied, and the plan "
            "goes on. Without the extra `solve` only short lists of values and the ends of ranges are tried."
        ),
        bad="rules: {hard: a * a * a + b * b * b = c * c * c + 42}",
        good="rules: {sum: a + b = c + 42}",
        related=("R201", "R206"),
    ),
    "R219": Entry(
        title="a rule that follows from others",
        text=(
            "No row that the domains and the other rules allow breaks this rule. It costs nothing, and may "
            "be kept for its readers; often it shows that another declaration says more than was meant."
        ),
        bad="columns: {age: int 0..120}\nrules: {alive: age >= 0}",
        good="columns: {age: int 0..120}\nrules: {adults: age >= 18}",
        related=("R201",),
    ),
}
