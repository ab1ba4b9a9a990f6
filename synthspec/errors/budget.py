"""The codes of family B."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "B501": Entry(
        title="training would overspend the ledger",
        text=(
            "Every release about the same people adds to what can be learnt about one of them. The "
            "ledger holds what was spent so far and a cap that its owner fixed. This plan does not fit "
            "under it, so nothing was read and nothing was charged. Costs are composed, not added: the "
            "largest epsilon that still fits is more than the cap less what was spent. Sampling more "
            "rows from a release that exists costs nothing."
        ),
        bad="privacy: {unit: patient_id, max_rows: 8, epsilon: 2}     # the ledger has room for 1.98",
        good="privacy: {unit: patient_id, max_rows: 8, epsilon: 1.98}",
        related=("B503", "B508"),
    ),
    "B502": Entry(
        title="a purchase does not fit what its plan allotted",
        text=(
            "Inside a run each step has an allotment. A step tried to spend more than its own, or more "
            "than the whole plan has left. It was refused before anything was computed. With the "
            "generators of this package it should not happen: please report it, with the plan."
        ),
        related=("B501",),
    ),
    "B503": Entry(
        title="the ledger protects another unit or other neighbours",
        text=(
            "A ledger adds up costs that protect one kind of unit under one neighbour relation; both "
            "were fixed when it was opened. Protecting rows costs less than protecting patients, and "
            "the two do not add up."
        ),
        bad="privacy: {unit: row, epsilon: 1, ledger: hospital}     # the ledger protects patient_id",
        good="privacy: {unit: patient_id, max_rows: 8, epsilon: 1, ledger: hospital}",
        related=("B501",),
    ),
    "B504": Entry(
        title="a step has no budget, or too little to draw noise for",
        text=(
            "A step that reads private data must pay, and what it pays sets its noise. A share that "
            "rounds to nothing would need infinite noise; a `discover` also needs a part of delta."
        ),
        bad="split: {stay: 1, labs: 0}",
        good="split: {stay: 4, labs: 1}",
    ),
    "B505": Entry(
        title="the charge is not in a state that allows this",
        text=(
            "A charge is reserved, then opened just before the first private read, then committed when "
            "the release is written. Only a reserved charge can be voided: once opened, answers may "
            "have been seen, and what was spent stays spent. An opened charge is continued with "
            "`synthspec train --resume`."
        ),
        bad="synthspec budget void hospital CHARGE     # already opened",
        good="synthspec train --resume hospital.plan",
    ),
    "B506": Entry(
        title="the ledger cannot be opened, read or written",
        text=(
            "Nothing private is read unless the charge is durable. The ledger's file or its folder is "
            "missing, read only, damaged, made by another version, locked for too long, or the disk is "
            "full."
        ),
        bad="export SYNTHSPEC_HOME=/proc",
        good="export SYNTHSPEC_HOME=/a/folder/you/may/write",
        related=("B507",),
    ),
    "B507": Entry(
        title="the ledger was changed by something else than synthspec",
        text=(
            "Each entry carries a hash over the one before it. The hashes, or the order of the entries, "
            "do not agree, so the sum of what was spent cannot be trusted. Put back a backup that "
            "`synthspec budget verify` accepts, and account for the releases made since."
        ),
        bad="sqlite3 ledgers/named-hospital.sqlite     # an editor is no way to change a ledger",
        good="synthspec budget verify hospital",
        related=("B506",),
    ),
    "B508": Entry(
        title="this needs the secret of the ledger's owner",
        text=(
            "Changing a cap and voiding a charge are up to the ledger's owner. The secret was printed "
            "once when the ledger was opened and is stored nowhere; only a salted hash is kept. If it "
            "is lost, the cap stays what it is: no new secret can be made."
        ),
        bad="synthspec budget cap hospital --to 4 --secret guessed",
        good="SYNTHSPEC_OWNER_SECRET=... synthspec budget cap hospital --to 4",
        related=("B509",),
    ),
    "B509": Entry(
        title="the name of the ledger cannot be used",
        text=(
            "Names have lower-case letters, digits, `-` and `_`, at most 64, and begin with a letter or "
            "a digit. A name that is taken cannot be opened again: a second ledger of the same name "
            "would be a second budget."
        ),
        bad="synthspec budget open 'St. Mary'",
        good="synthspec budget open st-mary",
    ),
    "B510": Entry(
        title="this cap is not possible",
        text=(
            "A cap has an epsilon above 0 and a delta strictly between 0 and 1, both finite decimal numbers."
        ),
        bad="synthspec budget cap hospital --epsilon nan",
        good="synthspec budget cap hospital --epsilon 3 --delta 1e-9",
    ),
    "B511": Entry(
        title="the answers bought so far belong to another run",
        text=(
            "A resumed run replays the noisy answers that it bought before it was interrupted. They "
            "were given to other questions, or for another plan, than this one asks. Drawing fresh "
            "answers on the old charge would spend it twice."
        ),
        bad="edit hospital.yaml; synthspec train hospital.yaml --resume",
        good="synthspec train --resume hospital.plan     # the very plan that was interrupted",
        related=("B505", "B512"),
    ),
    "B512": Entry(
        title="the log of noisy answers cannot be used",
        text=(
            "Each noisy answer is written before it is used, so that a crash loses time and not budget. "
            "The log is not writable, the disk is full, another process has it open, or a line before "
            "the last is damaged. A torn last line is normal after a crash and is drawn anew."
        ),
        related=("B511",),
    ),
    "B513": Entry(
        title="the keys of a charge cannot be used",
        text=(
            "Each charge has two secret keys: one hides the commitment to the source, the other decides "
            "which units are held out. They are drawn before anything is read and kept in the folder "
            "`inside` of the ledgers' home, readable by their owner only. A run that went on with other keys "
            "would hold out other units than those it paid for, so it is refused."
        ),
        related=("B512",),
    ),
    "B514": Entry(
        title="the ledger's server cannot be used, or went away",
        text=(
            "A ledger on a server must answer before anything private is read. When the connection breaks "
            "while an entry is written, synthspec connects again and looks whether it is there, so that "
            "none is lost and none is written twice; only when the server stays away is this said. The "
            "entry may then be there: it counts as spent, never the other way. `budget log` shows it."
        ),
        bad="synthspec train hospital.plan     # while the server is down",
        good="synthspec budget verify hospital && synthspec train hospital.plan",
        related=("B506", "B515", "B516"),
    ),
    "B515": Entry(
        title="the role has no right to the ledger",
        text=(
            "On a server, who may read a ledger and who may write to it are rights of the database: SELECT "
            "to read, SELECT and INSERT to train, CREATE on the database for whoever opens the first ledger. "
            "Nobody needs a right to change or to remove rows, and nobody should have one."
        ),
        bad="GRANT ALL ON synthspec.entries TO analyst",
        good="GRANT SELECT, INSERT ON synthspec.entries TO analyst",
        related=("B514",),
    ),
    "B516": Entry(
        title="the address of a ledger cannot be used",
        text=(
            "An address names a server, a database and, after `#`, the ledger. It stands in specs, plans and "
            "releases, so it never holds a password: that comes from PGPASSWORD, a password file "
            "(PGPASSFILE, `~/.pgpass`) or a service file. The address that was refused is not shown."
        ),
        bad="ledger: postgres://olga:secret@db.example/ledgers#hospital",
        good="ledger: postgres://olga@db.example/ledgers?sslmode=verify-full#hospital",
        related=("B514",),
    ),
    "B517": Entry(
        title="a ledger on a server needs another package",
        text=(
            "The client of PostgreSQL is not part of synthspec itself. A ledger in a file needs nothing more."
        ),
        bad="pip install synthspec; synthspec budget show postgres://db.example/ledgers#hospital",
        good="pip install 'synthspec[postgres]'",
        related=("B514",),
    ),
}
