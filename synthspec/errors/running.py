"""The codes of running a plan and of drawing rows: of families G and I."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "G450": Entry(
        title="sampling could not meet a rule within its limits",
        text=(
            "Rows that break an enforced rule, or the condition `where`, are drawn again, at most "
            "200 times per row. The named rule turned away the most rows. A column that a rule "
            "fixes exactly is better derived from the others; a rule between columns that were "
            "learned in different groups is better helped by `given`."
        ),
        bad="total-adds-up: total = net + tax      # three learned columns",
        good="total: {derive: net + tax}",
    ),
    "I320": Entry(
        title="a question that the coded rows cannot answer",
        text=(
            "A generator asked about an attribute, levels or a public table that do not fit the "
            "domain. Nothing was charged. Please report it."
        ),
    ),
    "I321": Entry(
        title="a receipt for something else",
        text=(
            "The ledger's receipt does not hold the mechanism that was to draw the noise. Please report it."
        ),
    ),
    "I322": Entry(
        title="a generator without private rows asked for a count",
        text="Only the `rules` generator can work at no price. Please report it.",
    ),
    "I323": Entry(
        title="a plan over private rows was run without a charge",
        text=("Rows are read only when the owner's ledger holds an opened charge. Please report it."),
    ),
    "I324": Entry(
        title="a plan without a `sample` step was run",
        text="A release holds rows, and this plan draws none. Please report it.",
    ),
    "I330": Entry(
        title="a column is drawn or conditioned on but has no codes",
        text=("The plan lets a group use a column whose domain it does not hold. Please report it."),
    ),
    "I331": Entry(
        title="columns wait for each other",
        text=(
            "No order of groups and computed columns has each after what it reads; the checker "
            "refuses such specs. Please report it."
        ),
    ),
    "I333": Entry(
        title="the second engine read another number of rows than were drawn",
        text="This is a bug of synthspec: please report it with the spec.",
    ),
}
