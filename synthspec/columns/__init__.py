"""The shelf of column types."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from synthspec.columns.base import ColumnType
from synthspec.columns.boolean import Boolean
from synthspec.columns.category import Category
from synthspec.columns.date import Date
from synthspec.columns.datetime import Datetime
from synthspec.columns.decimal import Decimal
from synthspec.columns.density import Density
from synthspec.columns.float import Float
from synthspec.columns.grid import Ordered
from synthspec.columns.id import Id
from synthspec.columns.integer import Integer
from synthspec.columns.listed import Listed
from synthspec.shelf import shelf

AnyColumn = Annotated[
    Category | Boolean | Integer | Float | Decimal | Date | Datetime | Id, Field(discriminator="kind")
]
COLUMNS = shelf(AnyColumn)

__all__ = [
    "COLUMNS",
    "AnyColumn",
    "Boolean",
    "Category",
    "ColumnType",
    "Date",
    "Datetime",
    "Decimal",
    "Density",
    "Float",
    "Id",
    "Integer",
    "Listed",
    "Ordered",
]
