"""Majorants one at a time, against arb at more bits, and sums of them at the limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import ceil, exp, floor
from random import Random

import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from exactqse.arithmetic.balls import ball, exact_fraction, precision
from exactqse.kernel.certificate import CHORD, DOWN, UP, Leaf, Node, Split, Tree
from exactqse.kernel.check import _check_nodes
from exactqse.kernel.elementary import INTEGER, MAX_EXPONENT, Elementary
from exactqse.kernel.interval import Interval, Weights
from exactqse.kernel.stage import BEYOND, FailureError, Form, Free, Slopes, Stage
from exactqse.model import Game

ONE = Fraction(1)


@dataclass(eq=False)
class Told:
    """Says of exp what it was told, in turn; or the exponent itself, when it was told nothing."""

    answers: list[Interval] = field(default_factory=list)
    name: str = "told"

    def exp(self, x: Interval, p: int) -> Interval:
        del p
        return self.answers.pop(0) if self.answers else x

    def log(self, numerator: Interval, denominator: int, p: int) -> Interval:
        raise AssertionError(numerator, denominator, p)


def know_nothing(
    _stage: Stage, _members: object, part: list[object], _lam: Interval, _shift: int
) -> list[int]:
    """Nothing is known roughly, so that every corner is asked about, in order."""
    return [BEYOND] * len(part)


@pytest.fixture(autouse=True)
def _every_corner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stage, "_rough", know_nothing)


def form(
    tag: str,
    parameter: Fraction,
    box: tuple[Interval, Interval],
    p: int,
    *,
    value: Interval = (0, 0),
    slopes: Slopes | None = None,
    radius: dict[int, int] | None = None,
    shift: int = 0,
    elementary: Elementary = INTEGER,
) -> Form:
    """One majorant at x and y, of follower action 4."""
    stage = Stage("here", p, elementary, [], [], [], radius or {})
    function = {UP: stage._up, DOWN: stage._down, CHORD: stage._chord}[tag]
    corner = (1,), {4: (box, slopes or {})}
    return function(parameter.as_integer_ratio(), corner, 4, value, shift << p)


def exact(tag: str, s: Fraction, z: Fraction, d: Fraction, p: int) -> tuple[Fraction, Fraction]:
    """Ends of the majorant, times 2^p, where the value less lam is d."""
    with precision(p + 300):
        if tag == UP:
            value = ball(s) * ball(z + d / s - 1).exp()
        else:
            value = -ball(s) * (1 + ball(z) + ball(-d / s).log())
        scaled = value * arb(2) ** p
        return exact_fraction(scaled.lower()), exact_fraction(scaled.upper())


numbers = st.fractions(min_value=-9, max_value=9, max_denominator=99)
parameters = st.fractions(min_value=Fraction(1, 9), max_value=9, max_denominator=99)
widths = st.integers(0, 2) | st.integers(0, 10**5)
tags = st.sampled_from((UP, DOWN))


def test_the_lower_end_of_what_is_all_but_nothing_is_not_above_it() -> None:
    """s e^(x - 1) is far below one unit, whether or not values lean; a unit more would reject."""
    p = 64
    for slopes in ({}, {0: (0, 0)}, {0: (1 << p, 0)}):
        (low, high), _ = form(
            UP, ONE, ((-(200 << p),) * 2, (0, 0)), p, slopes=slopes, radius={0: 1 << p}
        )
        assert low <= 0 < high


@given(
    tags,
    parameters,
    st.tuples(numbers, numbers, numbers),
    st.tuples(widths, widths, widths),
    st.sampled_from((24, 53, 100)),
)
def test_a_majorant_is_enclosed(
    tag: str,
    parameter: Fraction,
    point: tuple[Fraction, Fraction, Fraction],
    width: tuple[int, int, int],
    p: int,
) -> None:
    x, y, lam = (int(number * 2**p) for number in point)
    if tag == DOWN:
        y = lam - abs(y) - width[1] - 1
    value = lam, lam + width[2]
    box = (x, x + width[0]), (y, y + width[1])
    (lo, hi), slopes = form(tag, parameter, box, p, value=value)
    assert slopes == {}
    ends = [Fraction(end, 2**p) for end in box[0]]
    gaps = [Fraction(y - value[1], 2**p), Fraction(y + width[1] - value[0], 2**p)]
    below, above = ends
    if tag == DOWN:  # it decreases in x, and increases in y
        below, above = above, below
    low = exact(tag, parameter, below, gaps[0], p)
    high = exact(tag, parameter, above, gaps[1], p)
    assert lo <= low[0]
    assert high[1] <= hi
    if max(width) <= 2:
        size = 1 + abs(high[1]) / 2**p / parameter
        slope = parameter * size if tag == UP else parameter + parameter / abs(gaps[1])
        assert hi - high[1] <= 20 * (size + slope + parameter)
        assert low[0] - lo <= 20 * (size + slope + parameter)


@given(
    tags,
    parameters,
    st.tuples(numbers, numbers),
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=3),
    st.lists(st.sampled_from((0, 1, 100, 999, 300_000)), min_size=3, max_size=3),
    st.sampled_from((10, 20, 53)),
)
def test_a_majorant_leans_as_it_says(
    tag: str,
    s: Fraction,
    point: tuple[Fraction, Fraction],
    leans: list[tuple[Fraction, Fraction]],
    sizes: list[int],
    p: int,
) -> None:
    """A, L against their definition; and the majorant below A + L . dv at the box's corners."""
    unit = 1 << p
    x, y = (int(number * unit) for number in point)
    rho = {j: size * unit // 5000 for j, size in enumerate(sizes[: len(leans)])}
    scale = {j: 1 if size == 300_000 else unit for j, size in enumerate(sizes)}
    slopes = {j: (int(n * scale[j]), int(m * scale[j])) for j, (n, m) in enumerate(leans)}
    lean = sum(Fraction(abs(m) * rho[j], unit * unit) for j, (_, m) in slopes.items())
    if tag == DOWN:
        y = -abs(y) - int(lean * unit) - 200 - 4 * sum(rho.values()) // unit
    (low, high), own = form(tag, s, ((x, x), (y, y)), p, slopes=slopes, radius=rho)
    assert low <= high
    gap, push = Fraction(-y, unit), {j: Fraction(n, unit) for j, (n, _) in slopes.items()}
    g = {j: push[j] + Fraction(m, unit) / s for j, (_, m) in slopes.items()}
    exponent = Fraction(x, unit) - gap / s - 1
    with precision(p + 300):
        if tag == UP:
            reach = sum((abs(g[j]) * rho[j] / unit for j in g), Fraction(0))
            factor = ball(s) * ball(exponent).exp()
            constant = factor * (ball(reach).exp() - ball(reach))
            expected = {j: factor * ball(n) for j, n in g.items()}
            doubt = (
                ball(60 * (1 + s + 1 / s)) * (1 + factor / ball(s)) * (1 + ball(reach).exp()) ** 2
            )
        else:
            t = 1 / gap
            inner = ball(1 + Fraction(x, unit) + t * lean) + (ball((gap - lean) / s)).log()
            constant = -ball(s) * inner
            expected = {
                j: ball(s * (t * Fraction(m, unit) - push[j])) for j, (_, m) in slopes.items()
            }
            doubt = ball((60 + 60 * s) * (1 + t) * (1 + 1 / (gap - lean)) * 20)
        doubt *= 1 + 2 * sum(rho.values()) // unit  # slopes are rounded
        assert constant * unit - doubt < low
        assert high < constant * unit + doubt
        for j, n in expected.items():
            assert abs(n * unit - own[j]) < doubt
        signs = [{}]
        for j in slopes:
            signs = [{**dv, j: sign * rho[j]} for dv in signs for sign in (-1, 0, 1)]
        for dv in signs:
            z = Fraction(x, unit) + sum(push[j] * n / unit for j, n in dv.items())
            d = -gap + sum(Fraction(slopes[j][1] * n, unit * unit) for j, n in dv.items())
            bound = high + sum(Fraction(own[j] * n, unit) for j, n in dv.items())
            off = Fraction(2 * sum(map(abs, dv.values())), unit * unit)  # of rounded slopes
            for a, b in ((0, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
                assert exact(tag, s, z + a * off, d + b * off, p)[0] <= bound


class FreePlaces:
    """One majorant of a stage that leads to free places and leans on others, in units of 2^-p."""

    def __init__(self, seed: int, *, wide: bool = False) -> None:
        draw = Random(seed)
        self.p = p = draw.choice((12, 20, 40))
        self.unit = unit = 1 << p
        self.tag, self.s = draw.choice((UP, DOWN)), Fraction(draw.randint(20, 400), 100)
        self.gamma = Fraction(draw.randint(1, 10), 10)
        self.x, self.y = (draw.randint(-unit, unit) for _ in range(2))
        places = range(draw.randint(1, 3))
        weights = [draw.randint(1, 3) for _ in places]
        self.P = [Fraction(w, sum(weights)) for w in weights]
        self.points = [
            [
                (draw.randint(-unit, unit), draw.randint(-unit, unit))
                for _ in range(draw.randint(1, 3))
            ]
            for _ in places
        ]
        others = range(draw.choice((0, 0, 1, 2)))
        size, sizes = draw.choice(((unit, (0, 1, unit // 50, unit // 5)), (9, (60 * unit, 1))))
        self.radius = {j: draw.choice(sizes) for j in others}
        self.slopes: Slopes = {
            j: (draw.randint(-size, size), draw.randint(-size, size)) for j in others
        }
        self.lam = draw.randint(-3 * unit, 3 * unit)
        if self.tag == DOWN:
            self.lam = self.y + draw.randint(0, 4 * unit)
        sizes = (0, 3, unit // 3) if wide else (0,)
        self.shift = draw.choice((0, 0, 0, 1, -2))
        self.widths = [draw.choice(sizes) for _ in range(3)]  # of x, y and lam

    def outward(self, number: Fraction) -> Interval:
        return floor(number), ceil(number)

    def form(self) -> Form:
        def height(b: int, sigma: int) -> list[Interval]:
            assert b == 0
            most = (
                max(K + Fraction(sigma * d, self.unit) for d, K in points) for points in self.points
            )
            total = sum((q * m for q, m in zip(self.P, most, strict=True)), Fraction(0))
            return [self.outward(total)]

        def tops(b: int, weights: Weights) -> list[tuple[int, int]]:
            """Of all sums, more than are needed."""
            assert (b, weights) == (0, (1,))
            return [(floor(d), ceil(K)) for K, d in sorted(self.sums())]

        x, y, lam = (
            (low, low + width)
            for low, width in zip((self.x, self.y, self.lam), self.widths, strict=True)
        )
        free = Free(
            y=[[y]],
            slopes=[[self.slopes]],
            gamma=self.gamma.as_integer_ratio(),
            height=height,
            tops=tops,
        )
        nowhere = -(10**9), 10**9  # this and the slopes with it are for tangents only
        stage = Stage("here", self.p, INTEGER, [], [], [], self.radius, free)
        function = stage._up if self.tag == UP else stage._chord
        corner = (1,), {0: ((x, nowhere), {9: (1, 1)})}
        return function(self.s.as_integer_ratio(), corner, 0, lam, self.shift << self.p)

    def sums(self) -> Iterator[tuple[Fraction, Fraction]]:
        """K and d, for every pick of points."""
        for picks in product(*self.points):
            K, d = (
                sum((q * pick[k] for q, pick in zip(self.P, picks, strict=True)), Fraction(0))
                for k in (1, 0)
            )
            yield K, d

    def values(
        self,
        dv: dict[int, int],
        ends: tuple[int, ...] = (0, 0, 0),
        off: tuple[int, int] = (0, 0),
    ) -> Iterator[tuple[Fraction, Fraction]]:
        """Exponent, and value less lam, for every pick of points, at ends of x, y and lam.

        Slopes are rounded, of a mean of rounded ones: push and lean may be ``off`` by two units.
        """
        numbers = zip((self.x, self.y, self.lam), self.widths, ends, strict=True)
        x, y, lam = (Fraction(low + width * end, self.unit) for low, width, end in numbers)
        x, y = x - self.shift, y - lam
        x += Fraction(off[0] * sum(map(abs, dv.values())), self.unit**2)
        y += Fraction(off[1] * sum(map(abs, dv.values())), self.unit**2)
        for j, (push, lean) in self.slopes.items():
            x += Fraction(push * dv[j], self.unit**2)
            y += Fraction(lean * dv[j], self.unit**2)
        for K, d in self.sums():
            yield x + self.gamma * d / self.unit, y + K / self.unit


def formed(seeds: range, *, wide: bool = False) -> Iterator[tuple[FreePlaces, Form]]:
    """Those whose majorant is none that is refused, in either way more than 40."""
    count = {UP: 0, DOWN: 0}
    for seed in seeds:
        drawn = FreePlaces(seed, wide=wide)
        try:
            found = drawn.form()
        except FailureError:
            continue
        count[drawn.tag] += 1
        yield drawn, found
    assert min(count.values()) > 40


@pytest.mark.parametrize("wide", [False, True])
def test_majorants_over_free_places_hold(wide: bool) -> None:  # noqa: FBT001
    """For all picks, in all of the intervals and the box, and for slopes that are rounded."""
    offs = (0, 0), (2, 2), (2, -2), (-2, 2), (-2, -2)
    ends = [*product((0, 1), repeat=3)] if wide else [(0, 0, 0)]
    for drawn, ((low, high), own) in formed(range(160 if wide else 250), wide=wide):
        assert low <= high
        assert set(own) == set(drawn.slopes)
        for signs in product((-1, 1), repeat=len(drawn.radius)):
            dv = {j: sign * drawn.radius[j] for sign, j in zip(signs, drawn.radius, strict=True)}
            bound = high + sum(Fraction(own[j] * n, drawn.unit) for j, n in dv.items())
            for at, off in product(ends, offs if dv else offs[:1]):
                for x, d in drawn.values(dv, at, off):
                    assert exact(drawn.tag, drawn.s, x, d, drawn.p)[0] <= bound


def test_majorants_over_free_places_are_tight() -> None:
    """Without slopes "chord" is as tight as its roundings; with slopes, "up" is as defined."""
    for drawn, ((_, high), own) in formed(range(400)):
        tag, s, unit = drawn.tag, drawn.s, drawn.unit
        middle = drawn.values(dict.fromkeys(drawn.radius, 0))
        most = float(max(exact(tag, s, x, d, drawn.p)[1] for x, d in middle))
        g = {j: float((push + lean / s) / unit) for j, (push, lean) in drawn.slopes.items()}
        reach = sum(abs(g[j]) * drawn.radius[j] / unit for j in g)
        doubt = (300 + 10 * sum(drawn.radius.values()) // unit) * (1 + 1 / s) * (1 + s)
        doubt *= Fraction(1 + abs(most) / unit)
        if tag == UP:
            assert abs(high - most * (exp(reach) - reach)) <= doubt
            for j, n in g.items():
                assert abs(own[j] - most * n) <= doubt
        elif not own:
            assert high - most <= 30 + 30 * s


def test_down_needs_a_negative_difference_for_every_pick() -> None:
    refused = 0
    for seed in range(400):
        drawn = FreePlaces(seed)
        if drawn.tag == DOWN and max(d for _, d in drawn.values(drawn.radius)) >= 0:
            with pytest.raises(FailureError) as caught:
                drawn.form()
            what = "undecided whether y >= upper for some value"
            assert str(caught.value).startswith(f"{what}, by a")
            assert caught.value.outcome == "inconclusive"
            refused += 1
    assert refused > 10


@pytest.mark.parametrize(
    ("y", "outcome", "what"),
    [
        ((0, 0), "rejected", "down has no y < upper"),
        ((0, 1), "rejected", "down has no y < upper"),
        ((5, 9), "rejected", "down has no y < upper"),
        ((-1, 0), "inconclusive", "undecided whether down has no y < upper"),
        ((-1, 1), "inconclusive", "undecided whether down has no y < upper"),
    ],
)
def test_down_needs_a_negative_difference(y: Interval, outcome: str, what: str) -> None:
    for tag in (DOWN, CHORD):
        with pytest.raises(FailureError) as caught:
            form(tag, ONE, ((0, 0), y), 64)
        assert caught.value.outcome == outcome
        assert str(caught.value).startswith(f"{what}, by a")


def test_down_needs_it_in_all_of_the_box() -> None:
    p, leaning = 20, {0: (0, 3 << 20)}
    radius = {0: 1 << 10}  # y varies by 3 << 10, and some units of rounding
    for gap, outcome in ((3 << 10, "rejected"), ((3 << 10) + 99, "")):
        box = (0, 0), (-gap, -gap)
        if outcome:
            with pytest.raises(FailureError) as caught:
                form(DOWN, ONE, box, p, slopes=leaning, radius=radius)
            assert caught.value.outcome == outcome
        else:
            form(DOWN, ONE, box, p, slopes=leaning, radius=radius)
    with pytest.raises(FailureError) as caught:
        form(DOWN, ONE, ((0, 0), (-(3 << 10) - 99, -99)), p, slopes=leaning, radius=radius)
    assert caught.value.outcome == "inconclusive"


def test_down_takes_the_smallest_difference() -> None:
    (lo, hi), _ = form(DOWN, ONE, ((0, 0), (-2, -1)), 64)
    assert (lo >> 64, hi >> 64) == (42, 43)  # 63 ln 2 - 1 and 64 ln 2 - 1


@pytest.mark.parametrize(
    ("ends", "outcome", "what"),
    [
        ((0, 0), "rejected", "its exponent exceeds 16384"),
        ((1, 9), "rejected", "its exponent exceeds 16384"),
        (
            (-1, 0),
            "inconclusive",
            "undecided whether its exponent exceeds 16384",
        ),
        (
            (-1, 5),
            "inconclusive",
            "undecided whether its exponent exceeds 16384",
        ),
    ],
)
def test_exponents_have_a_limit(ends: Interval, outcome: str, what: str) -> None:
    p = 40
    x = ((MAX_EXPONENT + 1) << p) + ends[0], ((MAX_EXPONENT + 1) << p) + ends[1]
    with pytest.raises(FailureError) as caught:
        form(UP, ONE, (x, (0, 0)), p)
    assert caught.value.outcome == outcome
    assert str(caught.value).startswith(f"{what}, by a")


def test_the_largest_exponent() -> None:
    p = 40
    x = ((MAX_EXPONENT + 1) << p) - 1
    assert form(UP, ONE, ((x, x), (0, 0)), p, elementary=Told()) == ((x - (1 << p),) * 2, {})


def plain(size: int) -> Leaf:
    return Leaf(((UP, ONE),) * size)


def leaves(tree: Iterator[Split | Leaf], part: list[list[Fraction]]) -> Iterator[list[Fraction]]:
    """The sums at the corners of each leaf, where the majorant of x and y is x + y - 1."""
    entry = next(tree)
    if not isinstance(entry, Split):
        yield [sum(x - 1 for x in corner) for corner in part]
        return
    i, j = entry.i, entry.j
    middle = [(x + y) / 2 for x, y in zip(part[i], part[j], strict=True)]
    for end in (i, j):
        yield from leaves(tree, [middle if k == end else part[k] for k in range(len(part))])


@st.composite
def trees(draw: st.DrawFn, actions: int, size: int) -> Tree:
    """A tree of at most 3 levels whose majorants are up with s = 1."""

    def grow(depth: int) -> Tree:
        if actions == 1 or depth == 3 or draw(st.booleans()):
            return (plain(size),)
        i, j = draw(st.permutations(range(actions)))[:2]
        return (Split(i, j), *grow(depth + 1), *grow(depth + 1))

    return grow(0)


@given(st.data(), st.integers(1, 3), st.integers(1, 2))
def test_the_largest_corner_of_a_tree(data: st.DataObject, actions: int, size: int) -> None:
    unit, p = 1 << 10, 10  # so that halvings of corners are exact
    drawn = st.tuples(st.integers(-9, 9), st.integers(0, 5))

    def columns() -> list[list[Interval]]:
        pairs = [[data.draw(drawn) for _ in range(actions)] for _ in range(size)]
        return [[(unit * low, unit * (low + width)) for low, width in by_a] for by_a in pairs]

    x, y = columns(), columns()
    tree = data.draw(trees(actions, size))
    stage = Stage("here", p, Told(), x, y, [[{} for _ in range(actions)] for _ in range(size)])
    bound, ((leaf, corner),) = stage.bound([tuple(range(size))], [tree], (0, 0))
    lows, highs = (
        list(
            leaves(
                iter(tree),
                [
                    [Fraction(x[b][a][end] + y[b][a][end], unit) for b in range(size)]
                    for a in range(actions)
                ],
            )
        )
        for end in (0, 1)
    )
    assert bound[0] == max(x for at in lows for x in at) * unit
    assert bound[1] == max(x for at in highs for x in at) * unit
    assert lows[leaf][corner] * unit == bound[0]


def test_a_majorant_of_a_tree_names_its_place() -> None:
    tree: Tree = (Split(0, 1), plain(2), Leaf(((UP, ONE), (DOWN, ONE))))
    zero = [(0, 0), (0, 0)]
    y = {2: [(-8, -8), (-8, -8)], 7: [(-8, -8), (8, 8)]}
    none: list[Slopes] = [{}, {}]
    columns = [y.get(b, zero) for b in range(8)]
    stage = Stage("here", 16, INTEGER, [zero] * 8, columns, [none] * 8)
    with pytest.raises(FailureError) as caught:
        stage.bound([(2, 7)], [tree], (0, 0))
    assert str(caught.value) == (
        "majorant at here, leaf 1, corner 1, follower action 7: down has no y < upper, "
        "by at least 0.00001525"
    )


def zeros(size: int, corners: int, told: Told, p: int = 16) -> Stage:
    """A stage of nothing but zeros."""
    zero = [[(0, 0)] * corners for _ in range(size)]
    return Stage("here", p, told, zero, zero, [[{}] * corners for _ in range(size)])


def test_a_tree_fits_its_cell() -> None:
    for size in (1, 3):
        with pytest.raises(ValueError, match="zip"):
            zeros(2, 1, Told()).bound([(0, 1)], [(plain(size),)], (0, 0))
    for cells, shown in (([(0,), (1,)], 1), ([(0,)], 2)):
        with pytest.raises(ValueError, match="zip"):
            zeros(2, 1, Told()).bound(cells, [(plain(1),)] * shown, (0, 0))


def shifted_sum(shift: int, *answers: Interval) -> Interval:
    """The bound of a leaf at two corners, three follower actions each, where exp says this."""
    tree = (Leaf(((UP, ONE),) * 3, shift),)
    return zeros(3, 2, Told([*answers] * 2)).bound([(0, 1, 2)], [tree], (0, 0))[0]


@given(st.integers(-9, 9))
def test_a_shift_is_added_to_the_nodes(shift: int) -> None:
    asked = []

    class Asked(Told):
        def exp(self, x: Interval, p: int) -> Interval:
            asked.append((x[0] >> p, x[1] >> p))
            return -1, 0

    stage = Stage("here", 16, Asked(), [[(3 << 16, 5 << 16)]], [[(-99 << 16, -98 << 16)]], [[{}]])
    bound, spots = stage.bound([(0,)], [(Leaf(((UP, ONE),), shift),)], (0, 0))
    assert asked == [(3 - shift - 99 - 1, 5 - shift - 98 - 1)]
    assert bound == ((-1, 0) if shift == 0 else (0, 0))
    assert spots == [(0, 0)]


@pytest.mark.parametrize("shift", [-3, 0, 2])
def test_down_at_another_scale(shift: int) -> None:
    p = 40
    box = (5 << p, 5 << p), (-(2 << p), -(2 << p))
    found, _ = form(DOWN, ONE, box, p, shift=shift)
    other, _ = form(DOWN, ONE, ((5 - shift << p, 5 - shift << p), box[1]), p)
    assert found == other


def test_a_shifted_leaf_proves_a_bound_of_zero() -> None:
    below = ((-9, -8), (-1, -1), (3, 4))
    assert shifted_sum(0, *below) == (-7, -5)
    for shift in (1, -1, 40):
        assert shifted_sum(shift, *below) == (0, 0)
        assert shifted_sum(shift, (-4, -4), (1, 1), (3, 3)) == (0, 0)


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (((-4, -4), (1, 1), (4, 4)), "rejected"),
        (((0, 0), (5, 9), (-4, -4)), "rejected"),
        (((-4, -4), (1, 1), (3, 4)), "inconclusive"),
        (((-9, 9), (0, 0), (0, 0)), "inconclusive"),
    ],
)
def test_a_shifted_leaf_above_zero_proves_nothing(
    answers: tuple[Interval, ...], outcome: str
) -> None:
    for shift in (1, -7):
        with pytest.raises(FailureError) as caught:
            shifted_sum(shift, *answers)
        assert caught.value.outcome == outcome
        what = "the majorants' sum at here, leaf 0, corner 0 exceeds 0, by "
        assert what in str(caught.value)


def sum_of(*answers: Interval) -> None:
    """Check a node whose two cells have one leaf with one corner, where exp says this."""
    game = Game.from_arrays(None, [[[0, 0]]], [[[0, 0]]], eta=1)
    row = ((0, ONE),)
    node = Node(0, 0, ONE, 0, (row, row), ((plain(1),), (plain(1),)))
    _check_nodes(game, (node,), 16, Told(list(answers)))


def test_sums_of_at_most_zero_pass() -> None:
    for answers in (
        ((0, 0), (0, 0)),
        ((-7, -2), (2, 2)),
        ((5, 6), (-6, -6)),
        ((-9, -8), (-9, -8)),
    ):
        sum_of(*answers)


def test_a_positive_sum_is_rejected() -> None:
    for answers in (((1, 1), (0, 0)), ((-3, 0), (4, 4)), ((1, 9), (0, 0))):
        with pytest.raises(FailureError) as caught:
            sum_of(*answers)
        assert caught.value.outcome == "rejected"
        assert str(caught.value) == (
            "upper bound at step 0, state 0: the majorants' sum exceeds 0"
            " at (leaf, corner) [(0, 0), (0, 0)] of the cells [[0], [1]], by at least 0.00001525"
        )


def test_a_sum_that_may_be_positive_is_inconclusive() -> None:
    for answers in (((-1, 1), (0, 0)), ((-3, 3), (2, -2)), ((-8, -7), (7, 8))):
        with pytest.raises(FailureError) as caught:
            sum_of(*answers)
        assert caught.value.outcome == "inconclusive"
        assert str(caught.value) == (
            "undecided whether upper bound at step 0, state 0: the majorants' sum exceeds 0 at"
            " (leaf, corner) [(0, 0), (0, 0)] of the cells [[0], [1]], by a number in"
            " [-0.00001526, 0.00001526]; raise the precision"
        )
