"""Run one task over mbi (private-pgm); in mbi's own environment: python with_mbi.py FOLDER.

The installed package has estimation and inference, not the mechanisms, so AIM (McKenna, Mullins, Sheldon
and Miklau 2022, algorithms 2 to 4) and MST (McKenna, Miklau and Sheldon 2021) are written here from their
papers, over mbi's public functions only, with the constants that its repository's scripts use: AIM 16
rounds per column, nine tenths of each round to the measurement, a model of at most 80 MB, 1,000 steps of
mirror descent from the last model, all pairs of at most 10,000 cells; MST thirds of the budget, values
under three standard deviations merged, 2,500 steps before and 10,000 after selection.
"""

from __future__ import annotations

import itertools
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from mbi import Dataset, Domain, LinearMeasurement, estimation, junction_tree
from protocol import Rows, Task, answer
from zcdp import rho_of

MOST_CELLS = 10_000
MOST_MEGABYTES = 80.0
STEPS = 1_000
MEASURE = 0.9


def fit(task: Task, rows: Rows):
    """Return the sampler of the fitted model."""
    np.random.seed(task.seed)
    domain = Domain(task.columns, task.sizes)
    data = Dataset({c: rows[:, i] for i, c in enumerate(task.columns)}, domain)
    rng = np.random.default_rng(task.seed)
    method = {"aim": aim, "mst": mst}[task.method]
    return method(data, rho_of(task.epsilon, task.delta), rng)


def measured(data: Dataset, clique: tuple[str, ...], sigma: float, rng: np.random.Generator):
    """Return a noisy marginal."""
    counts = np.asarray(data.project(clique).datavector(), dtype=np.float64)
    return LinearMeasurement(counts + rng.normal(0, sigma, counts.size), clique, stddev=sigma)


def chosen(scores: np.ndarray, epsilon: float, sensitivity: float, rng: np.random.Generator) -> int:
    """Return an index by the exponential mechanism (Gumbel form)."""
    return int(np.argmax(0.5 * epsilon / sensitivity * scores + rng.gumbel(size=len(scores))))


def drawn(model, columns: tuple[str, ...], many: int) -> Rows:
    """Return rows of a fitted model."""
    codes = model.synthetic_data(rows=many).to_dict()
    return np.stack([np.asarray(codes[c]) for c in columns], 1).astype(np.int64)


def expected(model, cliques: list[tuple[str, ...]]) -> dict[tuple[str, ...], np.ndarray]:
    """Return the model's counts of columns and pairs; a product where the model has no path between two.

    The product is the same number without the compilation that mbi's variable elimination would need.
    """
    part: dict[str, str] = {c: c for c in model.domain.attributes}
    for clique in model.cliques:
        for other in clique[1:]:
            old, new = part[other], part[clique[0]]
            part = {c: new if own == old else own for c, own in part.items()}
    columns = {c for clique in cliques for c in clique}
    ones = {c: np.asarray(model.project((c,)).datavector(), dtype=np.float64) for c in columns}
    out = {}
    for clique in cliques:
        if len(clique) == 1:
            out[clique] = ones[clique[0]]
        elif part[clique[0]] != part[clique[1]]:
            out[clique] = np.outer(ones[clique[0]], ones[clique[1]]).ravel() / max(float(model.total), 1e-9)
        else:
            out[clique] = np.asarray(model.project(clique).datavector(), dtype=np.float64)
    return out


