"""Fields: one column of a table as a typed value, whether it is bad, and the exact text of a unit.

The rules are those of `engines.cells` for text, and those of `engines.parquet` for columns that have a type.
A number written with more than 400 characters is bad here.

Source: ours; PRIVACY 5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from synthspec.engines.cells import FALSE, TRUE, Reader
from synthspec.engines.sql.dialects import DAY, INTEGER, MOMENT, REAL, Kind, SqlDialect
from synthspec.engines.sql.layers import Layers
from synthspec.terms.types import FLOAT
from synthspec.terms.view import Field

LONGEST = 400
"""Characters of a number at most."""
PLAIN = "-?[0-9]+([.][0-9]+)?"


@dataclass(frozen=True)
class Column:
    """Names, in the layers, of what a field gives."""

    value: str
    bad: str
    text: str
    """The text as it was read, without blanks around it, before null words and labels."""


def can_push(field: Field, kind: Kind) -> bool:
    """Return whether SQL reads this field; formats of dates follow Python's, and are read there."""
    native = _native(field, kind, plain=True)
    return field.format is None or field.type.name not in ("date", "datetime") or native


def read(field: Field, reader: Reader, kind: Kind, raw: str, layers: Layers, dialect: SqlDialect) -> Column:
    """Add what reads the column `raw` to the layers."""
    text = layers.add(dialect.stripped(dialect.text(raw, kind)), raw)
    plain = not any(_may_be(word, field, kind) for word in (*(reader.nulls - {""}), *reader.labels))
    if _native(field, kind, plain=plain):
        value, bad = _typed(field, kind, raw, layers, dialect)
        return Column(value, bad, text)
    word = layers.add(_worded(reader, text, dialect), text)
    if field.type.name in ("text", "null"):
        return Column(word, layers.add("FALSE"), text)
    if field.type.name == "decimal" and kind in ("int", "decimal"):
        value = layers.add(_exactly(word, field.type.scale, dialect), word)
    else:
        value = _value(reader, word, layers, dialect)
    return Column(value, layers.add(f"({word} IS NOT NULL AND {value} IS NULL)", word, value), text)


def _may_be(word: str, field: Field, kind: Kind) -> bool:
    """Return whether a null word or a label can be the text of a column's value.

    Where it cannot, a column of the declared type is taken as it is: its texts would give the same values.
    """
    if kind != field.type.name or kind not in _TEXTS:
        return True
    return re.fullmatch(_TEXTS[kind], word) is not None


_TEXTS: Mapping[Kind, str] = {
    "int": "-?[0-9]+",
    "bool": "true|false",
    "date": "[-+0-9].*|.*(inf|BC).*",
    "datetime": "[-+0-9].*|.*(inf|BC).*",
}


def _exactly(word: str, scale: int, dialect: SqlDialect) -> str:
    """Return the decimal of an exact number's text."""
    plain = f"length({word}) <= {LONGEST} AND {dialect.matches(word, PLAIN)}"
    return dialect.lacking(plain, dialect.exact(word, scale))


def _native(field: Field, kind: Kind, *, plain: bool) -> bool:
    """Return whether a typed column is taken as it is, and not through its text."""
    match field.type.name:
        case "int" | "bool":
            return plain and kind == field.type.name
        case "date":
            return plain and kind in ("date", "datetime", "instant")
        case "datetime":
            return plain and kind in ("datetime", "instant")
        case "float" | "decimal":
            return plain and kind == "float"
    return False


