"""synthspec run: check, plan, confirm, train, report."""

from __future__ import annotations

import click

from synthspec.cli.events import Events, events_option
from synthspec.cli.group import Verb
from synthspec.cli.output import Output
from synthspec.cli.train import Device, Processes, device_option, processes_option


@click.command("run", cls=Verb)
@click.argument("spec")
@click.option("-o", "--out", metavar="DIR", help="The release folder; out/NAME without it.")
@click.option("--yes", is_flag=True, help="Do not ask; the summary is shown all the same.")
@click.option("--resume", is_flag=True, help="Go on with a run that was interrupted after its charge.")
@click.option("--replace", is_flag=True, help="Put the release in the place of an older one.")
@device_option
@processes_option
@events_option
def command(
    spec: str,
    out: str | None,
    yes: bool,
    resume: bool,
    replace: bool,
    device: Device,
    processes: Processes,
    events: str | None,
) -> int:
    """check, plan, confirm, train, sample and report; exit 3 when a gate failed, 6 when rows are missing."""
    from synthspec.cli.plan import load_spec, warn
    from synthspec.cli.report import show
    from synthspec.cli.train import UNDRAWN, buy, refuse_two_streams, takes_part, undrawn

    output = Output.here()
    if takes_part(output, device, processes):
        return 0
    loaded = load_spec(output, spec)
    warn(output, loaded)
    plan = loaded.plan()
    if output.shared.dry_run:
        output.result("run", {"plan": plan.value.model_dump(mode="json"), "dry_run": True}, plan.text())
        output.note("dry run: stopped here")
        return 0
    refuse_two_streams(output, events)
    with Events(events) as seen:
        release = buy(
            output,
            plan,
            seen,
            out=out,
            consent=yes or resume,
            resume=resume,
            replace=replace,
            device=device,
            processes=processes,
        )
    report = release.report()
    if output.shared.json:
        output.document(
            "run",
            {
                "ok": report.passed and all(s.problem is None for s in release.value.scenarios),
                "release": str(release.folder),
                "claim": release.claim,
                "gates": report.gates,
                "report": report.tree(),
            },
        )
    else:
        if events != "-":
            show(output, report)
        output.note(f"\nRelease: {release.folder}   page: {release.folder / 'report.html'}")
    missed = undrawn(output, release)
    return 3 if not report.passed else UNDRAWN if missed else 0