def aim(data: Dataset, rho: float, rng: np.random.Generator):
    """AIM: measure the pair or column that the model has most wrong, noise halved when a round shows none."""
    domain = data.domain
    columns = tuple(domain.attributes)
    pairs = [p for p in itertools.combinations(columns, 2) if domain.size(p) <= MOST_CELLS]
    weights = {(c,): sum(c in p for p in pairs) for c in columns}
    weights |= {p: sum(len(set(p) & set(q)) for q in pairs) for p in pairs}
    counts = {c: np.asarray(data.project(c).datavector(), dtype=np.float64) for c in weights}
    most = max(weights.values())

    rounds = 16 * len(columns)
    sigma = np.sqrt(rounds / (2 * MEASURE * rho))
    epsilon = np.sqrt(8 * (1 - MEASURE) * rho / rounds)
    answers = [measured(data, (c,), sigma, rng) for c in columns]
    spent = len(columns) / (2 * sigma**2)
    model = estimation.MirrorDescent().estimate(domain, answers, iters=STEPS)
    last = False
    while not last:
        left = rho - spent
        if left < 2 * (1 / (2 * sigma**2) + epsilon**2 / 8):
            sigma, epsilon, last = np.sqrt(1 / (2 * MEASURE * left)), np.sqrt(8 * (1 - MEASURE) * left), True
        spent += 1 / (2 * sigma**2) + epsilon**2 / 8
        cliques = [tuple(c) for c in model.cliques]
        open_to = [c for c in weights if _fits(domain, cliques, c, MOST_MEGABYTES * spent / rho)]
        before = expected(model, open_to)
        noise = np.sqrt(2 / np.pi) * sigma
        scores = [
            weights[c] * (np.abs(counts[c] - before[c]).sum() - noise * counts[c].size) for c in open_to
        ]
        clique = open_to[chosen(np.array(scores), epsilon, most, rng)]
        answers.append(measured(data, clique, sigma, rng))
        model = estimation.MirrorDescent().estimate(domain, answers, iters=STEPS, warm_start=model)
        moved = np.abs(np.asarray(model.project(clique).datavector()) - before[clique]).sum()
        if moved <= noise * counts[clique].size:
            sigma, epsilon = sigma / 2, epsilon * 2
    return lambda many: drawn(model, columns, many)


def _fits(domain: Domain, cliques: list[tuple[str, ...]], clique: tuple[str, ...], megabytes: float) -> bool:
    if any(set(clique) <= set(c) for c in cliques):
        return True
    return junction_tree.hypothetical_model_size(domain, [*cliques, clique]) <= megabytes


def mst(data: Dataset, rho: float, rng: np.random.Generator):
    """MST: all columns, then a spanning tree of pairs, on values that stand out of the noise."""
    domain = data.domain
    columns = tuple(domain.attributes)
    each = np.sqrt(3 / (2 * rho))  # a third of the budget, shared by equal weights
    sigma = each * np.sqrt(len(columns))
    answers = [measured(data, (c,), sigma, rng) for c in columns]
    merged = {}
    for said in answers:
        kept = np.asarray(said.noisy_measurement) >= 3 * sigma
        if not kept.all():
            merged[said.clique[0]] = np.where(kept, np.cumsum(kept) - 1, kept.sum())
    small = data.compress(merged)
    answers = [said.compress(merged, domain) for said in answers]
    model = estimation.MirrorDescent().estimate(small.domain, answers, iters=2_500)

    pairs = list(itertools.combinations(columns, 2))
    flat = expected(model, pairs)
    gaps = {p: np.abs(np.asarray(small.project(p).datavector()) - flat[p]).sum() for p in pairs}
    part = {c: i for i, c in enumerate(columns)}
    epsilon = np.sqrt(8 * rho / 3 / (len(columns) - 1))
    tree = []
    for _ in columns[1:]:
        open_to = [p for p in pairs if part[p[0]] != part[p[1]]]
        a, b = open_to[chosen(np.array([gaps[p] for p in open_to]), epsilon, 1.0, rng)]
        tree.append((a, b))
        part = {c: part[a] if own == part[b] else own for c, own in part.items()}
    sigma = each * np.sqrt(len(tree))
    answers += [measured(small, p, sigma, rng) for p in tree]
    model = estimation.MirrorDescent().estimate(small.domain, answers, iters=10_000)

    def sample(many: int) -> Rows:
        codes = model.synthetic_data(rows=many).decompress(merged).to_dict()
        return np.stack([np.asarray(codes[c]) for c in columns], 1).astype(np.int64)

    return sample


if __name__ == "__main__":
    answer(Path(sys.argv[1]), f"mbi {version('mbi')}", fit)
