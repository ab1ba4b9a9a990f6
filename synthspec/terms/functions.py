"""Functions: the closed list that expressions may call, each with its signature.

Every function is deterministic and total: where it has no value (ln of 0, a date past year 9999, an
integer that leaves its range) the result is null, in every engine. A null argument gives null, except
in coalesce, nullif, least and greatest, which skip or produce nulls as SQL says.

Shapes of arguments: `number` int, decimal or float; `exact` int or decimal; `when` date or datetime;
`any` one common type for all arguments so marked; `unit` and `digits` must be constants.
Result: a type, or `same` (the type of the arguments), `rounded` (decimal(n) for a constant n >= 1,
else int), `modulus` (like an exact sum).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from synthspec.terms.types import BOOL, FLOAT, INT, TEXT, Type

Shape = Literal[
    "number", "exact", "text", "bool", "when", "datetime", "any", "unit", "digits", "start", "count"
]
Result = Literal["same", "rounded", "last"]

INT_LIMIT = 2**63 - 1
"""Integers lie in -INT_LIMIT..INT_LIMIT; a result outside is null."""
DECIMAL_LIMIT = 10**18 - 1
"""Scaled decimals lie in -DECIMAL_LIMIT..DECIMAL_LIMIT (18 digits); a result outside is null."""
MAX_SCALE = 12
"""The most digits after the point."""
FIRST_DAY = -719_162
"""0001-01-01 in days since 1970-01-01."""
LAST_DAY = 2_932_896
"""9999-12-31 in days since 1970-01-01."""

UNITS = ("year", "month", "week", "day", "hour", "minute", "second")
CLOCK_UNITS = ("hour", "minute", "second")


@dataclass(frozen=True)
class Function:
    """A function: its arguments, how many more of the last it takes, and its result."""

    name: str
    arguments: tuple[Shape, ...]
    result: Type | Result
    about: str
    needs: int | None = None
    """How many arguments must be given; None for all of them."""
    more: bool = False
    """Whether the last argument may be repeated."""

    @property
    def least(self) -> int:
        """The smallest number of arguments."""
        return len(self.arguments) if self.needs is None else self.needs

    @property
    def signature(self) -> str:
        """How it is written, for messages."""
        tail = ", ..." if self.more else ""
        return f"{self.name}({', '.join(self.arguments)}{tail})"


_ALL = (
    Function("abs", ("number",), "same", "without its sign"),
    Function("sign", ("number",), INT, "-1, 0 or 1"),
    Function("round", ("number", "digits"), "rounded", "half away from zero", needs=1),
    Function("floor", ("number",), INT, "the next integer below"),
    Function("ceil", ("number",), INT, "the next integer above"),
    Function("mod", ("exact", "exact"), "same", "the remainder, with the sign of the first"),
    Function("power", ("number", "number"), FLOAT, "the first to the power of the second"),
    Function("sqrt", ("number",), FLOAT, "the square root"),
    Function("ln", ("number",), FLOAT, "the natural logarithm"),
    Function("exp", ("number",), FLOAT, "e to the power"),
    Function("least", ("any", "any"), "same", "the smallest that is not null", more=True),
    Function("greatest", ("any", "any"), "same", "the largest that is not null", more=True),
    Function("coalesce", ("any", "any"), "same", "the first that is not null", more=True),
    Function("nullif", ("any", "any"), "same", "null when the two are equal, else the first"),
    Function("length", ("text",), INT, "the number of characters"),
    Function("lower", ("text",), TEXT, "in lower case"),
    Function("upper", ("text",), TEXT, "in upper case"),
    Function("trim", ("text",), TEXT, "without blanks at both ends"),
    Function("starts_with", ("text", "text"), BOOL, "whether it begins with the second"),
    Function("ends_with", ("text", "text"), BOOL, "whether it ends with the second"),
    Function("contains", ("text", "text"), BOOL, "whether the second occurs in it"),
    Function(
        "substr", ("text", "start", "count"), TEXT, "from a position (1 is the first), so many", needs=2
    ),
    Function("concat", ("text", "text"), TEXT, "one after the other; null when one is", more=True),
    Function("year", ("when",), INT, "the year"),
    Function("quarter", ("when",), INT, "1 to 4"),
    Function("month", ("when",), INT, "1 to 12"),
    Function("day", ("when",), INT, "the day of the month"),
    Function("weekday", ("when",), INT, "1 (Monday) to 7 (Sunday)"),
    Function("hour", ("datetime",), INT, "0 to 23"),
    Function(
        "date_diff", ("unit", "when", "when"), INT, "how many unit boundaries from the first to the second"
    ),
    Function(
        "date_add", ("unit", "exact", "when"), "last", "so many units later; the day is kept in the month"
    ),
    Function("age_years", ("when", "when"), INT, "completed years from the first to the second"),
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType({function.name: function for function in _ALL})
"""Every function by name. `if(c, a, b)` is CASE and is no function."""

SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        "ceiling": "ceil",
        "pow": "power",
        "log": "ln",
        "len": "length",
        "char_length": "length",
        "substring": "substr",
        "datediff": "date_diff",
        "dateadd": "date_add",
        "ifnull": "coalesce",
        "nvl": "coalesce",
        "startswith": "starts_with",
        "endswith": "ends_with",
        "dayofweek": "weekday",
        "dow": "weekday",
        "age": "age_years",
        "max": "greatest",
        "min": "least",
    }
)
"""Names of other dialects, for did-you-mean only."""
