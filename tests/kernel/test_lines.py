"""Lines of leaders who remember against a follower who best responds, and their memories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import CertificateError
from exactqse.kernel.certificate import (
    Certificate,
    Claim,
    FarsightedNode,
    HistoryNode,
    Part,
    Piece,
    Slope,
    ValueSplit,
)
from exactqse.kernel.check import check
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.farsighted import parts
from exactqse.kernel.stage import FailureError
from exactqse.kernel.strong import LONGEST, lines_bound, policy_worth, support
from exactqse.model import Game
from exactqse.testing import games

ZERO, HALF, ONE = Fraction(0), Fraction(1, 2), Fraction(1)
EVEN = ((0, HALF), (1, HALF))
PURE = ((0, ONE),)
LAST = ((HALF, HALF), (ONE, ZERO), (ZERO, ONE))  # V >= 1/2, W + V <= 1
FIRST = ((HALF, HALF), (ZERO, HALF), (HALF, ZERO))  # W <= 1
PART = Part((FIRST, LAST))


@pytest.fixture
def game() -> Game:
    """Twice: he wants to do what she does, she that he does not; she sees nothing. J* = 1."""
    u, r = [[[0, 1], [1, 0]]], [[[1, 0], [0, 1]]]
    return Game.from_arrays(None, u, r, horizon=2, eta="inf", gamma=1, observes="nothing")


@pytest.fixture
def claim(game: Game) -> Certificate:
    """She mixes evenly; after b = 0 for sure, after b = 1 half of the time."""
    after = (((0, ((1, ONE),)),), ((0, ((1, HALF), (2, HALF))),))
    nodes = (
        HistoryNode(0, 0, (EVEN,), after),
        HistoryNode(1, 0, (EVEN,), ()),
        HistoryNode(1, 0, (PURE,), ()),
    )
    slopes = ((Slope(ZERO),) * 2,)
    return Certificate(game.hash, 64, Fraction(3, 4), ONE, nodes, slopes, (PART,))


def test_it_is_true_by_hand(game: Game, claim: Certificate) -> None:
    """After b = 1 he gets 3/4, she 1/4: so he plays 1, for 5/4, and she has 1/2 + 1/4."""
    verdict = check(game, claim)
    assert verdict, verdict.reason
    assert verdict.leader == "history"
    assert (verdict.lower, verdict.upper) == (Fraction(3, 4), ONE)
    assert policy_worth(game, claim.nodes) == Fraction(3, 4)
    assert lines_bound(game, PART, 64) == 1
    again = Certificate.from_bytes(claim.to_bytes())
    assert again == claim
    assert check(game, again) == verdict


def test_ties_are_ties(game: Game, claim: Certificate) -> None:
    """With equal threats both answers tie, and J* = 1 is attained; next to it he leaves her."""
    first, second, third = claim.nodes
    assert isinstance(first, HistoryNode)
    best = replace(first, after=(first.after[0],) * 2)
    assert check(game, replace(claim, lower=ONE, nodes=(best, second, third)))
    near = Fraction(1, 10**40)
    lottery = ((0, ((1, 1 - near), (2, near))),)
    worse = replace(first, after=(first.after[0], lottery))
    refused = check(game, replace(claim, lower=ONE, nodes=(worse, second, third)))
    assert refused.outcome == "rejected"
    assert "lower exceeds J(policy)" in refused.reason


@pytest.mark.parametrize(
    ("claims", "bound"),
    [
        (((FIRST[0], (ZERO, ZERO), FIRST[2]), LAST), Fraction(3, 2)),  # no price of b = 1
        (((FIRST[0], (ZERO, -ONE), FIRST[2]), LAST), Fraction(3, 2)),  # below 0 is 0
        (((FIRST[0], (ZERO, ONE), FIRST[2]), LAST), Fraction(3, 2)),  # too much
        ((FIRST, ((ONE, ZERO), *LAST[1:])), Fraction(3, 2)),  # V >= 0, W <= 1
        ((FIRST, (LAST[0], (ZERO, ZERO), (ZERO, ZERO))), Fraction(7, 4)),  # W <= 1
        ((FIRST, (LAST[0], (2 * ONE, ZERO), (ZERO, 2 * ONE))), Fraction(3, 2)),  # W + 2 V <= 2
    ],
)
def test_worse_hints_prove_less(
    game: Game, claim: Certificate, claims: Any, bound: Fraction
) -> None:
    part = Part(claims)
    assert lines_bound(game, part, 64) == bound
    assert check(game, replace(claim, upper=bound, cover=(part,)))
    refused = check(game, replace(claim, cover=(part,)))
    assert refused.outcome == "rejected"
    excess = f"at least {float(bound - 1)}"
    assert refused.reason == f"upper is less than the bound of cover[0], by {excess}"


WRONG: list[tuple[Callable[[Any], Any], str]] = [
    (lambda rows: rows[:1], "duals"),
    (lambda rows: rows[:2], "duals"),
    (lambda rows: (*rows, rows[1]), "duals"),
    (lambda rows: ((*rows[0], ZERO), *rows[1:]), "duals"),
    (lambda rows: (rows[0], rows[1][:1], rows[2]), "duals"),
    (lambda _: (), "duals"),
    (lambda rows: ((ONE, ONE), *rows[1:]), "weights"),
    (lambda rows: ((2 * ONE, -ONE), *rows[1:]), "weights"),
    (lambda rows: ((ZERO, ZERO), *rows[1:]), "weights"),
    (lambda rows: (rows[0], (7 * ONE, ZERO), rows[2]), "weights"),  # two slopes in one line
    (lambda rows: (*rows, *rows[1:]), "weights"),  # one slope twice
    (lambda rows: (*rows, (-ONE, ZERO), (ZERO, -ONE)), "weights"),  # they do not rise
]


@pytest.mark.parametrize(("change", "what"), WRONG)
@pytest.mark.parametrize("place", [0, 1])
def test_claims_of_another_form(
    game: Game, claim: Certificate, change: Callable[[Any], Any], what: str, place: int
) -> None:
    claims: list[Any] = list(PART.claims)
    claims[place] = change(claims[place])
    with pytest.raises(CertificateError, match=what) as caught:
        check(game, replace(claim, cover=(Part(tuple(claims)),)))
    assert caught.value.where == "cover[0]"


def test_what_is_no_claim_of_hers(game: Game, claim: Certificate) -> None:
    piece = Claim(1, 0, (Piece(ONE, ()),))
    for claims in ((piece, LAST), (FIRST, piece)):
        with pytest.raises(CertificateError, match="claims are duals just for eta = infinity"):
            check(game, replace(claim, cover=(Part(claims),)))
    for claims in ((FIRST,), (FIRST, LAST, LAST)):
        with pytest.raises(CertificateError, match="needs a claim for each node"):
            check(game, replace(claim, cover=(Part(claims),)))
    leaning = ((Slope(ZERO, ((1, ONE),)), Slope(ZERO)),)
    with pytest.raises(CertificateError, match="slopes name no other places"):
        check(game, replace(claim, slopes=leaning))
    with pytest.raises(CertificateError, match="claims are duals just for"):
        check(game.with_(eta=1), replace(claim, game=game.with_(eta=1).hash))


@pytest.fixture
def plain(game: Game) -> Certificate:
    """Who does not remember mixes evenly, too: he may do what she likes best."""
    nodes = tuple(FarsightedNode(h, 0, (EVEN,)) for h in (0, 1))
    return Certificate(game.hash, 64, ONE, ONE, nodes, ((Slope(ZERO),) * 2,), (PART,))


def test_what_is_proved_of_who_remembers_bounds_who_does_not(
    game: Game, plain: Certificate
) -> None:
    verdict = check(game, plain)
    assert verdict
    assert (verdict.leader, verdict.lower, verdict.upper) == ("markov", ONE, ONE)
    assert policy_worth(game, plain.nodes) == ONE
    again = Certificate.from_bytes(plain.to_bytes())
    assert again == plain
    refused = check(game, replace(plain, upper=ONE - Fraction(1, 2**80), lower=ZERO))
    assert refused.outcome == "rejected"
    assert refused.reason.startswith("upper is less than the bound of cover[0]")


DUALS = ((ZERO, HALF), (HALF, ZERO))


def test_lines_hold_in_every_part(game: Game, plain: Certificate) -> None:
    """They say nothing of the box; the other part has duals, and its own bound."""
    split, duals = ValueSplit(1, 0, HALF), Part((DUALS, DUALS))
    for cover in ((split, PART, PART), (split, PART, duals), (split, duals, PART)):
        bounds = [part.bound() for part in parts(game, replace(plain, cover=cover), 64, INTEGER)]
        for entry, bound in zip(cover[1:], bounds, strict=True):
            assert entry is duals or bound == 1
        most = max(bound for bound in bounds if bound is not None)
        assert check(game, replace(plain, cover=cover, upper=most))
        if most > 1:
            assert not check(game, replace(plain, cover=cover))


def test_a_part_has_lines_everywhere_or_nowhere(game: Game, plain: Certificate) -> None:
    for claims in ((FIRST, DUALS), (DUALS, LAST)):
        with pytest.raises(CertificateError, match="needs 2 x 2 duals"):
            check(game, replace(plain, cover=(Part(claims),)))


def test_boxes_prove_nothing_of_who_remembers(game: Game, claim: Certificate) -> None:
    """Duals take each V for one number, which it is not for her."""
    with pytest.raises(CertificateError, match="needs 2 x 2 duals"):
        check(game, replace(claim, upper=99 * ONE, cover=(Part((DUALS, DUALS)),)))


def test_one_answer() -> None:
    """Lines are then of one row each: V = 1/3 and W = 5."""
    game = Game.from_arrays(None, [[[5]]], [[["1/3"]]], horizon=1, eta="inf", gamma=1)
    nodes = (HistoryNode(0, 0, (PURE,), ()),)
    for lines in (((ZERO,),), ((-ONE,), (ONE,))):
        part, slopes = Part((((ONE,), *lines),)), ((Slope(ZERO),),)
        found = Certificate(
            game.hash, 64, 5 * ONE, 5 * ONE + Fraction(1, 1 << 60), nodes, slopes, (part,)
        )
        assert check(game, found)


def test_memories_of_another_form(game: Game, claim: Certificate) -> None:
    first, *rest = claim.nodes
    assert isinstance(first, HistoryNode)
    for after in ((), (first.after[0],), (first.after[0], ()), (first.after[0], ((0, PURE),))):
        nodes = (replace(first, after=after), *rest)
        with pytest.raises(CertificateError, match="memory"):
            check(game, replace(claim, nodes=nodes))
    lottery = ((0, ((1, HALF), (2, Fraction(1, 3)))),)
    with pytest.raises(CertificateError, match="sum to 1"):
        replace(claim, nodes=(replace(first, after=(first.after[0], lottery)), *rest))


def test_values_that_are_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """V of a memory is never rounded: one of 2/3 bits more or less decides."""
    game = Game.from_arrays(None, [[[0]]], [[["1/3"]]], horizon=2, eta="inf", gamma="1/2")
    nodes = (HistoryNode(0, 0, (PURE,), (((0, ((1, ONE),)),),)), HistoryNode(1, 0, (PURE,), ()))
    assert LONGEST == 1 << 16
    monkeypatch.setattr("exactqse.kernel.strong.LONGEST", 2)  # 1/3 + 1/6 = 1/2
    assert policy_worth(game, nodes) == 0
    monkeypatch.setattr("exactqse.kernel.strong.LONGEST", 1)
    with pytest.raises(FailureError, match="bits of V at step 1, state 0 exceed 1") as caught:
        policy_worth(game, nodes)
    assert caught.value.outcome == "rejected"


@given(
    st.lists(st.tuples(st.fractions(-5, 5), st.fractions(-5, 5)), min_size=1, max_size=6),
    st.lists(st.tuples(st.fractions(-3, 3), st.fractions(0, 3)), min_size=1, max_size=5),
    st.fractions(-9, 9),
)
def test_the_support_of_lines_is_above_all_points(
    points: list[tuple[Fraction, Fraction]],
    slopes: list[tuple[Fraction, Fraction]],
    n: Fraction,
) -> None:
    """Lines above points, some by more than need be: so is what they show in every direction."""
    least, most = min(v for v, _ in points), max(v for v, _ in points)
    rows = {own: max(w + own * v for v, w in points) + more for own, more in slopes}
    found = support(n, least, most, tuple(sorted(rows.items())))
    assert found >= max(w + n * v for v, w in points)


def test_the_support_of_lines_by_hand() -> None:
    lines = ((Fraction(-1), Fraction(3)), (Fraction(1), Fraction(5)))
    for n, value in ((-1, 3), (0, 4), (1, 5), (Fraction(1, 2), Fraction(9, 2)), (-3, -1), (2, 9)):
        assert support(Fraction(n), Fraction(2), Fraction(4), lines) == value


Point = tuple[Fraction, Fraction]


def strategy(
    game: Game, h: int, s: int, random: np.random.Generator, nodes: list[HistoryNode]
) -> tuple[Point, int]:
    """(V, W) of a strategy that is drawn, by the model alone, and the number of its memory.

    Memories are added to ``nodes`` once those that they draw are there.
    """

    def drawn(size: int) -> list[Fraction]:
        weights = [int(n) for n in random.integers(0, 3, size=size)]
        weights[int(random.integers(size))] += 1
        return [Fraction(n, sum(weights)) for n in weights]

    mixtures = [drawn(game.leader_actions) for _ in game.observes]
    by_b = {b: m for cell, m in zip(game.observes, mixtures, strict=True) for b in cell}
    values, after = [], []
    for b in range(game.follower_actions):
        rows = [game.at(game.P, h)[s][a][b] for a in range(game.leader_actions)]
        draws, means = [], {}
        for t in sorted({t for row in rows for t in row.states}) if h + 1 < game.horizon else ():
            ends = [strategy(game, h + 1, t, random, nodes) for _ in range(2)]
            shares = drawn(2)
            means[t] = [sum(p * e[0][k] for p, e in zip(shares, ends, strict=True)) for k in (0, 1)]
            draws.append((t, [(e[1], p) for p, e in zip(shares, ends, strict=True) if p]))
        X = Y = ZERO
        for a, row in enumerate(rows):
            pairs = [*zip(row.states, row.numerators, strict=True)] if means else []
            later = [
                sum(Fraction(n, row.denominator) * means[t][k] for t, n in pairs) for k in (0, 1)
            ]
            X += by_b[b][a] * (game.at(game.r, h)[s][a][b] + game.gamma * later[0])
            Y += by_b[b][a] * (game.at(game.u, h)[s][a][b] + later[1])
        values.append((X, Y))
        after.append(draws)
    policy = tuple(tuple((a, p) for a, p in enumerate(m) if p) for m in mixtures)
    nodes.append(HistoryNode(h, s, policy, tuple(after) if h + 1 < game.horizon else ()))  # type: ignore[arg-type]
    return max(values), len(nodes) - 1


def numbered(drawn: Sequence[HistoryNode]) -> tuple[HistoryNode, ...]:
    """The memories in their order, lotteries over their numbers."""
    order = sorted(range(len(drawn)), key=lambda k: (drawn[k].step, drawn[k].state))
    place = {k: number for number, k in enumerate(order)}
    return tuple(
        replace(
            drawn[k],
            after=tuple(
                tuple((t, tuple(sorted((place[i], p) for i, p in lottery))) for t, lottery in draws)
                for draws in drawn[k].after
            ),
        )
        for k in order
    )


def hints(game: Game, random: np.random.Generator) -> Part:
    """Weights, slopes and multipliers that are drawn."""
    B = game.follower_actions

    def number() -> Fraction:
        return Fraction(int(random.integers(-12, 13)), int(random.integers(1, 5)))

    claims = []
    for _ in game.places:
        weights = random.integers(0, 4, size=B)
        weights[int(random.integers(B))] += 1
        rows = [tuple(Fraction(int(n), int(weights.sum())) for n in weights)]
        for own in sorted({number() for _ in range(int(random.integers(1, 4)))}):
            rows += [tuple(own if b == o else number() for o in range(B)) for b in range(B)]
        claims.append(tuple(rows))
    return Part(tuple(claims))


class Reference:
    """What claims show, from proofs/strong-frontiers.md: no rounding; bounds by vertices."""

    def __init__(self, game: Game, part: Part) -> None:
        self.game = game
        self.claims: Any = dict(zip(game.places, part.claims, strict=True))

    def shown(self, h: int, s: int) -> tuple[Fraction, Fraction, list[Point]]:
        """least, most and lines."""
        game, B = self.game, range(self.game.follower_actions)
        if h == game.horizon:
            return ZERO, ZERO, [(ZERO, ZERO)]
        after = {
            t: self.shown(h + 1, t)
            for t in (game.reachable[h + 1] if h + 1 < game.horizon else range(game.states))
        }

        def mean(a: int, b: int, values: dict[int, Fraction]) -> Fraction:
            row = game.at(game.P, h)[s][a][b]
            pairs = zip(row.states, row.numerators, strict=True)
            return sum((Fraction(n, row.denominator) * values[t] for t, n in pairs), ZERO)

        def x(a: int, b: int, k: int) -> Fraction:
            return game.at(game.r, h)[s][a][b] + game.gamma * mean(
                a, b, {t: v[k] for t, v in after.items()}
            )  # type: ignore[misc]

        weights, *rows = self.claims[h, s]
        A = range(game.leader_actions)
        least = sum(
            min(sum(weights[b] * x(a, b, 0) for b in cell) for a in A) for cell in game.observes
        )
        most = max(x(a, b, 1) for a in A for b in B)
        lines: dict[Fraction, Fraction] = {}
        for k, row in enumerate(rows):
            b = k % len(B)
            mu = [max(m, ZERO) if o != b else ZERO for o, m in enumerate(row)]
            own = row[b]
            w = [own + sum(mu) if o == b else -mu[o] for o in B]
            total = ZERO
            for cell in game.observes:
                heights = []
                for a in A:
                    height = sum((w[o] * x(a, o, 0) for o in cell), ZERO)
                    if b in cell:
                        best = {
                            t: self.top(v, game.gamma * w[b]) - game.gamma * w[b] * v[0]
                            for t, v in after.items()
                        }
                        height += game.at(game.u, h)[s][a][b] + mean(a, b, best)
                    heights.append(height)
                total += max(heights)
            lines[own] = max(lines.get(own, total), total)
        return least, most, sorted(lines.items())

    @staticmethod
    def top(shown: tuple[Fraction, Fraction, list[Point]], n: Fraction) -> Fraction:
        """The least upper bound of W + n V that lines, and pairs of them, give."""
        least, most, lines = shown
        known = dict(lines)
        if n in known:
            return known[n]
        below, over = [m for m in known if m < n], [m for m in known if m > n]
        if below and over:
            m, o = max(below), min(over)
            t = (n - m) / (o - m)
            return (1 - t) * known[m] + t * known[o]
        return (
            known[max(below)] + (n - max(below)) * most
            if below
            else known[min(over)] + (n - min(over)) * least
        )


GAMES = games(
    max_states=2,
    max_leader_actions=3,
    max_follower_actions=3,
    max_horizon=3,
    gammas=st.sampled_from((Fraction(1, 3), Fraction(1))),
    etas=st.just(None),
    observes="any",
)


@settings(max_examples=150, deadline=None)
@given(GAMES, st.integers(0, 10**6))
def test_no_strategy_is_worth_more_than_any_lines_prove(game: Game, seed: int) -> None:
    random = np.random.default_rng(seed)
    part = hints(game, random)
    bound, exact = lines_bound(game, part, 80), Reference(game, part)
    rho = [
        (s, Fraction(n, game.rho.denominator))
        for s, n in zip(game.rho.states, game.rho.numerators, strict=True)
    ]
    true = sum((p * Reference.top(exact.shown(0, s), ZERO) for s, p in rho), ZERO)
    assert true <= bound <= true + Fraction(1, 1 << 40)
    nodes: list[HistoryNode] = []
    J = sum((p * strategy(game, 0, s, random, nodes)[0][1] for s, p in rho), ZERO)
    assert bound >= J
    assert policy_worth(game, numbered(nodes)) == J
