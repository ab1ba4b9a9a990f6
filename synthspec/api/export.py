"""export: the rules of a spec as SQL, so that auditors can run them in an engine of their own."""

from __future__ import annotations

from typing import Literal

from synthspec.api.spec import Spec
from synthspec.terms.to_sql import DialectName, identifier


def rule_queries(spec: Spec, to: Literal["duckdb", "postgres", "spark", "dbt"], table: str) -> dict[str, str]:
    """Return per rule the query whose rows break it; unknown does not break (SQL CHECK).

    Args:
        spec: a spec without errors.
        to: the engine; `dbt` gives bodies of singular tests.
        table: the name of the table, taken as a name and quoted.

    Raises:
        SpecError: when `check` finds an error.
    """
    dialect: DialectName = "duckdb" if to == "dbt" else to
    source = f"{{{{ ref('{table}') }}}}" if to == "dbt" else identifier(table, dialect)
    return {rule.name: rule.broken_query(source, dialect) for rule in spec.checked().rules}
