"""The parts of a cover: what their claims say, against policies and against the next step."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product
from math import ceil, floor
from random import Random
from typing import Any

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exactqse.evaluate import evaluate
from exactqse.kernel.certificate import (
    Split,
)
from exactqse.kernel.farsighted import Frontier, PartBounds, _hull, _tops
from exactqse.kernel.game import Row
from exactqse.kernel.interval import enclose, ends
from exactqse.kernel.operators import continuation, expected
from exactqse.kernel.stage import FailureError, Stage, cut
from exactqse.model import Policy
from exactqse.model.rows import reduced_row
from tests.kernel.drawn import ONE, Drawn, P, Simplices, distribution, drawn


class Divided:
    """Simplices around the mixtures of a case's centre, at most places and cells."""

    def __init__(self, case: Drawn, seed: int) -> None:
        self.case, self.draw = case, Random(seed)
        self.simplices: Simplices = {}
        self.shares: dict[tuple[int, int], list[Fraction]] = {}  # of the corners in the centre
        for j, (h, s) in enumerate(case.places):
            for c, cell in enumerate(case.game.observes):
                shares = [*case.centre.probabilities[h][s][cell[0]]]
                simplex = tuple(tuple(int(a == k) for a in range(case.A)) for k in range(case.A))
                for _ in range(self.draw.randint(0, 4) if case.A > 1 else 0):
                    edge = Split(*self.draw.sample(range(case.A), 2))
                    far, near = sorted((edge.i, edge.j), key=shares.__getitem__)
                    shares[near] -= shares[far]
                    shares[far] *= 2
                    simplex = cut(simplex, edge)[far == edge.j]
                    self.simplices[j, c] = simplex
                self.shares[j, c] = shares

    def policy(self, share: Fraction) -> Policy:
        """In the simplices: drawn, and mixed with the centre."""
        case = self.case
        table = [[list(map(list, rows)) for rows in step] for step in case.centre.probabilities]
        for (j, c), simplex in self.simplices.items():
            h, s = case.places[j]
            drawn = distribution(self.draw, case.A)
            pairs = zip(drawn, self.shares[j, c], strict=True)
            weights = [share * new + (1 - share) * old for new, old in pairs]
            row = [
                sum(w * Fraction(k[a], sum(k)) for w, k in zip(weights, simplex, strict=True))
                for a in range(case.A)
            ]
            for b in case.game.observes[c]:
                table[h][s][b] = row
        return Policy.from_arrays(table, game=case.game)


