"""The structure of an entry of OpenDP's registry of deployments, as a JSON schema.

Written down from opendp/deployments-registry-data, schemas/deployments-schema.yaml at commit 057e5d8 (July
2026): its required keys, its closed lists of words, its types, and that no other key is allowed. Texts about
the fields, and the kinds of evidence, are left out. `benchmarks/peers/described.py` holds an entry against
the original.
"""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string"}


def words(*listed: str) -> dict[str, Any]:
    """Return the schema of one of some words."""
    return {"type": "string", "enum": list(listed)}


def record(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    """Return the schema of a record without other keys."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


CURATOR = {
    "type": "object",
    "required": ["data_curator_name", "data_curator_type"],
    "properties": {
        "data_curator_name": TEXT,
        "data_curator_type": words("Government", "Industry", "Nonprofit"),
    },
}
BASIC = record(
    (
        *("name", "data_curators", "description", "intended_use", "data_product_type"),
        *("data_product_region", "publication_date"),
    ),
    name=TEXT,
    data_curators={"type": "array", "items": CURATOR, "minItems": 1},
    description=TEXT,
    intended_use=TEXT,
    data_product_type=words(
        *("Summary statistics", "Machine learning model", "Dataset", "Synthetic data"),
        *("Interactive API", "SQL queries"),
    ),
    data_product_region=TEXT,
    data_product_sector=words("Technology", "Healthcare", "Education", "Government", "Energy", "Finance"),
    publication_date={"type": "string", "format": "date"},
)
VARIANT = record(
    variant_name=words("Pure DP", "Approximate DP", "Zero-concentrated DP", "Renyi DP", "Custom"),
    data_domain=TEXT,
    unprotected_quantities=TEXT,
)
LOSS = record(
    privacy_unit=TEXT,
    privacy_unit_details=TEXT,
    number_of_privacy_units={"type": "integer"},
    privacy_parameters=record(
        epsilon={"type": "number"}, delta={"type": ["number", "string"]}, rho={"type": "number"}
    ),
    privacy_parameters_details={},
)
MODEL = record(
    model_name=words("Local", "Central", "Shuffle", "Federated", "Varies"),
    model_name_details=TEXT,
    trust_assumptions=TEXT,
    actors={},
    release_type=words("One release", "Many releases"),
    release_type_details=TEXT,
    data_source_type=words("Static", "Dynamic"),
    data_source_type_details=TEXT,
    access_type=words("Interactive", "Non-interactive"),
    access_type_details=TEXT,
)
IMPLEMENTATION = record(
    preprocessing_and_hyperparameter_tuning=TEXT,
    mechanisms=TEXT,
    composition=TEXT,
    post_processing=TEXT,
    justification=TEXT,
    utility={},
    additional_information={},
)
ADMINISTRATIVE = record(
    ("status", "registry_authors", "tier"),
    evidence_sources={"type": "object"},
    status=words(
        *("Converted", "Draft", "Pending", "Changes Required", "Approved"),
        *("Approved (Update Requested)", "Approved (Pending)"),
    ),
    registry_authors={"type": "array", "items": TEXT, "minItems": 1},
    tier={"type": "integer", "enum": [1, 2, 3]},
)
SCHEMA = record(
    ("url_slug", "deployment"),
    url_slug=TEXT,
    deployment=record(
        ("basic", "administrative"),
        basic=BASIC,
        dp_variant=VARIANT,
        privacy_loss=LOSS,
        deployment_model=MODEL,
        implementation=IMPLEMENTATION,
        administrative=ADMINISTRATIVE,
    ),
)
TIER_3 = {
    "dp_variant": ("variant_name", "data_domain", "unprotected_quantities"),
    "privacy_loss": ("privacy_unit", "privacy_unit_details", "privacy_parameters"),
    "deployment_model": ("model_name", "actors", "release_type", "data_source_type", "access_type"),
    "implementation": (
        *("preprocessing_and_hyperparameter_tuning", "mechanisms", "composition", "post_processing"),
        "justification",
    ),
}
"""What makes an entry one of tier 3: the fields that the schema marks so, and those of tier 2."""
