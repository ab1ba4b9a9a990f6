"""The codes of family P."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "P401": Entry(
        title="a domain that was read off the data",
        text=(
            "`basis: OBSERVED` marks what `init --from-data` saw. Domains are published with the synthetic "
            "data: an observed minimum, maximum or list can identify a person, and no later noise takes it "
            "back. Replace it by a domain you can cite, or have it found under privacy."
        ),
        bad="age: {type: int, in: 17..90, basis: OBSERVED}",
        good="age: {type: int, in: 0..120, basis: census form}",
        related=("P402",),
    ),
    "P402": Entry(
        title="a bound that may have been read off the data",
        text=(
            "A hint, not a proof: the ends of the range do not sit on the column's own step, or have more "
            "digits than limits usually have, and nothing says where they come from. Round private extremes"
            " pass unseen; the list of everything taken as public is in the plan for a person to sign."
        ),
        bad="lactate: {type: float, in: 0.37..28.64, step: 0.1}",
        good="lactate: {type: float, in: 0.2..30, step: 0.1, basis: assay range}",
        related=("P401",),
    ),
    "P450": Entry(
        title="rows copied from a file that is not declared public",
        text=(
            "Rows of `given: FILE` and of a `mix` come out verbatim: no noise protects anybody in them. So "
            "they are those of a file that a person declares public, saying why under `basis:`, or the "
            "synthetic rows of a release. The private source itself is never one of them; there is no "
            "switch for it."
        ),
        bad="scenarios: {all: {given: people.csv}}",
        good="scenarios: {all: {given: people.csv, basis: census microdata, open licence}}",
        related=("P401",),
    ),
    "P420": Entry(
        title="an unknown consumer of the budget",
        text=(
            "`split` gives shares to the groups under `generate` (without it, the group is called `all`) "
            "and to `bounds`, `domains`, `rows_per_unit`, `fit`, `report`."
        ),
        bad="split: {reports: 0.05}",
        good="split: {report: 0.05}",
        related=("P421",),
    ),
    "P421": Entry(
        title="more than the whole budget",
        text=(
            "Shares are parts of the budget's mu^2, for Gaussian noise of 1/sigma^2. With those that are "
            "added by default (`fit` 0.02, `report` 0.05; `bounds` 0.02, `domains` 0.04 and "
            "`rows_per_unit` 0.02 where needed) they sum to at most 1."
        ),
        bad="split: {all: 0.95, report: 0.1}",
        good="split: {all: 0.88, report: 0.1, fit: 0.02}",
        related=("P422",),
    ),
    "P422": Entry(
        title="nothing left for a group",
        text="Groups without a share of their own divide what the others leave.",
        bad="split: {patients: 0.93}           # a second group `stay`",
        good="split: {patients: 0.4}",
    ),
    "P423": Entry(
        title="a share that nothing spends",
        text="The share is for a step that this spec does not have.",
        bad="split: {bounds: 0.1}              # no column has `clip:`",
        good="split: {report: 0.1}",
    ),
    "P430": Entry(
        title="private data without a privacy block",
        text=(
            "A source is private unless it is declared public. `unit`, `max_rows` and `epsilon` have no "
            "defaults: they are the promise, and a person makes it."
        ),
        bad="source: a.csv",
        good="source: a.csv\nprivacy: {unit: patient_id, max_rows: 4, epsilon: 1}",
        related=("P437",),
    ),
    "P431": Entry(
        title="a privacy block without a source",
        text="Without a source no private row is read, nothing is spent, and there is nothing to protect.",
        bad="privacy: {unit: row, epsilon: 1}     # no source",
        good="source: a.csv\nprivacy: {unit: row, epsilon: 1}",
    ),
    "P433": Entry(
        title="the privacy unit is not an id",
        text=(
            "The column that names the unit is hashed to bound its rows and never released; an `id` is such"
            " a column."
        ),
        bad="patient_id: {type: category, in: [...]}",
        good="patient_id: id",
    ),
    "P434": Entry(
        title="`max_rows` is missing",
        text=(
            "A person may have many rows, and the noise must hide all of them. `max_rows` says how many are"
            " used: more rows mean more noise."
        ),
        bad="privacy: {unit: patient_id, epsilon: 1}",
        good="privacy: {unit: patient_id, max_rows: 4, epsilon: 1}",
    ),
    "P435": Entry(
        title="a key about several rows of a unit, with rows as units",
        text=(
            "With `unit: row` each row is protected by itself, whoever it belongs to. `max_rows`, "
            "`unit_null`, `contribution`, `source.duplicates` and `source.units` speak of units with "
            "several rows."
        ),
        bad="privacy: {unit: row, max_rows: 4, epsilon: 1}",
        good="privacy: {unit: row, epsilon: 1}",
    ),
    "P436": Entry(
        title="a public source with a privacy block",
        text="Data that is public already needs no budget, and one that is spent on it protects nobody.",
        bad="source: {path: a.csv, public: true, basis: ...}\nprivacy: {...}",
        good="source: {path: a.csv, public: true, basis: national archive}",
    ),
    "P437": Entry(
        title="a public source without a basis",
        text=(
            "Declaring data public switches all protection off. The plan and the report say who made it "
            "public."
        ),
        bad="source: {path: a.csv, public: true}",
        good="source: {path: a.csv, public: true, basis: 'https://archive.example/a'}",
    ),
    "P438": Entry(
        title="delta is not above 0",
        text=(
            "Noise is Gaussian, whose guarantee holds except with a tiny probability, delta. It is a "
            "constant that you write, never a function of the data."
        ),
        bad="delta: 0",
        good="delta: 1e-9",
    ),
    "P440": Entry(
        title="no budget to compare",
        text="`plan --epsilon` shows one spec at several budgets, so the spec needs a private source.",
        bad="synthspec plan rules-only.yaml --epsilon 1,2",
        good="synthspec plan hospital.yaml --epsilon 1,2",
    ),
    "P441": Entry(
        title="whole units without a unit",
        text=(
            "`per: unit`, `sequence` and a number of `units` speak of people who have several rows each. "
            "They need a private source whose `privacy.unit` names the column of the person: with `unit: "
            "row`, or without private data, no row belongs to another."
        ),
        bad="privacy: {unit: row, epsilon: 1}\ncolumns: {sex: {type: category, in: [F, M], per: unit}}",
        good="privacy: {unit: patient_id, max_rows: 4, epsilon: 1}\n"
        "columns: {patient_id: id, sex: {type: category, in: [F, M], per: unit}}",
        related=("P435",),
    ),
    "P439": Entry(
        title="too many columns to discover",
        text=(
            "Finding a list under privacy takes a hundredth of delta each, out of the tenth that is kept "
            "for it."
        ),
        bad="eleven columns with `discover:`",
        good="ten, and a public list for the other",
        related=("C113",),
    ),
    "P410": Entry(
        title="`max_rows` costs more than it keeps",
        text=(
            "One unit may change as many cells as it has rows, so noise grows with `max_rows`, for all. "
            "A lower bound cuts long histories (rows are dropped at random, stably) and lowers the noise. "
            "The figures are predicted from public `rows` and `units`; no data is read."
        ),
        bad="privacy: {unit: patient_id, max_rows: 64, epsilon: 1}    # 1.4 rows each on average",
        good="privacy: {unit: patient_id, max_rows: 4, epsilon: 1}",
    ),
}
