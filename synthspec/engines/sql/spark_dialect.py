"""The Spark dialect: Spark SQL without ANSI mode, in UTC, so that no value makes a query fail.

Source: ours; Spark's documentation of its functions.
"""

from __future__ import annotations

from collections.abc import Mapping

from synthspec.engines.cells import BLANKS
from synthspec.engines.sql.dialects import Kind, SqlDialect

KEYS = ("secret_key_1", "secret_key_2")
"""The names of the parameters: the key of the bound, and that of the split."""


class SparkDialect(SqlDialect):
    """Spark; moments are of its type TIMESTAMP, which the session's time zone, UTC, shows as they are."""

    def kind(self, declared: str) -> Kind | None:
        """See the base; `declared` is a type as `DataFrame.dtypes` has it."""
        if declared.startswith("decimal("):
            return "decimal"
        if declared.startswith(("varchar(", "char(")):
            return "text"
        return _KINDS.get(declared)

    def parameter(self, number: int) -> str:
        """See the base."""
        return f"CAST(:{KEYS[number - 1]} AS STRING)"

    def with_secrets(self, table: str, names: tuple[str, str]) -> tuple[str, Mapping[str, str]]:
        """See the base; as constants, since a join, even of one line, would be a job of its own."""
        return f"{table} AS source", {name: self.parameter(at) for at, name in enumerate(names, 1)}

    def matches(self, text: str, pattern: str) -> str:
        """See the base; `$` would let an end of line follow."""
        return f"({text} RLIKE '^(?:{pattern})\\\\z')"

    def stripped(self, text: str) -> str:
        """See the base."""
        return f"trim(BOTH '{BLANKS}' FROM {text})"

    def text(self, value: str, kind: Kind) -> str:
        """See the base."""
        match kind:
            case "datetime" | "instant":
                return f"date_format({self.moment_of(value, kind)}, 'yyyy-MM-dd HH:mm:ss.SSSSSS')"
            case "decimal":
                return f"CAST({value} AS STRING)"
        return f"CAST({value} AS STRING)"

    def moment_of(self, value: str, kind: Kind) -> str:
        """See the base."""
        return f"CAST({value} AS TIMESTAMP)"

    def without_zeros(self, text: str) -> str:
        """See the base."""
        return f"trim(LEADING '0' FROM {text})"

    def date(self, year: str, month: str, day: str) -> str:
        """See the base."""
        return f"make_date({year}, {month}, {day})"

    def moment(self, day: str, hour: str, minute: str, second: str) -> str:
        """See the base."""
        seconds = f"CAST(unix_date({day}) AS BIGINT) * 86400 + {hour} * 3600 + {minute} * 60 + {second}"
        return f"timestamp_seconds({seconds})"

    def days_of(self, value: str) -> str:
        """See the base."""
        return self._within(value, f"CAST(unix_date({value}) AS BIGINT)", 10_000_000)

    def _micros(self, moment: str) -> str:
        return f"unix_micros({moment})"

    def to_second(self, value: str) -> str:
        """See the base."""
        return f"date_trunc('SECOND', {value})"

    def real_kind(self, value: str) -> tuple[str, str]:
        """See the base; NaN is larger than every number here."""
        double = f"CAST({value} AS DOUBLE)"
        known = f"(CASE WHEN NOT isnan({double}) THEN {double} END)"
        return known, f"(abs({double}) <= CAST('1.7976931348623157E308' AS DOUBLE))"

    def number(self, value: str, type_name: str) -> str:
        """See the base."""
        match type_name:
            case "date":
                return f"CAST(unix_date({value}) AS STRING)"
            case "datetime":
                return f"CAST(unix_seconds({value}) AS STRING)"
        return f"CAST({value} AS STRING)"

    def hashed(self, text: str) -> str:
        """See the base."""
        return f"sha2({text}, 256)"

    def narrow(self, code: str, size: int) -> str:
        """See the base."""
        return f"CAST({code} AS {'SMALLINT' if size <= 1 << 15 else 'INT'})"


_KINDS: Mapping[str, Kind] = {
    "string": "text",
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), "int"),
    **dict.fromkeys(("float", "double"), "float"),
    "boolean": "bool",
    "date": "date",
    "timestamp": "instant",
    "timestamp_ntz": "datetime",
}

SPARK = SparkDialect("spark")
