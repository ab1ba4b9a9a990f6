"""The contract of a generator, and all that it can know of private data: the Oracle.

Source: ours; the verbs are those of PRIVACY 2.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.privacy.noisy import Noisy
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Clique, Domain
from synthspec.terms.frozen import Frozen
from synthspec.terms.protection import Protection
from synthspec.terms.query import Gap, Marginal

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


class Draws(Protocol):
    """Secret randomness of one private forward, fresh at every call and independent per row.

    A forward that draws anything (a latent, a dropout mask) takes it from here and from nowhere else:
    with a generator whose seed is public, one row more would move the draws of all rows after it.
    """

    def normal(self, rows: int, *shape: int) -> Tensor:
        """Return standard normal float32 draws, shape (rows, *shape), on the module's device."""

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """Return uniform float32 draws in (0, 1), shape (rows, *shape), on the module's device."""


class Learner(Protocol):
    """What `Oracle.gradient` trains. It sees private rows in `losses` only, and returns their losses.

    Everything else that it does is a function of public things and of noisy gradients.

    The private parameters are those of `module` with `requires_grad`, float32. They best belong to layers
    of type `torch.nn.Linear` (a subclass may have a buffer `mask` of zeros and ones, of the weight's
    shape, and compute with `weight * mask`), `torch.nn.Embedding` (plain: no padding, no max_norm) and
    `torch.nn.LayerNorm` (over the last axis): each used through its own call, on inputs whose first axis
    is the row, its output not changed in place; a layer may be called more than once. Other layers go
    through opacus, slower, where opacus knows them; a forward that rounds (autocast) must do without them,
    since opacus measures and sums in two passes. No batch normalisation, no buffer that a forward
    changes, nothing that looks across rows: the run tries this on public rows before it pays, and refuses
    (I328).
    """

    @property
    def module(self) -> Module:
        """The module with the private parameters, on the device that it trains on."""

    def losses(self, codes: Tensor, draws: Draws) -> Tensor:
        """Return one loss per row, shape (rows,), not reduced and not weighted.

        Args:
            codes: int64, shape (rows, attributes), in the order of `Oracle.domain`, on the module's device;
                any number of rows, 0 never.
            draws: the only randomness that a private forward may use.
        """

    def step(self, gradient: Sequence[Tensor]) -> None:
        """Take one step with a noisy gradient; public: optimizer, averages, another net's updates.

        Args:
            gradient: one tensor per parameter with `requires_grad`, in the order of
                `module.parameters()`: the clipped sum over the batch's units plus noise, divided by the
                *expected* number of units in a batch.
        """

    def public_loss(self) -> float | None:
        """Return a loss on synthetic rows for the progress line, or None; never from private rows."""

    def state(self) -> Mapping[str, Tensor]:
        """Return all that a resumed run needs: parameters, optimizer, averages, counters; public."""

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take up a state that `state` returned."""


@runtime_checkable
class Portable(Learner, Protocol):
    """A learner whose losses another process can compute: its module is made there again."""

    def described(self) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        """Return JSON facts and contiguous arrays from which `generators.learners` makes it; all public.

        Parameters need not be among them: those of rank 0 are sent at every step.
        """


class Oracle(Protocol):
    """Private data behind a price: every verb charges first, then computes, then adds noise."""

    @property
    def domain(self) -> Domain:
        """The coded domain (public)."""

    @property
    def protection(self) -> Protection:
        """Whom the guarantee protects (public)."""

    @property
    def left(self) -> Cost:
        """What may still be spent (public: it depends on prices and released answers only)."""

    def measure(self, purchases: Sequence[tuple[Marginal, Cost]]) -> tuple[Noisy, ...]:
        """Return one noisy answer per purchase, in order; counted in one pass over the rows."""

    def select(self, candidates: Sequence[Gap], cost: Cost) -> int:
        """Return the index of a candidate with nearly the highest score (exponential mechanism)."""

    def select_or_none(self, candidates: Sequence[Gap], cost: Cost) -> int | None:
        """Like `select`, with one more candidate "none" whose score is 0."""

    @property
    def device(self) -> str:
        """Where private gradients are computed: "cpu" or "cuda"; the learner's module lives there."""

    def gradient(
        self,
        learner: Learner,
        *,
        rate: Fraction,
        steps: int,
        clip: float,
        expected: float,
        cost: Cost,
    ) -> None:
        """Train `learner` for exactly `steps` noisy gradient steps; one purchase of at most `cost`.

        At each step every unit joins the batch with probability `rate`; the losses of a unit's rows are
        summed and their gradient is clipped to L2 norm `clip`; noise is added once. All arguments are
        public, and the learner is trained in place. A run that was resumed gives the steps that are
        left only, from the state saved last.

        Args:
            learner: what is trained.
            rate: the probability that a unit joins a batch, in (0, 1].
            steps: how many steps, at least 1.
            clip: the L2 norm that one unit's gradient may have.
            expected: the public number of units expected in a batch: `rate` times a noisy total of
                units; what the noisy sum is divided by.
            cost: what may be spent; a part of its `delta0` is needed.
        """


