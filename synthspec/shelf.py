"""A type union seen as a name -> class table: adding to the union is the registration."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Annotated, Any, Union, get_args, get_origin


def shelf(union: Any) -> Mapping[str, type[Any]]:
    """Return the classes of `union` by their `kind`.

    Args:
        union: a class, a union of classes, or either inside `Annotated`; each class has a
            `kind` field whose default is its name.

    Returns:
        A read-only mapping from kind to class, in the order of the union.

    >>> from pydantic import BaseModel
    >>> class A(BaseModel):
    ...     kind: str = "a"
    >>> dict(shelf(A))
    {'a': <class 'synthspec.shelf.A'>}
    """
    if get_origin(union) is Annotated:
        union = get_args(union)[0]
    members = get_args(union) if get_origin(union) in (Union, types.UnionType) else (union,)
    return types.MappingProxyType({member.model_fields["kind"].default: member for member in members})
