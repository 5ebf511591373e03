"""What ``check`` refuses of objects that no file could hold."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from exactqse import Game, check, solve
from exactqse.errors import CertificateError, GameError
from exactqse.kernel.certificate import Leaf, Node


def game() -> Game:
    return Game.from_arrays(None, [[[2, 4], [1, 3]]], [[[1, 0], [0, 1]]])


def test_lists_that_change_after_validation_are_refused() -> None:
    certificate = solve(game(), 10).certificate
    node = certificate.nodes[0]
    policy = [[(0, Fraction(1))], [(0, Fraction(1))]]
    forged = replace(certificate, nodes=(replace(node, policy=policy),))
    policy[0][0] = policy[1][0] = (0, Fraction(3))
    with pytest.raises(CertificateError, match="no subclasses or lists"):
        check(game(), forged)


def test_a_node_that_does_not_validate_is_refused() -> None:
    class Lax(Node):
        def __post_init__(self) -> None:
            pass

    certificate = solve(game(), 10).certificate
    node = certificate.nodes[0]
    lax = Lax(
        node.step,
        node.state,
        node.upper,
        node.shift,
        node.policy,
        ((Leaf((("up", Fraction(-1)),)),),),
    )
    with pytest.raises(CertificateError, match="no subclasses or lists"):
        check(game(), replace(certificate, nodes=(lax,)))


@pytest.mark.parametrize("precision", [np.int64(64), 128.0, "128", True])
def test_precision_is_a_plain_int(precision: object) -> None:
    with pytest.raises(CertificateError, match="is not an int"):
        check(game(), solve(game(), 10).certificate, precision=precision)


def test_a_game_of_lists_is_refused() -> None:
    fixed = game()
    lists = [[[list(by_b) for by_b in state] for state in step] for step in fixed.u]
    with pytest.raises(GameError, match="nested tuples of Fraction"):
        replace(fixed, u=lists)
