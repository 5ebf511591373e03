from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import event, given, settings

from exactqse.arithmetic import FlintElementary
from exactqse.errors import CertificateError
from exactqse.kernel.certificate import (
    DOWN,
    UP,
    Certificate,
    Claim,
    FarsightedNode,
    Leaf,
    Node,
    Part,
    Piece,
    Split,
    StrongNode,
)
from exactqse.kernel.check import Verdict, check
from exactqse.model import Game
from exactqse.solve import solve
from exactqse.testing import solved_games

Solved = list[tuple[Game, Certificate]]


def test_solved_games_are_accepted(solved: Solved) -> None:
    for game, found in solved:
        verdict = check(game, found)
        assert verdict == Verdict(
            "accepted",
            found.lower,
            found.upper,
            f"proved lower <= J(policy) <= J* <= upper over {len(found.nodes)} nodes",
            found.precision,
            "kernel",
        )
        assert verdict
        assert found.upper - found.lower <= Fraction(1, 10**8)


@given(solved_games())
@settings(max_examples=40, deadline=None)
def test_drawn_games_are_accepted(pair: tuple[Game, Certificate]) -> None:
    game, found = pair
    verdict = check(game, found)
    event(verdict.outcome)  # nobody has asked the checker yet: more bits may be needed
    assert verdict.outcome in {"accepted", "inconclusive"}
    assert check(game, Certificate.from_bytes(found.to_bytes())) == verdict
    assert check(game, found, elementary=FlintElementary()).outcome != "rejected"


@pytest.mark.parametrize("digits", [1, 3, 6])
@pytest.mark.parametrize(
    ("u", "r", "eta"),
    [
        ([[0, 0, 0], [2, 0, 2]], [[0, 0, 0], [18, 1, 0]], 1),
        ([[0, 0, 0], [0, 0, 1]], [[0, 0, -1], [-1, -1, 3]], 5),
    ],
)
def test_games_whose_first_certificate_was_once_wrong(
    u: list[list[int]], r: list[list[int]], eta: int, digits: int
) -> None:
    game = Game.from_arrays(None, [u], [r], eta=eta)
    assert check(game, solve(game, digits, checker=None).certificate)


@pytest.mark.parametrize("digits", [1, 20, 100])
def test_digits_and_precisions(deep: tuple[Game, Certificate], digits: int) -> None:
    game, _ = deep
    found = solve(game, digits, checker=None).certificate
    assert check(game, found)
    more = check(game, found, precision=found.precision + 200)
    assert more
    assert more.precision == found.precision + 200
    assert check(game, replace(found, precision=found.precision + 77)).precision == (
        found.precision + 77
    )


def test_harmless_changes_are_accepted_and_reported(solved: Solved) -> None:
    for game, found in solved:
        loose = replace(found, lower=found.lower - 1, upper=found.upper + Fraction(1, 3))
        verdict = check(game, loose)
        assert verdict
        assert (verdict.lower, verdict.upper) == (loose.lower, loose.upper)
        first = replace(found.nodes[0], upper=found.nodes[0].upper + 1)
        raised = replace(found, nodes=(first, *found.nodes[1:]), upper=found.upper + 1)
        assert check(game, raised)


def test_too_low_a_precision_is_inconclusive(solved: Solved) -> None:
    for game, found in solved:
        verdict = check(game, found, precision=16)
        assert verdict.outcome == "inconclusive"
        assert not verdict
        assert (verdict.lower, verdict.upper) == (None, None)
        assert verdict.precision == 16
        assert "raise the precision" in verdict.reason


def test_a_tight_lower_bound_is_inconclusive_at_few_bits(deep: tuple[Game, Certificate]) -> None:
    game, found = deep
    nodes = tuple(replace(n, upper=n.upper + Fraction(3 - n.step, 10)) for n in found.nodes)
    loose = replace(found, nodes=nodes, upper=found.upper + 1)
    assert check(game, loose, precision=16).outcome == "inconclusive"
    verdict = check(game, loose, precision=17)
    assert verdict.reason.startswith("undecided whether lower exceeds J(policy), by a number in [")
    assert verdict.reason.endswith("]; raise the precision")
    assert check(game, loose)


def test_precision_out_of_range(deep: tuple[Game, Certificate]) -> None:
    game, found = deep
    for bits in (15, 0, -1, 65537):
        with pytest.raises(CertificateError) as caught:
            check(game, found, precision=bits)
        assert caught.value.where == "precision"
        assert caught.value.what == f"{bits} bits is not in 16..65536"


