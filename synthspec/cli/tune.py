"""synthspec tune: options of networks tried on rows of a release, or on public rows; free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output


@click.command("tune", cls=Verb)
@click.argument("spec")
@click.option("--from", "release", metavar="RELEASE", help="A release folder, whose rows are learned.")
@click.option("--group", metavar="NAME", help="This group alone.")
@click.option("--try", "tried", metavar="OPTION=V,V,...", multiple=True, help="Values of one option.")
@click.option("--trials", type=click.IntRange(min=1), default=6, show_default=True, help="A group.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the combinations and the rows.")
def command(
    spec: str, release: str | None, group: str | None, tried: Sequence[str], trials: int, seed: int
) -> int:
    """Search options of networks on rows of a release, never on private rows; costs nothing."""
    from synthspec.api.spec import load
    from synthspec.api.tune import Trial, tune

    output = Output.here()

    def told(trial: Trial) -> None:
        output.note(f"{trial.group}  {trial.distance:.4f}  {trial.text()}")

    space = _space(tried)
    loaded = load(spec, output.shared.settings)
    found = tune(
        loaded,
        release,
        group=group,
        space=space,
        trials=trials,
        seed=seed,
        told=told,
        noted=lambda words: output.note(f"note: {words}"),
    )
    best = {trial.group: trial for trial in reversed(found)}
    lines = [
        f"{name}: with: {{{trial.text()}}}" if trial.options else f"{name}: leave its options as they are"
        for name, trial in reversed(best.items())
    ]
    document = {
        "trials": [
            {"group": t.group, "options": dict(t.options), "distance": round(t.distance, 6)} for t in found
        ],
        "best": {name: dict(trial.options) for name, trial in best.items()},
    }
    output.note("one fit each: differences as small as those between equal fits mean nothing")
    output.result("tune", document, "\n".join(lines))
    return 0


def _space(tried: Sequence[str]) -> dict[str, list[Any]] | None:
    """Return values per option, read as YAML scalars; None without any."""
    import yaml

    found: dict[str, list[Any]] = {}
    for each in tried:
        name, equals, values = each.partition("=")
        if not equals or not name or not values:
            raise click.UsageError("`--try` is written OPTION=VALUE,VALUE,...")
        try:
            found[name] = [yaml.safe_load(value) for value in values.split(",")]
        except yaml.YAMLError:
            raise click.UsageError(f"the values of `--try {name}=` cannot be read") from None
    return found or None
