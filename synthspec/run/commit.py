"""commit: tie the release to the bytes of its source; the first read of private rows after the charge.

Source: ours; REPORTS.md 2.5 of the design.
"""

from __future__ import annotations

from synthspec.engines.files import files
from synthspec.privacy.commitment import Commitment
from synthspec.privacy.inside import ChargeKeys
from synthspec.run.quiet import quietly
from synthspec.terms.view import Source


def committed(source: Source, keys: ChargeKeys) -> Commitment:
    """Return the commitment to the files of `source` as they lie now.

    Raises:
        KernelError: K701, when they cannot be read.
    """
    return quietly(lambda: Commitment.of(keys.commitment, files(source)), "committing to the source")