def test_another_games_certificate(solved: Solved) -> None:
    game, found = solved[2]
    other = game.with_(eta=game.eta + 1)
    with pytest.raises(CertificateError, match="not of this one") as caught:
        check(other, found)
    assert caught.value.where == "game"
    assert caught.value.what.startswith(f"certificate is of the game {found.game[:12]}...")
    assert caught.value.what.endswith(", not of this one; give its own")
    verdict = check(other, replace(found, game=other.hash))
    assert verdict.outcome == "rejected"
    assert verdict.arithmetic == "kernel"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "myopic"),
        ({"gamma": "1/2"}, "farsighted or history"),
        ({"eta": "inf"}, "strong"),
        ({"gamma": 1, "eta": "inf"}, "farsighted or history"),
    ],
)
def test_a_game_needs_its_kind_of_certificate(
    deep: tuple[Game, Certificate], changes: dict[str, Any], kind: str
) -> None:
    game, found = deep
    other = game.with_(**changes)
    nodes: dict[str, tuple[Any, ...]] = {
        "myopic": found.nodes,
        "farsighted": tuple(FarsightedNode(n.step, n.state, n.policy) for n in found.nodes),
        "strong": tuple(StrongNode(n.step, n.state, n.upper, n.policy, ()) for n in found.nodes),
    }
    for given_ in set(nodes) - set(kind.split()):
        leaf = (Part((Claim(0, 0, (Piece(Fraction(0), ()),)),)),)
        cover = leaf if given_ == "farsighted" else ()
        wrong = replace(found, game=other.hash, nodes=nodes[given_], cover=cover)
        with pytest.raises(CertificateError) as caught:
            check(other, wrong)
        assert caught.value.where == "kind"
        assert caught.value.what == f"'{given_}' is not {kind}, which this game needs"


def test_nodes_that_are_not_the_reachable_ones(deep: tuple[Game, Certificate]) -> None:
    game, found = deep
    nodes = found.nodes
    extra = replace(nodes[-1], step=game.horizon)
    beyond = replace(nodes[-1], state=7)
    for given_, odd in (
        (nodes[1:], "(0, 0)"),
        (nodes[:-1], "(2, 1)"),
        (nodes[:3] + nodes[4:], "(1, 1)"),
        ((*nodes, extra), "(3, 1)"),
        ((*nodes[:-1], beyond), "(2, 1)"),
        ((), "(0, 0)"),
    ):
        with pytest.raises(CertificateError) as caught:
            check(game, replace(found, nodes=given_))
        assert caught.value.where == "nodes"
        assert caught.value.what.startswith("nodes are not the reachable")
        assert caught.value.what.endswith(f"see {odd}")


def test_unreachable_states_have_no_node() -> None:
    moves = [[[{1: 1}]], [[{1: 1}]], [[{2: 1}]]]
    table = [[[1]], [[2]], [[3]]]
    game = Game.from_arrays(moves, table, table, horizon=2)
    found = solve(game, 6, checker=None).certificate
    assert [(n.step, n.state) for n in found.nodes] == [(0, 0), (1, 1)]
    verdict = check(game, found)
    assert verdict
    assert found.lower <= 3 <= found.upper


