"""What ``check`` refuses of objects that no file could hold."""

from dataclasses import fields, replace
from fractions import Fraction

import numpy as np
import pytest

from exactqse import Game, check, solve
from exactqse.errors import CertificateError, GameError, KindError
from exactqse.kernel.certificate import Certificate, Leaf, Node


def game() -> Game:
    return Game.from_arrays(None, [[[2, 4], [1, 3]]], [[[1, 0], [0, 1]]])


def test_lists_are_refused_before_they_can_change() -> None:
    certificate = solve(game(), 10).certificate
    node = certificate.nodes[0]
    policy = [[(0, Fraction(1))], [(0, Fraction(1))]]
    for mutable in (policy, tuple(policy)):
        with pytest.raises(CertificateError, match="of type list does not belong there"):
            replace(certificate, nodes=(replace(node, policy=mutable),))
    with pytest.raises(CertificateError, match="of type list does not belong there"):
        replace(certificate, nodes=[node])


def test_a_node_of_a_subclass_is_refused() -> None:
    class Lax(Node):
        """It may say one thing now and another later."""

    certificate = solve(game(), 10).certificate
    node = certificate.nodes[0]
    lax = Lax(node.step, node.state, node.upper, node.shift, node.policy, node.trees)
    with pytest.raises(CertificateError, match="of type Lax does not belong there"):
        replace(certificate, nodes=(lax,))


def test_a_node_that_breaks_a_rule_is_refused_with_its_certificate() -> None:
    certificate = solve(game(), 10).certificate
    tree = (Leaf((("up", Fraction(-1)),)),)
    node = replace(certificate.nodes[0], trees=(tree, tree))
    with pytest.raises(CertificateError, match="is not positive"):
        replace(certificate, nodes=(node,))


def test_a_certificate_of_a_subclass_is_refused() -> None:
    class Lax(Certificate):
        def __post_init__(self) -> None:
            pass

    certificate = solve(game(), 10).certificate
    lax = Lax(**{field.name: getattr(certificate, field.name) for field in fields(certificate)})
    with pytest.raises(CertificateError, match=r"^certificate: is of a subclass$"):
        check(game(), lax)


@pytest.mark.parametrize("precision", [np.int64(64), 128.0, "128", True])
def test_precision_is_a_plain_int(precision: object) -> None:
    with pytest.raises(CertificateError) as caught:
        check(game(), solve(game(), 10).certificate, precision=precision)
    assert caught.value.where == "precision"
    assert caught.value.what == f"{precision!r} bits is not in 16..65536"


def test_a_game_of_lists_is_refused() -> None:
    fixed = game()
    lists = [[[list(by_b) for by_b in state] for state in step] for step in fixed.u]
    with pytest.raises(GameError, match="nested tuples of Fraction"):
        replace(fixed, u=lists)


def test_arguments_of_the_wrong_kind() -> None:
    found = solve(game(), 10).certificate
    for wrong in (None, "x", 1):
        name = type(wrong).__name__
        for arguments, where, remedy in (
            ((wrong, found), "game", "build one with Game.from_arrays, or "),
            ((game(), wrong), "certificate", "take that of a solution, or "),
        ):
            with pytest.raises(KindError) as caught:
                check(*arguments)
            assert caught.value.where == where
            assert caught.value.what == f"expected a {where}, found {name}"
            assert caught.value.remedy == f"{remedy}read one with {where.title()}.load"
        with pytest.raises(KindError) as caught:
            check(game(), found, elementary=wrong)
        assert caught.value.where == "elementary"
        assert caught.value.what == f"expected an object with exp and log, found {name}"