def _typed(field: Field, kind: Kind, raw: str, layers: Layers, dialect: SqlDialect) -> tuple[str, str]:
    match field.type.name:
        case "bool":
            return raw, layers.add("FALSE")
        case "int":
            value = layers.add(dialect.fitting(raw), raw)
        case "date" | "datetime":
            moment = layers.add(raw if kind == "date" else dialect.moment_of(raw, kind), raw)
            known = f"{moment} >= DATE '0001-01-01' AND {moment} < DATE '9999-12-31' + INTERVAL '1' DAY"
            kept = f"CAST({moment} AS DATE)" if field.type.name == "date" else dialect.to_second(moment)
            value = layers.add(dialect.lacking(known, kept), moment)
        case _:
            double, finite = dialect.real_kind(raw)
            known, fine = layers.add(double, raw), layers.add(finite, raw)
            if field.type.name == "float":
                value = layers.add(dialect.lacking(fine, known), known, fine)
            else:
                value = _rounded(field, known, fine, layers, dialect)
            return value, layers.add(f"({known} IS NOT NULL AND {value} IS NULL)", known, value)
    return value, layers.add(f"({raw} IS NOT NULL AND {value} IS NULL)", raw, value)


def _rounded(field: Field, known: str, fine: str, layers: Layers, dialect: SqlDialect) -> str:
    """Return a double as a decimal, as far as a double is exact."""
    near = dialect.lacking(f"{fine} AND abs({known}) < 9007199254740992 / 1e{field.type.scale}", known)
    safe = layers.add(near, known, fine)
    return layers.add(dialect.terms.rounded(safe, FLOAT, field.type.scale, field.type), safe)


def _worded(reader: Reader, text: str, dialect: SqlDialect) -> str:
    """Return the text behind null words and labels."""
    quoted = dialect.terms.text
    parts = []
    if reader.nulls:
        parts.append(f"WHEN {text} IN ({', '.join(quoted(word) for word in sorted(reader.nulls))}) THEN NULL")
    parts += [f"WHEN {text} = {quoted(old)} THEN {quoted(new)}" for old, new in reader.labels.items()]
    return f"CASE {' '.join(parts)} ELSE {text} END" if parts else text


def _value(reader: Reader, word: str, layers: Layers, dialect: SqlDialect) -> str:
    match reader.type.name:
        case "bool":
            true, false = (", ".join(f"'{each}'" for each in words) for words in (TRUE, FALSE))
            lower = layers.add(f"lower({word})", word)
            found = f"CASE WHEN {lower} IN ({true}) THEN TRUE WHEN {lower} IN ({false}) THEN FALSE END"
            return layers.add(found, lower)
        case "int":
            return layers.add(dialect.lacking(dialect.matches(word, INTEGER), dialect.integer(word)), word)
        case "float" | "decimal":
            number = _Number.of(_pointed(reader, word, layers, dialect), layers, dialect)
            return number.double() if reader.type.name == "float" else number.exact(reader.type.scale)
        case "date":
            fits = layers.add(dialect.lacking(dialect.matches(word, DAY), word), word)
            return _day(fits, layers, dialect)
        case _:
            return _moment(
                layers.add(dialect.lacking(dialect.matches(word, MOMENT), word), word), layers, dialect
            )


def _pointed(reader: Reader, word: str, layers: Layers, dialect: SqlDialect) -> str:
    """Return the text of a number with a point, null where it is none, with a short exponent."""
    text = layers.add(f"replace({word}, ',', '.')", word) if reader.comma else word
    fits = f"length({text}) <= {LONGEST} AND {dialect.matches(text, REAL)}"
    return layers.add(dialect.lacking(fits, f"lower({text})"), text)


