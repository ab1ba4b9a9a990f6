"""The codes of family K: something failed beside private rows."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "K701": Entry(
        title="something failed beside private rows",
        text=(
            "An error, a warning or a crash of a library beside private rows can quote them, so "
            "nothing of it is shown or kept: not its text, not its traceback. What failed may be "
            "the file (cut off, or changed while it was read), too little memory, or a mistake of "
            "ours. Answers bought before it are kept: `train --resume` continues with them and pays"
            " for nothing twice. `synthspec mock` runs the same spec without any private row and "
            "shows its errors in full."
        ),
        good="synthspec train --resume hospital.yaml",
    ),
    "K702": Entry(
        title="memory ran out",
        text=(
            "A step of a run that reads no private row needed more memory than there is, on the machine or "
            "on its GPU. What the ledger holds stays true: answers already bought, and steps of a training "
            "already counted, are kept, and `train --resume` continues with them, here or on a larger "
            "machine, and pays for nothing twice."
        ),
        good="synthspec train --resume hospital.plan --device cpu",
        related=("K701",),
    ),
    "K703": Entry(
        title="the internal edition failed beside private rows",
        text=(
            "`report --internal` reads private rows without noise, so nothing of what failed is shown: it "
            "could quote one. Nothing was written, and the ledger was not touched: the same command can be "
            "tried again. The step that is named is public."
        ),
        good="synthspec report out/hospital --internal --source visits.csv",
        related=("K701",),
    ),
}
