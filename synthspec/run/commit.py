"""commit: tie the release to the bytes of its source; the first read of private rows after the charge.

Source: ours; REPORTS.md 2.5 of the design.
"""

from __future__ import annotations

from synthspec.engines.files import files
from synthspec.privacy.commitment import Commitment
from synthspec.privacy.inside import ChargeKeys
from synthspec.run.quiet import quietly
from synthspec.terms.view import Source


def committed(source: Source, keys: ChargeKeys) -> Commitment | None:
    """Return the commitment to the files of `source`, its table of units among them, as they lie now.

    None of a table on a server.

    A database file is committed to whole. A server's table has no bytes of its own: what it held can be
    shown by a dump that its keeper made, not by this release.

    Raises:
        KernelError: K701, when they cannot be read.
    """
    if source.format in ("postgres", "spark"):
        return None
    units = source.of_units

    def seal() -> Commitment:
        more = () if units is None else files(units)
        return Commitment.of(keys.commitment, dict.fromkeys((*files(source), *more)))

    return quietly(seal, "committing to the source")
