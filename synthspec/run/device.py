"""Device: where private gradients are computed; the plan and its price are the same everywhere.

Source: ours.
"""

from __future__ import annotations

from importlib.util import find_spec

from synthspec.errors import Diagnostic, SpecError
from synthspec.plan.ops import Fit
from synthspec.plan.plan import Plan

NEEDED = ("torch", "safetensors")


def trains_networks(plan: Plan) -> bool:
    """Return whether a step of `plan` needs the extra `neural`."""
    fitted = {op.group for op in plan.ops if isinstance(op, Fit)}
    return any(each.name in fitted and each.generator.extra() == "neural" for each in plan.groups)


def check_device(asked: str, *, neural: bool) -> None:
    """Refuse what cannot be had here; public, before anything is charged.

    Args:
        asked: auto, cpu or cuda.
        neural: whether the plan trains a network.

    Raises:
        SpecError: G471, when the extra `neural` is missing; G470, when `cuda` is asked for in vain.
    """
    missing = needs_extra() if neural or asked == "cuda" else None
    if missing is not None:
        raise SpecError(missing.code, missing.message, helps=missing.helps)
    if asked == "cuda":
        chosen_device(asked)


def needs_extra() -> Diagnostic | None:
    """Return what is missing to train a network on this machine, None when nothing is."""
    if all(find_spec(name) is not None for name in NEEDED):
        return None
    return Diagnostic(
        code="G471",
        message="training a network needs the extra `neural`, which is not installed",
        helps=("install it: `pip install 'synthspec[neural]'`",),
    )


def chosen_device(asked: str) -> str:
    """Return "cpu" or "cuda".

    Raises:
        SpecError: G470, when `cuda` is asked for and there is none.
    """
    if asked == "cpu":
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if asked == "cuda":
        raise SpecError(
            "G470",
            "`--device cuda` asks for a GPU, and there is none that torch can use",
            helps=("write `--device auto` or `--device cpu`: the plan and its price stay the same",),
        )
    return "cpu"
