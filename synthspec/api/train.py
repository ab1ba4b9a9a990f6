"""train: refuse, charge, learn, release; the one place that hands in the system's randomness."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.api.copies import refuse_taken, write_copies
from synthspec.api.elsewhere import refuse_elsewhere
from synthspec.api.ledgers import ledger_of, needs_ledger, refuse_owned, source_key
from synthspec.api.placed import placed
from synthspec.api.reuse import read_columns
from synthspec.api.sources import held_sources, located, located_source
from synthspec.api.stale import refuse_stale
from synthspec.errors import BudgetError

if TYPE_CHECKING:
    from synthspec.plan.plan import Plan
    from synthspec.privacy.entries import Charge
    from synthspec.privacy.journal import Journal
    from synthspec.run.company import Processes

Progress = Callable[[int, int, str], None]


def train(
    plan: Plan,
    *,
    out: str | Path | None = None,
    resume: bool = False,
    replace: bool = False,
    progress: Progress | None = None,
    device: str = "auto",
    processes: Processes = 1,
) -> Path:
    """Do what `api.plan.Plan.train` says, and return the release folder."""
    from synthspec.privacy.entropy import SystemNoise
    from synthspec.release.bundle import refuse_occupied
    from synthspec.run.company import check_processes, company
    from synthspec.run.device import check_device, trains_networks
    from synthspec.run.engine import engine_of
    from synthspec.run.execute import execute
    from synthspec.run.preflight import preflight

    neural = trains_networks(plan)
    check_device(device, neural=neural)
    check_processes(processes)
    refuse_stale(plan)
    refuse_owned(plan)
    if not resume:
        refuse_taken(plan, replace=replace)
    here = _located(plan)
    folder = Path(out if out is not None else plan.folder)
    engine = engine_of(plan.source)
    if needs_ledger(plan):
        if not resume:
            refuse_occupied(folder, replace=replace)  # before the charge: a refusal costs nothing
        preflight(here, engine, folder)
    with company(processes if neural or processes == "torchrun" else 1, device) as ranks:
        journal, charge = _charged(here, folder, resume) if needs_ledger(plan) else (None, None)
        done = execute(
            here,
            journal,
            charge,
            engine,
            SystemNoise(),
            folder,
            resume,
            progress or _silent,
            replace,
            device,
            ranks,
        )
    write_copies(plan, done, replace=replace or resume)
    return done


def accompany(device: str = "auto") -> None:
    """Take part in the training of another process, as one that torchrun started; return when it is over.

    Raises:
        SpecError: G470, G471, G474.
        KernelError: K701.
    """
    from synthspec.run.companion import accompany_torchrun
    from synthspec.run.device import check_device

    check_device(device, neural=True)
    accompany_torchrun(device)


def is_companion(processes: Processes) -> bool:
    """Return whether this process only takes part, torchrun having started another as the first."""
    from synthspec.run.company import is_companion

    return is_companion(processes)


def _located(value: Plan) -> Plan:
    """Return the plan with its source's path as it is on this machine."""
    if value.source is None:
        return value
    return value.model_copy(update={"source": located_source(value)})


def _charged(value: Plan, folder: Path, resume: bool) -> tuple[Journal, str]:
    """Return the plan's ledger and a charge on it: the one to go on with, or a new one."""
    if not resume:
        refuse_elsewhere(value, source_key(value))
    journal = ledger_of(value)
    begun = [
        charge
        for charge in journal.standing().charges.values()
        if charge.plan == value.digest() and charge.state in ("reserved", "opened")
    ]
    if resume:
        if not begun:
            raise BudgetError(
                "B551",
                "there is no interrupted run of this plan to go on with",
                helps=("leave `--resume` out", "`synthspec budget log` lists what was charged"),
            )
        return journal, begun[-1].id
    if begun:
        raise BudgetError(
            "B552",
            "a run of this plan is paid for and not finished",
            notes=("nothing was read and nothing was charged now",),
            helps=(
                "go on with it, at no further price: the same command with `--resume`",
                *_taken_back(value, begun[-1]),
            ),
        )
    assert value.protection is not None
    try:
        charge = journal.reserve(
            value.most_it_can_spend,
            unit=value.protection.unit,
            neighbours=value.protection.neighbours,
            release=_release_id(folder),
            plan=value.digest(),
            label=value.name,
            epsilon=value.epsilon,
            delta=value.delta,
            columns=read_columns(value),
            folder=str(folder.resolve()),
            sources=held_sources(value),
        )
    except BudgetError as refusal:
        raise placed(refusal, value) from None
    return journal, charge


def _taken_back(value: Plan, charge: Charge) -> tuple[str, ...]:
    """Return how to take a charge back: possible only while nothing was read for it."""
    if charge.state != "reserved":
        return ()
    where = value.ledger if value.ledger is not None else f"--source {located(value)}"
    return (f"or take it back, nothing was read for it yet: `synthspec budget void {where} {charge.id}`",)


def _release_id(folder: Path) -> str:
    """Return a fresh id that is a file name everywhere, whatever the folder is called."""
    name = re.sub(r"[^0-9A-Za-z_-]+", "-", folder.name)[:40].strip("-_")
    return f"{name or 'release'}-{secrets.token_hex(4)}"


def _silent(step: int, steps: int, name: str) -> None:
    """Say nothing."""
