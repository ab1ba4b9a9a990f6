"""Presets: usual public domains by column name, for a person who has only a header."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """What a column of this name usually is; a person confirms it.

    Attributes:
        words: a pattern over the words of the column's name, lower case, joined by `_`.
        type: a type of the language.
        domain: the text after `in:`; None where only the author can know it.
        basis: why this range; None with no domain.
        step: the output grid.
        missing: whether values are often missing.
    """

    words: str
    type: str
    domain: str | None = None
    basis: str | None = None
    step: str | None = None
    missing: bool = False

    def fits(self, name: str) -> bool:
        """Return whether the preset is about a column of this name."""
        return re.search(rf"(?:^|_)(?:{self.words})(?:_|$)", name) is not None


def _found(count: int) -> str:
    return f"{{discover: {count}, else: OTHER}}"


PRESETS: tuple[Preset, ...] = (
    Preset("is|has|flag|readmitted|deceased|died", "bool"),
    Preset(
        "date_of_birth|birth_date|birthdate|dob|born_on",
        "date",
        "1900-01-01..2030-12-31",
        "a life, by calendar",
    ),
    Preset("birth_year|year_of_birth|yob", "int", "1900..2030", "a life, by calendar"),
    Preset("age|age_years|age_at_admission", "int", "0..120", "longest documented human life is 122 years"),
    Preset("sex|gender", "category", "[F, M, X]", "administrative sex codes; replace with your own"),
    Preset("height|height_cm", "float", "30..250", "human height in cm", "1"),
    Preset("weight|weight_kg", "float", "0.3..400", "human weight in kg", "0.1"),
    Preset("bmi", "float", "8..100", "body mass index, kg/m2", "0.1"),
    Preset(
        "systolic|sbp|trestbps|blood_pressure",
        "int",
        "40..300",
        "range of a blood pressure cuff, mmHg",
        None,
        True,
    ),
    Preset("diastolic|dbp", "int", "20..200", "range of a blood pressure cuff, mmHg", None, True),
    Preset("heart_rate|pulse|thalach", "int", "20..300", "beats per minute that monitors show", None, True),
    Preset("temperature|temp_c", "float", "25..45", "body temperature in degrees Celsius", "0.1", True),
    Preset("spo2|oxygen_saturation", "int", "0..100", "percent", None, True),
    Preset("hba1c", "float", "3..20", "assay reporting range, percent", "0.1", True),
    Preset("lactate", "float", "0..30", "assay reporting range, mmol/L", "0.1", True),
    Preset("creatinine", "float", "0..30", "assay reporting range, mg/dL", "0.1", True),
    Preset("cholesterol|chol", "int", "0..1000", "assay reporting range, mg/dL", None, True),
    Preset("glucose", "int", "0..1000", "assay reporting range, mg/dL", None, True),
    Preset("icd|icd9|icd10|icd_code|diagnosis|diag", "category", _found(300), "list bought when it runs"),
    Preset("postcode|postal_code|zip|zipcode|zip_code", "category", _found(300), "list bought when it runs"),
    Preset(
        "city|town|municipality|region|state|province", "category", _found(200), "list bought when it runs"
    ),
    Preset("country|nationality|native_country", "category", _found(250), "list bought when it runs"),
    Preset("occupation|job|profession", "category", _found(100), "list bought when it runs"),
    Preset("mcc|merchant_category", "category", _found(300), "list bought when it runs"),
    Preset("currency|ccy", "category", _found(50), "list bought when it runs"),
    Preset(
        "length_of_stay|los|stay_days|days_in_hospital|time_in_hospital", "int", "0..365", "at most a year"
    ),
    Preset("hours_per_week", "int", "0..168", "hours of a week"),
    Preset("year", "int", "1900..2100", "calendar"),
    Preset("month", "int", "1..12", "calendar"),
    Preset("weekday|day_of_week", "int", "0..7", "calendar"),
    Preset("hour", "int", "0..23", "calendar"),
    Preset("percent|percentage|pct|rate", "float", "0..100", "percent", "0.1"),
    Preset(
        "limit_bal|credit_limit|balance", "float", "-1000000..1000000", "set by product rules; confirm", "1"
    ),
    Preset(
        "amount|price|cost|total|fee|payment|charge",
        "decimal(2)",
        "0..1000000",
        "set by product rules; confirm",
    ),
    Preset(
        "income|salary|wage", "float", "0..10000000", "wide on purpose; add `clip: 0.99` to tighten it", "1"
    ),
    Preset("count|number|num|n", "int", "0..1000", "wide on purpose; confirm"),
    Preset(
        ".*_at|timestamp|datetime",
        "datetime",
        "2000-01-01..2030-12-31",
        "calendar; narrow it to your extract",
        "1h",
    ),
    Preset(".*_on|date|day", "date", "2000-01-01..2030-12-31", "calendar; narrow it to your extract"),
)

_KEYS = re.compile(
    r"(?:^|_)(?:id|uuid|guid|key|mrn|ssn|nhs_number|account_number|iban|card_number|email|phone|record_id)(?:_|$)"
)
_PERSONS = re.compile(
    r"^(?:patient|person|subject|customer|client|member|user|participant|household|nhs|ssn|mrn)(?:_|$)"
)
_TEXTS = re.compile(
    r"(?:^|_)(?:name|first_name|last_name|surname|address|street|comment|comments|note|notes|text|description|remarks)(?:_|$)"
)


def words_of(name: str) -> str:
    """Return a column's name in lower case with `_` between its words (`birthDate` -> `birth_date`)."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^0-9a-z]+", "_", parted.lower()).strip("_")


def preset_of(name: str) -> Preset | None:
    """Return the preset for a column of this name, or None when its name says nothing."""
    words = words_of(name)
    return next((preset for preset in PRESETS if preset.fits(words)), None)


def is_key(name: str) -> bool:
    """Return whether a column of this name names a record or a person."""
    return _KEYS.search(words_of(name)) is not None


def is_person(name: str) -> bool:
    """Return whether a column of this name names a person."""
    words = words_of(name)
    return _PERSONS.search(words) is not None and (_KEYS.search(words) is not None or "_" not in words)


def is_free_text(name: str) -> bool:
    """Return whether a column of this name holds free text or a person's name."""
    return _TEXTS.search(words_of(name)) is not None
