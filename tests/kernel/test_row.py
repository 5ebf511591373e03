"""A row built by hand obeys the rules that the readers enforce."""

import pytest

from exactqse.errors import GameError
from exactqse.kernel.game import Row


@pytest.mark.parametrize(
    ("denominator", "states", "numerators"),
    [
        (1, (-1,), (1,)),
        (2, (0,), (2,)),
        (1, (0,), (7,)),
        (2, (1, 0), (1, 1)),
        (2, (0, 0), (1, 1)),
        (1, (0, 1), (2, -1)),
        (1, (0, 1), (1,)),
        (1, (), ()),
    ],
)
def test_refused(denominator: int, states: tuple[int, ...], numerators: tuple[int, ...]) -> None:
    with pytest.raises(GameError):
        Row(denominator, states, numerators)