@pytest.mark.parametrize("block", range(6))
@pytest.mark.parametrize("divided", [False, True])
def test_no_policy_of_the_part_exceeds_a_claim(block: int, divided: bool) -> None:  # noqa: FBT001
    near = tried = bounded = 0
    for seed in range(block * 40, block * 40 + 40):
        case = drawn(seed)
        inside = Divided(case, seed) if divided else None
        part = case.part(inside.simplices if inside else None)
        try:
            frontiers = part.frontiers()
        except FailureError:
            continue
        assert frontiers is not None, "the centre is in the part"
        try:
            most = part.bound()
        except FailureError:
            most = None
        for share in (Fraction(0), Fraction(1, 50), Fraction(1, 50), Fraction(1, 5), Fraction(1)):
            policy = (inside or case).policy(share) if share else case.centre
            found = evaluate(case.game, policy, digits=15)
            scaled = {
                f.j: (
                    found.V[h][s].lower * case.game.eta * ONE,
                    found.V[h][s].upper * case.game.eta * ONE,
                )
                for (h, s), f in frontiers.items()
            }
            if any(scaled[f.j][0] < f.v[0] or f.v[1] < scaled[f.j][1] for f in frontiers.values()):
                continue  # not shown to be in the part
            tried += 1
            if most is not None:
                bounded += 1
                assert found.J.lower <= most, seed
            for (h, s), f in frontiers.items():
                for sigma in (f.own, 0, ONE // 3, 2 * ONE):
                    bound = Fraction(f.phi(sigma, P))
                    leans = [(f.j, -sigma), *f.others.items()]
                    for j, slope in leans:
                        middle = next(g.middle for g in frontiers.values() if g.j == j)
                        ends = [Fraction(slope, ONE) * (v - middle) for v in scaled[j]]
                        bound += max(ends)
                    assert found.W[h][s].lower * ONE <= bound, (seed, h, s, sigma)
                    near += bound - found.W[h][s].upper * ONE < ONE / 1000
    assert tried > 40
    assert near > 20
    assert bounded > 5


def claimed(
    row: Row, after: dict[int, Frontier], slopes: dict[int, int], dv: dict[int, int]
) -> Fraction:
    """P W' with every W' at its claim's bound by these slopes in its own dv."""
    total = Fraction(0)
    for t, n in zip(row.states, row.numerators, strict=True) if after else ():
        f = after[t]
        bound = f.phi(slopes[t], P) - Fraction(slopes[t] * dv[f.j], ONE)
        bound += sum(Fraction(c * dv[i], ONE) for i, c in f.others.items())
        total += Fraction(n, row.denominator) * bound
    return total


def along(slopes: dict[int, tuple[int, int]], dv: dict[int, int], which: int) -> Fraction:
    return sum((Fraction(pair[which] * dv[i], ONE) for i, pair in slopes.items()), Fraction(0))


def rounded(
    row: Row, after: dict[int, Frontier], others: dict[int, int], gamma: Fraction, *, free: bool
) -> dict[int, tuple[int, int]]:
    """push and lean, rounded down once each."""
    push: dict[int, Fraction] = {}
    lean: dict[int, Fraction] = {}
    for t, n in zip(row.states, row.numerators, strict=True) if after else ():
        f, q = after[t], Fraction(n, row.denominator)
        for i, c in f.others.items():
            lean[i] = lean.get(i, Fraction(0)) + q * c
        if f.radius and not (free and f.free):
            lean[f.j] = lean.get(f.j, Fraction(0)) - q * f.own
            push[f.j] = gamma * q * ONE
    return {
        i: (floor(push.get(i, 0)), floor(lean.get(i, 0)) - others.get(i, 0))
        for i in {**push, **lean, **others}
    }


def check_stage(case: Drawn, frontiers: dict[tuple[int, int], Frontier], j: int) -> int:
    """Compare the stage of a place with the next step's claims; the number of free columns."""
    game, draw, (h, s) = case.game, Random(j), case.places[j]
    eta, gamma, reference = Fraction(game.eta or 0), game.gamma, 7 << P
    radius = {f.j: f.radius for f in frontiers.values()}
    after = {t: f for (step, t), f in frontiers.items() if step == h + 1}
    _, others = case.part()._leaning(j)
    stage = case.part().stage(j, reference, after, radius)
    dv = {i: draw.randint(-rho, rho) for i, rho in radius.items()}
    units = 4 * (sum(radius.values()) // ONE + 1)
    own = sum((Fraction(c * dv[i], ONE) for i, c in others.items()), Fraction(0))
    ratio = draw.randint(1, 9), draw.randint(1, 9)
    over = Fraction(ratio[1], ratio[0])
    tied = {t: f.own for t, f in after.items()}
    loose = {t: int(gamma / over * ONE) if f.free else f.own for t, f in after.items()}
    for b, a in product(range(case.B), range(case.A)):
        row, slopes = game.at(game.P, h)[s][a][b], stage.slopes[b][a]
        u_hsab = game.at(game.u, h)[s][a][b]
        assert slopes == rounded(row, after, others, gamma, free=False)
        zero = {t: (0, 0) if f.free else (f.phi(f.own, P),) * 2 for t, f in after.items()}
        tied_to = {t: (f.phi(f.own, P),) * 2 for t, f in after.items()}
        assert stage.y[b][a] == continuation(u_hsab, row, ends(tied_to), P)
        assert stage.free is None or stage.free.y[b][a] == continuation(u_hsab, row, ends(zero), P)
        x = eta * game.at(game.r, h)[s][a][b] * ONE - reference
        for t, n in zip(row.states, row.numerators, strict=True) if after else ():
            x += gamma * Fraction(n, row.denominator) * (after[t].middle + dv[after[t].j])
        assert abs(stage.x[b][a][0] - reference + along(slopes, dv, 0) - x) <= units
        u = u_hsab * ONE - own
        y = u + claimed(row, after, tied, dv)
        assert abs(stage.y[b][a][0] + along(slopes, dv, 1) - y) <= units
        if stage.free is None:
            assert not any(after[t].free for t in row.states if after)
            continue
        sigma = int(gamma / over * ONE)
        y = u + claimed(row, after, loose, dv)
        # what ("up", s) does not see of the push, it does not see of the lean either
        free_slopes = stage.free.slopes[b][a]
        assert free_slopes == rounded(row, after, others, gamma, free=True)
        loosest = {  # a unit of sigma is a radius of the value
            t: (f.phi(sigma, P) + (f.radius >> P) + 1,) * 2 if f.free else (0, 0)
            for t, f in after.items()
        }
        assert stage.free.height(b, sigma)[a] == expected(row, ends(loosest))
        pure = tuple(int(a == k) for k in range(game.leader_actions))
        rows = [by_b[b] for by_b in game.at(game.P, h)[s]]
        assert stage.free.tops(b, pure) == _tops(pure, rows, loose_places(after))
        value = stage.free.y[b][a][1] + stage.free.height(b, sigma)[a][1]
        seen = stage.x[b][a][1] - reference + along(free_slopes, dv, 0)
        seen += (value + along(free_slopes, dv, 1)) * over
        assert -units * over <= seen - (x + y * over) <= 12 * units * (1 + over)
    return int(stage.free is not None)


def loose_places(after: dict[int, Frontier]) -> dict[int, Frontier]:
    return {t: f for t, f in after.items() if f.free}


def vertices(points: dict[int, int]) -> list[tuple[int, int]]:
    """Those that are above all chords of two others."""
    found = []
    for d, K in sorted(points.items()):
        around = [(a, b) for a in points for b in points if a < d < b]
        heights = (points[a] + Fraction(points[b] - points[a], b - a) * (d - a) for a, b in around)
        if all(height < K for height in heights):
            found.append((d, K))
    return found


def test_a_hull_has_the_vertices_that_are_above_all_chords() -> None:
    sizes = set()
    for seed in range(300):
        draw = Random(seed)
        size = draw.randint(1, 12)  # few heights: of points on one line those between are left out
        points = [(draw.randint(-20, 20), draw.randint(-2, 9)) for _ in range(size)]
        found = _hull(points)
        assert found == vertices(highest(points))
        sizes.add(len(found))
    assert sizes >= {1, 2, 3, 4, 5}


def test_tops_are_the_sums_that_no_other_sum_exceeds() -> None:
    """Against all sums of points: the highest K + sigma d, for slopes sigma from 0 down."""
    several = mixtures = 0
    for seed in range(200):
        draw = Random(seed)
        places = [
            [(draw.randint(-99, 99), draw.randint(-99, 99)) for _ in range(draw.randint(1, 5))]
            for _ in range(draw.randint(1, 3))
        ]
        bare = Frontier(0, (0, 0), 0, 0, 0, {}, free=True, points=[])
        free = {t: replace(bare, points=vertices(highest(p))) for t, p in enumerate(places)}
        rows = []
        for _ in range(draw.randint(1, 2)):  # the last state is not free
            sizes = [draw.randint(0, 3) for _ in places] + [draw.randint(1, 3)]
            rows.append(
                reduced_row(
                    sum(sizes),
                    *zip(*[(t, n) for t, n in enumerate(sizes) if n], strict=True),
                    "here",
                )
            )
        weights = (*[draw.randint(0, 3) for _ in rows[1:]], 1)
        mass = [
            sum(
                Fraction(w * n, row.denominator * sum(weights))
                for w, row in zip(weights, rows, strict=True)
                for s, n in zip(row.states, row.numerators, strict=True)
                if s == t
            )
            for t in free
        ]
        sums = [
            [sum(m * pick[k] for m, pick in zip(mass, picks, strict=True)) for k in (0, 1)]
            for picks in product(*places)
        ]
        tops = _tops(weights, rows, free)
        assert tops == sorted(tops)
        assert tops[0][0] == floor(min(d for d, _ in sums))
        assert tops[-1][1] == ceil(max(K for _, K in sums))
        assert all(A <= B for (_, A), (_, B) in pairwise(tops))
        for sigma in [Fraction(0), *[-(Fraction(10) ** k) for k in range(-3, 4)], Fraction(-7, 3)]:
            exact = max(K + sigma * d for d, K in sums)
            top = max(K + sigma * d for d, K in tops)
            assert exact <= top <= exact + 1 - sigma
        several += len(tops) > 2
        mixtures += len(weights) > 1
    assert min(several, mixtures) > 40


def highest(points: list[tuple[int, int]]) -> dict[int, int]:
    return {d: max(K for a, K in points if a == d) for d, _ in points}


def test_a_stage_sees_the_next_step_as_it_is_claimed() -> None:
    """push and lean are what r + gamma P V and u + P W do along dv, but for rounding."""
    places = free = 0
    for seed in range(60):
        case = drawn(seed)
        try:
            frontiers = case.part().frontiers()
        except FailureError:
            continue
        assert frontiers is not None
        for j in range(len(case.places)):
            free += check_stage(case, frontiers, j)
            places += 1
    assert places > 60
    assert free > 10


def test_a_box_narrows_the_range() -> None:
    for seed in range(20):
        case = drawn(seed)
        try:
            inside = case.part().frontiers()
        except FailureError:
            continue
        assert inside is not None
        for f in inside.values():
            low, high = case.box.get(f.j, (f.v[0], f.v[1]))
            assert low <= f.v[0] <= f.middle <= f.v[1] <= high
            assert f.middle - f.radius <= f.v[0]
            assert f.v[1] <= f.middle + f.radius
            assert f.radius <= (f.v[1] - f.v[0] + 1) // 2 + 1


def test_the_range_of_values_is_that_of_the_extreme_policies() -> None:
    """ln sum_b e^{x_b} at the least and the largest x_b, within some units."""
    compared = 0
    for seed in range(30):
        case = drawn(seed)
        try:
            frontiers = case.part().frontiers()
        except FailureError:
            continue
        assert frontiers is not None
        for j, (h, s) in enumerate(case.places):
            after = {t: f for (step, t), f in frontiers.items() if step == h + 1}
            found = case.part().range_of(j, after)
            for end, extreme, sign in ((0, min, 1), (1, max, -1)):
                xs = [
                    extreme(exponent_at(case, h, s, (a, b), after, end) for a in range(case.A))
                    for b in range(case.B)
                ]
                with mpmath.workdps(40):
                    total = sum(mpmath.exp(mpmath.mpf(x.numerator) / x.denominator) for x in xs)
                    assert 0 <= sign * (mpmath.log(total) * ONE - found[end]) <= 40
                compared += 1
    assert compared > 100


def test_what_is_remembered_is_of_the_same_mixtures() -> None:
    compared = different = 0
    for seed in range(40):
        case, memory = drawn(seed), dict[Any, Any]()
        found = []
        for n in range(3):
            part = case.part(Divided(case, n).simplices if n else None)
            outcomes: list[object] = []
            for one in (part, replace(part, memory=memory)):
                try:
                    frontiers = one.frontiers() or {}
                    told = [(at, f.v, f.points) for at, f in frontiers.items()]
                    outcomes.append((told, one.bound()))
                except FailureError as failure:
                    outcomes.append(str(failure))
            assert outcomes[0] == outcomes[-1]
            found.append(outcomes[0])
            compared += 1
        different += found[0] != found[1] != found[2]
    assert compared == 120
    assert different > 10


def test_simplices_narrow_the_range() -> None:
    """To that of their corners."""
    compared = narrower = 0
    for seed in range(40):
        case = drawn(seed)
        simplices = Divided(case, seed).simplices
        try:
            frontiers = case.part().frontiers()
        except FailureError:
            continue
        assert frontiers is not None
        for j, (h, s) in enumerate(case.places):
            after = {t: f for (step, t), f in frontiers.items() if step == h + 1}
            found = case.part(simplices).range_of(j, after)
            whole = case.part().range_of(j, after)
            assert whole[0] - 1 <= found[0] <= found[1] <= whole[1] + 1
            narrower += found[1] - found[0] < whole[1] - whole[0]
            for end, extreme, sign in ((0, min, 1), (1, max, -1)):
                xs = []
                for b in range(case.B):
                    (cell,) = (c for c, cell in enumerate(case.game.observes) if b in cell)
                    pure = [exponent_at(case, h, s, (a, b), after, end) for a in range(case.A)]
                    corners = simplices.get((j, cell)) or [
                        tuple(int(a == k) for a in range(case.A)) for k in range(case.A)
                    ]
                    means = (
                        sum((w * x for w, x in zip(k, pure, strict=True)), Fraction(0)) / sum(k)
                        for k in corners
                    )
                    xs.append(extreme(means))
                with mpmath.workdps(40):
                    total = sum(mpmath.exp(mpmath.mpf(x.numerator) / x.denominator) for x in xs)
                    assert 0 <= sign * (mpmath.log(total) * ONE - found[end]) <= 40
                compared += 1
    assert compared > 100
    assert narrower > 20


def exponent_at(
    case: Drawn, h: int, s: int, actions: tuple[int, int], after: dict[int, Frontier], end: int
) -> Fraction:
    """eta r + gamma P v, with the ends of the intervals of v."""
    a, b = actions
    x = Fraction(case.game.eta or 0) * case.game.at(case.game.r, h)[s][a][b]
    row = case.game.at(case.game.P, h)[s][a][b]
    for t, n in zip(row.states, row.numerators, strict=True) if after else ():
        x += case.game.gamma * Fraction(n * after[t].v[end], row.denominator * ONE)
    return x


def test_slopes_are_taken_along_v() -> None:
    """A slope of V is eta times one of v = eta V; the rounded one is as good."""
    for seed in range(20):
        case = drawn(seed)
        try:
            frontiers = case.part().frontiers()
        except FailureError:
            continue
        assert frontiers is not None
        for f in frontiers.values():
            slope = case.certificate.slopes[0][f.j]
            assert abs(Fraction(f.own, ONE) * (case.game.eta or 0) - slope.own) < Fraction(4, ONE)
            assert set(f.others) == {j for j, _ in slope.others}
            for j, n in slope.others:
                assert abs(Fraction(f.others[j], ONE) * (case.game.eta or 0) - n) < Fraction(4, ONE)
            claim = case.part().part.claims[f.j]
            assert f.free is bool(claim.free)
            assert f.middle == f.v[0] + f.v[1] >> 1
            assert f.radius == max(f.v[1] - f.middle, f.middle - f.v[0])


def test_each_piece_is_shown_up_to_its_end() -> None:
    """Ends outside the range of v are moved to it."""
    inner = 0
    for seed in range(100):
        case = drawn(seed)
        try:
            frontiers = case.part().frontiers()
        except FailureError:
            continue
        assert frontiers is not None
        for f in frontiers.values():
            first, last = (end - f.middle for end in f.v)
            shown = [first]
            for piece in case.part().part.claims[f.j].pieces:
                at = (
                    last if piece.end is None else floor(piece.end * case.game.eta * ONE) - f.middle
                )
                shown.append(max(shown[-1], min(at, last)))
            inner += len({*shown} - {first, last})
            ends_shown = {d - f.middle for span in f.regions[0] for d in span[:2]}
            assert sorted(ends_shown) == sorted({*shown})
    assert inner > 5


def test_where_pieces_meet_the_higher_point_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[int, int]] = []
    chord = PartBounds.chord

    def noted(self: PartBounds, g: int, start: int, end: int, d: int) -> int:
        made.append((d, chord(self, g, start, end, d)))
        return made[-1][1]

    monkeypatch.setattr(PartBounds, "chord", noted)
    met = 0
    for seed in range(60):
        case = drawn(seed)
        made.clear()
        with suppress(FailureError):
            for f in (case.part().frontiers() or {}).values():  # in the order of their making
                told: dict[int, int] = {}
                start, last = f.v
                for piece in case.part().part.claims[f.j].pieces:
                    at = last if piece.end is None else floor(piece.end * case.game.eta * ONE)
                    if not start < min(at, last) and (at < last or start > f.v[0]):
                        continue  # others are enough
                    start = max(start, min(at, last))
                    lam = enclose(*piece.upper.as_integer_ratio(), P)[1]
                    for d, K in (made.pop(0), made.pop(0)):
                        told[d] = max(told.get(d, lam + K), lam + K)
                assert f.points == vertices(told)
                met += len(case.part().part.claims[f.j].pieces) > 1
    assert met > 5


def test_the_first_step_sees_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """And its bounds are averaged by their values and by how they lean."""
    seen = []

    def first(self: PartBounds, j: int, after: Any, radius: dict[int, int]) -> Fraction:
        del self
        seen.append((j, after, radius))
        return Fraction(j, 3)

    monkeypatch.setattr(PartBounds, "_first", first)
    steps, denominators = set(), set()
    for seed in range(40):
        case = drawn(seed)
        part = case.part()
        try:
            frontiers = part.frontiers()
        except FailureError:
            continue
        assert frontiers is not None
        seen.clear()
        found = part.bound()
        after = {s: f for (h, s), f in frontiers.items() if h == 1}
        radius = {f.j: f.radius for f in frontiers.values()}
        first_places = [j for j, (h, _) in enumerate(case.places) if h == 0]
        assert seen == [(j, after, radius) for j in first_places]
        steps |= {h for h, _ in frontiers}
        rho = case.game.rho
        denominators.add(rho.denominator)
        weights = [Fraction(n, rho.denominator) for n in rho.numerators]
        expected_bound = sum(w * Fraction(j, 3) for w, j in zip(weights, first_places, strict=True))
        for i, size in radius.items():
            leans = (part._leaning(j)[1].get(i, 0) for j in first_places)
            lean = sum((w * c for w, c in zip(weights, leans, strict=True)), Fraction(0))
            expected_bound += abs(lean) * size / ONE**2
        assert found == expected_bound
    assert steps == {1, 2}
    assert len(denominators) > 3


@pytest.mark.parametrize("high", [-1, 0, 1])
def test_a_first_step_must_not_exceed_its_claim(high: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def bound(self: Stage, cells: Any, trees: Any, value: Any) -> Any:
        assert self.where == "cover[0], step 0, state 0"
        assert (self.x, self.reference) == (plain.x, 5 << P)
        assert self.slopes == plain.slopes
        assert cells == case.game.observes
        assert trees == claim.pieces[0].trees
        assert value == enclose(
            claim.pieces[0].upper.numerator, claim.pieces[0].upper.denominator, P
        )
        return (-9, high), ["somewhere"]

    monkeypatch.setattr(Stage, "bound", bound)
    case = next(case for case in map(drawn, range(20)) if case.places[0] == (0, 0))
    part = case.part()
    plain = part.stage(0, 0, {}, {})
    claim = replace(part.part.claims[0], shift=5)
    part = replace(part, part=replace(part.part, claims=(claim, *part.part.claims[1:])))
    if high <= 0:
        assert part._first(0, {}, {}) == claim.pieces[0].upper
        return
    with pytest.raises(FailureError) as caught:
        part._first(0, {}, {})
    assert caught.value.outcome == "inconclusive"
    assert str(caught.value) == (
        "undecided whether cover[0], step 0, state 0: the majorants' sum exceeds 0"
        " at ['somewhere'], by a number in [0, 8.674E-19]; raise the precision"
    )


def test_an_empty_box_proves_everything() -> None:
    """Ranges come first: the box of the last place, which nothing follows, is out of its range."""
    seen = 0
    for seed in range(10):
        last = len(drawn(seed).places) - 1
        part = replace(drawn(seed).part(), box=({last: 1000 << P}, {}, {}))
        assert part.frontiers() is None
        assert part.bound() is None
        seen += 1
    assert seen == 10


def test_a_box_of_one_value_is_not_empty() -> None:
    for seed in range(10):
        part = drawn(seed).part()
        last = len(drawn(seed).places) - 1
        low, high = part.range_of(last, {})
        for at, empty in ((low - 1, True), (low, False), (high, False), (high + 1, True)):
            try:
                found = replace(part, box=({last: at}, {last: at}, {})).frontiers()
            except FailureError:
                assert not empty
            else:
                assert (found is None) == empty


@pytest.mark.parametrize("g", [3 << P, 1, 0, -1, -(3 << P)])
@pytest.mark.parametrize(
    ("start", "end"),
    [(-ONE, ONE), (0, 0), (-2 * ONE, -ONE), (0, ONE // 8), (-8 * ONE, 0)],
)
def test_a_piece_is_above_its_exponential(g: int, start: int, end: int) -> None:
    """lam + g e^-d lies below the line through the ends, and not far below it."""
    part = drawn(0).part()
    left, right = (part.chord(g, start, end, d) for d in (start, end))
    with mpmath.workdps(40):
        for k in range(9):
            d = start + (end - start) * k // 8
            line = left + (right - left) * Fraction(k, 8)
            exact = g * mpmath.exp(-mpmath.mpf(d) / ONE)
            assert mpmath.mpf(line.numerator) / line.denominator >= exact
        middle = g * mpmath.exp(-mpmath.mpf(start + end) / 2 / ONE)
        spread = (
            abs(g) * mpmath.mpf(end - start) ** 2 / ONE**2 * mpmath.exp(-mpmath.mpf(start) / ONE)
        )
        assert (left + right) / 2 <= middle + spread / 4 + 4


@pytest.mark.parametrize(("start", "end"), [(-ONE, ONE), (-2 * ONE, -ONE), (ONE, 4 * ONE)])
def test_a_concave_piece_is_touched_midway(start: int, end: int) -> None:
    """Up to what rounding e^-d leaves, of the slope, over the distance."""
    part, g, middle = drawn(0).part(), -(3 << P), (start + end) // 2
    with mpmath.workdps(40):
        exact = g * mpmath.exp(-mpmath.mpf(middle) / ONE)
        touched = part.chord(g, start, end, middle)
        assert exact <= touched <= exact + 8
        for d in (start, end):
            assert abs(part.chord(g, start, end, d) - exact * (1 - (d - middle) / ONE)) <= 64


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1), st.integers(-40, 40)
)
def test_phi_is_the_largest_of_all_points(points: list[tuple[int, int]], sigma: int) -> None:
    frontier = Frontier(0, (0, 0), 0, 0, 0, {}, free=False, points=points)
    exact = max(Fraction(height) + Fraction(sigma * d, 4) for d, height in points)
    assert frontier.phi(sigma, 2) == ceil(exact)


def test_the_largest_point_is_rounded_up() -> None:
    """A quarter of a unit makes one."""
    level = Frontier(0, (0, 0), 0, 0, 0, {}, free=False, points=[(0, 0), (1, 0), (2, -9)])
    assert [level.phi(sigma, 2) for sigma in (-1, 0, 1)] == [0, 0, 1]
