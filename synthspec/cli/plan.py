"""synthspec plan: compile, price, predict."""

from __future__ import annotations

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("plan", cls=Verb)
@click.argument("spec")
@click.option("-o", "--out", metavar="FILE", help="Write the plan; `train FILE` then asks no more questions.")
@click.option("--full", is_flag=True, help="Show every table.")
@click.option("--epsilon", "epsilons", metavar="E,E,...", help="Compare budgets side by side.")
@click.option("--exit-code", is_flag=True, help="With -o: exit 10 when the file held another plan.")
def command(spec: str, out: str | None, full: bool, epsilons: str | None, exit_code: bool) -> int:
    """Compile, price and predict; reads no private data and spends nothing."""
    from synthspec.api.plan import load_plan
    from synthspec.api.spec import load
    from synthspec.errors import SpecError

    output = Output.here()
    loaded = load(spec, output.shared.settings)
    warn(output, loaded)
    if epsilons is not None:
        from synthspec.api.compare import compare, sweep, table

        rows = compare(sweep(loaded, _numbers(epsilons)))
        output.result("plan", {"compared": rows}, table(rows))
        return 0
    plan = loaded.plan()
    changed = False
    if out is not None and not output.shared.dry_run:
        try:
            changed = load_plan(out).digest != plan.digest
        except SpecError:
            changed = True
        plan.save(out)
    document = {"plan": plan.value.model_dump(mode="json"), "digest": plan.digest, "changes": changed}
    output.result("plan", document, plan.text(full=full))
    if out is not None:
        output.note(f"Plan written to {out}")
    output.note(f"Next: synthspec train {out or spec}")
    return 10 if exit_code and changed else 0


def warn(output: Output, spec: object) -> None:
    """Show a spec's warnings and notes; errors are raised by the verbs themselves."""
    from synthspec.api.spec import Spec

    assert isinstance(spec, Spec)
    found = spec.check()
    if any(each.level == "error" for each in found) or output.shared.json or output.shared.quiet:
        return
    output.diagnostics(found, {spec.origin: spec.text})


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise click.UsageError(f"`{text}` is not a list of numbers like 0.5,1,2") from None