def test_nodes_that_do_not_fit_the_game(deep: tuple[Game, Certificate]) -> None:
    game, found = deep
    node = found.nodes[3]

    def with_node(**changes: object) -> Certificate:
        nodes = (*found.nodes[:3], replace(node, **changes), *found.nodes[4:])
        return replace(found, nodes=nodes)

    half = Fraction(1, 2)
    first, leaf = node.trees[0], Leaf(((UP, half),))
    for changes, what in (
        ({"policy": node.policy[:1]}, "needs 2 distributions"),
        ({"policy": (*node.policy, node.policy[0])}, "needs 2 distributions"),
        ({"policy": ()}, "needs 2 distributions"),
        ({"trees": node.trees[:1]}, "needs 2 trees"),
        ({"trees": (*node.trees, node.trees[0])}, "needs 2 trees"),
        ({"trees": ()}, "needs 2 trees"),
        (
            {"trees": (first, (Split(0, 3), leaf, leaf))},
            "a split or a majorant names an unknown corner",
        ),
        (
            {"trees": (first, (Split(3, 0), leaf, leaf))},
            "a split or a majorant names an unknown corner",
        ),
        (
            {"trees": (first, (Split(17, 1), leaf, leaf))},
            "a split or a majorant names an unknown corner",
        ),
        ({"trees": (first, (Leaf(()),))}, "a leaf needs 1 majorants"),
        ({"trees": ((Leaf(((UP, half), (UP, half))),), first)}, "a leaf needs 1 majorants"),
        (
            {"trees": (first, (Split(0, 1), leaf, Leaf((3,))))},
            "a split or a majorant names an unknown corner",
        ),
    ):
        with pytest.raises(CertificateError) as caught:
            check(game, with_node(**changes))
        assert caught.value.where == "node (1, 1)"
        assert caught.value.what == what
    for action in (3, 17):
        policy = (node.policy[0], ((action, Fraction(1)),))
        with pytest.raises(CertificateError) as caught:
            check(game, with_node(policy=policy))
        assert caught.value.where == "node (1, 1)"
        assert caught.value.what.startswith("the policy names an unknown leader action")
    one = node.trees[0][0]
    divided = with_node(trees=((Split(2, 0), one, one), node.trees[1]))
    assert check(game, divided).outcome != "rejected"
    assert check(game, with_node(policy=(((2, Fraction(1)),), ((2, Fraction(1)),)))).outcome == (
        "rejected"
    )


def single(
    *, u: object, r: object, node: Node, lower: Fraction | str, upper: Fraction | str
) -> tuple[Game, Certificate]:
    game = Game.from_arrays(None, [u], [r], eta=1)
    return game, Certificate(game.hash, 64, Fraction(lower), Fraction(upper), (node,))


ONE_PURE = ((0, Fraction(1)),)


def leaf(b0: tuple[str, Fraction], b1: tuple[str, Fraction], value: str = "1/2") -> Node:
    return Node(0, 0, Fraction(value), 0, (ONE_PURE, ONE_PURE), ((Leaf((b0,)),), (Leaf((b1,)),)))


def test_a_certificate_by_hand() -> None:
    # u = (1, 0), r = (0, 0): the value is 1/2, with majorants that touch: s = kappa = 1/2.
    half = Fraction(1, 2)
    for bound, outcome in (
        ("1/2", "inconclusive"),
        ("0.5000001", "accepted"),
        ("0.49", "rejected"),
    ):
        game, found = single(
            u=[[1, 0]],
            r=[[0, 0]],
            node=leaf((UP, half), (DOWN, half), bound),
            lower="0.49",
            upper="0.6",
        )
        assert check(game, found).outcome == outcome
        other = check(game, found, elementary=FlintElementary())
        assert other.outcome == outcome or bound == "1/2"  # arb's exp(0) is exactly 1


def test_bounds_that_are_attained() -> None:
    # The only policy is worth 1/2, which arb finds exactly and the kernel with one unit of doubt.
    leaf_of_all = Leaf(((DOWN, Fraction(1, 4)),))
    node = Node(0, 0, Fraction(3, 4), 0, (ONE_PURE,), ((leaf_of_all,),))
    game = Game.from_arrays(None, [[["1/2"]]], [[[0]]], eta=1)
    found = Certificate(game.hash, 64, Fraction(1, 2), Fraction(3, 4), (node,))
    assert check(game, found, elementary=FlintElementary())
    verdict = check(game, found)
    assert verdict.outcome == "inconclusive"
    assert verdict.reason == (
        "undecided whether lower exceeds J(policy), by a number in [-5.422E-20, 5.422E-20];"
        " raise the precision"
    )
    for bits in (16, 65536):
        assert check(game, replace(found, lower=Fraction(49, 100)), precision=bits)


def test_down_needs_a_value_below_the_bound() -> None:
    half = Fraction(1, 2)
    game, found = single(
        u=[[1, 0]], r=[[0, 0]], node=leaf((DOWN, half), (DOWN, half)), lower="0", upper="1"
    )
    verdict = check(game, found)
    assert verdict.outcome == "rejected"
    assert verdict.reason == (
        "majorant at step 0, state 0, leaf 0, corner 0, follower action 0: down has no y < upper, "
        "by at least 0.5"
    )
    game, found = single(
        u=[["1/2", 0]], r=[[0, 0]], node=leaf((DOWN, half), (DOWN, half)), lower="0", upper="1"
    )
    assert check(game, found).outcome == "rejected"
    node = leaf((DOWN, half), (DOWN, half), "1/3")
    game, found = single(u=[["1/3", 0]], r=[[0, 0]], node=node, lower="0", upper="1")
    verdict = check(game, found)
    assert verdict.outcome == "inconclusive"
    what = (
        "follower action 0: undecided whether down has no y < upper, by a number in [0, 1.085E-19]"
    )
    assert verdict.reason.endswith(f"{what}; raise the precision")


