"""A farsighted follower who best responds: parts against policies, against exact rationals."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product
from random import Random
from typing import Any

import pytest

from exactqse.errors import CertificateError
from exactqse.kernel.certificate import (
    DOWN,
    Certificate,
    Claim,
    Duals,
    FarsightedNode,
    HistoryNode,
    Leaf,
    MixtureSplit,
    Part,
    Piece,
    Slope,
    Split,
    StrongNode,
    ValueSplit,
)
from exactqse.kernel.check import check
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.farsighted import PartBounds, divided
from exactqse.kernel.stage import FailureError, Stage
from exactqse.kernel.strong import GRID, LONGEST, policy_worth
from exactqse.model import Game
from exactqse.solve.strong import solve_strong
from tests.kernel.promised import Exact

P = 60
ONE = 1 << P
HALF, ZERO, UNIT = Fraction(1, 2), Fraction(0), Fraction(1)
Mixture = tuple[tuple[int, Fraction], ...]
Rows = dict[tuple[int, int], tuple[Mixture, ...]]  # [cell] by (step, state)


def rational(draw: Random, most: int = 2) -> Fraction:
    return Fraction(draw.randint(-10 * most, 10 * most), 10)


def distribution(draw: Random, size: int) -> list[Fraction]:
    weights = [draw.choice([0, 0, 1, 2, 5]) for _ in range(size)]
    if not any(weights):
        weights[draw.randrange(size)] = 1
    return [Fraction(w, sum(weights)) for w in weights]


def drawn_game(draw: Random) -> Game:
    S, A, B = draw.randint(1, 3), draw.choice([1, 2, 2, 3]), draw.randint(1, 3)
    H = draw.choice([2, 2, 3])
    steps = draw.choice([1, H])

    def table(entry: Any) -> Any:
        return [
            [[[entry() for _ in range(B)] for _ in range(A)] for _ in range(S)]
            for _ in range(steps)
        ]

    cells: dict[int, list[int]] = {}
    for b in range(B):
        cells.setdefault(draw.randrange(B), []).append(b)
    calm = draw.random() < 0.4  # W is the least that it can be: nothing below is possible
    return Game.from_arrays(
        table(lambda: distribution(draw, S)),
        table(lambda: ZERO if calm else rational(draw)),
        table(lambda: Fraction(draw.randint(0, 3), 2)),  # few values: ties
        horizon=H,
        rho=distribution(draw, S),
        eta="inf",
        gamma=draw.choice([Fraction(1, 2), Fraction(9, 10), UNIT]),
        observes=tuple(sorted(map(tuple, cells.values()))),
    )


def drawn_policy(draw: Random, game: Game) -> Rows:
    return {
        place: tuple(
            tuple((a, p) for a, p in enumerate(distribution(draw, game.leader_actions)) if p)
            for _ in game.observes
        )
        for place in game.places
    }


def mixed(first: Rows, second: Rows, share: Fraction) -> Rows:
    def mix(p: Mixture, q: Mixture) -> Mixture:
        actions = sorted({a for a, _ in (*p, *q)})
        x, y = dict(p), dict(q)
        return tuple((a, share * x.get(a, ZERO) + (1 - share) * y.get(a, ZERO)) for a in actions)

    return {
        place: tuple(mix(p, q) for p, q in zip(rows, second[place], strict=True))
        for place, rows in first.items()
    }


def values_of(game: Game, policy: Rows) -> tuple[dict[tuple[int, int], Fraction], ...]:
    """V and W of the policy, from the definition."""
    V: dict[tuple[int, int], Fraction] = {}
    W: dict[tuple[int, int], Fraction] = {}
    for h, s in reversed(game.places):
        pairs = []
        for cell, mixture in zip(game.observes, policy[h, s], strict=True):
            for b in cell:
                x = y = ZERO
                for a, p in mixture:
                    x += p * game.at(game.r, h)[s][a][b]
                    y += p * game.at(game.u, h)[s][a][b]
                    row = game.at(game.P, h)[s][a][b]
                    for t, n in zip(row.states, row.numerators, strict=True):
                        if h + 1 < game.horizon:
                            x += p * game.gamma * Fraction(n, row.denominator) * V[h + 1, t]
                            y += p * Fraction(n, row.denominator) * W[h + 1, t]
                pairs.append((x, y))
        V[h, s] = max(x for x, _ in pairs)
        W[h, s] = max(y for x, y in pairs if x == V[h, s])
    return V, W


def mean(game: Game, W: dict[tuple[int, int], Fraction]) -> Fraction:
    rho = zip(game.rho.states, game.rho.numerators, strict=True)
    return sum((Fraction(n, game.rho.denominator) * W[0, s] for s, n in rho), ZERO)


def nodes_of(policy: Rows) -> tuple[FarsightedNode, ...]:
    return tuple(FarsightedNode(h, s, rows) for (h, s), rows in sorted(policy.items()))


class Drawn:
    """A game, a policy, and a part around the policy's values with drawn slopes and duals."""

    def __init__(self, seed: int) -> None:
        self.draw = draw = Random(seed)
        self.game = game = drawn_game(draw)
        self.centre = drawn_policy(draw, game)
        self.V, _ = values_of(game, self.centre)
        width = draw.choice([Fraction(1, 100), Fraction(1, 10), Fraction(1), Fraction(9)])
        self.box = {}
        for j, (h, s) in enumerate(game.places):
            if h and draw.random() < 0.8:
                low = self.V[h, s] - width * draw.randint(0, 10) / 10
                self.box[j] = low, low + width
        B = range(game.follower_actions)
        size = draw.choice([1, 1, 10])

        def duals() -> Duals:
            rows = [[draw.choice([-1, 0, 1, 2]) * abs(rational(draw, size)) for _ in B] for _ in B]
            for b in B:
                rows[b][b] = draw.choice([0, 1]) * rational(draw, size)
            return tuple(map(tuple, rows))

        later = {h: [i for i, (k, _) in enumerate(game.places) if k > h] for h, _ in game.places}
        self.slopes = tuple(
            Slope(
                rational(draw), tuple((i, rational(draw)) for i in later[h] if draw.random() < 0.6)
            )
            for h, _ in game.places
        )
        self.part = Part(tuple(duals() for _ in game.places))

    def bounds(self, p: int = P) -> PartBounds:
        nodes = nodes_of(self.centre)
        head = self.game.hash, max(p, 16), Fraction(-99), Fraction(99)
        whole = Certificate(*head, nodes, (self.slopes,), (self.part,))
        low = {
            j: ends[0].numerator * (1 << p) // ends[0].denominator for j, ends in self.box.items()
        }
        high = {
            j: -(-ends[1].numerator * (1 << p) // ends[1].denominator)
            for j, ends in self.box.items()
        }
        return PartBounds(self.game, whole, self.part, (low, high, {}), p, INTEGER, "cover[0]")


@cache
def drawn(seed: int) -> Drawn:
    return Drawn(seed)


@pytest.mark.parametrize("block", range(4))
@pytest.mark.parametrize("p", [P, 6])
def test_no_policy_of_the_part_exceeds_a_claim(block: int, p: int) -> None:
    near = tight = 0
    one = 1 << p
    for seed in range(block * 50, block * 50 + 50):
        case = Drawn(seed)
        game, bounds = case.game, case.bounds(p)
        frontiers, most = bounds.frontiers(), bounds.bound()
        assert frontiers is not None, "the centre is in the part"
        assert most is not None
        for share in (UNIT, Fraction(49, 50), Fraction(49, 50), Fraction(4, 5), ZERO):
            policy = mixed(case.centre, drawn_policy(case.draw, game), share)
            V, W = values_of(game, policy)
            inside = all(low <= V[game.places[j]] <= high for j, (low, high) in case.box.items())
            if not inside:
                continue
            near += share < 1
            dv = {f.j: V[place] - Fraction(f.middle, one) for place, f in frontiers.items()}
            for place, f in frontiers.items():
                (_, K), *rest = f.points
                assert not rest
                lean = sum((c * dv[i] for i, c in f.others.items()), ZERO)
                claim = (K - f.own * dv[f.j] + lean) / one
                assert W[place] <= claim, (seed, place)
                tight += claim - W[place] < HALF
            assert mean(game, W) <= most
    assert near > 60
    assert tight > 40


@pytest.mark.parametrize("block", range(3))
def test_claims_are_those_of_exact_arithmetic(block: int) -> None:
    tiny = Fraction(1, 10**12)
    for seed in range(block * 50, block * 50 + 50):
        case = drawn(seed)
        exact = Exact(case.game, case.part, case.slopes, case.box)
        bounds = case.bounds()
        frontiers, most = bounds.frontiers(), bounds.bound()
        assert frontiers is not None
        assert most is not None
        assert exact.bound is not None
        for f in frontiers.values():
            assert abs(Fraction(f.points[0][1], ONE) - exact.K[f.j]) < tiny, seed
            assert abs(Fraction(f.middle, ONE) - exact.middle[f.j]) < tiny
        assert abs(most - exact.bound) < tiny, seed
        coarse = case.bounds(24).bound()
        assert coarse is not None
        assert abs(most - coarse) < Fraction(1, 1000) * (1 + abs(most)), seed


def test_claims_are_rounded_up() -> None:
    """At few bits, with the rounded slopes and multipliers, and the kernel's intervals of V."""
    p = 6
    one = 1 << p

    def floor(n: Fraction) -> Fraction:
        return Fraction(n * one // 1, one)

    compared = 0
    for seed in range(200):
        case = Drawn(seed)
        found = case.bounds(p).frontiers()
        assert found is not None
        box = {
            f.j: (Fraction(f.middle - f.radius, one), Fraction(f.middle + f.radius, one))
            for f in found.values()
        }
        slopes = tuple(
            Slope(floor(slope.own), tuple((i, floor(c)) for i, c in slope.others))
            for slope in case.slopes
        )
        claims = tuple(
            tuple(tuple(map(floor, row)) for row in duals)
            for duals in case.part.claims
            if isinstance(duals, tuple)
        )
        exact = Exact(case.game, Part(claims), slopes, box, given=True)
        for f in found.values():
            assert exact.K[f.j] <= Fraction(f.points[0][1], one)
            compared += case.game.places[f.j][0] < case.game.horizon - 1
    assert compared > 50


def test_a_policy_is_worth_what_the_definition_says() -> None:
    for seed in range(200):
        case = drawn(seed)
        for policy in (case.centre, drawn_policy(case.draw, case.game)):
            _, W = values_of(case.game, policy)
            assert policy_worth(case.game, nodes_of(policy)) == mean(case.game, W)


TINY = Fraction(1, 10**9)
TIE = ((0, HALF), (1, HALF))
PURE = ((0, UNIT),)


@pytest.fixture
def chain() -> Game:
    """One state, two steps; at the last step he answers the coin that she shows unseeing.

    There he gets 1 where b = a, she 1 for b = 1; V is in [1/2, 1], and W = 1 at V = 1/2 by the tie.
    At the first step b = 0 stops with 3/5, b = 1 goes on to the last step and brings her 2.
    """
    moves = [[[[{1: 1}, {0: 1}]] * 2, [[{1: 1}] * 2] * 2], [[[{0: 1}] * 2] * 2] * 2]
    u = [[[[0, 2]] * 2, [[0, 0]] * 2], [[[0, 1]] * 2, [[0, 0]] * 2]]
    r = [[[["3/5", 0]] * 2, [[0, 0]] * 2], [[[1, 0], [0, 1]], [[0, 0]] * 2]]
    shape = {"horizon": 2, "rho": 0, "eta": "inf", "gamma": 1, "observes": "nothing"}
    return Game.from_arrays(moves, u, r, **shape)


def claimed(game: Game, part: Part | None = None, **changes: Any) -> Certificate:
    """A generous claim about a game of three places."""
    nodes = nodes_of(dict.fromkeys(game.places, (PURE,)))
    zero = ((ZERO, ZERO),) * 2
    part = part or Part((zero,) * 3)
    slopes = ((Slope(ZERO),) * 3,)
    claim = Certificate(game.hash, 64, ZERO, 3 + TINY, nodes, slopes, (part,))
    return replace(claim, **changes)


def test_by_hand(chain: Game) -> None:
    """She shows heads for sure: he goes on and takes b = 0. Else V >= 3/5, and W <= 2 + 1."""
    assert chain.places == ((0, 0), (1, 0), (1, 1))
    found = claimed(chain)
    assert check(chain, found).reason == "proved lower <= J(policy) <= J* <= upper over 3 nodes"
    assert check(chain, Certificate.from_bytes(found.to_bytes()))
    verdict = check(chain, replace(found, upper=Fraction(299, 100)))
    assert verdict.outcome == "rejected"
    assert verdict.reason == "upper is less than the bound of cover[0], by at least 0.01"
    assert policy_worth(chain, found.nodes) == 2
    assert check(chain, replace(found, lower=Fraction(2)))
    verdict = check(chain, replace(found, lower=Fraction(201, 100)))
    assert verdict.reason == "lower exceeds J(policy), by at least 0.01"
    mixed_nodes = nodes_of(
        {(0, 0): (PURE,), (1, 0): (((0, Fraction(2, 5)), (1, Fraction(3, 5))),), (1, 1): (PURE,)}
    )
    assert policy_worth(chain, mixed_nodes) == 3, "a tie at the first step, and b = 1 at the last"
    assert check(chain, replace(found, nodes=mixed_nodes, lower=Fraction(3)))
    assert policy_worth(chain.with_(gamma="1/2"), found.nodes) == 0, "half of V = 1 is less"
    stopped = nodes_of({(0, 0): (PURE,), (1, 0): (TIE,), (1, 1): (PURE,)})
    assert policy_worth(chain, stopped) == 0


def test_values_that_no_policy_has_are_seen_to_be_impossible(chain: Game) -> None:
    """V < 1/2 at the last step, though the range by actions is [0, 1]: a cell has two members."""
    punished = ((-Fraction(18), Fraction(9)), (Fraction(9), -Fraction(18)))
    zero = ((ZERO, ZERO),) * 2
    empty, plain = Part((zero, punished, zero)), Part((zero,) * 3)
    halves = ValueSplit(1, 0, Fraction(1, 4))
    generous = claimed(chain, cover=(halves, plain, plain))

    def bound(part: Part, most: int) -> Fraction | None:
        return PartBounds(chain, generous, part, ({}, {1: most}, {}), P, INTEGER, "").bound()

    for part, most in ((plain, ONE // 4), (empty, ONE), (empty, ONE // 2)):
        found = bound(part, most)
        assert found is not None
        assert found > 2 + HALF
    assert bound(empty, ONE // 4) is None


def test_a_claim_that_leans_is_not_taken_for_impossible(chain: Game) -> None:
    """V is in [1/2, 3/5]; about the middle, 3/10, the claim W <= K + 100 dv has K = -19."""
    zero = ((ZERO, ZERO),) * 2
    halved = ((ZERO, Fraction(50)), (Fraction(50), ZERO))
    part = Part((zero, halved, zero))
    steep = (Slope(ZERO), Slope(-Fraction(100)), Slope(ZERO))
    claim = claimed(chain, part, slopes=(steep,))
    frontiers = PartBounds(
        chain, claim, part, ({}, {1: ONE * 3 // 5}, {}), P, INTEGER, ""
    ).frontiers()
    assert frontiers is not None
    ((d, K),) = frontiers[1, 0].points
    assert d == 0, "K is at the middle"
    assert abs(Fraction(K, ONE) + 19) < TINY


def test_nor_is_one_that_leans_on_later_values() -> None:
    """The same a step later; the place before takes over all that its claim leans on."""
    pennies, nothing = [[[1, 0], [0, 1]]], [[[0, 0]] * 2]
    game = Game.from_arrays(
        None,
        [nothing, nothing, [[[0, 1]] * 2]],
        [nothing, nothing, pennies],
        horizon=3,
        eta="inf",
        gamma=1,
        observes="nothing",
    )
    zero = ((ZERO, ZERO),) * 2
    halved = ((ZERO, Fraction(50)), (Fraction(50), ZERO))
    lean = ((2, Fraction(100)),)
    steep = (Slope(ZERO, lean), Slope(ZERO, lean), Slope(-Fraction(100)))
    part = Part((zero, zero, halved))
    claim = claimed(game, part, slopes=(steep,))
    bounds = PartBounds(game, claim, part, ({}, {2: ONE * 3 // 5}, {}), P, INTEGER, "")
    frontiers = bounds.frontiers()
    assert frontiers is not None
    assert abs(Fraction(frontiers[1, 0].points[0][1], ONE) + 19) < TINY


def test_the_first_claim_does_not_lean_on_its_own_value() -> None:
    """One b: she is worth 1 where V is least, 2^40 below its range's upper end."""
    game = Game.from_arrays(None, [[[0], [1]]], [[[0], [-(1 << 40)]]], eta="inf", gamma=1)
    part = Part((((ZERO,),),))
    claim = claimed(game, part, slopes=((Slope(ZERO),),))
    found = PartBounds(game, claim, part, ({}, {}, {}), P, INTEGER, "").bound()
    assert found is not None
    assert 1 <= found < 1 + TINY


@pytest.mark.parametrize("least", [0, -3])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_claim_is_impossible_just_where_its_largest_value_is(
    sign: int, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K + 100 |dv| with |dv| <= 5, and own slope 3 times a radius of 1/2; two rewards >= least."""
    match, lean = [[[1, 0], [0, 1]]], ((2, Fraction(100 * sign)),)
    u = [[[1 + least, least], [least, 1 + least]]]
    game = Game.from_arrays(None, [u] * 3, [match] * 3, eta="inf", gamma=1, horizon=3)
    zero = ((ZERO, ZERO),) * 2
    part, slopes = Part((zero,) * 3), (Slope(ZERO), Slope(Fraction(3 * sign), lean), Slope(ZERO))
    claim = claimed(game, part, slopes=(slopes,))
    bounds = PartBounds(game, claim, part, ({1: ONE}, {1: 2 * ONE}, {}), P, INTEGER, "")
    last = bounds._frontier(2, {}, {})
    assert last is not None
    edge = (2 * least - 501) * ONE - ONE // 2
    for bound, is_possible in ((edge, True), (edge - 1, False)):
        monkeypatch.setattr(Stage, "committed", lambda *_, bound=bound: bound)
        found = bounds._frontier(1, {0: last}, {2: 5 * ONE})
        assert (found is not None) == is_possible
        assert found is None or (found.points, found.radius) == ([(0, bound)], ONE // 2)


@pytest.mark.parametrize(("n", "most"), [(0, 1), (1, 2), (-1, 5)])
def test_the_first_claim_prices_the_whole_range(n: int, most: int) -> None:
    """u + n (r + 1) + 2 |n| for r from -3 to -1: her values, 1 and 0, are there."""
    game = Game.from_arrays(None, [[[1], [0]]], [[[-3], [-1]]], eta="inf", gamma=1)
    part = Part((((Fraction(n),),),))
    claim = claimed(game, part, slopes=((Slope(ZERO),),))
    found = PartBounds(game, claim, part, ({}, {}, {}), P, INTEGER, "").bound()
    assert found is not None
    assert most <= found < most + TINY


def test_what_the_steps_that_are_left_must_earn_is_not_taken_for_more() -> None:
    """She earns 1 a step whatever they do: 1 at the last step is what every policy is worth."""
    game = Game.from_arrays(
        None,
        [[[[1, 1]] * 2]] * 2,
        [[[[1, 0], [0, 1]]]] * 2,
        horizon=2,
        eta="inf",
        gamma=1,
        observes="nothing",
    )
    nodes, zero = nodes_of(dict.fromkeys(game.places, (PURE,))), ((ZERO, ZERO),) * 2
    slopes, cover = ((Slope(ZERO),) * 2,), (Part((zero,) * 2),)
    two = Fraction(2)
    assert check(game, Certificate(game.hash, 64, two, two + TINY, nodes, slopes, cover))
    verdict = check(game, Certificate(game.hash, 64, ZERO, two - TINY, nodes, slopes, cover))
    assert verdict.outcome == "rejected"


@pytest.mark.parametrize("seed", range(20))
def test_slopes_that_were_rounded_down_are_made_up_for(seed: int) -> None:
    """gamma P and what leans are up to a unit more than what a stage holds."""
    draw, p, radius = Random(seed), 6, 900
    pushes, leans = ([draw.randint(1, 60) for _ in range(2)] for _ in range(2))
    slopes = [[{0: (push, lean)}] for push, lean in zip(pushes, leans, strict=True)]
    point = [[(0, 0)]] * 2
    stage = Stage("", p, INTEGER, point, point, slopes, {0: radius << p})
    mu = [Fraction(draw.randint(0, 900), 64) for _ in range(4)]
    own = draw.randint(-900, 900)
    found = stage.committed(((0,), (1,)), ((ZERO, mu[0]), (mu[1], ZERO)), own, 0)
    for b, dv in product((0, 1), (-radius, radius)):
        weights = [-mu[b], -mu[b]]
        weights[b] = Fraction(own, 64) + mu[b]
        for extra in product((0, Fraction(99, 100)), repeat=3):
            push = [Fraction(n + more) / 64 for n, more in zip(pushes, extra, strict=False)]
            value = (leans[b] + extra[2]) / 64 + weights[0] * push[0] + weights[1] * push[1]
            assert value * dv <= Fraction(found, 64)


@pytest.mark.parametrize("seed", range(12))
def test_every_rounding_of_a_commitment_is_made_up_for(seed: int) -> None:
    """As above, for several follower actions, small and large radii, and a wide reach."""
    draw, p = Random(seed), 6
    for _ in range(60):
        B, radius, reach = draw.randint(1, 3), draw.choice([1, 7, 700]), draw.randint(0, 200)
        pushes, leans = ([draw.randint(0, 63) for _ in range(B)] for _ in range(2))
        slopes = [[{0: (push, lean)}] for push, lean in zip(pushes, leans, strict=True)]
        stage = Stage("", p, INTEGER, [[(0, 0)]] * B, [[(0, 0)]] * B, slopes, {0: radius})
        most = draw.choice([3, 90])
        duals = [[Fraction(draw.randint(-most, most), 64) for _ in range(B)] for _ in range(B)]
        own = draw.randint(-most, most)
        cells = tuple((b,) for b in range(B))
        found = stage.committed(cells, tuple(map(tuple, duals)), own, reach)
        bounds = []
        for b, mu in enumerate(duals):
            weights = [-max(m, ZERO) for m in mu]
            weights[b] = Fraction(own, 64) + mu[b] - sum(weights) + weights[b]
            for sign in (1, -1):  # of dv, and what is lost of each slope where it counts most
                total = Fraction(leans[b] + (sign > 0) * (1 - TINY)) / 64
                for w, push in zip(weights, pushes, strict=True):
                    total += w * (push + (sign * w > 0) * (1 - TINY)) / 64
                bounds.append(sign * total * radius + abs(mu[b]) * reach)
        assert max(bounds) <= found


def test_both_halves_of_a_split_are_bounded(chain: Game) -> None:
    """V <= 3/5 - 1/100: he stops, J <= 0; else J <= 3. At V <= 1/2 duals of 5 show the former."""
    zero = ((ZERO, ZERO),) * 2
    stopping = ((ZERO, ZERO), (Fraction(300), ZERO))
    low, plain = Part((stopping, zero, zero)), Part((zero,) * 3)
    halves = ValueSplit(1, 0, HALF)
    boxes = [box for _, _, box in divided(chain, (halves, low, plain), ({}, {}, {}), P)]
    assert boxes == [({}, {1: ONE // 2}, {}), ({1: ONE // 2}, {}, {})]
    assert check(chain, claimed(chain, cover=(halves, low, plain)))
    for cover, at in (((halves, low, low), 2), ((halves, plain, low), 1)):
        verdict = check(chain, claimed(chain, cover=cover, upper=Fraction(2)))
        assert verdict.outcome == "rejected"
        assert f"cover[{at}]" in verdict.reason
    mixed = (MixtureSplit(Split(0, 1), 1, 0, 0), plain, plain)
    with pytest.raises(CertificateError, match="divides no mixtures of a game with finite eta"):
        check(chain, claimed(chain, cover=mixed))
    bound = PartBounds(chain, claimed(chain), low, ({}, {1: ONE // 2}, {}), P, INTEGER, "").bound()
    assert bound is not None
    assert bound <= TINY


@pytest.mark.parametrize("seed", range(12))
def test_one_step_is_worth_what_it_is_for_a_myopic_follower(seed: int) -> None:
    case = drawn(seed)
    tables = {"P": case.game.P[:1], "u": case.game.u[:1], "r": case.game.r[:1]}
    game = replace(case.game, horizon=1, **tables)
    found, _ = solve_strong(game.with_(gamma=0))
    duals = []
    for node in found.nodes:
        assert isinstance(node, StrongNode)
        duals.append(node.duals)
    nodes = tuple(FarsightedNode(node.step, node.state, node.policy) for node in found.nodes)
    slopes, cover = ((Slope(ZERO),) * len(nodes),), (Part(tuple(duals)),)
    tiny = Fraction(1, 10**15)
    claim = Certificate(game.hash, 64, found.lower, found.upper + tiny, nodes, slopes, cover)
    assert check(game, claim)
    assert check(game, replace(claim, upper=found.upper - tiny)).outcome == "rejected"
    assert check(game, replace(claim, lower=found.lower + tiny)).outcome == "rejected"


def test_rewards_of_any_size(chain: Game) -> None:
    r = tuple(
        tuple(tuple(tuple(10**9 * x for x in row) for row in rows) for rows in step)
        for step in chain.r
    )
    large = replace(chain, r=r)
    assert check(large, claimed(large))


def test_values_that_are_too_long_are_refused(chain: Game) -> None:
    """V is never rounded, or ties would be lost; W may be."""
    small = Fraction(1, 3**2600)
    nodes = nodes_of({(0, 0): (PURE,), (1, 0): (((0, small), (1, 1 - small)),), (1, 1): (PURE,)})
    lively = replace(chain, u=(chain.u[0], (((ZERO, ZERO), (ZERO, UNIT)), chain.u[1][1])))
    worth = policy_worth(lively, nodes)
    assert 0 < 3 - small - worth < Fraction(1, GRID)
    for bits in (LONGEST, LONGEST + 1):
        row = (Fraction(1, 1 << (bits - 1)), ZERO), (ZERO, ZERO)
        long = replace(chain, r=(chain.r[0], (row, chain.r[1][1])))
        first = nodes_of(dict.fromkeys(chain.places, (PURE,)))
        if bits == LONGEST:
            assert policy_worth(long, first) == 0
            continue
        with pytest.raises(
            FailureError, match=f"bits of V at .* 1, state 0 exceed {LONGEST}"
        ) as caught:
            policy_worth(long, first)
        assert caught.value.outcome == "rejected"


def test_duals_are_a_square_for_every_place(chain: Game) -> None:
    zero = ((ZERO, ZERO),) * 2
    for claims, what in (
        ((zero,) * 2, "needs a claim for each node, and slopes"),
        ((zero, zero, ()), "needs 2 x 2 duals"),
        ((zero, zero, ((ZERO, ZERO),)), "needs 2 x 2 duals"),
        ((((ZERO,), (ZERO,)), zero, zero), "needs 2 x 2 duals"),
        ((zero, ((ZERO,) * 3,) * 2, zero), "needs 2 x 2 duals"),
    ):
        with pytest.raises(CertificateError) as caught:
            check(chain, claimed(chain, Part(claims)))
        assert (caught.value.where, caught.value.what) == ("cover[0]", what)


def test_claims_are_duals_just_where_eta_is_infinite(chain: Game) -> None:
    leaf = Leaf(((DOWN, UNIT), (DOWN, UNIT)))
    piece = Claim(0, 0, (Piece(Fraction(9), ((leaf,),)),))
    zero = ((ZERO, ZERO),) * 2
    finite = chain.with_(eta=1)
    assert check(finite, claimed(finite, Part((piece,) * 3), upper=Fraction(9)))
    for game, claims in ((chain, (zero, piece, zero)), (finite, (piece, zero, piece))):
        with pytest.raises(CertificateError) as caught:
            check(game, claimed(game, Part(claims)))
        assert caught.value.what == "claims are duals just for eta = infinity"
        assert caught.value.where == "cover[0]"


def test_no_other_kind_is_for_such_a_follower(chain: Game) -> None:
    plain = claimed(chain)
    node = StrongNode(0, 0, ZERO, (PURE,), ((ZERO,) * 2,) * 2)
    strong = Certificate(chain.hash, 64, ZERO, UNIT, (node,))
    history = replace(
        plain, nodes=tuple(HistoryNode(n.step, n.state, n.policy, ()) for n in plain.nodes)
    )
    with pytest.raises(CertificateError, match="is not farsighted or history, which"):
        check(chain, strong)
    with pytest.raises(CertificateError, match="needs a memory after each b"):
        check(chain, history)


@pytest.mark.parametrize(
    "duals", [((0.5, ZERO),) * 2, ((1, ZERO),) * 2, ([ZERO, ZERO],) * 2, ("00",) * 2, None]
)
def test_duals_of_other_types(chain: Game, duals: Any) -> None:
    with pytest.raises(CertificateError, match="does not belong there"):
        claimed(chain, Part((duals,) * 3))
