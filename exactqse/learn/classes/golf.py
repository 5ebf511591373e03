"""MLE-GOLF: global optimism from local confidence sets, over finite classes, gamma = 0.

In every block the leader announces the greedy policy of a chain (U_0, theta_0), (U_1, theta_1), ...
that is worth most, rho . W_0, among those that agree with what was seen: each theta_h is in its
likelihood set, each U_h near the mean of u_h + W_{h+1}(s_{h+1}) (proofs/value-sets.md), and no
other table explains what was seen much better (proofs/comparison-sets.md). What agrees is a
relation between neighbours, so chains are searched backward over pairs, not enumerated. The truth
is in all sets at once, so what was refuted stays refuted.
After Jin, Liu and Miryoosefi (2021), Bellman eluder dimension, NeurIPS (GOLF), and Chen, Wang and
Yang (2023), arXiv 2307.14085; the set for U is another one, which needs no completeness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field

import numpy as np

from exactqse.errors import InputError
from exactqse.learn.classes.chains import Booleans, Chains, Record, Widths, chains, pair_at
from exactqse.learn.classes.greedy import GreedyStep, greedy_step
from exactqse.learn.classes.likelihood import responses
from exactqse.learn.classes.local import LocalClasses
from exactqse.learn.classes.options import (
    Blocks,
    down,
    require_nonnegative,
    require_options,
    up,
)
from exactqse.learn.protocol import Announcement, Belief, Floats, ResponseSet
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.setting import Setting

ROUNDING = 1e-9  # of float64's sums, relative to the largest |U| and far above their errors


@dataclass(frozen=True, eq=False)
class MLEGolf:
    """The learner's parameters.

    Attributes:
        classes: Theta_h and U_h. Claims hold if r_h is in Theta_h, up to its gauge, and
            U*_h = u_h + P_h W*_{h+1} within ``slack`` of U_h.
        delta: all of a run's claims hold at once with probability >= 1 - delta, at width_scale 1.
        width_scale: multiplies the proven radii.
        growth: a block is that much as long as all before it; 0 replans in every episode.
        slack: see ``classes``.

    Raises:
        InputError: a parameter out of range.
    """

    classes: LocalClasses
    _: KW_ONLY
    delta: float = 0.05
    width_scale: float = 1.0
    growth: float = 0.25
    slack: float = 1e-6
    _greedy: dict[object, tuple[GreedyStep, ...]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        require_options(delta=self.delta, width_scale=self.width_scale)
        require_nonnegative(self.growth, "growth")
        require_nonnegative(self.slack, "slack")

    @property
    def name(self) -> str:
        """What tables and pictures call it."""
        return "mle-golf"

    def require(self, setting: Setting) -> None:
        """Whether it can serve.

        Raises:
            InputError: classes of another shape.
            NotCoveredError: a farsighted or a best-responding follower.
        """
        self.classes.require(setting)

    def start(self, setting: Setting, random: np.random.Generator) -> _Session:
        """A new run; ``random`` is not used. Pairs are solved once for all runs.

        Raises:
            InputError: classes of another shape.
            NotCoveredError: a farsighted or a best-responding follower.
            PrecisionError: the solver found no certificate for some pair.
        """
        del random
        self.classes.require(setting)
        key = setting.eta, setting.observes
        if key not in self._greedy:
            steps = zip(self.classes.U, self.classes.theta, strict=True)
            self._greedy[key] = tuple(greedy_step(U, theta, setting) for U, theta in steps)
        return _Session(self, setting, self._greedy[key])


class _Session:
    def __init__(self, learner: MLEGolf, setting: Setting, greedy: tuple[GreedyStep, ...]) -> None:
        self._classes, self._setting, self._greedy = learner.classes, setting, greedy
        self._eta = learner.classes.require(setting)
        self._widths = Widths(learner.delta, learner.width_scale, learner.slack)
        self._slack = learner.slack + ROUNDING * learner.classes.scale
        self._record = Record.empty(learner.classes)
        self._blocks = Blocks(learner.growth)
        self._rho = np.array(setting.rho)
        self._thetas: list[Booleans] | None = None  # what is left of the sets so far
        self._agree: list[Booleans] | None = None

    def announce(self) -> Announcement:
        """The greedy policy of the best chain; of equals, that of the first pair.

        Raises:
            InputError: no chain agrees with what was seen.
        """
        thetas, found = self._left()
        if not found.exist:
            what = "no chain of (U_h, theta_h) agrees with what was seen"
            remedy = "the classes lack the truth, or width_scale is too small"
            raise InputError(what, where="classes", remedy=remedy)
        worth = np.where(found.alive[0], self._greedy[0].W @ self._rho, -np.inf)
        chain = found.best_fit(pair_at(int(worth.argmax()), worth))
        policy = np.stack([step.policy[p] for step, p in zip(self._greedy, chain, strict=True)])
        sets = zip(self._classes.theta, thetas, strict=True)
        belief = Belief(
            upper=up(float(worth.max()) + self._slack),
            lower=self._lower(found, policy),
            sets=(ResponseSet(tuple(table[mask] for table, mask in sets)),),
        )
        return Announcement(policy, belief, self._blocks.length)

    def observe(self, episodes: Episodes) -> None:
        """Add to the sufficient statistics."""
        self._record.add(episodes, self._classes, self._eta)
        self._blocks.played += len(episodes)

    def _left(self) -> tuple[list[Booleans], Chains]:
        """The sets of today within those of before, and their chains.

        No chain in both: the truth was outside before, an event of probability delta at most. Then
        what was refuted before counts no more.
        """
        fresh = self._widths.responses(self._record)
        earlier = fresh if self._thetas is None else self._thetas
        thetas = [a & b for a, b in zip(fresh, earlier, strict=True)]
        found = self._chains(thetas, self._agree)
        if not found.exist:
            thetas, found = fresh, self._chains(fresh)
        self._thetas, self._agree = thetas, found.agree
        return thetas, found

    def _chains(
        self, thetas: Sequence[Booleans], among: Sequence[Booleans] | None = None
    ) -> Chains:
        """U*_h is within slack of its class, W_{h+1} of the class within slack and excess of W*."""
        excess = [step.excess for step in self._greedy[1:]]
        return chains(
            self._record,
            self._classes,
            self._setting,
            [step.W for step in self._greedy],
            widths=self._widths,
            thetas=thetas,
            tolerances=[2 * self._slack + more for more in (*excess, 0.0)],
            among=among,
        )

    def _lower(self, found: Chains, policy: Floats) -> float:
        """min over chains of rho . <U_0, pi_0 x nu> - sum_{h>=1} max_s (W_h - <U_h, pi_h x nu>).

        (proofs/chains.md, Theorem 2.)
        """
        values = policy_values(self._classes, policy, self._eta)
        steps = zip(self._greedy, values, strict=True)
        gaps = [(step.W - value).max(axis=2) for step, value in steps]
        first = values[0] @ self._rho - found.largest_sum(gaps)[:, None]
        least = float(np.where(found.alive[0], first, np.inf).min())
        return down(least - (2 * self._setting.horizon - 1) * self._slack)


def policy_values(classes: LocalClasses, policy: Floats, eta: float) -> list[Floats]:
    """[h], sum_b nu^{pi,theta}(b|s) sum_a pi_h(a|s,b) U(s,a,b) of each pair, (k_h, n_h, S)."""
    result = []
    for U, theta, pi in zip(classes.U, classes.theta, policy, strict=True):
        gain = np.einsum("sba,ksab->ksb", pi, U)
        result.append(np.einsum("nsb,ksb->kns", responses(theta, pi, eta), gain))
    return result
