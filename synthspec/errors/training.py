"""The codes of private trainings: of families G and I."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "G470": Entry(
        title="there is no GPU",
        text=(
            "`--device cuda` asks for a GPU, and torch finds none: no card, no driver, or a build of torch "
            "for the processor alone. The device changes neither the plan nor its price, so the same plan "
            "can be trained without one. Nothing was charged."
        ),
        bad="synthspec train hospital.plan --device cuda     # on a laptop without a GPU",
        good="synthspec train hospital.plan --device auto",
    ),
    "G471": Entry(
        title="training a network needs the extra `neural`",
        text=(
            "Networks are trained by torch, which is large and not installed by default. Nothing was "
            "charged. A release that was trained elsewhere can be sampled without it."
        ),
        bad="pip install synthspec; synthspec train hospital.yaml     # with `using: vae`",
        good="pip install 'synthspec[neural]'",
        related=("G470",),
    ),
    "I328": Entry(
        title="a network that cannot be trained on private rows",
        text=(
            "The gradient of one unit is clipped before it is added, which needs every parameter to lie in a "
            "layer whose gradient is known row by row, and no row's loss to depend on another row. It was "
            "tried on made-up rows, before anything was charged. This is a mistake in the generator's code."
        ),
    ),
}
