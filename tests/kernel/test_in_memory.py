"""What ``check`` refuses of objects that no file could hold."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from exactqse import Game, check, solve
from exactqse.errors import CertificateError, GameError, KindError
from exactqse.kernel.certificate import Certificate, Leaf, Node, Split


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


ONE = Fraction(1)
ROW = ((0, ONE),)
LEAF = Leaf((("up", ONE),))


class WideSplit(Split):
    pass


class WideLeaf(Leaf):
    pass


class WideCertificate(Certificate):
    pass


def holding(policy: object = (ROW,), trees: object = ((LEAF,),)) -> Certificate:
    node = Node(0, 0, ONE, 0, policy, trees)
    return Certificate("0" * 64, 64, ONE, ONE, (node,))


@pytest.mark.parametrize(
    "certificate",
    [
        replace(holding(), nodes=list(holding().nodes)),
        holding(policy=[ROW]),
        holding(policy=([*ROW],)),
        holding(policy=(([0, ONE],),)),
        holding(trees=[(LEAF,)]),
        holding(trees=([LEAF],)),
        holding(trees=((Leaf([*LEAF.majorants]),),)),
        holding(trees=((Leaf((["up", ONE],)),),)),
        holding(trees=((WideLeaf(LEAF.majorants),),)),
        holding(trees=((WideSplit(0, 1), LEAF, LEAF),)),
        WideCertificate("0" * 64, 64, ONE, ONE, holding().nodes),
    ],
    ids=range(11),
)
def test_what_could_change_is_refused(certificate: Certificate) -> None:
    with pytest.raises(CertificateError) as caught:
        certificate.revalidate()
    assert caught.value.where == "certificate"
    assert caught.value.what.startswith("needs Certificate, Node and tuple values")


def test_what_is_fixed_passes() -> None:
    holding().revalidate()
    holding(trees=((Split(0, 1), LEAF, LEAF),)).revalidate()


def test_rules_are_enforced_again() -> None:
    certificate = holding()
    object.__setattr__(certificate, "precision", 5)
    with pytest.raises(CertificateError, match="5 bits is not in"):
        certificate.revalidate()
    certificate = holding()
    object.__setattr__(certificate.nodes[0], "upper", 1.0)
    with pytest.raises(CertificateError, match="needs int and Fraction"):
        certificate.revalidate()


@pytest.mark.parametrize("precision", [np.int64(64), 128.0, "128", True])
def test_precision_is_a_plain_int(precision: object) -> None:
    with pytest.raises(CertificateError) as caught:
        check(game(), solve(game(), 10).certificate, precision=precision)
    assert caught.value.where == "precision"
    assert caught.value.what == f"{precision!r} is not an int"


def test_a_game_of_lists_is_refused() -> None:
    fixed = game()
    lists = [[[list(by_b) for by_b in state] for state in step] for step in fixed.u]
    with pytest.raises(GameError, match="nested tuples of Fraction"):
        replace(fixed, u=lists)


def test_arguments_of_the_wrong_kind() -> None:
    found = holding()
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
