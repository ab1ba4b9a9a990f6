"""Crossed: rows of one group drawn under rules that tie them to columns drawn before and not given.

Rows fall into classes by what the columns outside allow; each class is drawn from the group's model
conditioned on that, so nothing is refused. What earlier groups drew keeps its distribution: only what
this group draws is conditioned.

Source: ours; exact conditioning on a junction tree (generators/weighted.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from synthspec.draw.leaning import Tie, tied
from synthspec.generators.base import Model
from synthspec.generators.neural.neural_model import NeuralModel
from synthspec.generators.neural.tilted import TiltedModel, tilted
from synthspec.generators.tree_model import TreeModel
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes


class Crossed:
    """The model of one group with its crosses; conditioned models are made once."""

    def __init__(self, model: Model, crosses: Sequence[Tie]) -> None:
        known = model.domain.attributes if isinstance(model, TreeModel | NeuralModel | TiltedModel) else ()
        self._model = model
        self._crosses = [cross for cross in crosses if set(cross.inner) <= set(known)]
        self._found: dict[tuple[int, ...], Model] = {}

    @property
    def given(self) -> frozenset[str]:
        """The attributes that the model is conditioned on."""
        model = self._model
        return model.given if isinstance(model, TreeModel | NeuralModel | TiltedModel) else frozenset()

    def sample(
        self, rows: int, rng: SampleRng, given: Codes | None, codes: Mapping[str, NDArray[np.int64]]
    ) -> Codes:
        """Return `rows` rows of the group.

        Args:
            rows: how many.
            rng: public randomness.
            given: codes of the given columns.
            codes: of all columns drawn so far, shape (rows,) each.
        """
        if not self._crosses or not rows:
            return self._model.sample(rows, rng, given)
        places = [cross.classes[tuple(codes[n] for n in cross.outer)] for cross in self._crosses]
        key = np.stack([np.broadcast_to(place, (rows,)) for place in places])
        kinds, place = np.unique(key, axis=1, return_inverse=True)
        place = place.reshape(-1)
        own: dict[str, NDArray[np.integer]] = {}
        drawn: Codes | None = None
        for at, kind in enumerate(kinds.T.tolist()):
            mine = np.flatnonzero(place == at)
            part = None if given is None else _rows(given, mine)
            drawn = self._conditioned(tuple(kind)).sample(len(mine), rng.split("class", *kind), part)
            for name, column in drawn.columns.items():
                own.setdefault(name, np.zeros(rows, dtype=np.int64))[mine] = column
        assert drawn is not None
        return Codes(drawn.domain, own)

    def weighed(
        self, rows: int, rng: SampleRng, given: Codes | None, codes: Mapping[str, NDArray[np.int64]]
    ) -> tuple[Codes, NDArray[np.float64] | None]:
        """Return `sample`'s rows, and the logarithms of the weights by which whole rows are drawn again.

        None where rows count alike: only a network that is given columns, and asked for a condition,
        leaves weights. Rules that are met row by row ask nothing of earlier columns.
        """
        if isinstance(self._model, TiltedModel) and self._model.given and not self._crosses and rows:
            return self._model.weighed(rows, rng, given)
        return self.sample(rows, rng, given, codes), None

    def _conditioned(self, kind: tuple[int, ...]) -> Model:
        """Return the model under the masks of one class; the model itself where they need too many cells."""
        if kind not in self._found:
            found = tied(self._model, self._crosses, kind) if isinstance(self._model, TreeModel) else None
            self._found[kind] = self._model if found is None else found[0]
            if isinstance(self._model, NeuralModel | TiltedModel):
                ties = zip(self._crosses, kind, strict=True)
                factors = [(cross.inner, cross.factor(at)) for cross, at in ties]
                factors = [(inner, table) for inner, table in factors if bool((table != 1).any())]
                held = self._model.factors if isinstance(self._model, TiltedModel) else ()
                base = self._model.base if isinstance(self._model, TiltedModel) else self._model
                if factors:
                    self._found[kind] = tilted(base, (*held, *factors)) or self._model
        return self._found[kind]


def _rows(codes: Codes, mine: NDArray[np.int64]) -> Codes:
    return Codes(codes.domain, {name: column[mine] for name, column in codes.columns.items()})
