"""A place over frontiers of the next step: its best points and the lines above it, by direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from exactqse.kernel.certificate import Distribution, Duals
from exactqse.kernel.game import KernelGame
from exactqse.solve.commitment import Mixtures
from exactqse.solve.strong_frontiers.columns import Columns, Frontier
from exactqse.solve.strong_frontiers.numbers import mixture, nearest
from exactqse.solve.strong_frontiers.targets import Answer, Seen, Shared, Target, Weights

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Play:
    """What she plays, and what comes after.

    Attributes:
        policy: by cell.
        b: the action that the follower is to play.
        after: lotteries over the vertices of next states after that; after others the first one.
    """

    policy: Mixtures
    b: int
    after: Mapping[int, Distribution]


@dataclass(frozen=True)
class Best:
    """What is best in a direction: no point has W + own V > value, as the duals prove."""

    own: Fraction
    value: Fraction
    duals: Duals
    V: Fraction
    W: Fraction
    play: Play


class Place:
    """A (step, state).

    Attributes:
        columns: what there is to choose from.
        bits: fractional bits of directions and multipliers.
    """

    def __init__(
        self, game: KernelGame, h: int, s: int, after: Mapping[int, Frontier], bits: int
    ) -> None:
        self.game, self.bits = game, bits
        self.columns = Columns(game, h, s, after)
        self.targets: list[Target] = [
            (Seen if len(cell) == 1 else Shared)(self.columns, b)
            for b, cell in sorted((b, cell) for cell in game.observes for b in cell)
        ]

    @property
    def least(self) -> Fraction:
        """The least V."""
        return max(found.level for found in self.columns.threats)

    @property
    def weights(self) -> tuple[Fraction, ...]:
        """Of the follower's actions: they prove the least V, but for rounding."""
        best = max(self.columns.threats, key=lambda found: found.level)
        return tuple(best.weights.get(b, ZERO) for b in range(self.game.follower_actions))

    def best(self, direction: Fraction) -> Best:
        """The largest W + own V, own being the direction to ``bits``."""
        own = nearest(direction, self.bits)
        (V, W), play = max(self.ends, key=lambda end: end[0][1] + own * end[0][0])
        floor, weights, top = W + own * V, Weights(), self.targets[0]
        rows: dict[int, tuple[Fraction, ...]] = {}
        hopes = {target.b: target.hope(own) for target in self.targets}
        for target in sorted(self.targets, key=lambda target: hopes[target.b], reverse=True):
            answer = Answer(floor, {}, ZERO, {})
            if hopes[target.b] > floor:
                answer = target.best(own, floor)
            if answer.weights and answer.value > floor:
                floor, weights, top = answer.value, answer.weights, target
            rows[target.b] = self._row(target, own, answer)
        duals = tuple(row for _, row in sorted(rows.items()))
        if weights:
            play = self._play(top, weights)
        return Best(own, floor, duals, *self.worth(play), play)

    def flat(self) -> Best:
        """A line for which nothing is searched, and the play that leaves him least."""
        B = self.game.follower_actions
        (V, W), play = self.ends[0]
        return Best(ZERO, W, ((ZERO,) * B,) * B, V, W, play)

    @cached_property
    def ends(self) -> list[tuple[tuple[Fraction, Fraction], Play]]:
        """A play that leaves him least, and one that leaves him most, each after its (V, W)."""
        threats = [found.mixture for found in self.columns.threats]
        least = max(range(len(threats)), key=lambda c: self.columns.threats[c].level)
        cells = self.game.observes
        low = Play(tuple(threats), cells[least][0], dict.fromkeys(self.columns.states, ((0, ONE),)))
        _, b, a = self.columns.most
        home = next(c for c, cell in enumerate(cells) if b in cell)
        high = tuple(((a, ONE),) if c == home else m for c, m in enumerate(threats))
        last = {t: len(self.columns.after[t]) - 1 for t in self.columns.states}
        most = Play(high, b, {t: ((k, ONE),) for t, k in last.items()})
        return [(self.worth(play), play) for play in (low, most)]

    def worth(self, play: Play) -> tuple[Fraction, Fraction]:
        """V and W of a play, ties broken in her favour."""
        return max(self._values(play, b) for b in range(self.game.follower_actions))

    def _values(self, play: Play, b: int) -> tuple[Fraction, Fraction]:
        """X_b and Y_b."""
        columns, game = self.columns, self.game
        (policy,) = [m for m, cell in zip(play.policy, game.observes, strict=True) if b in cell]
        X = sum((p * columns.x[a][b] for a, p in policy), ZERO)
        Y = sum((p * columns.y[a][b] for a, p in policy), ZERO)
        if b != play.b:
            return X, Y
        shares = {a: columns.shares(b, a) for a, _ in policy}
        for k, t in enumerate(columns.states):
            likely = sum((p * shares[a][k] for a, p in policy), ZERO)
            line = columns.after[t]
            means = [sum((q * line[i][j] for i, q in play.after[t]), -line[0][j]) for j in (0, 1)]
            X, Y = X + game.gamma * likely * means[0], Y + likely * means[1]
        return X, Y

    def _row(self, target: Target, own: Fraction, answer: Answer) -> tuple[Fraction, ...]:
        """The multipliers of a b, short."""
        row = [ZERO] * self.game.follower_actions
        if target.threat is not None:
            for o, weight in target.threat.weights.items():
                row[o] = nearest(answer.level * weight, self.bits)
        for o, mu in answer.members.items():
            row[o] = nearest(mu, self.bits)
        row[target.b] = own
        return tuple(row)

    def _play(self, target: Target, weights: Weights) -> Play:
        """Mixtures of columns as a mixture, and lotteries after it."""
        columns, cells = self.columns, self.game.observes
        alpha: dict[int, Fraction] = {}
        for (a, _), w in weights.items():
            alpha[a] = alpha.get(a, ZERO) + w
        own = mixture(alpha)
        policy = tuple(
            own if cell == target.cell else found.mixture
            for cell, found in zip(cells, columns.threats, strict=True)
        )
        after: dict[int, Distribution] = {}
        shares = {a: columns.shares(target.b, a) for a in alpha}
        for k, t in enumerate(columns.states):
            lottery: dict[int, Fraction] = {}
            for (a, d), w in weights.items():
                i = columns.picks[d][k]
                lottery[i] = lottery.get(i, ZERO) + w * shares[a][k]
            total = sum(lottery.values())
            drawn = {i: w / total for i, w in lottery.items()} if total else {0: ONE}
            after[t] = mixture(drawn)
        return Play(policy, target.b, after)
