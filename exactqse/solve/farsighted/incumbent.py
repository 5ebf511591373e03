"""A good Markov policy: policy iteration from many starts at once, with the adjoint.

With d = dJ/dW and k = dJ/dV of the policy at hand, a place (h, s) is improved by maximising, in
every cell of what the leader sees,

    sum_b e^{eta q_b} (w_b - lam),    lam = W - k / (d eta),

whose gradient is that of J up to a factor. What is found is a lower bound, whatever its quality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Floats, Model

_STARTS = 64
_POLISHED = 4
_KEPT = 8  # policies, each so
_NEAR = 1e-2  # far from the others
_ROUNDS = ((25, 1.0), (40, 0.5), (60, 0.25))  # iterations, damping
_SMALL = 1e-300


@dataclass(frozen=True, eq=False)
class Evaluated:
    """N policies, per step: pi (N, n, B, A), V and W (N, n), nu (N, n, B), x and y (N, n, B, A).

    x = r + gamma P V and y = u + P W are the values of a pair of actions.
    """

    pi: list[Floats]
    V: list[Floats]
    W: list[Floats]
    nu: list[Floats]
    x: list[Floats]
    y: list[Floats]

    def worth(self, model: Model) -> Floats:
        """J of each policy, (N,)."""
        value: Floats = self.W[0] @ model.rho
        return value

    @property
    def first(self) -> Evaluated:
        """The first of them, with N = 1."""
        tables = (self.pi, self.V, self.W, self.nu, self.x, self.y)
        return Evaluated(*([z[:1] for z in table] for table in tables))


def evaluate(model: Model, pi: list[Floats]) -> Evaluated:
    """V, W and nu of N policies."""
    V: list[Floats] = []
    W: list[Floats] = []
    nu: list[Floats] = []
    xs: list[Floats] = []
    ys: list[Floats] = []
    for h in reversed(range(len(pi))):
        x, y = _pairs(model, h, V[-1] if V else None, W[-1] if W else None, len(pi[0]))
        v, w, weights = _respond(model.eta, pi[h], x, y)
        for row, value in ((V, v), (W, w), (nu, weights), (xs, x), (ys, y)):
            row.append(value)
    return Evaluated(pi, V[::-1], W[::-1], nu[::-1], xs[::-1], ys[::-1])


def _pairs(
    model: Model, h: int, V: Floats | None, W: Floats | None, count: int
) -> tuple[Floats, Floats]:
    layer = model.layers[h]
    shape = count, *layer.u.shape
    if V is None or W is None:
        return np.broadcast_to(layer.r, shape), np.broadcast_to(layer.u, shape)
    rows = layer.P.reshape(-1, layer.P.shape[-1]).T
    ahead, gain = ((z @ rows).reshape(shape) for z in (V, W))
    return layer.r + model.gamma * ahead, layer.u + gain


def _respond(eta: float, pi: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    q, w = (pi * x).sum(-1), (pi * y).sum(-1)
    top = q.max(-1, keepdims=True)
    weights = np.exp(eta * (q - top))
    total = weights.sum(-1, keepdims=True)
    nu = weights / total
    return (top + np.log(total) / eta)[..., 0], (nu * w).sum(-1), nu


def adjoint(model: Model, found: Evaluated) -> tuple[list[Floats], list[Floats]]:
    """d = dJ/dW and k = dJ/dV, (N, n) for each step."""
    d, k = [np.broadcast_to(model.rho, found.W[0].shape)], [np.zeros_like(found.W[0])]
    for h, layer in enumerate(model.layers[:-1]):
        w = (found.pi[h] * found.y[h]).sum(-1)
        ahead = model.eta * (w - found.W[h][..., None]) * d[h][..., None] + k[h][..., None]
        rows = layer.P.reshape(-1, layer.P.shape[-1])
        weights = found.nu[h][..., None] * found.pi[h]
        count = len(w)
        d.append((weights * d[h][..., None, None]).reshape(count, -1) @ rows)
        k.append(model.gamma * (weights * ahead[..., None]).reshape(count, -1) @ rows)
    return d, k


def slopes_of(d: list[Floats], k: list[Floats]) -> list[Floats]:
    """k / d, what a unit of the follower's value is worth to the leader."""
    return [ks / np.maximum(ds, _SMALL) for ds, ks in zip(d, k, strict=True)]


def best_policy(model: Model, seed: int = 0) -> Evaluated:
    """The best policy found, with N = 1."""
    return good_policies(model, seed).first


def good_policies(model: Model, seed: int = 0) -> Evaluated:
    """The policies that iteration from random ones came to, as ``ascended`` has them."""
    random = np.random.default_rng(seed)
    count = len(model.cells)
    pi = [
        random.dirichlet(np.full(u.shape[2], 0.5), size=(_STARTS, len(u), count))[:, :, model.cell]
        for u in (layer.u for layer in model.layers)
    ]
    return ascended(model, pi)


def ascended(model: Model, pi: list[Floats]) -> Evaluated:
    """The policies that iteration from N others came to: the best first, none near another."""
    for number, (rounds, damping) in enumerate(_ROUNDS):
        if number == len(_ROUNDS) - 1:
            found = evaluate(model, pi)
            order = np.argsort(-found.worth(model))[:_POLISHED]
            more = [n for n in _apart(model, found) if n not in order]
            pi = [p[[*order, *more]] for p in pi]
        pi = _iterate(model, pi, rounds, damping)
    return apart(model, pi)


