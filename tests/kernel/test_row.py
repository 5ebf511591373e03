"""A row built by hand obeys the rules that the readers enforce."""

from typing import Any

import pytest

from exactqse.errors import GameError
from exactqse.kernel.game import MAX_ROW_BITS, Row


@pytest.mark.parametrize(
    ("denominator", "states", "numerators"),
    [
        (1, (-1,), (1,)),
        (2, (0,), (2,)),
        (1, (0,), (7,)),
        (2, (1, 0), (1, 1)),
        (2, (0, 0), (1, 1)),
        (1, (0, 1), (2, -1)),
        (1, (0, 1), (1, 0)),
        (6, (0, 1), (2, 4)),
        (1, (0, 1), (1,)),
        (1, (), ()),
        (1.0, (0,), (1,)),
        (1, (0,), (1.0,)),
        (True, (0,), (1,)),
        (1, (0.0,), (1,)),
        (1, (False,), (1,)),
    ],
)
def test_refused(denominator: int, states: tuple[int, ...], numerators: tuple[int, ...]) -> None:
    with pytest.raises(GameError):
        Row(denominator, states, numerators)


def test_rows_that_could_change_are_refused() -> None:
    states: Any = [0, 1]
    numerators: Any = [1, 1]
    for fields in ((states, (1, 1)), ((0, 1), numerators), (states, numerators)):
        with pytest.raises(GameError):
            Row(2, *fields)


def test_the_message_shows_the_row_and_is_short() -> None:
    with pytest.raises(GameError) as caught:
        Row(2, (0,), (2,))
    assert caught.value.what == "(0,) with (2,) over 2"
    with pytest.raises(GameError) as caught:
        Row(1, tuple(range(99)), (1,) * 99)
    assert len(caught.value.what) == 120


def test_the_largest_denominator() -> None:
    most = 2**MAX_ROW_BITS - 1
    assert Row(most, (0, 1), (1, most - 1)).denominator == most
    with pytest.raises(GameError, match=f"has more than {MAX_ROW_BITS} bits") as caught:
        Row(most + 1, (0, 1), (1, most))
    assert caught.value.remedy == "round the probabilities"
