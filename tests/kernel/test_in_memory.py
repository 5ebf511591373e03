"""What ``check`` refuses of objects that no file could hold."""

from dataclasses import fields, replace
from fractions import Fraction

import numpy as np
import pytest

from exactqse import Game, check, solve
from exactqse.errors import CertificateError, GameError, KindError
from exactqse.kernel.certificate import Certificate, Leaf, Node
from exactqse.kernel.game import Row
from exactqse.kernel.gamefile import game_hash


def game() -> Game:
    return Game.from_arrays(None, [[[2, 4], [1, 3]]], [[[1, 0], [0, 1]]])


def test_lists_are_refused_before_they_can_change() -> None:
    certificate = solve(game(), 10).certificate
    node = certificate.nodes[0]
    policy = [[(0, Fraction(1))], [(0, Fraction(1))]]
    for mutable in (policy, tuple(policy)):
        with pytest.raises(CertificateError, match="holds what does not belong there"):
            replace(certificate, nodes=(replace(node, policy=mutable),))
    with pytest.raises(CertificateError, match="holds what does not belong there"):
        replace(certificate, nodes=[node])


def test_a_node_of_a_subclass_is_refused() -> None:
    class Lax(Node):
        """It may say one thing now and another later."""

    certificate = solve(game(), 10).certificate
    node = certificate.nodes[0]
    lax = Lax(node.step, node.state, node.upper, node.shift, node.policy, node.trees)
    with pytest.raises(CertificateError, match="holds what does not belong there"):
        replace(certificate, nodes=(lax,))


def test_a_node_that_breaks_a_rule_is_refused_with_its_certificate() -> None:
    certificate = solve(game(), 10).certificate
    tree = (Leaf((("up", Fraction(-1)),)),)
    node = replace(certificate.nodes[0], trees=(tree, tree))
    with pytest.raises(CertificateError, match="is no majorant"):
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


@pytest.mark.parametrize("field", ["lower", "upper"])
def test_a_fraction_of_numbers_that_overflow_is_refused(field: str) -> None:
    """lower = 2 of NumPy's ints was once accepted next to a smaller upper: a product wrapped."""
    certificate = solve(game(), 10).certificate
    for number in (Fraction(np.int64(2), np.int64(1)), Fraction(3, np.int64(7))):
        with pytest.raises(CertificateError, match="holds what does not belong there"):
            replace(certificate, **{field: number})


def test_a_game_of_numbers_that_overflow_is_refused() -> None:
    entry = Fraction(np.int64(1), np.int64(3))
    with pytest.raises(
        GameError, match=r"^u\[0\]\[0\]\[0\]\[0\]: is not a plain one in nested tuples"
    ):
        replace(game(), u=((((entry,) * 2,) * 2,),))
    for parts in (
        (1, (0,), (np.int64(1),)),
        (np.int64(1), (0,), (1,)),
        (1, (np.int64(0),), (1,)),
        (1, (0.0,), (1,)),
        (1, (0,), (True,)),
    ):
        with pytest.raises(GameError):
            Row(*parts)


@pytest.mark.parametrize("size", [1.0, True, np.int64(1), Fraction(1)])
def test_sizes_are_plain_ints(size: object) -> None:
    for label in ("horizon", "states"):
        with pytest.raises(GameError, match=f"^{label}: there must be at least one, not "):
            replace(game(), **{label: size})


def test_equal_games_have_equal_hashes_whatever_holds_them() -> None:
    given = replace(game(), eta=Fraction(1), names=(("x",), None, ("y", "z")))
    for eta, gamma in ((1, 0), (True, False)):
        assert game_hash(replace(given, eta=eta, gamma=gamma)) == game_hash(given)
    assert game_hash(replace(given, names=("x", None, "yz"))) == game_hash(given)
    with pytest.raises(AttributeError):  # a float is not exact, even 0.0
        game_hash(replace(given, gamma=0.0))


@pytest.mark.parametrize("table", [[], [1, 2], iter(()), None, 3])
def test_a_table_that_is_no_tuple_is_refused_with_its_place(table: object) -> None:
    for label in ("P", "u", "r"):
        with pytest.raises(GameError, match=f"^{label}: is not a tuple of 1 in nested tuples of"):
            replace(game(), **{label: table})
