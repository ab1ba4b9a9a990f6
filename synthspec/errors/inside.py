"""The codes of the internal edition: of families Q and D."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "Q620": Entry(
        title="the internal edition needs the extra `eval`",
        text=(
            "Models that learn from released rows, and classifiers that tell them from private ones, come "
            "from scikit-learn. The public report needs none of it."
        ),
        bad="pip install synthspec; synthspec report out/hospital --internal --source visits.csv",
        good="pip install 'synthspec[eval]'",
    ),
    "Q621": Entry(
        title="the internal edition has no place",
        text=(
            "It is written into a folder of its own beside the release, RELEASE.internal, which only its "
            "owner can read: its figures are exact. It is never written into a release, which is handed "
            "out, nor over other files."
        ),
        bad="synthspec report out/hospital --internal --source visits.csv -o out/hospital/internal",
        good="synthspec report out/hospital --internal --source visits.csv -o inside/hospital",
    ),
    "Q622": Entry(
        title="there is nothing for an internal edition to look at",
        text=(
            "It compares released rows with the source, so it needs both: a release with rows, made from a "
            "source, and the path of that source on this machine. A release does not say where it lies."
        ),
        bad="synthspec report out/hospital --internal",
        good="synthspec report out/hospital --internal --source visits.csv",
    ),
    "Q623": Entry(
        title="a column that no model can predict",
        text="Models predict coded columns that are released: no ids, no hidden columns, and none computed "
        "from others without a domain.",
        bad="synthspec report out/hospital --internal --source visits.csv --label patient",
        good="synthspec report out/hospital --internal --source visits.csv --label readmitted",
    ),
    "D420": Entry(
        title="too few people of the source fit the release",
        text=(
            "The rows are read with the release's domains, rules and bounds. When fewer than 100 people "
            "are left, the source is another table, or its format is: figures on so few would tell about "
            "each of them. Nothing was written."
        ),
        bad="synthspec report out/hospital --internal --source another-ward.csv",
        good="synthspec report out/hospital --internal --source visits.csv",
    ),
    "D421": Entry(
        title="the control is the source",
        text=(
            "An attack is judged by what it says of people who are not in the table: what it guesses of "
            "them as well is no leak. The same file cannot be both."
        ),
        bad="synthspec report out/hospital --internal --source visits.csv --control visits.csv",
        good="synthspec report out/hospital --internal --source visits.csv --control other-visits.csv",
    ),
}