@pytest.mark.parametrize(
    ("shift", "outcome"),
    [(-16384 - 7, "rejected"), (-16383, "rejected"), (-16300, "rejected"), (10**6, "rejected")],
)
def test_exponents_beyond_the_limit(shift: int, outcome: str) -> None:
    half = Fraction(1, 2)
    node = replace(leaf((UP, half), (DOWN, half), "0.51"), shift=shift)
    game, found = single(u=[[1, 0]], r=[[0, 0]], node=node, lower="0", upper="1")
    verdict = check(game, found)
    assert verdict.outcome == outcome
    assert ("its exponent exceeds 16384" in verdict.reason) == (shift < -16384)


def test_an_exponent_at_the_limit() -> None:
    # (y - lambda)/s = 1, so that the exponent 16384 + 1 - 1 is undecided at any precision.
    node = replace(leaf((UP, Fraction(1)), (UP, Fraction(1)), "1/3"), shift=-16384)
    game, found = single(u=[["4/3", 0]], r=[[0, 0]], node=node, lower="0", upper="1")
    verdict = check(game, found)
    assert verdict.outcome == "inconclusive"
    assert verdict.reason.endswith(
        "undecided whether its exponent exceeds 16384, by a number in [0, 1.085E-19]; "
        "raise the precision"
    )


def test_the_mean_over_first_states() -> None:
    game = Game.from_arrays(
        None, [[[1]], [[3]]], [[[0]], [[0]]], rho=["1/4", "3/4"], horizon=1
    )  # the value is 1/4 + 9/4 = 5/2
    found = solve(game, 6, checker=None).certificate
    assert check(game, found)
    mean = found.nodes[0].upper / 4 + found.nodes[1].upper * 3 / 4
    assert check(game, replace(found, upper=mean))
    verdict = check(game, replace(found, upper=mean - Fraction(1, 1000)))
    assert verdict.outcome == "rejected"
    assert verdict.reason == "upper is less than the mean of step 0, by at least 0.001"
    assert check(game, replace(found, lower=Fraction(5, 2))).outcome in {"accepted", "inconclusive"}
    verdict = check(game, replace(found, lower=Fraction(251, 100)))
    assert verdict.outcome == "rejected"
    assert verdict.reason.startswith("lower exceeds J(policy), by at least 0.009999")


NEARLY = Fraction(99999, 10**5)  # to nearest, four digits of it are 1


@pytest.mark.parametrize(
    ("node", "lower", "upper", "reason"),
    [
        (("2", DOWN, 1), "1", 2 - NEARLY, "upper is less than the mean of step 0, by {}"),
        (("2", DOWN, 1), 1 + NEARLY, "2", "lower exceeds J(policy), by {}"),
        ((1 - NEARLY, UP, NEARLY), "0", "1", " of the cells [[0]], by {}"),
    ],
)
def test_at_least_is_rounded_down(
    node: tuple[Fraction | str, str, Fraction | int],
    lower: Fraction | str,
    upper: Fraction | str,
    reason: str,
) -> None:
    bound, tag, parameter = node
    game, found = single(
        u=[[1]],
        r=[[0]],
        node=Node(0, 0, Fraction(bound), 0, (ONE_PURE,), ((Leaf(((tag, Fraction(parameter)),)),),)),
        lower=lower,
        upper=upper,
    )
    verdict = check(game, found)
    assert verdict.outcome == "rejected"
    assert reason.format("at least 0.9999") in verdict.reason


def test_the_ends_of_an_interval_are_rounded_outward() -> None:
    node = Node(0, 0, Fraction(1), 0, (ONE_PURE,), ((Leaf(((DOWN, Fraction(1, 3)),)),),))
    game, found = single(u=[["2/3"]], r=[[0]], node=node, lower="2/3", upper="1")
    verdict = check(game, found)
    assert verdict.outcome == "inconclusive"
    # -4/3 and 5/3 units of 2^-64, which to nearest are -7.228E-20 and 9.035E-20
    assert "by a number in [-7.229E-20, 9.036E-20]; raise" in verdict.reason
