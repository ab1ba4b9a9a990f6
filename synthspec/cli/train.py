"""synthspec train: charge, learn, write the release."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output

if TYPE_CHECKING:
    from synthspec.api.plan import Plan
    from synthspec.api.release import Release


@click.command("train", cls=Verb)
@click.argument("plan_or_spec", metavar="PLAN|SPEC")
@click.option("-o", "--out", metavar="DIR", help="The release folder; out/NAME without it.")
@click.option("--yes", is_flag=True, help="Do not ask; the summary is shown all the same.")
@click.option("--resume", is_flag=True, help="Go on with a run that was interrupted after its charge.")
@click.option("--replace", is_flag=True, help="Put the release in the place of an older one.")
def command(plan_or_spec: str, out: str | None, yes: bool, resume: bool, replace: bool) -> int:
    """Charge the ledger for the whole plan, learn, buy the report's figures, write the release.

    A plan file is consent. A spec asks first, and without a terminal needs --yes.
    """
    from synthspec.api.plan import is_plan_file, load_plan
    from synthspec.api.spec import load
    from synthspec.cli.plan import warn

    output = Output.here()
    consent = yes or resume
    if is_plan_file(plan_or_spec):
        if output.shared.settings:
            raise click.UsageError(
                "a plan file is final: make another with `synthspec plan SPEC --set ... -o FILE`"
            )
        plan = load_plan(plan_or_spec)
        consent = True
    else:
        spec = load(plan_or_spec, output.shared.settings)
        warn(output, spec)
        plan = spec.plan()
    if output.shared.dry_run:
        output.result("train", {"plan": plan.value.model_dump(mode="json"), "dry_run": True}, plan.text())
        output.note("dry run: stopped here")
        return 0
    release = buy(output, plan, out=out, consent=consent, resume=resume, replace=replace)
    finish(output, "train", release)
    return 0


def buy(
    output: Output, plan: Plan, *, out: str | None, consent: bool, resume: bool = False, replace: bool = False
) -> Release:
    """Show what will be spent, ask unless there is consent, train."""
    output.note(plan.text().removesuffix("Nothing was read and nothing was charged.").rstrip())
    if not consent:
        if not sys.stdin.isatty():
            raise click.UsageError(
                "without a terminal, `train` needs a plan file (`synthspec plan SPEC -o FILE`) or --yes"
            )
        if not click.confirm("Charge the ledger and read the source?", err=True):
            raise click.Abort
    with Steps(output) as steps:
        return plan.train(out=out, resume=resume, replace=replace, progress=steps.start)


def finish(output: Output, verb: str, release: Release) -> None:
    """Say where the release lies and what to do with it."""
    folder = str(release.folder)
    output.note(f"Next: synthspec report {folder}   synthspec sample {folder} -n 1000 -o more.csv")
    output.result(verb, {"release": folder, "claim": release.claim}, folder)


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