def apart(model: Model, pi: list[Floats]) -> Evaluated:
    """The best of some policies, and others that are far from all that are kept, best first."""
    kept = _apart(model, evaluate(model, pi))
    return evaluate(model, [p[kept] for p in pi])


def together(model: Model, first: Evaluated, second: Evaluated) -> Evaluated:
    """Those of both that are apart."""
    return apart(model, [np.concatenate(pair) for pair in zip(first.pi, second.pi, strict=True)])


def _apart(model: Model, found: Evaluated) -> list[int]:
    """Which policies to keep: the best first, none near another."""
    reach, _ = adjoint(model, found)
    kept: list[int] = []
    for n in np.argsort(-found.worth(model), kind="stable").tolist():
        if len(kept) < _KEPT and all(_distance(model, found, reach, n, m) > _NEAR for m in kept):
            kept.append(n)
    return kept


def _distance(model: Model, found: Evaluated, reach: list[Floats], n: int, m: int) -> float:
    """How much what comes of two policies differs: where they lead, and responses and values there.

    Mixtures are not compared: many may have the same effects.
    """
    largest = 0.0
    for V, W, nu, d in zip(found.V, found.W, found.nu, reach, strict=True):
        there = np.abs(nu[n] - nu[m]).max(-1)
        there = np.maximum(there, model.eta * np.abs(V[n] - V[m]))
        there = np.maximum(there, np.abs(W[n] - W[m]) / model.scale)
        there = np.minimum(there, 1.0) * np.maximum(d[n], d[m])
        largest = max(largest, float(np.maximum(there, np.abs(d[n] - d[m])).max()))
    return largest


def _iterate(model: Model, pi: list[Floats], rounds: int, damping: float) -> list[Floats]:
    """The best policies on the way of each start."""
    best = [p.copy() for p in pi]
    value = np.full(len(pi[0]), -np.inf)
    for _ in range(rounds):
        found = evaluate(model, pi)
        J = found.worth(model)
        better = value < J
        value = np.where(better, J, value)
        for kept, p in zip(best, pi, strict=True):
            kept[better] = p[better]
        pi = _improved(model, found, damping)
    return best


def _improved(model: Model, found: Evaluated, damping: float) -> list[Floats]:
    slopes = slopes_of(*adjoint(model, found))
    new: list[Floats] = []
    V = W = None
    for h in reversed(range(len(found.pi))):
        x, y = _pairs(model, h, V, W, len(found.pi[0]))
        lam = found.W[h] - slopes[h] / model.eta
        target = _maximal(model, x, y - lam[..., None, None], found.pi[h])
        pi = damping * target + (1 - damping) * found.pi[h]
        V, W, _ = _respond(model.eta, pi, x, y)
        new.append(pi)
    return new[::-1]


def _maximal(model: Model, x: Floats, y: Floats, pi: Floats) -> Floats:
    """pi (N, n, B, A) that maximises sum_b e^{eta q_b} w_b in each cell: corners, then edges."""
    if model.singles:
        return _closed(model.eta, x, y)
    result = np.empty_like(pi)
    for cell in model.cells:
        members = list(cell)
        alpha = _ascended(model.eta, x[:, :, members], y[:, :, members], pi[:, :, members[0]])
        result[:, :, members] = alpha[:, :, None]
    return result


def _closed(eta: float, x: Floats, y: Floats) -> Floats:
    """The best of corners and edges for each b alone, in closed form."""
    actions = x.shape[-1]
    unit = np.eye(actions)
    top = x.max(-1, keepdims=True)
    value = np.exp(eta * (x - top)) * y
    first = value.argmax(-1)
    best = np.take_along_axis(value, first[..., None], -1)[..., 0]
    alpha: Floats = unit[first]
    i, j = np.triu_indices(actions, 1)
    if not len(i):
        return alpha
    dx, dy = x[..., j] - x[..., i], y[..., j] - y[..., i]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        t = -1 / (eta * dx) - y[..., i] / dy
        mixed = (t > 0) & (t < 1) & (dx * dy < 0)
        t = np.where(mixed, t, 0.0)
        w = y[..., i] + t * dy
        gain = np.where(mixed, np.exp(eta * (x[..., i] + t * dx - top)) * w, -np.inf)
    edge = gain.argmax(-1)
    at = np.take_along_axis(t, edge[..., None], -1)
    along = (1 - at) * unit[i[edge]] + at * unit[j[edge]]
    better = np.take_along_axis(gain, edge[..., None], -1)[..., 0] > best
    result: Floats = np.where(better[..., None], along, alpha)
    return result


def _ascended(eta: float, x: Floats, y: Floats, alpha: Floats) -> Floats:
    """Steps of many lengths from alpha (N, n, A) towards each corner; the best, a few times."""
    actions = x.shape[-1]
    lengths = np.append(0.0, 0.5 ** np.arange(24))
    part, whole = lengths[:, None], 1 - lengths[:, None]
    x = eta * (x - x.max((-1, -2), keepdims=True))
    tables = [np.swapaxes(z, -1, -2)[..., None, :] for z in (x, y)]  # (N, n, A, 1, B)
    for _ in range(2 * (actions - 1)):
        here = [(alpha[..., None, :] * z).sum(-1)[..., None, None, :] for z in (x, y)]
        q, w = (whole * a + part * z for a, z in zip(here, tables, strict=True))
        value = (np.exp(q) * w).sum(-1)  # towards each corner, by each length
        corner, k = np.divmod(value.reshape(*alpha.shape[:2], -1).argmax(-1), len(lengths))
        step = lengths[k][..., None]
        alpha = (1 - step) * alpha + step * np.eye(actions)[corner]
    return alpha
