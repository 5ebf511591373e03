from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exactqse.arithmetic import Enclosure
from exactqse.errors import InputError, PolicyError, PrecisionError
from exactqse.evaluate import evaluate, evaluate_symbolic, symbolic
from exactqse.model import Game, Policy

few = settings(max_examples=40, deadline=None)
HALF_UNIT = Fraction(1, 2 * 10**60)


def single(r: list[Any], u: list[Any], **options: Any) -> Game:
    return Game.from_arrays(None, [[u]], [[r]], **options)


def rounded(text: str) -> Enclosure:
    """What a decimal with 60 places stands for."""
    return Enclosure(Fraction(text) - HALF_UNIT, Fraction(text) + HALF_UNIT)


def indices(table: Any, index: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    if not isinstance(table, tuple):
        return [index]
    return [found for i, part in enumerate(table) for found in indices(part, (*index, i))]


@few
@given(st.data())
def test_sixty_places_of_every_entry_agree_with_the_enclosures(
    finite_cases: Any, data: st.DataObject
) -> None:
    game, policy = data.draw(finite_cases)
    assume(symbolic._terms(game, policy) <= 120)
    forms = evaluate_symbolic(game, policy, symbolic_eta=data.draw(st.booleans()))
    result = evaluate(game, policy, 70)
    for name in ("V", "Q", "nu", "U", "W", "J"):
        for index in indices(getattr(result, name)):
            x: Any = getattr(result, name)
            for i in index:
                x = x[i]
            assert x.overlaps(rounded(forms.digits(60, name, *index))), (name, index)


@few
@given(st.data())
def test_best_responses_are_rational(best_response_cases: Any, data: st.DataObject) -> None:
    game, policy = data.draw(best_response_cases)
    forms, exact = evaluate_symbolic(game, policy), evaluate(game, policy)
    for x, y in zip(forms.numbers(), exact.numbers(), strict=True):
        assert Fraction(int(x.p), int(x.q)) == y.lower


def test_the_logistic_response() -> None:
    game = single([1, 0], [1, 0], eta="1/2")
    forms = evaluate_symbolic(game, Policy.uniform(game))
    root = sympy.exp(sympy.Rational(1, 2))
    assert sympy.simplify(forms.J - root / (1 + root)) == 0
    assert sympy.simplify(forms.V[0][0] - 2 * sympy.log(1 + root)) == 0
    assert forms.digits(20) == "0.62245933120185456464"
    assert forms.latex() == r"\frac{e^{\frac{1}{2}}}{1 + e^{\frac{1}{2}}}"
    assert forms.latex("U", 0, 0, 0, 0) == "1"


def test_the_derivative_by_eta() -> None:
    game = single([1, 0], [1, 0], eta=3)
    forms = evaluate_symbolic(game, Policy.uniform(game), symbolic_eta=True)
    slope = sympy.diff(forms.J, forms.eta)
    nu = 1 / (1 + sympy.exp(-forms.eta))
    assert sympy.simplify(slope - nu * (1 - nu)) == 0
    assert forms.eta_value == 3
    assert r"\eta" in forms.latex("nu", 0, 0, 0)


def test_no_discounting_multiplies_the_partition_sums() -> None:
    game = single([1, 0], [0, 0], horizon=2, gamma=1)
    forms = evaluate_symbolic(game, Policy.uniform(game))
    assert sympy.expand(sympy.exp(forms.V[0][0]) - (1 + sympy.E) ** 2) == 0


def test_decimals_are_rounded_with_their_sign() -> None:
    game = single([0], ["-2/3"], horizon=1)
    forms = evaluate_symbolic(game, Policy.uniform(game))
    assert forms.digits(5) == "-0.66667"
    assert evaluate_symbolic(single([0], [0]), Policy.uniform(game)).digits(3) == "0.000"


def test_a_zero_that_no_simplification_sees() -> None:
    game = single([1, 0], [1, 0], horizon=1)
    forms = evaluate_symbolic(game, Policy.uniform(game))
    shifted = symbolic.SymbolicEvaluation(**{**vars(forms), "J": forms.J - sympy.E / (1 + sympy.E)})
    assert shifted.digits(30) == "0." + "0" * 30


def test_extreme_exponents() -> None:
    game = single([10**6, 0], [1, 2], horizon=2, eta=10**3, gamma="1/2")
    forms = evaluate_symbolic(game, Policy.uniform(game))
    assert forms.digits(40) == "2." + "0" * 40
    assert forms.digits(10, "V", 0, 0) == "1500000." + "0" * 10


def test_no_agreement_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    game = single([1, 0], [1, 0])
    forms = evaluate_symbolic(game, Policy.uniform(game))
    monkeypatch.setattr(symbolic, "DOUBLINGS", 1)
    with pytest.raises(PrecisionError, match="not settled"):
        forms.digits(5)


def test_too_large_a_game() -> None:
    wide = single([0] * 401, [0] * 401)
    with pytest.raises(InputError, match="401 is above 400"):
        evaluate_symbolic(wide, Policy.uniform(wide))
    deep = single([1, 0], [1, 0], horizon=12, gamma=1)
    with pytest.raises(InputError, match="terms, above 400"):
        evaluate_symbolic(deep, Policy.uniform(deep))


def test_infinity_is_no_symbol() -> None:
    game = single([1, 0], [1, 0], eta="inf")
    with pytest.raises(InputError, match="infinity"):
        evaluate_symbolic(game, Policy.uniform(game), symbolic_eta=True)


@pytest.mark.parametrize(
    ("name", "index"), [("K", ()), ("J", (0,)), ("V", (0,)), ("V", (1, 0)), ("nu", (0, 0, -1))]
)
def test_entries_that_do_not_exist(name: Any, index: tuple[int, ...]) -> None:
    game = single([1, 0], [1, 0])
    forms = evaluate_symbolic(game, Policy.uniform(game))
    with pytest.raises(InputError):
        forms.latex(name, *index)


def test_bad_arguments() -> None:
    game = single([1, 0], [1, 0])
    with pytest.raises(PolicyError):
        evaluate_symbolic(game, None)
    with pytest.raises(InputError, match="digits"):
        evaluate_symbolic(game, Policy.uniform(game)).digits(0)
