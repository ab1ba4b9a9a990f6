"""Releases that all tests here share: each is trained once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.verify.releases import trained

Kept = Callable[..., Path]


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Return a function that gives the release of a kind; nobody changes it."""
    folder, made = tmp_path_factory.mktemp("releases"), dict[tuple[str, float], Path]()

    def of(kind: str, factor: float = 1.0) -> Path:
        if (kind, factor) not in made:
            made[kind, factor] = trained(folder, kind, factor)
        return made[kind, factor]

    return of
