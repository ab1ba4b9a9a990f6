"""What other processes of the ledger's tests do: spend on one ledger, and say what is durable.

Run as `python spending.py race NAME TRIES` or `python spending.py steps NAME` or
`python spending.py full NAME`; SYNTHSPEC_HOME says where. Prints one line per durable step.
"""

from __future__ import annotations

import sys

from synthspec.errors import BudgetError
from synthspec.privacy.cost import Cost
from synthspec.privacy.journal import Journal

PRICE = Cost(mu2=10**9)


def spend(journal: Journal, label: str) -> str:
    """Reserve one PRICE."""
    return journal.reserve(
        PRICE,
        unit="row",
        neighbours="add-remove",
        release="r",
        plan="p",
        label=label,
        epsilon=0.1,
        delta=1e-9,
    )


def race(journal: Journal, tries: int) -> None:
    """Reserve until refused; print what was granted."""
    granted = 0
    for _ in range(tries):
        try:
            spend(journal, "race")
        except BudgetError as refused:
            assert refused.code == "B501", refused
            break
        granted += 1
    print(granted, flush=True)


def steps(journal: Journal) -> None:
    """Reserve, open and commit for ever, printing each step once it is durable."""
    while True:
        charge = spend(journal, "steps")
        print("reserved", flush=True)
        journal.open(charge)
        print("opened", flush=True)
        journal.commit(charge)
        print("committed", flush=True)


def full(journal: Journal) -> None:
    """Spend on a disk that fills up: no file may grow beyond 160 kB."""
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (160_000, 160_000))
    for granted in range(1000):
        try:
            spend(journal, "full" * 200)
        except BudgetError as refused:
            print(granted, refused.code, flush=True)
            return


if __name__ == "__main__":
    found = Journal.find(sys.argv[2])
    assert found is not None
    match sys.argv[1]:
        case "race":
            race(found, int(sys.argv[3]))
        case "steps":
            steps(found)
        case "full":
            full(found)
