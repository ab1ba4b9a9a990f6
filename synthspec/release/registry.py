"""registry: the release as an entry of OpenDP's registry of deployments of differential privacy.

A draft of tier 3, for the curator to complete and send in: synthspec does not know the curator's sector, and
says so where the schema wants one of its words. It is made from the plan and the ledger's public facts only.

Source: opendp/deployments-registry-data, schemas/deployments-schema.yaml at 057e5d8 (2026-07).
"""

from __future__ import annotations

import re

from synthspec.plan.ops import Determine, Discover, Tighten
from synthspec.release.public import public_plan
from synthspec.release.release import Claim, LedgerFacts, Release
from synthspec.release.upward import upward

NAME = "dp-registry.yaml"
MEDIA_TYPE = "application/yaml"

_HEAD = """\
# An entry of the OpenDP registry of deployments, drafted by synthspec.
# To be completed by the curator before it is sent in; not known to synthspec are:
# data_curator_type (Government, Industry or Nonprofit), data_product_region, data_product_sector.
"""
_MECHANISMS = (
    "Counts, distances and scores: Gaussian noise, drawn exactly and rounded to integers, from the operating "
    "system's randomness; integers are released, so no floating point touches an answer. Choices: the "
    "exponential mechanism over integer scores. Lists of values: noisy counts of units above a threshold. "
    "Networks, where the spec asks for them: Poisson-subsampled, clipped gradients with Gaussian noise. "
    "Which of these ran, each with sensitivity, scale and price, is in ledger.json. Nobody outside asks "
    "questions; while private rows are read, no counts, rates or times are shown."
)
_COMPOSITION = (
    "Every purchase is priced in Gaussian differential privacy with a slack, (mu^2, delta0); prices add up, "
    "also where later questions depend on earlier answers (fixed thresholds, Smith & Thakurta 2022). What is "
    "claimed is the plan's total, known before a row was read; what was left over is lost."
)
_POST = (
    "The model is fitted to noisy answers only; rows are drawn from it with a public seed; the rules of the "
    "spec are made to hold by drawing again and by repair; all of it can be done again from the release."
)
_UNPROTECTED = (
    "None of the figures in the release are exact statistics of the private rows. Public, because the spec "
    "states them: the columns, their domains and bounds, the rules, the declared size of the table."
)


def registry(release: Release) -> bytes | None:
    """Return the entry of a release of private rows as YAML; None for a release that has no claim."""
    claim, facts = release.claim, release.ledger
    if claim is None or facts is None:
        return None
    import yaml

    tree = {"url_slug": _slug(release.plan.name), "deployment": _deployment(release, claim, facts)}
    text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=100)
    return (_HEAD + text).encode()


def _deployment(release: Release, claim: Claim, facts: LedgerFacts) -> dict[str, object]:
    return {
        "basic": _basic(release, facts),
        "dp_variant": {
            "variant_name": "Approximate DP",
            "data_domain": _domain(release),
            "unprotected_quantities": _UNPROTECTED,
        },
        "privacy_loss": _loss(release, claim),
        "deployment_model": _model(facts),
        "implementation": {
            "preprocessing_and_hyperparameter_tuning": _before(release),
            "mechanisms": f"{_MECHANISMS} Made by {release.plan.tool}.",
            "composition": _COMPOSITION,
            "post_processing": _POST,
            "justification": _why(release),
            "utility": "Paid-for distances and answers, each with its interval, are in the release's report.",
        },
        "administrative": {"status": "Draft", "registry_authors": [release.plan.tool], "tier": 3},
    }


def _basic(release: Release, facts: LedgerFacts) -> dict[str, object]:
    plan, told = release.plan, release.plan.datasheet
    return {
        "name": plan.name,
        "data_curators": [
            {"data_curator_name": told.owner or "not stated", "data_curator_type": "Industry"},
        ],
        "description": plan.about or f"Synthetic rows made from the spec `{plan.name}`.",
        "intended_use": told.purpose or "not stated",
        "data_product_type": "Synthetic data",
        "data_product_region": "not stated",
        "data_product_sector": "Technology",
        "publication_date": facts.day,
    }


def _domain(release: Release) -> str:
    names = ", ".join(f"`{column.name}`" for column in release.columns if not column.hidden)
    return (
        f"Tables with the columns {names}; types, ranges and lists of values as declared in spec.yaml. "
        "Values outside are clipped, made missing or dropped, as the spec says."
    )


def _loss(release: Release, claim: Claim) -> dict[str, object]:
    verb = "adding or removing" if claim.neighbours == "add-remove" else "replacing"
    unit = "row" if claim.unit == "row" else f"value of `{claim.unit}`"
    nulls = ""
    if claim.unit != "row":
        nulls = (
            " Rows without a value are units of their own."
            if claim.unit_null == "own"
            else " Rows without a value are left out."
        )
    tree: dict[str, object] = {
        "privacy_unit": "Row-level" if claim.unit == "row" else f"User-level: `{claim.unit}`",
        "privacy_unit_details": (
            f"Neighbouring tables differ by {verb} all rows of one {unit}. At most {claim.max_rows} rows of "
            f"each are used.{nulls}"
        ),
    }
    if release.plan.public_units is not None:
        tree["number_of_privacy_units"] = release.plan.public_units
    tree["privacy_parameters"] = {"epsilon": claim.epsilon, "delta": claim.delta, "rho": claim.mu**2 / 2}
    tree["privacy_parameters_details"] = (
        f"The claim is {upward(claim.mu)}-GDP with a slack of {upward(claim.cost.delta0 * 1e-24)}; epsilon "
        "and delta follow from it exactly, rho = mu^2/2 for readers who keep zCDP budgets."
    )
    return tree


def _model(facts: LedgerFacts) -> dict[str, object]:
    many = facts.releases > 1
    said = f"Release {facts.releases} of those charged to the ledger `{facts.name}`"
    raised = f"; its cap was raised {facts.raises} times" if facts.raises else "; its cap was never raised"
    return {
        "model_name": "Central",
        "trust_assumptions": (
            "The operator holds the private table and runs the program; recipients see the release only."
        ),
        "actors": "The data's owner (the ledger and its cap), the operator (runs), recipients, auditors.",
        "release_type": "Many releases" if many else "One release",
        "release_type_details": f"{said}{raised}. Further releases of the same table add to the loss.",
        "data_source_type": "Static",
        "access_type": "Non-interactive",
    }


def _before(release: Release) -> str:
    bought = [op for op in release.plan.ops if isinstance(op, Discover | Tighten | Determine)]
    names = ", ".join(f"`{op.column}`" for op in bought)
    extra = f" Bought from the private rows, and part of the claim: the domains of {names}." if names else ""
    return (
        "Domains, bounds, bins and rules come from the spec, not from the private rows, by its author's "
        f"word.{extra} Rows per unit are cut by a keyed hash of their content. No option was tuned on "
        "private rows: the program refuses to."
    )


def _why(release: Release) -> str:
    plan = public_plan(release.plan)
    return (
        f"Epsilon and its split are the choice of the author of {plan.spec_path}; delta is a constant, never "
        "a function of the data."
    )


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "release"
