"""Arguments of ``Game.from_arrays`` that are of the wrong kind altogether."""

from typing import Any

import numpy as np
import pytest

from exactqse import Game
from exactqse.errors import InputError

Z = [[[0]]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"names": {"states": None}}, "names.states: expected a list"),
        ({"names": ["a"]}, "names: is not a mapping"),
        ({"names": {"follower_actions": "a"}}, "names.follower_actions: expected a list"),
        ({"names": {"colours": ["a"]}}, "'colours' is not one of"),
        ({"names": {"states": [1]}}, "not a string"),
        ({"rho": True}, "rho: expected a list, found bool"),
        ({"horizon": 1.5}, "horizon: 1.5 is not an integer"),
        ({"horizon": 10**7}, "horizon: 10000000 is more than"),
    ],
)
def test_refused_with_the_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        Game.from_arrays(None, Z, Z, **change)
    assert said in str(caught.value)


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(InputError, match="axes"):
        Game.from_arrays(None, endless, Z)


def test_every_float_infinity_is_a_best_response() -> None:
    assert Game.from_arrays(None, Z, Z, eta=np.float32("inf")).eta is None