@dataclass(frozen=True)
class _Number:
    """A number's text taken apart: its value is 0.`digits` times ten to the `point`."""

    text: str
    sign: str
    digits: str
    point: str
    layers: Layers
    dialect: SqlDialect

    @classmethod
    def of(cls, text: str, layers: Layers, dialect: SqlDialect) -> _Number:
        """Take apart a text that matches REAL, in lower case."""
        mantissa = layers.add(dialect.part(text, "e", 1), text)
        power = layers.add(dialect.part(text, "e", 2), text)
        short = dialect.matches(power, "[+-]?0*[0-9]{1,6}")
        size = layers.add(
            f"CASE WHEN {power} = '' THEN 0 WHEN {short} THEN {dialect.whole(power)} "
            f"WHEN substr({power}, 1, 1) = '-' THEN -1000000 ELSE 1000000 END",
            power,
        )
        sign = layers.add(f"CASE WHEN substr({mantissa}, 1, 1) = '-' THEN '-' ELSE '' END", mantissa)
        bare = layers.add(f"replace(replace({mantissa}, '+', ''), '-', '')", mantissa)
        every = layers.add(f"replace({bare}, '.', '')", bare)
        digits = layers.add(dialect.without_zeros(every), every)
        before = f"length({dialect.part(bare, '.', 1)})"
        point = layers.add(
            f"({before} + {size} - (length({every}) - length({digits})))", bare, size, every, digits
        )
        return cls(text, sign, digits, point, layers, dialect)

    @property
    def _reads(self) -> tuple[str, ...]:
        return self.text, self.sign, self.digits, self.point

    def exact(self, scale: int) -> str:
        """Return the decimal, rounded half away from zero."""
        digits, point = self.digits, self.point
        plain = self.layers.add(
            f"CASE WHEN {digits} = '' OR {point} < {-1 - scale} THEN '0' "
            f"WHEN {point} > {20 - scale} THEN NULL "
            f"WHEN {point} <= 0 THEN {self.sign} || '0.' || repeat('0', -{point}) || {digits} "
            f"WHEN {point} >= length({digits}) "
            f"THEN {self.sign} || {digits} || repeat('0', {point} - length({digits})) "
            f"ELSE {self.sign} || substr({digits}, 1, {point}) || '.' || substr({digits}, {point} + 1) END",
            *self._reads,
        )
        return self.layers.add(self.dialect.exact(plain, scale), plain)

    def double(self) -> str:
        """Return the double, null where it is not finite."""
        zero = f"CAST({self.sign} || '0' AS {self.dialect.terms.double})"
        return self.layers.add(
            f"CASE WHEN {self.text} IS NULL OR ({self.digits} <> '' AND {self.point} > 310) THEN NULL "
            f"WHEN {self.digits} = '' OR {self.point} < -330 THEN {zero} "
            f"ELSE {self.dialect.double(self.text)} END",
            *self._reads,
        )


def _day(text: str, layers: Layers, dialect: SqlDialect) -> str:
    """Return the date of a text YYYY-MM-DD that may be followed by more."""
    cut = [dialect.whole(f"substr({text}, {start}, {size})") for start, size in ((1, 4), (6, 2), (9, 2))]
    year, month, day = (layers.add(each, text) for each in cut)
    leap = f"({year} % 4 = 0 AND ({year} % 100 <> 0 OR {year} % 400 = 0))"
    short = f"WHEN {month} IN (4, 6, 9, 11) THEN 30 WHEN {month} <> 2 THEN 31 WHEN {leap} THEN 29"
    last = f"CASE {short} ELSE 28 END"
    known = layers.add(
        f"({year} >= 1 AND {month} BETWEEN 1 AND 12 AND {day} >= 1 AND {day} <= {last})", year, month, day
    )
    return layers.add(dialect.lacking(known, dialect.date(year, month, day)), known, year, month, day)


def _moment(text: str, layers: Layers, dialect: SqlDialect) -> str:
    """Return the moment of a text that matches MOMENT."""
    day = _day(text, layers, dialect)
    pieces = [
        layers.add(dialect.whole(f"coalesce(nullif(substr({text}, {start}, 2), ''), '0')"), text)
        for start in (12, 15, 18)
    ]
    hour, minute, second = pieces
    known = f"{day} IS NOT NULL AND {hour} <= 23 AND {minute} <= 59 AND {second} <= 59"
    return layers.add(dialect.lacking(known, dialect.moment(day, hour, minute, second)), day, *pieces)
