"""Dialects: what the generator of statements needs to know of a database; one object each.

The methods turn SQL text into SQL text. `terms.dialect` has what expressions need; here is what reading,
hashing and grouping need. Whatever a database raises on is guarded, so that no row can make a statement fail.

Source: ours; DECISIONS 27. Hash: FIPS 180-4. With a secret prefix on a prefix-free encoding the iterated
compression of SHA-256 is a pseudorandom function (Bellare, Canetti & Krawczyk, FOCS 1996).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from synthspec.engines.cells import BLANKS
from synthspec.terms.dialect import DIALECTS, Dialect
from synthspec.terms.to_sql import DialectName

Kind = Literal["text", "int", "decimal", "float", "bool", "date", "datetime", "instant"]
"""What the values of a database's column are; `instant` is a moment with a time zone."""

INTEGER = r"[+-]?0*[0-9]{1,19}([.]0*)?"
REAL = r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
MOMENT = DAY + r"([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?"
LIMIT = 2**63
"""Integers lie strictly between -LIMIT and LIMIT."""


@dataclass(frozen=True)
class SqlDialect:
    """The differences; this one is DuckDB."""

    name: DialectName = "duckdb"
    fence: str = ""
    """Stands at the end of an inner SELECT that must not be merged into the outer one."""

    @property
    def terms(self) -> Dialect:
        """The dialect of expressions."""
        return DIALECTS[self.name]

    def kind(self, declared: str) -> Kind | None:
        """Return what the values of a column of the type `declared` are; None if it is not mapped."""
        name = declared.upper()
        if name.startswith("DECIMAL("):
            return "decimal"
        if name.startswith("ENUM("):
            return "text"
        return _DUCKDB.get(name)

    def parameter(self, number: int) -> str:
        """Return the place of a bound text; 1 is the key of the bound, 2 that of the split."""
        return f"CAST(${number} AS {self.terms.varchar})"

    def with_secrets(self, table: str, names: tuple[str, str]) -> tuple[str, Mapping[str, str]]:
        """Return a table's rows, named `source`, beside the two parameters, and the latter by their names."""
        secrets = ", ".join(f"{self.parameter(at)} AS {name}" for at, name in enumerate(names, 1))
        return f"{table} AS source, (SELECT {secrets}) AS secrets", {name: name for name in names}

    def lacking(self, condition: str, value: str) -> str:
        """Return `value` where the condition is true, else null."""
        return f"(CASE WHEN {condition} THEN {value} END)"

    def matches(self, text: str, pattern: str) -> str:
        """Return whether the whole text matches."""
        return f"regexp_full_match({text}, '{pattern}')"

    def part(self, text: str, mark: str, number: int) -> str:
        """Return a part of a text that `mark` (one plain sign) cuts; "" where there is none."""
        return f"split_part({text}, '{mark}', {number})"

    def stripped(self, text: str) -> str:
        """Return the text without blanks around it."""
        return f"trim({text}, '{BLANKS}')"

    def text(self, value: str, kind: Kind) -> str:
        """Return the text form of a column's value, compared byte by byte whatever its collation."""
        match kind:
            case "text":
                return f"CAST({value} AS VARCHAR) COLLATE C"
            case "date":
                return f"CAST({value} AS VARCHAR)"
            case "datetime" | "instant":
                return f"strftime({self.moment_of(value, kind)}, '%Y-%m-%d %H:%M:%S.%f')"
        return f"CAST({value} AS VARCHAR)"

    def moment_of(self, value: str, kind: Kind) -> str:
        """Return a moment as the clock shows it, in UTC where it has a time zone."""
        return f"make_timestamp(epoch_us({value}))" if kind == "instant" else f"CAST({value} AS TIMESTAMP)"

    def integer(self, text: str) -> str:
        """Return the integer of a text that matches INTEGER; null outside the language's range."""
        value = f"TRY_CAST({self.part(text, '.', 1)} AS BIGINT)"
        return f"NULLIF({value}, CAST('{-LIMIT}' AS BIGINT))"

    def fitting(self, value: str) -> str:
        """Return an integer column's value in the language's range, else null."""
        return f"NULLIF(TRY_CAST({value} AS BIGINT), CAST('{-LIMIT}' AS BIGINT))"

    def exact(self, text: str, scale: int) -> str:
        """Return a decimal of a plain text (sign, digits, at most one point), rounded half away from zero."""
        return f"TRY_CAST(TRY_CAST({text} AS DECIMAL(38, {scale})) AS DECIMAL(18, {scale}))"

    def double(self, text: str) -> str:
        """Return the double of a text that matches REAL; null where it is not finite."""
        return self.terms.finite(f"TRY_CAST({text} AS DOUBLE)")

    def without_zeros(self, text: str) -> str:
        """Return the text without the zeros that it begins with."""
        return f"ltrim({text}, '0')"

    def whole(self, text: str) -> str:
        """Return the integer of at most nine digits."""
        return f"CAST({text} AS INTEGER)"

    def date(self, year: str, month: str, day: str) -> str:
        """Return a date that is known to be one."""
        return f"make_date({year}, {month}, {day})"

    def moment(self, day: str, hour: str, minute: str, second: str) -> str:
        """Return a date with a time of day."""
        return f"(CAST({day} AS TIMESTAMP) + to_seconds({hour} * 3600 + {minute} * 60 + {second}))"

    def days_of(self, value: str) -> str:
        """Return a date's days since 1970; of one beyond the years 1 to 9999, a number beyond too."""
        days = f"CAST({value} - DATE '1970-01-01' AS BIGINT)"
        return self._within(value, days, 10_000_000)

    def micros_of(self, value: str, kind: Kind) -> str:
        """Return the same in microseconds, of a moment."""
        moment = self.moment_of(value, kind)
        return self._within(moment, self._micros(moment), 10**18)

    def _micros(self, moment: str) -> str:
        return f"CAST(epoch_us({moment}) AS BIGINT)"

    def _within(self, value: str, number: str, beyond: int) -> str:
        return (
            f"(CASE WHEN {value} < DATE '0001-01-01' THEN {-beyond} "
            f"WHEN {value} >= DATE '9999-12-31' + INTERVAL '1' DAY THEN {beyond} "
            f"WHEN {value} IS NOT NULL THEN {number} END)"
        )

    def to_second(self, value: str) -> str:
        """Return a moment without its fraction of a second."""
        return f"date_trunc('second', {value})"

    def real_kind(self, value: str) -> tuple[str, str]:
        """Return a float column's value, null for no number, and whether it is finite."""
        double = f"CAST({value} AS DOUBLE)"
        return f"(CASE WHEN NOT isnan({double}) THEN {double} END)", f"isfinite({double})"

    def number(self, value: str, type_name: str) -> str:
        """Return the text of a typed value, different for different values."""
        match type_name:
            case "date":
                return f"CAST({value} - DATE '1970-01-01' AS {self.terms.varchar})"
            case "datetime":
                return f"CAST(CAST(floor(extract(epoch FROM {value})) AS BIGINT) AS {self.terms.varchar})"
        return f"CAST({value} AS {self.terms.varchar})"

    def length(self, text: str) -> str:
        """Return the number of characters as text."""
        return f"CAST(length({text}) AS {self.terms.varchar})"

    def hashed(self, text: str) -> str:
        """Return SHA-256 of a text as 64 hexadecimal digits."""
        return f"sha256({text})"

    def sorted(self, hashed: str) -> str:
        """Return a hash as it is to be ordered and compared: byte by byte."""
        return hashed

    def narrow(self, code: str, size: int) -> str:
        """Return a code 0..size-1 in a small type."""
        kind = "UTINYINT" if size <= 1 << 8 else "USMALLINT" if size <= 1 << 16 else "UINTEGER"
        return f"CAST({code} AS {kind})"

    def grouped(self, sets: Sequence[Sequence[str]]) -> str:
        """Return the GROUP BY clause of several sets of columns at once."""
        return "GROUP BY GROUPING SETS (" + ", ".join(f"({', '.join(each)})" for each in sets) + ")"


