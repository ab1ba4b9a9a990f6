"""The codes of family I."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "I301": Entry(
        title="private rows would reach a public step",
        text=(
            "The plan lets rows out of the only private sort without a price. This is a bug of synthspec, "
            "not of the spec: please report it with the spec."
        ),
    ),
    "I302": Entry(
        title="a step refers to a later one, or to one of another kind",
        text="Plans refer to earlier steps only. This is a bug of synthspec: please report it with the spec.",
    ),
    "I303": Entry(
        title="the steps may spend more than the budget",
        text=(
            "The prices of a plan sum to at most its budget. This is a bug of synthspec: please report it "
            "with the spec."
        ),
    ),
    "I304": Entry(
        title="a step names something that the plan does not have",
        text="This is a bug of synthspec: please report it with the spec.",
    ),
    "I305": Entry(
        title="rows are counted before they are bounded",
        text=(
            "Rows of a unit are cut to `max_rows` before anything is counted. This is a bug of synthspec: "
            "please report it with the spec."
        ),
    ),
    "I306": Entry(
        title="private rows at no price",
        text=(
            "Everything that reads private rows has a price. This is a bug of synthspec: please report it "
            "with the spec."
        ),
    ),
    "I307": Entry(
        title="a bought domain is not used, or not bought",
        text="This is a bug of synthspec: please report it with the spec.",
    ),
    "I308": Entry(
        title="an edge or a published table that no group can act on",
        text="This is a bug of synthspec: please report it with the spec.",
    ),
    "I309": Entry(
        title="learned from units that are held out",
        text="This is a bug of synthspec: please report it with the spec.",
    ),
    "I310": Entry(
        title="a view without a source",
        text="This is a bug of synthspec: please report it with the spec.",
    ),
    "I311": Entry(
        title="a domain was bought that nothing asked for",
        text="This is a bug of synthspec: please report it with the spec.",
    ),
    "I312": Entry(
        title="something that is not built reached the plan",
        text="This is a bug of synthspec: please report it with the spec.",
    ),
    "I313": Entry(
        title="something is counted at the wrong level",
        text=(
            "What is per unit is learned from one row of each unit, everything else from rows. This is a bug "
            "of synthspec: please report it with the spec."
        ),
    ),
    "I340": Entry(
        title="a privacy loss fell off the grid that bounds it",
        text=(
            "The price of a run of noisy gradients is bounded on a grid of privacy losses. Nothing was "
            "charged. This is a bug of synthspec: please report it with the spec."
        ),
    ),
    "I341": Entry(
        title="the price of a run could not be certified",
        text=(
            "A run of noisy gradients states a price that is below what its noise gives. Nothing was "
            "charged. Please report it; in a release that somebody sent, the price was changed."
        ),
    ),
}
