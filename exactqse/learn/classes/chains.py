"""Chains of pairs (U_h, theta_h) that agree with what was seen: proofs/chains.md.

U_h agrees with the next step's pair p' when it is near the mean of u_h + W_p'(s_{h+1}):

    Z(U, p')^(1/2) <= (width_scale sigma_p'^2 (2 log(4 N H / delta) + sum log(1 + n)))^(1/2)
                      + tolerance (sum n)^(1/2),
    Z(U, p') = sum over (s,a,b) of n^2/(n+1) (U(s,a,b) - ybar(s,a,b))^2,

n the visits of (s,a,b), ybar the mean over them, N the number of pairs p'. The target follows p',
so no class has to be complete (proofs/value-sets.md, Theorems 2 and 3). Besides, U_h has to explain
the targets of p' nearly as well as any table of its class (proofs/comparison-sets.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactqse.learn.classes.comparison import comparable, divergence_of
from exactqse.learn.classes.likelihood import likelihood_radius, likelihood_set, response_losses
from exactqse.learn.classes.local import LocalClasses
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


@dataclass(eq=False)
class Record:
    """Sufficient statistics of all that was seen; their size does not depend on how much that is.

    Attributes:
        losses: [h], minus the log-likelihood of each theta, (n_h,).
        u: the sums of observed rewards, (H, S, A, B).
        after: how often each state came next, (H, S, A, B, S); at the last step, state 0 for all.
    """

    losses: list[Floats]
    u: Floats
    after: Floats

    @classmethod
    def empty(cls, classes: LocalClasses) -> Record:
        """Nothing seen."""
        shape = len(classes.theta), *classes.theta[0].shape[1:]
        losses = [np.zeros(len(theta)) for theta in classes.theta]
        return cls(losses, np.zeros(shape), np.zeros((*shape, shape[1])))

    def add(self, episodes: Episodes, classes: LocalClasses, eta: float) -> None:
        """Episodes of one announced policy."""
        horizon, states, leader, follower = self.u.shape
        cells = states * leader * follower
        after = np.concatenate([episodes.s[:, 1:], np.zeros((len(episodes), 1), np.intp)], axis=1)
        place = (episodes.s * leader + episodes.a) * follower + episodes.b
        for h in range(horizon):
            at = place[:, h]
            sums = np.bincount(at, episodes.u[:, h], cells)
            self.u[h] += sums.reshape(self.u.shape[1:])
            moves = np.bincount(at * states + after[:, h], minlength=cells * states)
            self.after[h] += moves.reshape(self.after.shape[1:])
            seen = np.bincount(
                episodes.s[:, h] * follower + episodes.b[:, h], None, states * follower
            )
            counts = seen.reshape(states, follower).astype(np.float64)
            self.losses[h] += response_losses(classes.theta[h], episodes.policy[h], eta, counts)

    def misfit(self, h: int, U: Floats, W: Floats) -> Floats:
        """Z(U, p') for each U (k, S, A, B) and each p' of values W (N, S): (k, N)."""
        n, mean = self.means(h, W)
        weight = np.square(n) / (n + 1)
        return np.array([np.einsum("sab,nsab->n", weight, np.square(u - mean)) for u in U])

    def means(self, h: int, W: Floats) -> tuple[Floats, Floats]:
        """n (S, A, B), and ybar for each p' of values W (N, S): (N, S, A, B), 0 where n is 0."""
        n = self.after[h].sum(axis=-1)
        total = self.u[h] + np.einsum("sabt,nt->nsab", self.after[h], W)
        return n, total / np.maximum(n, 1)


@dataclass(frozen=True)
class Widths:
    """What the sets are as wide as.

    Attributes:
        delta: all sets of a policy class of this size hold their truths at once with probability
            >= 1 - delta, at width_scale 1: half of it for theta, a quarter for each set of U.
        width_scale: multiplies the proven radii.
        slack: how far U_h may be from the nearest member of its class.
        policies: the number of policies that chains are made for.
    """

    delta: float
    width_scale: float
    slack: float
    policies: int = 1

    def responses(self, record: Record) -> list[Booleans]:
        """[h], the likelihood sets of theta_h: radius log(2 H n_h / delta)."""
        count = len(record.losses)
        return [
            likelihood_set(
                losses,
                likelihood_radius(2 * count * len(losses), self.delta, self.width_scale),
                where=f"theta[{h}]",
            )
            for h, losses in enumerate(record.losses)
        ]

    def agree(
        self, record: Record, h: int, U: Floats, W: Floats, setting: Setting, tolerance: float
    ) -> tuple[Booleans, Floats]:
        """Whether each U (k, S, A, B) agrees with each p' of values W (N, S), and Z: (k, N)."""
        near, misfit = self.near(record, h, U, W, setting, tolerance)
        n, mean = record.means(h, W)
        fits = comparable(
            n,
            mean,
            U,
            divergence_of(n, mean, W, setting, _variance(W, setting)),
            radius=self.width_scale * (self._logs(W, setting) + math.log(len(U))),
            tolerance=tolerance,
        )
        return near & fits, misfit

    def near(
        self, record: Record, h: int, U: Floats, W: Floats, setting: Setting, tolerance: float
    ) -> tuple[Booleans, Floats]:
        """The first of the two conditions alone, whatever else is in the class; and Z: (k, N)."""
        n = record.after[h].sum(axis=-1)
        logs = 2 * self._logs(W, setting) + float(np.log1p(n).sum())
        radius = self.width_scale * _variance(W, setting) * logs
        misfit = record.misfit(h, U, W)
        return np.sqrt(misfit) <= np.sqrt(radius) + tolerance * math.sqrt(n.sum()), misfit

    def _logs(self, W: Floats, setting: Setting) -> float:
        """log(4 K N H/delta)."""
        return math.log(4 * self.policies * len(W) * setting.horizon / self.delta)


def _variance(W: Floats, setting: Setting) -> Floats:
    """sigma^2 of u + W(s'), (N,): Hoeffding's lemma for each bounded part, Gaussian noise as it is.

    (proofs/value-sets.md, Lemma 2.)
    """
    noise, (low, high) = setting.noise, setting.u_bounds
    own = (high - low) ** 2 / 4 if noise.kind == "bernoulli" else noise.sd**2
    result: Floats = np.square(np.ptp(W, axis=1)) / 4 + own
    return result


@dataclass(frozen=True, eq=False)
class Chains:
    """All chains that agree with what was seen, as a graph over pairs.

    Attributes:
        alive: [h], pairs from which a chain leads to the end, (k_h, n_h).
        agree: [h], whether U_h agrees with each pair of step h+1, flat, (k_h, N_{h+1}); at the last
            step with the end, (k_h, 1).
        misfit: [h], Z, the same shapes.
    """

    alive: list[Booleans]
    agree: list[Booleans]
    misfit: list[Floats]

    @property
    def exist(self) -> bool:
        """Whether there is one."""
        return bool(self.alive[0].any())

    def best_fit(self, first: tuple[int, int]) -> list[tuple[int, int]]:
        """The chain from a pair alive at step 0 that goes on with the least Z; of equals, first."""
        chain = [first]
        for h in range(len(self.alive) - 1):
            U = chain[-1][0]
            may = self.alive[h + 1].ravel() & self.agree[h][U]
            index = int(np.where(may, self.misfit[h][U], np.inf).argmin())
            chain.append(pair_at(index, self.alive[h + 1]))
        return chain

    def largest_sum(self, gaps: Sequence[Floats]) -> Floats:
        """max over the chains on from each U_0 of the sum of gaps (k_h, n_h), h >= 1: (k_0,)."""
        last = len(self.alive) - 1
        ahead = np.zeros(len(self.alive[last]))
        for h in reversed(range(last)):
            here = np.where(self.alive[h + 1], gaps[h + 1] + ahead[:, None], -np.inf).ravel()
            ahead = np.where(self.agree[h], here, -np.inf).max(axis=1)
        return np.asarray(ahead)


def pair_at(index: int, pairs: Booleans | Floats) -> tuple[int, int]:
    """(U, theta) at a flat index of a table of pairs."""
    return index // pairs.shape[1], index % pairs.shape[1]


def chains(
    record: Record,
    classes: LocalClasses,
    setting: Setting,
    values: Sequence[Floats],
    *,
    widths: Widths,
    thetas: Sequence[Booleans],
    tolerances: Sequence[float],
    among: Sequence[Booleans] | None = None,
) -> Chains:
    """Backward from the end: a pair is alive when its U agrees with a pair alive at the next step.

    Args:
        record: what was seen.
        classes: Theta_h and U_h.
        setting: of the game.
        values: [h], W of each pair, (k_h, n_h, S); that of step 0 is not used.
        widths: of the sets.
        thetas: [h], the likelihood sets.
        tolerances: [h], what the distance of U_h from its target may owe to the class.
        among: [h], what agreed earlier and may agree still; by default everything.
    """
    end = np.zeros((1, setting.states))
    alive: list[Booleans] = []
    found: list[tuple[Booleans, Floats]] = []
    for h in reversed(range(setting.horizon)):
        W = end if h == setting.horizon - 1 else values[h + 1].reshape(-1, setting.states)
        agree, misfit = widths.agree(record, h, classes.U[h], W, setting, tolerances[h])
        if among is not None:
            agree &= among[h]
        on: Booleans = agree & alive[-1].ravel() if alive else agree
        leads = np.asarray(on.any(axis=1))
        alive.append(leads[:, None] & thetas[h])
        found.append((agree, misfit))
    parts = zip(*reversed(found), strict=True)
    return Chains(alive[::-1], *map(list, parts))