@dataclass(frozen=True, eq=False)
class Conditional:
    """A published table P(child | parents): exact, or worth `strength` units of data.

    Attributes:
        child: the attribute that it is about.
        parents: what it depends on, in the order of the table's axes; may be empty.
        table: shape (*sizes of the parents, codes of the child), rows sum to 1. Where the child's last
            code means "missing", the table has 0 there and speaks of the rows that have a value.
        strength: None when the table is fixed; else as many draws of the child as there are units.
            A unit counts as one draw, however many rows it may have: they tell of the same person, so
            that more would overstate what is published against what the data say.
        gap: whether the table speaks of the child as present or missing only, shape (*sizes, 2).
        units: units per row of data, as far as it is public: the data weigh by units too.
    """

    child: str
    parents: Clique
    table: NDArray[np.float64]
    strength: float | None = None
    gap: bool = False
    units: float = 1.0

    @property
    def fixes(self) -> bool:
        """Whether the table is exact, and about the values of its child."""
        return self.strength is None and not self.gap


@dataclass(frozen=True, eq=False)
class Workload:
    """What the model is wanted for; public facts only.

    Attributes:
        ordinal: attributes whose codes are ordered (the last code may be "missing", see `missing`).
        missing: attributes whose last code means "missing".
        weights: integer weight per clique named in the spec; others have 1.
        edges: declared cliques, parents before their child; measured without selection.
        missing_edges: the same, where the attributes named beside count only as present or missing.
        forbidden: pairs (a, b) for which no edge a -> b may be learned.
        max_parents: the most parents of an attribute, for models with directed edges.
        conditionals: published conditional tables.
        zeros: cliques with a boolean mask of impossible cells, shape = the clique's sizes.
        known: exact public marginals, normalised to 1.
        given: attributes sampled by earlier groups: conditioned on, never generated here.
        kin: the kind of each code of a nominal attribute of many codes (a chapter, a district), shape
            (codes,): small codes of one kind are merged before others.
        rows: public rough number of rows, or None.
        units: public rough number of units, or None.
        per_row: how many rows one unit of the protection may add to a count (sensitivity context).
    """

    ordinal: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    weights: Mapping[Clique, int] = field(default_factory=dict)
    edges: tuple[Clique, ...] = ()
    missing_edges: tuple[tuple[Clique, frozenset[str]], ...] = ()
    max_parents: int = 3
    conditionals: tuple[Conditional, ...] = ()
    forbidden: frozenset[tuple[str, str]] = frozenset()
    zeros: tuple[tuple[Clique, NDArray[np.bool_]], ...] = ()
    known: tuple[tuple[Clique, NDArray[np.float64]], ...] = ()
    given: frozenset[str] = frozenset()
    kin: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    rows: int | None = None
    units: float | None = None

    @cached_property
    def closed(self) -> Mapping[str, Clique]:
        """The children of fixed conditional tables with their parents: they have no others.

        A fixed table without parents is a public marginal and says nothing about parents; one that
        says how often the child is missing leaves its values to others.
        """
        fixed = (each for each in self.conditionals if each.fixes and each.parents)
        return {each.child: each.parents for each in fixed}

    def may(self, parent: str, child: str) -> bool:
        """Return whether an edge `parent -> child` may be learned: not forbidden, its end not decided."""
        if child in self.given or parent not in self.closed.get(child, (parent,)):
            return False
        return (parent, child) not in self.forbidden and child not in self._above.get(parent, frozenset())

    @cached_property
    def _above(self) -> Mapping[str, frozenset[str]]:
        """The declared ancestors of each attribute: no edge may be learned back to them."""
        parents: dict[str, set[str]] = {}
        families = [*self.edges, *(edge for edge, _ in self.missing_edges)]
        families += [(*each.parents, each.child) for each in self.conditionals]
        for family in families:
            parents.setdefault(family[-1], set()).update(family[:-1])
        found: dict[str, frozenset[str]] = {}
        for name in parents:
            stack, seen = [name], set[str]()
            while stack:
                new = parents.get(stack.pop(), set()) - seen
                seen |= new
                stack += new
            found[name] = frozenset(seen)
        return found

    def barred(self, a: str, b: str) -> bool:
        """Return whether no direction of an edge between `a` and `b` may be learned."""
        if a in self.given and b in self.given:
            return (a, b) in self.forbidden and (b, a) in self.forbidden
        return not self.may(a, b) and not self.may(b, a)


class Model(Protocol):
    """A fitted model: public, made of released answers only; sampled without further price."""

    @property
    def domain(self) -> Domain:
        """The attributes that the model covers, `given` ones included."""

    def sample(self, rows: int, rng: SampleRng, given: Codes | None = None) -> Codes:
        """Return `rows` synthetic rows over the attributes it generates.

        Args:
            rows: how many.
            rng: seeded and public; never a source of privacy noise.
            given: codes of the `given` attributes for each row, when there are any.
        """

    def marginal(self, clique: Clique) -> NDArray[np.float64]:
        """Return the model's marginal over `clique`, shape = the clique's sizes, summing to 1."""

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Return what is saved: arrays without objects; with `facts` they rebuild the model."""

    def facts(self) -> Mapping[str, object]:
        """Return the JSON side of what is saved; has a `kind` key."""


class Generator(Frozen, ABC):
    """Options and behaviour on one frozen value; the spec's `with:` is validated by its fields."""

    @abstractmethod
    def fit(self, oracle: Oracle, workload: Workload, cap: Cost, rng: SampleRng) -> Model:
        """Return a model, spending at most `cap` through `oracle`.

        Everything it chooses depends on public facts and on answers already released; `rng` is
        public randomness.
        """

    @abstractmethod
    def supports_given(self) -> bool:
        """Return whether the model can be conditioned on earlier groups."""

    def extra(self) -> str | None:
        """Return the optional extra without which the model cannot be fitted, None where there is none."""
        return None

    def supports_zeros(self) -> bool:
        """Return whether the model keeps impossible cells of several attributes empty (`Workload.zeros`)."""
        return True
