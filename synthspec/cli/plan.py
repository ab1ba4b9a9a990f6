"""synthspec plan: compile, price, predict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output

if TYPE_CHECKING:
    from synthspec.api.spec import Spec


@click.command("plan", cls=Verb)
@click.argument("spec")
@click.option("-o", "--out", metavar="FILE", help="Write the plan; `train FILE` then asks no more questions.")
@click.option("--full", is_flag=True, help="Show every table.")
@click.option("--epsilon", "epsilons", metavar="E,E,...", help="Compare budgets side by side.")
@click.option(
    "--what-if", "changes", multiple=True, metavar="KEY=V,V", help="Other policies: `max_rows=1,3`."
)
@click.option("--exit-code", is_flag=True, help="With -o: exit 10 when the file held another plan.")
def command(
    spec: str, out: str | None, full: bool, epsilons: str | None, changes: tuple[str, ...], exit_code: bool
) -> int:
    """Compile, price and predict; reads no private data and spends nothing."""
    from synthspec.api.plan import load_plan
    from synthspec.errors import SpecError

    output = Output.here()
    loaded = load_spec(output, spec)
    warn(output, loaded)
    if epsilons is not None:
        from synthspec.api.compare import compare, table

        found = compare(loaded, _numbers(epsilons))
        output.result("plan", {"compared": [each.model_dump(mode="json") for each in found]}, table(found))
        return 0
    if changes:
        from synthspec.api.compare import simulate, table

        found = simulate(loaded, _changes(changes))
        output.result("plan", {"compared": [each.model_dump(mode="json") for each in found]}, table(found))
        return 0
    plan = loaded.plan()
    if not (output.shared.json or output.shared.quiet):
        output.diagnostics(loaded.advice(plan), {loaded.origin: loaded.text})
    changed = False
    if out is not None and not output.shared.dry_run:
        try:
            changed = load_plan(out).digest != plan.digest
        except SpecError:
            changed = True
        plan.save(out)
    document = {"plan": plan.value.model_dump(mode="json"), "digest": plan.digest, "changes": changed}
    output.result("plan", document, plan.text(full=full))
    if out is not None and not output.shared.dry_run:
        output.note(f"Plan written to {out}")
    output.note(f"Next: synthspec train {out or spec}")
    return 10 if exit_code and changed else 0


def load_spec(output: Output, path: str) -> Spec:
    """Return a spec with the settings of the flags, and its release folder under that of `synthspec.toml`."""
    from synthspec.api.spec import load

    loaded = load(path, output.shared.settings)
    written = loaded.parsed.spec
    if output.shared.folder is None or written is None or written.output.folder is not None:
        return loaded
    return loaded.replace({"output.folder": str(Path(output.shared.folder) / written.name)})


def warn(output: Output, spec: Spec) -> None:
    """Show a spec's warnings and notes; errors are raised by the verbs themselves."""
    found = spec.check()
    if any(each.level == "error" for each in found) or output.shared.json or output.shared.quiet:
        return
    output.diagnostics(found, {spec.origin: spec.text})


def _changes(texts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return each key with each of its values: `epsilon=0.5,2` is two policies."""
    found = []
    for text in texts:
        key, equals, values = text.partition("=")
        if not (key and equals and values and all(values.split(","))):
            raise click.UsageError(f"`{text}` is not KEY=VALUE,VALUE like `epsilon=0.5,2` or `max_rows=1,3`")
        found += [(key, value) for value in values.split(",")]
    return found


def _numbers(text: str) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        raise click.UsageError(f"`{text}` is not a list of numbers like 0.5,1,2") from None
    for each in found:
        if not 0 < each <= 1000:
            raise click.UsageError(f"`{each:g}` is no epsilon: write numbers above 0 and at most 1000")
    return found
