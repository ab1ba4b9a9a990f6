"""The codes of private trainings: of families G, P and I."""

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
    "G472": Entry(
        title="a group that leaves a network nothing to learn",
        text=(
            "A network learns how columns go together. A group of one column that is given no others, or one "
            "whose columns have a single possible value each, has nothing of that kind: the cheaper "
            "`independent` says all that there is to say."
        ),
        bad="a: {columns: [age], using: vae}",
        good="a: {columns: [age], using: independent}",
        related=("G471",),
    ),
    "G473": Entry(
        title="nothing to tune",
        text=(
            "`tune` tries options of networks on public rows: the spec (or the group that was named) has no "
            "network, or no row fits the spec's domains."
        ),
        bad="synthspec tune hospital.yaml --from out/hospital      # every group is `using: marginal`",
        good="generate: {all: {columns: [age, sex, ward], using: autoregressive}}",
        related=("P411",),
    ),
    "G474": Entry(
        title="the processes of a training do not come together",
        text=(
            "Several processes can share the private steps of a training (`--processes`): started here, or "
            "one by one by torchrun on several machines. They did not start, did not find each other, or run "
            "different versions. It was tried before anything was charged; the number of processes changes "
            "neither the plan nor its price, so that the same plan can be trained by one."
        ),
        bad="synthspec train hospital.plan --processes torchrun     # not started by torchrun",
        good="torchrun --nnodes 2 ... -m synthspec train hospital.plan --processes torchrun",
        related=("G470", "G471"),
    ),
    "P411": Entry(
        title="a search over options on private rows",
        text=(
            "Trying many options and keeping the best tells about the rows that they were tried on. The "
            "ledger has no proved price for that, so it is refused; rows of a release, or a table that is "
            "declared public, can be searched as often as you like. The noise of the trials is that of the "
            "plan, so that what is best there is a fair guess for the private rows."
        ),
        bad="synthspec tune hospital.yaml",
        good="synthspec tune hospital.yaml --from out/hospital",
        related=("G473",),
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
