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
    "G451": Entry(
        title="the model gives a condition no probability",
        text=(
            "A scenario, or `where`, asks for rows that cannot come out: the domains, the rules or the "
            "learned model rule them out, or shares are asked for that no table has together. Drawing "
            "costs nothing; other scenarios and the release itself are not touched."
        ),
        bad="where: age > 130      # the domain ends at 120",
        good="where: age > 100",
    ),
    "G452": Entry(
        title="public rows that do not fit the table",
        text=(
            "Rows of a `given` or `mix` come out as they are, so each value has to be one that the table "
            "can hold: in the domain of its column, on its grid, missing only where that is allowed. Ids "
            "are made afresh and cannot be given."
        ),
        bad="given: people.csv      # age 131, and `age: int 0..120`",
        good="given: people.csv     # age 113",
        related=("G453",),
    ),
    "G453": Entry(
        title="public rows that are not there, or not those of the plan",
        text=(
            "The plan fixes the files and releases that a scenario names by their digests. When rows are "
            "drawn they must lie where the spec says, unchanged. Nothing else is touched."
        ),
        bad="given: people.csv      # edited after `plan`",
        good="synthspec plan a.yaml -o a.plan      # again",
        related=("G452",),
    ),
    "G455": Entry(
        title="a mix that asks a table for more rows than it has",
        text=(
            "A mix takes rows without repeating any, in exact shares. Rows of a table that break a rule of "
            "the spec are left out before."
        ),
        bad="{rows: 10000, mix: [{public: small.csv, share: 0.5}, {release: out/a, share: 0.5}]}",
        good="{rows: 1000, mix: [{public: small.csv, share: 0.5}, {release: out/a, share: 0.5}]}",
    ),
    "G457": Entry(
        title="too many different partial rows",
        text=(
            "Columns of late groups say something about columns of earlier ones. Where such columns are "
            "given and the earlier ones are not, the models are conditioned on each different partial row "
            "by itself, which is done for 1,000 of them at most. Columns of the first groups have no limit."
        ),
        bad="given: costs.csv       # 50,000 different costs, drawn last",
        good="given: people.csv     # 50,000 different people, drawn first",
    ),
    "G458": Entry(
        title="a table that is not drawn that way",
        text=(
            "Parts of a table are drawn apart, by several processes or machines, where no rule compares rows "
            "of different parts: a key (`unique`) without an id does. Whole units are drawn where the spec "
            "draws persons: with a `per: unit` column, `sample.units` or a `sequence`; conditions and shares "
            "that pick single rows of persons are then limited to what the message says."
        ),
        bad="synthspec sample out/a --units 100      # a spec without `per: unit`",
        good="synthspec sample out/a -n 100",
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
    "I326": Entry(
        title="a private source was about to be read as a public one",
        text="Only a source that the spec declares public, with its basis, is read without a price.",
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
