"""Dialect: where DuckDB, PostgreSQL and Spark differ; one object each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from synthspec.terms.types import FLOAT, TEXT, Type

_TYPES = {
    "bool": "BOOLEAN",
    "int": "BIGINT",
    "float": "DOUBLE",
    "text": "VARCHAR",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "null": "INTEGER",
}


@dataclass(frozen=True)
class Dialect:
    """The differences, as small functions from SQL text to SQL text; this one is DuckDB."""

    name: str = "duckdb"
    double: str = "DOUBLE"
    varchar: str = "VARCHAR"
    huge: str = "HUGEINT"
    quote: str = '"'

    def identifier(self, name: str) -> str:
        """Return a quoted name."""
        return self.quote + name.replace(self.quote, self.quote * 2) + self.quote

    def text(self, value: str) -> str:
        """Return a text constant."""
        if self.name == "spark":
            value = value.replace("\\", "\\\\")
            return "'" + value.replace("'", "\\'") + "'"
        return "'" + value.replace("'", "''") + "'"

    def type(self, type_: Type) -> str:
        """Return the name of a type."""
        if type_.name == "decimal":
            return f"DECIMAL(18, {type_.scale})"
        return {**_TYPES, "float": self.double, "text": self.varchar}[type_.name]

    def like(self, value: str, pattern: str) -> str:
        """Return LIKE without an escape character."""
        if self.name == "duckdb":
            return f"({value} LIKE {self.text(pattern)})"
        return f"({value} LIKE {self.text(pattern.replace(chr(92), chr(92) * 2))})"

    def _case(self, test: str, value: str) -> str:
        return f"(CASE WHEN {test} THEN {value} END)"

    def ordered(self, value: str, type_: Type) -> str:
        """Return a value as it is to be compared by order: texts by code point, in any database."""
        return f'({value} COLLATE "C")' if type_ == TEXT and self.name == "postgres" else value

    def finite(self, value: str) -> str:
        """Return a double, null where it is not finite."""
        if self.name == "duckdb":
            return self._case(f"isfinite({value})", value)
        if self.name == "postgres":
            return value
        limit = "CAST('1.7976931348623157E308' AS DOUBLE)"
        return self._case(f"abs({value}) <= {limit}", value)

    def wide(self, value: str, type_: Type) -> str:
        """Return an exact number with room for one operation."""
        if type_.name == "int":
            return f"CAST({value} AS {self.huge})"
        return f"CAST({value} AS DECIMAL({38 if self.name == 'duckdb' else 19}, {type_.scale}))"

    def exact(self, value: str, type_: Type) -> str:
        """Return an exact result in its type, null where it does not fit."""
        if self.name == "postgres":
            return self._clamped(value, type_)
        if type_.name == "int":
            return self._fitting(value)
        return f"TRY_CAST({value} AS {self.type(type_)})"

    def _clamped(self, value: str, type_: Type) -> str:
        """Return a number in its exact type, null where it does not fit; PostgreSQL's cast would raise there.

        LEAST and GREATEST bring what is too large to the first number that does not fit; `value` occurs once.
        """
        most = 2**63 if type_.name == "int" else 10 ** (18 - type_.scale)
        near = f"round(CAST({value} AS NUMERIC), {type_.scale})"
        held = f"NULLIF(NULLIF(GREATEST(LEAST({near}, {most}), -{most}), {most}), -{most})"
        return f"CAST({held} AS {self.type(type_)})"

    def _fitting(self, value: str) -> str:
        """Return a wide integer as BIGINT, null outside -(2**63 - 1)..2**63 - 1; `value` occurs once.

        A CASE would say it twice, and a sum of twenty columns a million times.
        """
        below = f"CAST(TRY_CAST(({value} - 1) AS BIGINT) AS {self.huge})"
        return f"TRY_CAST(({below} + 1) AS BIGINT)"

    def real(self, value: str, source: Type) -> str:
        """Return an exact number as a double."""
        if source.name == "decimal" and source.scale:
            whole = (
                f"CAST({value} * {10**source.scale} AS {'BIGINT' if self.name == 'postgres' else self.huge})"
            )
            if self.name == "duckdb":
                whole = f"CAST(CAST({value} AS DECIMAL(38, {source.scale})) * {10**source.scale} AS HUGEINT)"
            return f"(CAST({whole} AS {self.double}) / CAST('1e{source.scale}' AS {self.double}))"
        return f"CAST({value} AS {self.double})"

    def rounded(self, value: str, source: Type, digits: int, target: Type) -> str:
        """Return a number rounded half away from zero to `digits`, in `target`."""
        if source != FLOAT:
            if self.name == "duckdb":
                return self._exactly(value, source, digits, target)
            return self.exact(f"round({value}, {digits})", target)
        tens = f"CAST('1e{abs(digits)}' AS {self.double})"
        product = f"({value} {'*' if digits >= 0 else '/'} {tens})"
        size = f"abs({product})"
        below = f"floor({size})"
        whole = f"(sign({product}) * ({below} + (CASE WHEN {size} - {below} >= 0.5 THEN 1 ELSE 0 END)))"
        huge = f"CAST({self._case(f'{size} <= 9223372036854775808.0', whole)} AS {self.huge})"
        if self.name == "postgres":  # its way from a double to a decimal keeps 15 digits only
            huge = f"CAST(CAST({self._case(f'{size} < 9223372036854775808.0', whole)} AS BIGINT) AS NUMERIC)"
        if digits < 0:
            huge = f"({huge} * {10**-digits})"
        return self._scaled(huge, target)

    def _exactly(self, value: str, source: Type, digits: int, target: Type) -> str:
        """Return exact rounding in DuckDB, on the scaled integer."""
        scale = source.scale
        whole = f"CAST({value} AS HUGEINT)"
        if scale:
            whole = f"CAST(CAST({value} AS DECIMAL(38, {scale})) * {10**scale} AS HUGEINT)"
        if digits < scale:
            by = 10 ** (scale - digits)
            half = f"((abs({whole}) + {by // 2}) // {by})"
            whole = f"(sign({whole}) * {half} * {10 ** max(-digits, 0)})"
        else:
            whole = f"({whole} * {10 ** (digits - scale)})"
        return self._scaled(whole, target)

    def _scaled(self, whole: str, target: Type) -> str:
        """Return a wide integer as a value of `target` whose scaled form it is; null outside the range."""
        if target.name == "int":
            return self.exact(whole, target)
        cast = "CAST" if self.name == "postgres" else "TRY_CAST"
        value = f"{cast}({whole} AS DECIMAL(18, 0))"
        if not target.scale:
            return value
        one = f"CAST('{10**-target.scale:.{target.scale}f}' AS DECIMAL(13, {target.scale}))"
        return f"CAST(CAST({value} AS DECIMAL(19, 0)) * {one} AS {self.type(target)})"

    def as_text(self, value: str, source: Type) -> str:
        """Return the canonical text of a value."""
        match source.name, self.name:
            case "datetime", "duckdb":
                return f"strftime({value}, '%Y-%m-%dT%H:%M:%S')"
            case "datetime", "postgres":
                return f"to_char({value}, 'YYYY-MM-DD\"T\"HH24:MI:SS')"
            case "datetime", _:
                return f"date_format({value}, \"yyyy-MM-dd'T'HH:mm:ss\")"
            case "date", "duckdb":
                return f"strftime({value}, '%Y-%m-%d')"
            case "date", "postgres":
                return f"to_char({value}, 'YYYY-MM-DD')"
        return f"CAST({value} AS {self.varchar})"

    def number(self, value: str, type_: Type) -> str:
        """Return the physical number of an ordered value (see Type)."""
        match type_.name:
            case "date":
                if self.name == "spark":
                    return f"datediff({value}, DATE '1970-01-01')"
                return f"({value} - DATE '1970-01-01')"
            case "datetime":
                if self.name == "spark":
                    return f"unix_timestamp({value})"
                return f"floor(extract(epoch FROM {value}))"
            case "decimal" if type_.scale:
                return f"({self.wide(value, type_)} * {10**type_.scale})"
        return value


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "duckdb": Dialect(),
        "postgres": Dialect("postgres", "DOUBLE PRECISION", "TEXT", "NUMERIC"),
        "spark": Dialect("spark", "DOUBLE", "STRING", "DECIMAL(38, 0)", "`"),
    }
)
