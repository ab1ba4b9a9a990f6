"""The codes of family Q: gates, releases and reports."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "Q601": Entry(
        title="the folder is taken",
        text=(
            "A release is written whole into a folder of its own and never over another one, because a "
            "release is evidence: what it claims was charged to a ledger once. Name another folder, or move "
            "the old one away. A folder with other files in it is never touched."
        ),
        bad="synthspec train adult.yaml -o out/adult      # the second time",
        good="synthspec train adult.yaml -o out/adult-2",
        related=("Q603",),
    ),
    "Q602": Entry(
        title="the release cannot be written",
        text=(
            "The folder cannot be made or the disk is full. Nothing half-written is left behind. What was "
            "bought is in the journal of the run: `synthspec train --resume` writes the release without "
            "buying anything twice."
        ),
        bad="synthspec train adult.yaml -o /read-only/adult",
        good="synthspec train adult.yaml --resume -o out/adult",
    ),
    "Q603": Entry(
        title="no release in this folder",
        text=(
            "`sample`, `report` and `verify` read a release folder, the one that `train` wrote; it has a "
            "manifest.json. A spec or a data file is not a release."
        ),
        bad="synthspec report adult.yaml",
        good="synthspec report out/adult",
    ),
    "Q604": Entry(
        title="a file of the release is missing or has changed",
        text=(
            "manifest.json names every file with its size and SHA-256. One of them does not match, so what "
            "the release claims can no longer be tied to these bytes. Copy the folder again from where it "
            "was written."
        ),
        related=("Q605",),
    ),
    "Q605": Entry(
        title="the parts of the release do not agree",
        text=(
            "The files are those of the manifest, and yet they contradict each other or cannot be read: a "
            "claim that is not its plan's, events that cost more than the claim, an answer without an event, "
            "arrays of another shape. The folder was edited, or written by something else."
        ),
        related=("Q604",),
    ),
    "Q606": Entry(
        title="a gate failed",
        text=(
            "A gate is a condition that the spec sets on the report. It fails when no value in the figure's "
            "interval meets the bound; one whose interval straddles it cannot be told and does not fail. "
            "The release exists and its price is paid: a gate never decides what is released, because trying "
            "again until one passes would be a choice made on private data."
        ),
        bad="gates: {one-way: max_tvd_1way <= 0.0001}",
        good="gates: {one-way: max_tvd_1way <= 0.05}",
    ),
    "Q630": Entry(
        title="a release is not what it says",
        text=(
            "`verify` recomputes what can be recomputed without the data: digests, signatures, prices, the "
            "claim, the test of the noise, models from their measurements, rows from models and seed, rules, "
            "gates and the report. One of these came out otherwise than the release says, so it was changed, "
            "written by something else, or its noise is not the one that was paid for. Where it says that "
            "another version made it, verify it with that one. What a signer could still make up is said in "
            "the limits of every report."
        ),
        bad="synthspec verify out/adult      # after editing out/adult/ledger.json",
        good="synthspec verify out/adult      # the folder as it was written",
        related=("Q604", "Q605"),
    ),
    "Q610": Entry(
        title="a gate that is not readable",
        text="A gate is one figure of the report compared with numbers.",
        bad="good: tvd is small",
        good="good: max_tvd_1way <= 0.05",
        related=("Q611",),
    ),
    "Q611": Entry(
        title="a gate names an unknown figure",
        text=(
            "Gates may name the figures that the public report computes or buys, and three that are read off "
            "private rows without a price: those are judged in the internal edition only, and decide nothing."
        ),
        bad="good: tvd <= 0.05",
        good="good: max_tvd_1way <= 0.05",
        related=("Q610",),
    ),
    "Q612": Entry(
        title="a figure with the wrong arguments",
        text=(
            "Some figures are about one column, written in brackets: `auc_gap` about one with few listed "
            "values, `tail_ratio` about a number or a date and a quantile between 0 and 1."
        ),
        bad="useful: auc_gap <= 0.05",
        good="useful: auc_gap(readmitted) <= 0.05",
    ),
    "Q613": Entry(
        title="a gate on a figure that is never known",
        text=(
            "The figure needs something that the spec does not buy or have: a source, the `report` share, "
            "or as many columns as the figure combines. Such a gate would neither pass nor fail."
        ),
        bad="privacy: {..., split: {report: 0}}, gates: {close: max_tvd_1way <= 0.05}",
        good="privacy: {..., split: {report: 0.05}}, gates: {close: max_tvd_1way <= 0.05}",
        related=("Q611",),
    ),
    "Q614": Entry(
        title="a gate that decides nothing",
        text="Every value that the figure can have passes, or none does.",
        bad="gates: {close: max_tvd_1way <= 5}",
        good="gates: {close: max_tvd_1way <= 0.05}",
    ),
    "Q615": Entry(
        title="units are held out for nothing",
        text=(
            "`sample.holdout` keeps units of the source out of the learning, so that a classifier, trained "
            "on released rows, can be scored on units that nothing was learned from, and so that the attacks "
            "of the internal edition have people to compare with. A spec without a source has no units."
        ),
        bad="sample: {holdout: 0.1}  # no `source`",
        good="source: {path: visits.csv}, sample: {holdout: 0.1}",
        related=("Q616",),
    ),
    "Q616": Entry(
        title="units are held out that the report scores nothing on",
        text=(
            "Beside their noisy number, the public report says something about held-out units only where "
            "the `report` share buys the scores of a classifier on them: that needs a column to score, one "
            "that a gate `auc_gap(column)` names or that a question of `must_answer` counts. Without it they "
            "serve the internal edition alone, whose attacks need people who are not in the table; and "
            "fewer units are learned from."
        ),
        bad="sample: {holdout: 0.1}",
        good="sample: {holdout: 0.1}, gates: {useful: auc_gap(readmitted) <= 0.1}",
        related=("Q613", "Q615"),
    ),
    "Q670": Entry(
        title="no such entry to be audited",
        text=(
            "`synthspec audit` plays games against this software's own mechanisms and generators, on "
            "simulated tables. It knows no release and no spec: a release is checked by `synthspec verify` "
            "and attacked in the internal report."
        ),
        bad="synthspec audit --generator out/adult",
        good="synthspec audit --generator marginal",
    ),
}
