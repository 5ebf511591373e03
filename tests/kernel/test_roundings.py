"""Majorants that lean, unit by unit: by hand, with exp and log told (proofs/farsighted-bound.md).

At p = 8 and radii of 2 and 1: slopes that are n units off are 3n units off in a sum. What is
rounded is off by less than one unit; every count here is the proof's, and one less is not proved.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from exactqse.kernel.certificate import Leaf
from exactqse.kernel.interval import Interval
from exactqse.kernel.stage import FailureError, Form, Free, Slopes, Stage, _plus, require

P, RADIUS, SLOPES = 8, {0: 512, 1: 256}, {0: (7, -20), 1: (5, 40)}
X, Y, LAM, SHIFT = (100, 110), (-1000, -990), (24, 30), 64


class Told:
    """exp and log as they are told, asked about these arguments alone."""

    name = "told"

    def __init__(self, answers: dict[object, Interval]) -> None:
        self.answers = answers

    def exp(self, x: Interval, p: int) -> Interval:
        assert p == P
        return self.answers[x]

    def log(self, numerator: Interval, denominator: int, p: int) -> Interval:
        assert p == P
        return self.answers[numerator, denominator]


def form(
    function: Callable[..., Form],
    answers: dict[object, Interval],
    *,
    free: Free | None = None,
    slopes: Slopes = SLOPES,
) -> Form:
    """The majorant whose parameter is 2."""
    stage = Stage("here", P, Told(answers), [], [], [], RADIUS, free)
    return function(stage, (2, 1), ((1,), {0: ((X, Y), slopes)}), 0, LAM, SHIFT)


def test_up_counts_its_roundings() -> None:
    # z = x + (y - lam)/2 - 1 - shift is in [-735, -717]; g = push + lean/2 = (-3, 25); D = 31;
    # 6 + 5/2 units of g, 8 of them, are 24 and one more; those of L are 3 and one more
    answers = {(-760, -692): (512, 768), (31, 31): (300, 310)}
    low, high = 2 * (2 * 269), 2 * 837  # 512/256 (300 - 31), and 768/256 (310 - 31)
    assert form(Stage._up, answers) == ((low - 4, high + 4), {0: 6 * -3, 1: 6 * 25})


def test_down_counts_its_roundings() -> None:
    # T in [1014, 1030]; D = 80, and 4 units of slopes, 12 and one more: 93; t = 1/T = 63;
    # t D = 22; 4 + 4 t units of slopes are 13 + 3 and one more: 17
    answers: dict[object, Interval] = {((921, 937), 512): (300, 310)}
    low = 256 + 100 - 64 + 300 + 22 - 17
    high = 256 + 110 - 64 + 310 + 22 + 17 + 1
    tilted = {0: 2 * (-5 - 7), 1: 2 * (9 - 5)}
    assert form(Stage._down, answers) == ((-2 * high - 4, -2 * low + 4), tilted)


def test_down_without_slopes_loses_nothing() -> None:
    answers: dict[object, Interval] = {((1014, 1030), 512): (300, 310)}
    low, high = 256 + 100 - 64 + 300, 256 + 110 - 64 + 310
    assert form(Stage._down, answers, slopes={}) == ((-2 * high, -2 * low), {})


def free_places(
    heights: dict[int, Interval], tops: list[tuple[int, int]], *, slopes: Slopes = SLOPES
) -> Free:
    """Heights by sigma, and sums (d, K)."""
    return Free(
        [[Y]], [[slopes]], (1, 2), lambda _b, sigma: [heights[sigma]], lambda _b, _weights: tops
    )


def test_a_chord_counts_its_roundings() -> None:
    # T - D is 1014 - 93 - K at least, 921 + 60 and 921 - 45; half d, rounded down, is -16 and 20:
    # of 330 - 16 and 300 + 20 the first is less; T is at most 1030 + 1 + 60: t = 60; t D = 21
    answers: dict[object, Interval] = {
        ((981, 981), 512): (330, 337),
        ((876, 876), 512): (300, 307),
    }
    free = free_places({}, [(-31, -60), (40, 45)])
    inner = 256 + 100 - 64 + 314 + 21
    low, high = inner - 17, inner + 17 + 1  # 4 + 4 t units of slopes are 13 + 3 and one more
    tilted = {0: 2 * (-5 - 7), 1: 2 * (9 - 5)}
    found = form(Stage._chord, answers, free=free)
    assert found == ((-2 * high - 4, -2 * low + 4), tilted)


def test_the_tangent_of_a_chord_is_no_steeper_than_at_the_largest_t() -> None:
    # T - D is 1014 - 93 - 900; T is below 30 + 1000 - 899 = 131 units: t = 65536 // 131 = 500, and
    # 504 for 130; t D = 181; 4 + 4 t units of slopes are 13 + 25 and one more
    free = free_places({}, [(0, 900)])
    (low, high), tilted = form(Stage._chord, {((21, 21), 512): (300, 307)}, free=free)
    inner = 256 + 100 - 64 + 300 + 181
    assert (low, high) == (-2 * (inner + 39 + 1) - 4, -2 * (inner - 39) + 4)
    assert tilted == {0: 2 * (-40 - 7), 1: 2 * (78 - 5)}


def test_up_where_places_are_free() -> None:
    # sigma = gamma s = 1: their height is added to y: z is in [-705, -683]; push and lean stay
    answers = {(-730, -658): (512, 768), (31, 31): (300, 310)}
    found = form(Stage._up, answers, free=free_places({256: (60, 68)}, []), slopes={9: (1, 1)})
    assert found == ((1076 - 4, 1674 + 4), {0: -18, 1: 150})


def test_places_of_which_one_of_two_says_nothing() -> None:
    x, y = {0: 5, 1: -2}, {1: 3, 2: 4}
    assert _plus(x, y, 1) == {0: 5, 1: 1, 2: 4}
    assert _plus(x, y, -1) == {0: 5, 1: -5, 2: -4}
    assert _plus(x, {}, 1) == x
    assert _plus(x, x, 1) == {0: 10, 1: -4}
    assert _plus(x, x, -1) == {}
    assert _plus(x, {0: 7, 1: 1}, -1) == {0: -2, 1: -3}


def test_what_bends_is_rounded_up() -> None:
    # 500 21 + 256 40 = 20740 = 81 256 + 4; 4 units of slopes are 11 and one more
    stage = Stage("here", P, Told({}), [], [], [], {0: 500, 1: 256})
    assert stage._bend({0: (7, -21), 1: (5, 40)}) == 82 + 12
    assert stage._bend({}) == 0


@pytest.mark.parametrize(
    ("b", "expected"),
    [
        (0, ((32, 44), {0: 14, 1: 10})),  # 2 (x - 4), and 2 push
        (1, ((332, 349), {0: -20 + 14, 1: 40 + 10})),  # and y, lean
    ],
)
def test_what_a_response_outside_of_the_cell_is_worth_is_left_out(
    b: int, expected: tuple[Interval, dict[int, int]]
) -> None:
    x, y = [[(10, 12)], [(20, 26)]], [[(100, 101)], [(300, 305)]]
    stage = Stage("here", P, Told({}), x, y, [[{9: (1, 1)}], [SLOPES]], RADIUS, reference=4)
    assert stage._bracket(0, (1,), b, [256, 512]) == (*expected, (0, 0))


@pytest.mark.parametrize(
    ("low", "high", "p", "outcome", "message"),
    [
        (3, None, 0, "rejected", "it is false, by at least 3"),
        (Fraction(1, 4), None, 0, "rejected", "it is false, by at least 0.25"),
        (3, 5, 1, "rejected", "it is false, by at least 1.5"),
        (1, 1, 3, "rejected", "it is false, by at least 0.125"),
        (
            0,
            1,
            1,
            "inconclusive",
            "undecided whether it is false, by a number in [0, 0.5]; raise the precision",
        ),
        (
            -3,
            4,
            2,
            "inconclusive",
            "undecided whether it is false, by a number in [-0.75, 1]; raise the precision",
        ),
    ],
)
def test_an_excess_is_told(
    low: Fraction | int, high: int | None, p: int, outcome: str, message: str
) -> None:
    arguments = (low,) if high is None else (low, high, p)
    with pytest.raises(FailureError) as caught:
        require("it is false", *arguments)
    assert (caught.value.outcome, str(caught.value)) == (outcome, message)


def test_refusals_tell_their_excess_at_the_stages_precision() -> None:
    far = (16384 + 4 << P, 16384 + 4 << P)  # the largest that is allowed is a unit below 16384
    with pytest.raises(FailureError) as up:
        Stage("here", P, Told({}), [], [], [])._exp(far)
    assert str(up.value) == "its exponent exceeds 16384, by at least 4.003"
    with pytest.raises(FailureError) as chord:  # T is at least 1014 - 1100 - 93 units, not 1
        form(Stage._chord, {}, free=free_places({}, [(0, 60), (0, 1100)]))
    what = "undecided whether y >= upper for some value, by a number in [0, 0.7032]"
    assert str(chord.value) == f"{what}; raise the precision"


@pytest.mark.parametrize("rough", [0, 1, 2])
def test_a_shifted_leaf_is_passed_over_only_at_a_rough_bound_of_zero(
    rough: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the rough bound is one unit the sum may be above 0: here it is by 3 units, or 3/256."""
    monkeypatch.setattr(Stage, "_rough", lambda *_: [rough])
    told = Told({(-512, -512): (3, 4)})  # x - shift - 1
    stage = Stage("here", P, told, [[(0, 0)]], [[(0, 0)]], [[{}]])
    corners = stage._corners((0,), (Leaf((("up", Fraction(1)),), 1),), (0, 0), stage._simplex())
    if not rough:
        assert [*corners] == [((0, 0), {}, (0, 0))]
        return
    with pytest.raises(FailureError) as caught:
        next(corners)
    what = "the majorants' sum at here, leaf 0, corner 0 exceeds 0"
    assert str(caught.value) == f"{what}, by at least 0.01171"


