"""synthspec train: charge, learn, write the release."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal, get_args

import click

from synthspec.cli.events import Events, events_option
from synthspec.cli.group import Verb
from synthspec.cli.output import Output

if TYPE_CHECKING:
    from synthspec.api.plan import Plan
    from synthspec.api.release import Release


UNDRAWN = 6
"""The exit code when the release stands and a scenario has no rows."""

Device = Literal["auto", "cpu", "cuda"]

device_option = click.option(
    "--device",
    type=click.Choice(get_args(Device)),
    default="auto",
    help="Where networks are trained; the plan and its price stay the same.",
)
"""The option `--device` of verbs that train."""

Processes = int | Literal["torchrun"]


class ProcessesType(click.ParamType[Processes]):
    """A number of processes, or the word torchrun."""

    name = "N|torchrun"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Processes:
        """Return the number, or the word."""
        if value == "torchrun":
            return "torchrun"
        text = str(value)
        if not text.isdecimal() or int(text) < 1:
            self.fail("give a number of processes, or `torchrun` where torchrun started this one", param, ctx)
        return int(text)


processes_option = click.option(
    "--processes",
    type=ProcessesType(),
    default=1,
    help="How many processes share the private steps of networks; `torchrun` where it started them.",
)
"""The option `--processes` of verbs that train."""


@click.command("train", cls=Verb)
@click.argument("plan_or_spec", metavar="PLAN|SPEC")
@click.option("-o", "--out", metavar="DIR", help="The release folder; out/NAME without it.")
@click.option("--yes", is_flag=True, help="Do not ask; the summary is shown all the same.")
@click.option("--resume", is_flag=True, help="Go on with a run that was interrupted after its charge.")
@click.option("--replace", is_flag=True, help="Put the release in the place of an older one.")
@device_option
@processes_option
@events_option
def command(
    plan_or_spec: str,
    out: str | None,
    yes: bool,
    resume: bool,
    replace: bool,
    device: Device,
    processes: Processes,
    events: str | None,
) -> int:
    """Charge the ledger for the whole plan, learn, buy the report's figures, write the release.

    A plan file is consent. A spec asks first, and without a terminal needs --yes.
    """
    from synthspec.api.plan import is_plan_file, load_plan
    from synthspec.cli.plan import load_spec, warn

    output = Output.here()
    if takes_part(output, device, processes):
        return 0
    consent = yes or resume
    if is_plan_file(plan_or_spec):
        if output.shared.settings:
            raise click.UsageError(
                "a plan file is final: make another with `synthspec plan SPEC --set ... -o FILE`"
            )
        plan = load_plan(plan_or_spec)
        consent = True
    else:
        spec = load_spec(output, plan_or_spec)
        warn(output, spec)
        plan = spec.plan()
    if output.shared.dry_run:
        output.result("train", {"plan": plan.value.model_dump(mode="json"), "dry_run": True}, plan.text())
        output.note("dry run: stopped here")
        return 0
    refuse_two_streams(output, events)
    with Events(events) as seen:
        release = buy(
            output,
            plan,
            seen,
            out=out,
            consent=consent,
            resume=resume,
            replace=replace,
            device=device,
            processes=processes,
        )
    finish(output, release, to_stdout=events != "-")
    return UNDRAWN if undrawn(output, release) else 0


def takes_part(output: Output, device: Device, processes: Processes) -> bool:
    """Where torchrun started this process beside the first: take part until it is over, return True."""
    if processes != "torchrun":
        return False
    from synthspec.api.train import accompany, is_companion

    if not is_companion(processes):
        return False
    output.note("taking part in the training of the first process")
    accompany(device)
    return True


def refuse_two_streams(output: Output, events: str | None) -> None:
    """Refuse `--events -` beside `--json`: stdout holds exactly one document then."""
    if events == "-" and output.shared.json:
        raise click.UsageError("`--events -` and `--json` both want stdout: give `--events FILE`")


def buy(
    output: Output,
    plan: Plan,
    events: Events,
    *,
    out: str | None,
    consent: bool,
    resume: bool,
    replace: bool,
    device: Device = "auto",
    processes: Processes = 1,
) -> Release:
    """Show what will be spent, ask unless there is consent, train; tell `events` of it."""
    output.note(plan.text().removesuffix("Nothing was read and nothing was charged.").rstrip())
    if not consent:
        if not sys.stdin.isatty():
            raise click.UsageError(
                "without a terminal, `train` needs a plan file (`synthspec plan SPEC -o FILE`) or --yes"
            )
        if not click.confirm("Charge the ledger and read the source?", err=True):
            raise click.Abort
    with Steps(output) as steps:

        def progress(step: int, count: int, name: str) -> None:
            steps.start(step, count, name)
            events.step(step, count, name)

        release = plan.train(
            out=out,
            resume=resume,
            replace=replace,
            progress=progress,
            device=device,
            processes=processes,
        )
    events.done(str(release.folder))
    return release


def finish(output: Output, release: Release, *, to_stdout: bool) -> None:
    """Say where the release lies and what to do with it."""
    folder = str(release.folder)
    output.note(f"Next: synthspec report {folder}   synthspec sample {folder} -n 1000 -o more.csv")
    if to_stdout:
        output.result("train", {"release": folder, "claim": release.claim}, folder)


def undrawn(output: Output, release: Release) -> bool:
    """Say which scenarios of a release have no rows, and why; return whether there are any."""
    missed = [table for table in release.value.scenarios if table.problem is not None]
    if output.shared.json:
        return bool(missed)
    for table in missed:
        output.always(
            f"warning: scenario `{table.name}` has no rows: {table.problem}\n"
            "  = note: the rest of the release stands, and what was paid for is in it\n"
            "  = help: change the scenario and draw it at no cost: "
            f"`synthspec sample {release.folder} --spec NEW.yaml --scenario {table.name}`"
        )
    return bool(missed)


class Steps:
    """Public step names while private rows are read: a spinner on a terminal, else one line a step.

    No counts, sizes, rates or times: they could depend on the rows.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._status: object | None = None

    def __enter__(self) -> Steps:
        return self

    def start(self, step: int, steps: int, name: str) -> None:
        """Show that a step has begun."""
        words = f"step {step} of {steps}: {name}"
        if self._output.shared.quiet or self._output.shared.json:
            return
        if not sys.stderr.isatty():
            self._output.note(words)
            return
        from rich.console import Console
        from rich.status import Status

        if not isinstance(self._status, Status):
            self._status = Status(words, console=Console(stderr=True, highlight=False))
            self._status.start()
        self._status.update(words)

    def __exit__(self, *_: object) -> None:
        from contextlib import suppress

        if self._status is not None:
            with suppress(AttributeError):
                self._status.stop()  # type: ignore[attr-defined]  # a rich Status once it exists
