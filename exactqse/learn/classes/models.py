"""A finite class of whole games: what each one makes likely, and what it is worth to plan in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.errors import InputError, PrecisionError, of_kind
from exactqse.evaluate.enclosures import evaluate
from exactqse.evaluate.float64 import evaluate_float64
from exactqse.learn.classes.announced import announced
from exactqse.learn.classes.options import require_quantal
from exactqse.model.game import Game
from exactqse.model.policy import Policy
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.setting import Setting
from exactqse.solve.api import solve
from exactqse.solve.solution import uninterrupted

Floats = NDArray[np.float64]
_SHARED = ("horizon", "states", "leader_actions", "follower_actions", "rho", "eta", "gamma")
_DIGITS = 12


@dataclass(frozen=True, eq=False)
class Plan:
    """A model's equilibrium: its certified J* and its policy as it is announced, (H, S, B, A)."""

    value: Enclosure
    policy: Floats


@dataclass(frozen=True, eq=False)
class ModelClass:
    """Games one of which is the true one. Equilibria and values are found once, when needed.

    Attributes:
        models: different games of the same sizes, rho, eta, gamma and partition.
        gap: of the equilibria: upper - lower <= gap, unless the search is ended before.
        node_limit: of each search; what it has then is certified, only wider. None: no limit.

    Raises:
        InputError: no games, games that differ in what is known, or the same one twice.
    """

    models: tuple[Game, ...]
    _: KW_ONLY
    gap: Fraction = Fraction(1, 1000)
    node_limit: int | None = None
    _plans: dict[int, Plan] = field(default_factory=dict, repr=False)
    _values: dict[tuple[int, bytes], Enclosure] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        of_kind(self.models, Sequence, "a list of games", where="models")
        object.__setattr__(self, "models", tuple(self.models))
        if not self.models:
            raise InputError("the class is empty", where="models", remedy="give a game or more")
        for i, model in enumerate(self.models):
            of_kind(model, Game, "a game", where=f"models[{i}]")
            _require_alike(model, self.models[0], f"models[{i}]")
        places: dict[str, int] = {}
        for i, name in enumerate(self.hashes):
            if places.setdefault(name, i) != i:
                what = f"is the same game as models[{places[name]}]"
                raise InputError(what, where=f"models[{i}]", remedy="give every game once")

    def __len__(self) -> int:
        return len(self.models)

    @property
    def hashes(self) -> tuple[str, ...]:
        """The games' names in a :class:`~exactqse.learn.ModelSet`."""
        return tuple(model.hash for model in self.models)

    def require(self, setting: Setting) -> None:
        """Raise InputError unless these can be models of a game with this setting."""
        require_quantal(setting)
        own = Setting.of(self.models[0], setting.noise)
        for name in (*_SHARED, "observes"):
            if getattr(own, name) != getattr(setting, name):
                what = (
                    f"{name} is {getattr(own, name)}, that of the setting {getattr(setting, name)}"
                )
                raise InputError(what, where="models", remedy="give models of this setting")
        low, high = setting.u_bounds
        for i, model in enumerate(self.models if setting.noise.kind == "bernoulli" else ()):
            if (model.u_float < low).any() or (model.u_float > high).any():
                what = f"a leader reward is beyond the known bounds [{low:g}, {high:g}]"
                raise InputError(what, where=f"models[{i}]", remedy="leave this model out")

    def plan(self, index: int) -> Plan:
        """The equilibrium of a model, certified.

        Raises:
            PrecisionError: the solver found no certificate of this gap.
        """
        if index not in self._plans:
            game = self.models[index]
            try:
                solution = uninterrupted(solve(game, gap=self.gap, node_limit=self.node_limit))
            except PrecisionError as error:
                where = f"models[{index}]"
                raise PrecisionError(error.what, where=where, remedy=error.remedy) from error
            self._plans[index] = Plan(solution.value, announced(solution.policy))
        return self._plans[index]

    def value(self, index: int, policy: Floats) -> Enclosure:
        """J(policy) in a model; rows sum to exactly 1."""
        key = index, policy.tobytes()
        if key not in self._values:
            game = self.models[index]
            exact = Policy.from_arrays(policy, game=game)
            self._values[key] = evaluate(game, exact, _DIGITS).J
        return self._values[key]

    def losses(self, episodes: Episodes, setting: Setting) -> Floats:
        """Minus the log-likelihood of each model, (M,), less what they have in common.

        sum over episodes and steps of -log nu^{pi,m}_h(b|s) - log P^m_h(s'|s,a,b) - log p^m(u),
        p^m(u) the density of the observed reward around u^m_h(s,a,b): a point mass without noise.
        Infinite for a model in which this cannot happen.
        """
        return np.array([_loss(model, episodes, setting) for model in self.models])


def _require_alike(model: Game, first: Game, where: str) -> None:
    for name in (*_SHARED, "observes"):
        if getattr(model, name) != getattr(first, name):
            what = f"{name} is {getattr(model, name)}, that of models[0] {getattr(first, name)}"
            raise InputError(what, where=where, remedy="models differ in P, u and r only")


def _loss(model: Game, episodes: Episodes, setting: Setting) -> float:
    found = evaluate_float64(model, episodes.policy)
    logs = float(model.eta or 0) * (found.Q - found.V[..., None])
    s, a, b = episodes.s, episodes.a, episodes.b
    step = np.arange(setting.horizon)
    own = step if len(model.P) > 1 else 0 * step
    rows = model.P_float[own[:-1], s[:, :-1], a[:, :-1], b[:, :-1], s[:, 1:]]
    mean = model.u_float[step if len(model.u) > 1 else 0 * step, s, a, b]
    with np.errstate(divide="ignore"):
        moves = np.log(rows).sum()
    total = logs[step, s, b].sum() + moves + _reward_logs(episodes.u, mean, setting)
    return -float(total)


def _reward_logs(u: Floats, mean: Floats, setting: Setting) -> float:
    """The sum of log-densities of observed rewards, up to what does not depend on the mean."""
    noise, (low, high) = setting.noise, setting.u_bounds
    if noise.kind == "gaussian":
        return -float(np.square(u - mean).sum()) / (2 * noise.sd**2)
    if noise.kind == "none" or low == high:
        return 0.0 if np.array_equal(u, mean) else -np.inf
    share = (mean - low) / (high - low)
    with np.errstate(divide="ignore"):
        return float(np.log(np.where(u == high, share, 1 - share)).sum())
