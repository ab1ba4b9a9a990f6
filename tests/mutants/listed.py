"""The planted bugs that the design lists, each with what catches it; the README prints this table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Listed:
    """One bug of the list.

    Attributes:
        bug: what it is.
        mutants: names of planted bugs (`Mutant.name`) that plant it; each names the tests that catch it.
        game: the game of `synthspec audit` that proves it, None where no game can: what is not about noise.
        factor: by how much the bug multiplies mu, in that game.
    """

    bug: str
    mutants: tuple[str, ...]
    game: str | None = None
    factor: float = 1.0


COUNTS = "rounded_gaussian: counts of four cliques"
SQRT3 = 3.0**0.5

LISTED = (
    Listed("half the noise", ("half the noise", "half the noise, in the sampler"), COUNTS, 2.0),
    Listed(
        "half the noise of gradients",
        ("half the noise, in gradients", "half the noise of a training, against the best guess"),
        "subsampled_gaussian: 3 steps at rate 1",
        2.0,
    ),
    Listed(
        "sensitivity short by sqrt(k) for k cliques",
        ("k cliques at the price of one", "sum of distances without K"),
        "rounded_gaussian: the sum of three distances",
        3.0,
    ),
    Listed(
        "sensitivity short by sqrt(k) for k counters",
        ("sensitivity of k counters short by sqrt(k)",),
        "rounded_gaussian: counters of units",
        2.0,
    ),
    Listed(
        "sensitivity short by max_rows",
        ("sensitivity of a marginal short by sqrt(max_rows)", "sensitivity of a score without max_rows"),
        COUNTS,
        SQRT3,
    ),
    Listed("unpaid selection", ("unpaid selection",)),
    Listed(
        "an underpriced mechanism (zCDP's e^2/8 as mu2/2)",
        ("underpriced selection: zCDP's e^2/8 as mu2/2", "underpriced selection"),
    ),
    Listed("selection at twice its rate", ("selection rate doubled",), "exponential: a choice of two", 1.88),
    Listed("a threshold too low", ("a threshold one too low",)),
    Listed("exact bounds from data", ("exact bounds from data",)),
    Listed("category list from data", ("category list from data",)),
    Listed(
        "exact category frequencies in the conditional sampler",
        ("exact category frequencies in the conditional sampler",),
    ),
    Listed(
        "exact n as denominator, default row count or progress total",
        ("exact n as denominator", "exact n as the number of rows", "exact n as progress total"),
    ),
    Listed("batch divided by its realised size", ("a batch divided by its realised size",)),
    Listed("shuffled sampler charged as Poisson", ("a shuffled sampler charged as Poisson",)),
    Listed("fixed batch charged as Poisson", ("a fixed batch charged as Poisson", "a fixed batch")),
    Listed("asymptotic mu for DP-SGD", ("asymptotic mu for runs",)),
    Listed("compute before charge", ("compute before charge",)),
    Listed("charge not durable before the first read", ("charge not durable before the first read",)),
    Listed("ledger amount in floats", ("a ledger amount in floats", "costs as floats")),
    Listed("cap tested with `>` on NaN", ("an amount that is no number fits every cap",)),
    Listed("noise from a seeded or reused generator", ("noise from a seeded generator",)),
    Listed(
        "the same noise twice for one query",
        ("the same noise twice for one query", "the same noise for every cell"),
    ),
    Listed("contribution bound by file position", ("contribution bound by file position",)),
    Listed("a ledger mixing units", ("a ledger mixing units", "units mixed")),
    Listed("a cap evaded by a new folder", ("a cap evaded by a new folder", "cap evaded by folder")),
    Listed("resume that repeats counted steps", ("a resume that repeats counted steps",)),
    Listed(
        "the realised sum claimed instead of the plan's",
        ("the realised sum claimed instead of the plan's total",),
    ),
    Listed("null unit merged into one person", ("rows without a unit merged into one person",)),
    Listed("a value in an error text", ("a value in an error text", "a crash file with messages")),
    Listed("a warning only when data is odd", ("a warning only when data is odd",)),
    Listed("plain hash of the source in a release", ("a plain digest of the source in the release",)),
    Listed(
        "modification time of the source in a release", ("the source's modification time in the release",)
    ),
    Listed("siblings sampled in lockstep", ("siblings sampled in lockstep",)),
    Listed(
        "masks applied after sampling while the model keeps the mass",
        ("masks applied after sampling while the model keeps the mass",),
    ),
)
