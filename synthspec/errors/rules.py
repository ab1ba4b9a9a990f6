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
}