class PostgresDialect(SqlDialect):
    """PostgreSQL: raises where DuckDB gives null, so each cast is guarded."""

    def kind(self, declared: str) -> Kind | None:
        """See the base; `declared` is the name of the type in pg_catalog, `enum` for any enumeration."""
        return _POSTGRES.get(declared)

    def matches(self, text: str, pattern: str) -> str:
        """See the base."""
        return f"({text} ~ '^(?:{pattern})$')"

    def stripped(self, text: str) -> str:
        """See the base."""
        return f"btrim({text}, '{BLANKS}')"

    def text(self, value: str, kind: Kind) -> str:
        """See the base; the database's own collation tells all texts apart that differ."""
        match kind:
            case "date":
                return self._dated(value, f"to_char({value}, 'YYYY-MM-DD')")
            case "datetime" | "instant":
                moment = self.moment_of(value, kind)
                return self._dated(moment, f"to_char({moment}, 'YYYY-MM-DD HH24:MI:SS.US')")
            case "text":
                return f'CAST({value} AS TEXT) COLLATE "default"'
        return f"CAST({value} AS TEXT)"

    def _dated(self, value: str, text: str) -> str:
        """Return a text of a date in the years 1 to 9999, the server's own text of any other."""
        known = f"{value} >= DATE '0001-01-01' AND {value} < DATE '9999-12-31' + 1"
        return f"(CASE WHEN {known} THEN {text} ELSE CAST({value} AS TEXT) END)"

    def moment_of(self, value: str, kind: Kind) -> str:
        """See the base."""
        return f"({value} AT TIME ZONE 'UTC')" if kind == "instant" else f"CAST({value} AS TIMESTAMP)"

    def integer(self, text: str) -> str:
        """See the base."""
        return self.fitting(f"CAST({self.part(text, '.', 1)} AS NUMERIC)")

    def fitting(self, value: str) -> str:
        """See the base; LEAST and GREATEST say the value once and bring it where no cast fails."""
        wide = f"GREATEST(LEAST(CAST({value} AS NUMERIC), {LIMIT}), -{LIMIT})"
        return f"CAST(NULLIF(NULLIF({wide}, {LIMIT}), -{LIMIT}) AS BIGINT)"

    def exact(self, text: str, scale: int) -> str:
        """See the base."""
        most = 10 ** (18 - scale)
        wide = f"GREATEST(LEAST(round(CAST({text} AS NUMERIC), {scale}), {most}), -{most})"
        return f"CAST(NULLIF(NULLIF({wide}, {most}), -{most}) AS DECIMAL(18, {scale}))"

    def double(self, text: str) -> str:
        """See the base; the limits are where rounding gives infinity, and zero."""
        number = f"abs(CAST({text} AS NUMERIC))"
        most, least = 2**1024 - 2**970, "2.4703282292062328e-324"
        zero = f"CAST('0' AS {self.terms.double})"
        return (
            f"(CASE WHEN {number} >= {most} THEN NULL WHEN {number} > 0 AND {number} <= {least} THEN {zero} "
            f"ELSE CAST({text} AS {self.terms.double}) END)"
        )

    def moment(self, day: str, hour: str, minute: str, second: str) -> str:
        """See the base."""
        return f"({day} + make_interval(hours => {hour}, mins => {minute}, secs => {second}))"

    def _micros(self, moment: str) -> str:
        return f"CAST(extract(epoch FROM {moment}) * 1000000 AS BIGINT)"

    def real_kind(self, value: str) -> tuple[str, str]:
        """See the base; NaN equals itself here, and is the largest."""
        double = f"CAST({value} AS {self.terms.double})"
        known = f"(CASE WHEN {double} <> 'NaN' THEN {double} END)"
        return known, f"({double} > '-Infinity' AND {double} < 'Infinity')"

    def hashed(self, text: str) -> str:
        """See the base."""
        return f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"

    def sorted(self, hashed: str) -> str:
        """See the base."""
        return f'({hashed} COLLATE "C")'

    def narrow(self, code: str, size: int) -> str:
        """See the base."""
        return f"CAST({code} AS {'SMALLINT' if size <= 1 << 15 else 'INTEGER'})"


_DUCKDB: dict[str, Kind] = {
    **dict.fromkeys(("VARCHAR", "UUID", "TIME"), "text"),
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
         "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), "int",
    ),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "float"),
    "BOOLEAN": "bool",
    "DATE": "date",
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "datetime"),
    "TIMESTAMP WITH TIME ZONE": "instant",
}  # fmt: skip

_POSTGRES: dict[str, Kind] = {
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "uuid", "time", "enum", "citext"), "text"),
    **dict.fromkeys(("int2", "int4", "int8"), "int"),
    "numeric": "decimal",
    **dict.fromkeys(("float4", "float8"), "float"),
    "bool": "bool",
    "date": "date",
    "timestamp": "datetime",
    "timestamptz": "instant",
}

DUCKDB = SqlDialect()
POSTGRES = PostgresDialect("postgres", " OFFSET 0")
