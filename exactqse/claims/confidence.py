"""C14: likelihood sets of finite classes, by simulation (proofs/finite-likelihood-sets.md).

For every step h a finite class of parameters theta, one of them the truth. In episode t the leader
plays prescriptions that may depend on all that was seen; the follower answers step h by a
conditional logit on what is then phi(b) = phi^pi(s, b), under the true parameter:

    L_t(theta) = - sum_{i<t} log nu^theta_i(b_i),     beta = log(H |Theta| / delta)

The two claims are the two theorems of the page, step by step, each with its own delta: that both
hold at once is claimed with 1 - 2 delta only. A run counts as a success when its event happened at
every t, so that coverage at all times at once is tested. The simulation is in float64: it says how
often the events happen, not whether one did.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from exactqse.claims.claim import Coverage, CoverageMutant

SOURCE = "proofs/finite-likelihood-sets.md"
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """What is simulated."""

    horizon: int = 2
    parameters: int = 8
    dimension: int = 2
    actions: int = 3
    episodes: int = 60
    eta: float = 3.0
    delta: Fraction = Fraction(1, 10)

    @property
    def radius(self) -> float:
        """beta = log(H |Theta| / delta)."""
        return float(np.log(self.horizon * self.parameters / float(self.delta)))


@dataclass(frozen=True)
class History:
    """What one step saw: row t is after t answers.

    Attributes:
        losses: (T, |Theta|), L_t(theta).
        distances: (T, |Theta|), the sum of Hel^2(nu^theta, nu^truth) so far.
        truth: the index of the true parameter.
    """

    losses: Array
    distances: Array
    truth: int


def simulate(rng: Generator, setting: Setting) -> History:
    """One step of the game over all episodes, against a leader who probes what is undecided."""
    spread = rng.uniform(0.1, 1.0)
    thetas = spread * rng.standard_normal((setting.parameters, setting.dimension))
    truth = int(rng.integers(setting.parameters))
    loss, distance = np.zeros(setting.parameters), np.zeros(setting.parameters)
    losses, distances = [loss], [distance]
    for _ in range(setting.episodes):
        nu = _prescription(rng, setting, thetas, loss)
        b = rng.choice(setting.actions, p=nu[truth])
        loss = loss - np.log(nu[:, b])
        distance = distance + 1 - np.sqrt(nu * nu[truth]).sum(axis=1)
        losses.append(loss)
        distances.append(distance)
    return History(np.array(losses), np.array(distances), truth)


def _prescription(rng: Generator, setting: Setting, thetas: Array, loss: Array) -> Array:
    """(|Theta|, B): the responses under each parameter to the most telling of four prescriptions.

    Most telling is what tells the two likeliest parameters apart best, so that the choice depends
    on all answers so far.
    """
    features = rng.uniform(-1, 1, size=(4, setting.actions, setting.dimension))
    exponents = setting.eta * features @ thetas.T  # (4, B, |Theta|)
    weights = np.exp(exponents - exponents.max(axis=1, keepdims=True))
    nu = weights / weights.sum(axis=1, keepdims=True)
    first, second = np.argsort(loss, kind="stable")[:2]
    overlap = np.sqrt(nu[:, :, first] * nu[:, :, second]).sum(axis=1)
    chosen: Array = nu[overlap.argmin()].T
    return chosen


def in_the_set(rng: Generator, *, setting: Setting, scale: float = 1.0) -> bool:
    """Whether L_t(truth) <= min L_t + beta at all t and h."""
    histories = [simulate(rng, setting) for _ in range(setting.horizon)]
    return all(
        bool((h.losses[:, h.truth] <= h.losses.min(axis=1) + scale * setting.radius).all())
        for h in histories
    )


def near_the_truth(rng: Generator, *, setting: Setting, scale: float = 1.0) -> bool:
    """Whether sum Hel^2 <= (L_t(theta) - L_t(truth))/2 + beta at all t, h and theta."""
    histories = [simulate(rng, setting) for _ in range(setting.horizon)]
    return all(
        bool((h.distances <= _excess(h) / 2 + scale * setting.radius).all()) for h in histories
    )


def _excess(history: History) -> Array:
    excess: Array = history.losses - history.losses[:, [history.truth]]
    return excess


_SETTING = Setting()
_claim: Any = partial(
    Coverage,
    source=SOURCE,
    level=1 - _SETTING.delta,
    hypotheses=(
        "finite classes, one per step, each with the truth in it",
        "the leader's prescriptions depend on the past only",
    ),
)

CLAIMS: tuple[Coverage, ...] = (
    _claim(
        id="C14a",
        title="Likelihood confidence sets",
        statement="with probability at least 1 - delta, at all t and h at once,"
        " L_t(theta*) <= min L_t + log(H |Theta| / delta)",
        latex=r"\mathrm{P}\bigl(\forall t,h:\ L_t(\theta^*)\le\min_\theta L_t(\theta)"
        r"+\log(H|\Theta|/\delta)\bigr)\ge1-\delta",
        trial=partial(in_the_set, setting=_SETTING),
        mutants=(
            CoverageMutant(
                name="radius",
                what="a twentieth of the radius",
                trial=partial(in_the_set, setting=_SETTING, scale=0.05),
            ),
        ),
    ),
    _claim(
        id="C14b",
        title="Likelihood bounds the Hellinger distance",
        statement="with probability at least 1 - delta, at all t, h and theta at once,"
        " sum Hel^2 <= (L_t(theta) - L_t(theta*))/2 + log(H |Theta| / delta)",
        latex=r"\mathrm{P}\Bigl(\forall t,h,\theta:\ \sum_{i<t}\mathrm{Hel}^2_i\le"
        r"\tfrac12(L_t(\theta)-L_t(\theta^*))+\log(H|\Theta|/\delta)\Bigr)\ge1-\delta",
        trial=partial(near_the_truth, setting=_SETTING),
        mutants=(
            CoverageMutant(
                name="radius",
                what="a twentieth of the radius",
                trial=partial(near_the_truth, setting=_SETTING, scale=0.05),
            ),
        ),
    ),
)