@pytest.mark.parametrize("rough", [6, 7])
def test_a_corner_is_passed_over_where_its_rough_bound_is_a_sum_found(
    rough: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stage, "_rough", lambda *_: [9, rough])
    told = Told({(-256, -256): (4, 6), (-128, -128): (5, 7)})
    stage = Stage("here", P, told, [[(0, 0), (128, 128)]], [[(0, 0)] * 2], [[{}, {}]])
    found = stage._corners((0,), (Leaf((("up", Fraction(1)),)),), (0, 0), stage._simplex())
    first, second = ((4, 6), {}, (0, 0)), ((5, 7), {}, (0, 1))
    assert [*found] == ([first] if rough == 6 else [first, second])


@pytest.mark.parametrize("place", [None, (0, 0), (0, 1), (1, 0), (1, 1)])
def test_no_corner_is_passed_over_where_anything_leans(
    place: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a cell of two members, one at one action: a rough bound does not see how far."""
    monkeypatch.setattr(Stage, "_rough", lambda *_: [9, 0])
    monkeypatch.setattr(Stage, "joint", lambda *_: ((4, 6), {}))
    columns = [[(0, 0)] * 2] * 2
    slopes = [[{0: (1, 1)} if (b, a) == place else {} for a in range(2)] for b in range(2)]
    stage = Stage("here", P, Told({}), columns, columns, slopes)
    leaf = Leaf((("up", Fraction(1)),) * 2)
    found = [*stage._corners((0, 1), (leaf,), (0, 0), stage._simplex())]
    assert [spot for *_, spot in found] == ([(0, 0), (0, 1)] if place else [(0, 0)])


def test_the_corners_of_a_simplex_that_is_given() -> None:
    x, y = [(0, 2), (10, 10)], [(100, 100), (103, 103)]
    halved = (1, 1), (0, 1)
    stage = Stage("here", P, Told({}), [x], [y], [[{0: (4, -4)}, {}]], within={0: halved})
    assert [stage._corner((0,), corner) for corner in halved] == [
        ((1, 1), {0: (((5, 6), (101, 102)), {0: (2, -2)})}),
        ((0, 1), {0: (((10, 10), (103, 103)), {})}),
    ]


@pytest.mark.parametrize(
    ("x", "y", "tag", "parameter"),
    [
        (300, -510, Stage._down, 512 * 696 >> 8),  # kappa = (lam - y) e^(x - reference)
        (300, 2, Stage._down, 1),  # y = lam: any that is positive
        (300, 3, Stage._up, 1),  # s = y - lam
        (300, 258, Stage._up, 256),
        (44 + (16384 << P), -510, Stage._down, 512),  # exp would not fit into memory
    ],
)
def test_the_parameter_of_a_tangent(
    x: int, y: int, tag: Callable[..., Form], parameter: int
) -> None:
    told = Told({(256, 256): (696, 697)})
    stage = Stage("here", P, told, [[(x, x + 5)]], [[(y, y + 5)]], [[{}]], reference=44)
    found = stage._majorant(0, stage._simplex(), 0, (1, 2))
    assert found == (0, tag, (parameter, 256))


@pytest.mark.parametrize("lean", range(-90, 91, 9))
def test_what_leans_is_bounded_from_above(lean: int) -> None:
    """Radii of 3 and 5 units: the largest lean . dv, rounded up, added to both ends."""
    stage = Stage("here", P, Told({}), [], [], [], {0: 3, 1: 5})
    most = Fraction(3 * abs(lean) + 5 * 7, 1 << P)
    reach = -(-most // 1)
    assert stage._spread((-2, 4), {0: lean, 1: -7}) == (-2 + reach, 4 + reach)
