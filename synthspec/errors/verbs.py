"""The codes of the verbs themselves: files they are given and files they write (S, D and B)."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "S150": Entry(
        title="a file cannot be used",
        text="The system refused to read or write a file that the command line or the spec names: it is not "
        "there, it may not be touched, or the disk is full. Nothing half-written is left behind.",
        bad="synthspec plan a.yaml -o /nowhere/a.plan",
        good="synthspec plan a.yaml -o a.plan",
    ),
    "S151": Entry(
        title="a setting leads nowhere",
        text="`--set PATH=VALUE` replaces one value of the spec. The path is its keys, joined by dots; every "
        "part of it but the last must be a mapping, or not there yet.",
        bad="--set columns.age.in.lo=18        # when `age` is written `int 0..120`",
        good="--set columns.age='int 18..120'",
    ),
    "S152": Entry(
        title="the file's ending does not say what to write",
        text="Rows are written as .csv or .parquet, reports as .html or .json.",
        bad="synthspec mock a.yaml -o rows.xlsx",
        good="synthspec mock a.yaml -o rows.csv",
    ),
    "S153": Entry(
        title="a data dictionary cannot be read",
        text="`init --from FORMAT:PATH` reads CSV dictionaries with a heading `name`, Frictionless data "
        "packages "
        "and table schemas, data contracts of the Open Data Contract Standard, and REDCap dictionaries.",
        bad="synthspec init --from xlsx:dictionary.xlsx",
        good="synthspec init --from csv:dictionary.csv",
    ),
    "S154": Entry(
        title="a plan file cannot be read",
        text="A plan file is written by `synthspec plan SPEC -o FILE`, and only by a program of the "
        "same version.",
        bad="synthspec train edited-by-hand.plan",
        good="synthspec plan a.yaml -o a.plan && synthspec train a.plan",
    ),
    "D450": Entry(
        title="a table cannot be opened",
        text="`init` was given a table that is not there or is neither CSV nor Parquet.",
        bad="synthspec init --names-only table.xlsx",
        good="synthspec init --names-only table.csv",
    ),
    "D451": Entry(
        title="a table's first line does not look like column names",
        text="Without a header, the first line of a CSV is a person's record, and its values must not "
        "end up in a "
        "spec. So a line with empty, repeated or purely numeric cells is refused, and none of it is shown.",
        bad="71,F,icu",
        good="age,sex,ward\n71,F,icu",
    ),
    "S155": Entry(
        title="rows and whole units were both asked for",
        text=(
            "A table has so many rows, or so many whole units with all rows that each of them has: then its "
            "number of rows is learned."
        ),
        bad="synthspec sample out/encounters -n 20000 --units 100",
        good="synthspec sample out/encounters --units 100",
    ),
    "S157": Entry(
        title="the release has no scenario of that name",
        text="Scenarios are those that the spec declared when the release was made; any condition can be "
        "asked for with `--where`.",
        bad="synthspec sample out/encounters --scenario icu-wintre",
        good="synthspec sample out/encounters --scenario icu-winter",
    ),
    "S158": Entry(
        title="a condition on rows that are not drawn",
        text="The rows of a `mix` exist already; a condition would only filter them, and change the shares.",
        bad="synthspec sample out/encounters --scenario blend --where 'age > 60'",
        good="synthspec sample out/encounters --scenario blend",
    ),
    "S156": Entry(
        title="the tool's settings cannot be used",
        text="`synthspec.toml` in the working folder sets colours, how much is said, and the folder that "
        "releases go to. What a release is and costs stands in its spec; where ledgers lie is never set by a "
        "working folder, since a new folder would then be a new budget.",
        bad='ledgers = "here"',
        good='color = "never"\n\n[output]\nfolder = "releases"',
    ),
    "S159": Entry(
        title="two columns are one in the other engine",
        text="DuckDB and Spark do not tell upper from lower case in names, quoted or not: a rule on `ID` "
        "would be counted on `id`, and nobody would notice. Such rules are not exported to them.",
        bad="columns: {id: int 0..9, ID: int 0..9}",
        good="columns: {id: int 0..9, other_id: {type: int, in: 0..9, from: ID}}",
        related=("S123",),
    ),
    "S160": Entry(
        title="charts need the extra `report`",
        text="The report's figures are Altair charts; Altair and what draws it are an extra. Without it the "
        "report is complete, with tables in the place of pictures.",
        bad="load_release('out/stays').report().charts()   # without the extra",
        good="pip install 'synthspec[report]'",
    ),
    "P407": Entry(
        title="the plan is stale",
        text="A plan file is consent to exactly one computation. Its spec, one of its public files or "
        "this program "
        "has changed since it was written, or the file was edited, so what would be done is no longer "
        "what was "
        "agreed to. Nothing was read and nothing was charged.",
        bad="synthspec plan a.yaml -o a.plan; edit a.yaml; synthspec train a.plan",
        good="edit a.yaml; synthspec plan a.yaml -o a.plan; synthspec train a.plan",
    ),
    "B550": Entry(
        title="there is no such ledger",
        text="A spec with `ledger: NAME` is charged to a ledger that the owner of the data has opened, "
        "with a cap "
        "that covers all releases of that data together. Nobody has opened this one.",
        bad="privacy: {unit: patient_id, max_rows: 4, epsilon: 1, ledger: hospitl}",
        good="synthspec budget open hospital --unit patient_id --cap 3 --delta 1e-9",
        related=("B551",),
    ),
    "B551": Entry(
        title="there is no interrupted run to go on with",
        text="`--resume` replays the noisy answers that an interrupted run of the *same plan* has "
        "bought, and buys "
        "the rest; that run is already charged. The ledger knows of none for this plan.",
        bad="synthspec train a.plan --resume        # never started",
        good="synthspec train a.plan",
        related=("B552",),
    ),
    "B552": Entry(
        title="a run of this plan is paid for and not finished",
        text="An earlier `train` of this plan was interrupted after its charge. What it paid is not lost: "
        "`--resume` goes on from the answers it has bought, at no further price.",
        bad="synthspec train a.plan                 # after a crash",
        good="synthspec train a.plan --resume",
        related=("B551",),
    ),
    "B553": Entry(
        title="a changed spec asks for what the release did not buy",
        text="`sample RELEASE --spec NEW` draws under other rules, scenarios, tables and row counts "
        "at no cost, from the noisy tables that the release paid for. Other columns, domains, groups or "
        "another budget need counts that nobody bought: only `train` can buy them. `diff` lists both kinds.",
        bad="synthspec sample out/visits --spec wider-age.yaml",
        good="synthspec diff out/visits wider-age.yaml && synthspec train wider-age.yaml",
    ),
    "B554": Entry(
        title="a source that a ledger protects is declared public",
        text="`public: true` reads rows without noise and without a price. For this very file budget has "
        "been charged, so somebody held it for private: the claims of those releases would be worth nothing.",
        bad="source: {path: visits.csv, public: true, basis: census}   # visits.csv has a ledger",
        good="source: {path: published/visits.csv, public: true, basis: census}",
    ),
    "I325": Entry(
        title="there is no such engine",
        text="A part of the program asked for an engine that is not on the shelf of engines.",
    ),
    "I901": Entry(
        title="synthspec has a bug",
        text="Something happened that the program does not know how to say. The crash file holds the "
        "types of the "
        "errors and the places in our own code, and no value; please send it.",
    ),
}
