"""Certificates for leaders who remember: values of memories, and what check refuses."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from exactqse.errors import CertificateError
from exactqse.evaluate import evaluate
from exactqse.kernel.certificate import (
    CHORD,
    DOWN,
    Certificate,
    Claim,
    HistoryNode,
    Leaf,
    MixtureSplit,
    Part,
    Piece,
    Slope,
    Split,
    ValueSplit,
)
from exactqse.kernel.check import check
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.operators import initial_mean, policy_values
from exactqse.model import Game, Policy
from exactqse.solve import solve
from exactqse.testing import games, policies

HALF, ONE = Fraction(1, 2), Fraction(1)
LEAF = Leaf(((CHORD, Fraction(10)), (CHORD, Fraction(10))))
PART = Part(
    (
        Claim(1, 0, (Piece(Fraction(40), ((LEAF,),)),)),
        Claim(1, 0, (Piece(Fraction(20), ((LEAF,),)),)),
        Claim(1, 0, (Piece(Fraction(20), ((LEAF,),)),)),
    )
)
SURE = ((0, ONE),)
OTHER = ((1, ONE),)


@pytest.fixture
def game() -> Game:
    """Two steps, two states, of which the first is the first; she sees nothing; J* <= 2."""
    rows = [[[["1/2", "1/2"]] * 2] * 2] * 2
    u = [[[0, 1], ["3/4", 0]], [[1, 0], [0, "1/2"]]]
    r = [[[1, 0], ["1/4", 1]], [[0, 0], [1, "1/3"]]]
    return Game.from_arrays(rows, u, r, rho=0, horizon=2, eta=1, gamma="1/2", observes="nothing")


@pytest.fixture
def claim(game: Game) -> Certificate:
    """A generous claim of a leader who plays 0 in state 0 after 0, and a lottery after 1."""
    after = (
        ((0, ((1, ONE),)), (1, ((3, ONE),))),
        ((0, ((1, HALF), (2, HALF))), (1, ((3, ONE),))),
    )
    nodes = (
        HistoryNode(0, 0, (SURE,), after),
        HistoryNode(1, 0, (SURE,), ()),
        HistoryNode(1, 0, (OTHER,), ()),
        HistoryNode(1, 1, (SURE,), ()),
    )
    bounds = Fraction(0), Fraction(40)
    return Certificate(game.hash, 64, *bounds, nodes, ((Slope(ONE),) * 3,), (PART,))


def test_it_is_well_formed_and_true(game: Game, claim: Certificate) -> None:
    verdict = check(game, claim)
    assert verdict
    assert verdict.reason.endswith("over 4 nodes, J* over leaders who remember")
    assert verdict.leader == "history"
    assert check(game, Certificate.from_bytes(claim.to_bytes())) == verdict


def test_a_lottery_is_worth_its_mean_to_both(game: Game, claim: Certificate) -> None:
    """By hand: v = ln sum e^x and W at step 1, then the lottery after b = 1 at step 0."""
    with mp.workdps(30):
        e, half = mp.exp, mpf(1) / 2

        def last(x: list[Any], y: list[Any]) -> tuple[Any, Any]:
            total = sum(e(t) for t in x)
            return mp.log(total), sum(e(t) * w for t, w in zip(x, y, strict=True)) / total

        v0, w0 = last([1, 0], [0, 1])  # state 0, action 0
        v1, w1 = last([mpf(1) / 4, 1], [mpf(3) / 4, 0])  # state 0, action 1
        v2, w2 = last([0, 0], [1, 0])  # state 1, action 0
        x = [1 + half * (v0 + v2) / 2, 0 + half * ((v0 + v1) / 2 + v2) / 2]
        y = [0 + (w0 + w2) / 2, 1 + ((w0 + w1) / 2 + w2) / 2]
        _, exact = last(x, y)
        lo, hi = policy_values(game, claim.nodes, 80, INTEGER)[0]  # type: ignore[arg-type]
        assert lo <= exact * 2**80 <= hi
        assert hi - lo < 2**12
    low, high = Fraction(lo, 1 << 80), Fraction(hi + 1, 1 << 80)
    assert check(game, replace(claim, lower=low), precision=80).outcome == "accepted"
    refused = check(game, replace(claim, lower=high), precision=80)
    assert (refused.outcome, refused.leader) == ("rejected", "history")


def remembering(game: Game, policy: Policy) -> tuple[HistoryNode, ...]:
    """The memories of a leader who forgets: one for each reachable place."""
    index = {place: j for j, place in enumerate(game.places)}
    nodes = []
    for h, s in game.places:
        rows = policy.probabilities[h][s]
        mixtures = tuple(
            tuple((a, p) for a, p in enumerate(rows[cell[0]]) if p) for cell in game.observes
        )
        after = []
        for b in range(game.follower_actions if h < game.horizon - 1 else 0):
            after_rows = [game.at(game.P, h)[s][a][b] for a in range(game.leader_actions)]
            states = sorted({t for row in after_rows for t in row.states})
            after.append(tuple((t, ((index[h + 1, t], ONE),)) for t in states))
        nodes.append(HistoryNode(h, s, mixtures, tuple(after)))
    return tuple(nodes)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_one_memory_a_place_is_a_markov_policy(data: st.DataObject) -> None:
    etas = st.sampled_from([Fraction(1, 3), ONE, Fraction(5)])
    gammas = st.sampled_from([HALF, ONE])
    game = data.draw(games(gammas=gammas, etas=etas, wide=False))
    policy = data.draw(policies(game))
    values = policy_values(game, remembering(game, policy), 80, INTEGER)
    lo, hi = initial_mean(game, values, 80)
    J = evaluate(game, policy, digits=15).J
    assert lo <= J.upper
    assert J.lower <= hi
    assert hi - lo < Fraction(1, 10**12)


def changed_nodes(claim: Certificate, index: int, **changes: Any) -> Certificate:
    nodes = list(claim.nodes)
    nodes[index] = replace(nodes[index], **changes)
    return replace(claim, nodes=tuple(nodes))


@pytest.mark.parametrize(
    "after",
    [
        (),
        (((0, ((1, ONE),)), (1, ((3, ONE),))),),
        (((0, ((1, ONE),)),), ((0, ((1, ONE),)), (1, ((3, ONE),)))),
        (((1, ((3, ONE),)), (0, ((1, ONE),))),) * 2,
    ],
)
def test_every_next_state_needs_a_memory(game: Game, claim: Certificate, after: Any) -> None:
    with pytest.raises(CertificateError) as caught:
        check(game, changed_nodes(claim, 0, after=after))
    assert caught.value.where == "node (0, 0)"
    assert caught.value.what == "needs a memory after each b of each next state"


def test_a_state_that_one_action_leads_to_needs_a_memory(game: Game, claim: Certificate) -> None:
    """After each b: one of her actions leads to state 0 only, the other to state 1 only."""
    rows = [[[[1, 0], [0, 1]], [[0, 1], [1, 0]]]] * 2
    apart = Game.from_arrays(
        rows, game.u[0], game.r[0], rho=0, horizon=2, eta=1, gamma="1/2", observes="nothing"
    )
    there = replace(claim, game=apart.hash)
    assert check(apart, there)
    first = claim.nodes[0]
    assert isinstance(first, HistoryNode)
    for b, k in ((b, k) for b in range(2) for k in range(2)):
        after = [list(draws) for draws in first.after]
        del after[b][k]
        with pytest.raises(CertificateError, match="a memory after each b"):
            check(apart, changed_nodes(there, 0, after=tuple(map(tuple, after))))


def with_lottery(claim: Certificate, b: int, t: int, lottery: Any) -> Certificate:
    """What is drawn after b and a move to t is another lottery."""
    first = claim.nodes[0]
    assert isinstance(first, HistoryNode)
    after = [list(draws) for draws in first.after]
    after[b][t] = t, lottery
    return changed_nodes(claim, 0, after=tuple(map(tuple, after)))


@pytest.mark.parametrize("b", range(2))
@pytest.mark.parametrize(
    ("t", "lottery"),
    [
        *[(0, ((memory, ONE),)) for memory in (0, 3, 4, 99)],
        *[(1, ((memory, ONE),)) for memory in (0, 1, 2, 4)],
        (0, ((1, HALF), (3, HALF))),
        (0, ((0, HALF), (2, HALF))),
    ],
)
def test_a_memory_of_another_place_is_refused(
    game: Game, claim: Certificate, b: int, t: int, lottery: Any
) -> None:
    with pytest.raises(CertificateError) as caught:
        check(game, with_lottery(claim, b, t, lottery))
    assert caught.value.where == "node (0, 0)"
    assert caught.value.what == f"draws no memory of step 1, state {t}"


def test_memories_are_of_the_next_step(game: Game) -> None:
    """Of three."""
    rows = [[[["1/2", "1/2"]] * 2] * 2] * 2
    settings: dict[str, Any] = {"rho": 0, "horizon": 3, "eta": 1, "gamma": "1/2"}
    long = Game.from_arrays(rows, game.u[0], game.r[0], observes="nothing", **settings)
    nodes = tuple(
        HistoryNode(
            h,
            s,
            (SURE,),
            (((0, ((2 * h + 1, ONE),)), (1, ((2 * h + 2, ONE),))),) * 2 if h < 2 else (),
        )
        for h, s in long.places
    )
    part = Part((PART.claims[0], *[PART.claims[1]] * 4))
    claim = Certificate(
        long.hash, 64, Fraction(0), Fraction(80), nodes, ((Slope(ONE),) * 5,), (part,)
    )
    assert check(long, claim)
    for memory in (0, 1, 2, 4):
        after = (((0, ((memory, ONE),)), (1, ((4, ONE),))),) * 2
        with pytest.raises(CertificateError) as caught:
            check(long, changed_nodes(claim, 1, after=after))
        assert caught.value.where == "node (1, 0)"
        assert caught.value.what == "draws no memory of step 2, state 0"


def test_one_step_has_nothing_to_remember(game: Game) -> None:
    rows = [[[["1/2", "1/2"]] * 2] * 2] * 2
    settings: dict[str, Any] = {"horizon": 1, "eta": 1, "gamma": "1/2", "observes": "nothing"}
    once = Game.from_arrays(rows, game.u[0], game.r[0], rho=["1/2", "1/2"], **settings)
    nodes = tuple(HistoryNode(0, s, (SURE,), ()) for s in range(2))
    part = Part((PART.claims[0],) * 2)
    bounds = Fraction(0), Fraction(40)
    claim = Certificate(once.hash, 64, *bounds, nodes, ((Slope(ONE),) * 2,), (part,))
    assert check(once, claim)
    with pytest.raises(CertificateError, match="needs one memory of each state of step 0"):
        check(once, replace(claim, nodes=nodes[:1]))


def test_the_last_step_has_no_memories_after_it(game: Game, claim: Certificate) -> None:
    with pytest.raises(CertificateError, match="a memory after each b"):
        check(game, changed_nodes(claim, 3, after=((), ())))


def test_one_memory_of_each_first_state(game: Game, claim: Certificate) -> None:
    first = claim.nodes[0]
    assert isinstance(first, HistoryNode)
    after = tuple(
        tuple((t, tuple((i + 1, p) for i, p in lottery)) for t, lottery in draws)
        for draws in first.after
    )
    twice = (replace(first, after=after),) * 2
    for nodes in ((*twice, *claim.nodes[1:]), claim.nodes[1:]):
        with pytest.raises(CertificateError) as caught:
            check(game, replace(claim, nodes=nodes))
        assert caught.value.where == "nodes"
        assert caught.value.what == "needs one memory of each state of step 0"


def test_transitions_may_not_bind_one_another(game: Game, claim: Certificate) -> None:
    bound = [
        (replace(PART, claims=(*PART.claims[:j], replace(claim, free=0), *PART.claims[j + 1 :])),)
        for j, claim in enumerate(PART.claims)
        if isinstance(claim, Claim)
    ]
    assert len(bound) == 3
    divided = (ValueSplit(1, 0, ONE), PART, PART)
    mixed = (MixtureSplit(Split(0, 1), 1, 0, 0), PART, PART)
    for cover in (*bound, divided, mixed):
        with pytest.raises(CertificateError) as caught:
            check(game, replace(claim, cover=cover))
        assert caught.value.where == "cover"
        assert caught.value.what == "needs one part, with free claims"
    table = (Slope(ONE, ((1, ONE),)), Slope(ONE), Slope(ONE))
    with pytest.raises(CertificateError) as caught:
        check(game, replace(claim, slopes=(table,)))
    assert caught.value.where == "slopes[0]"
    assert caught.value.what == "slopes name no other places"


def test_claims_are_neither_divided_nor_tied(game: Game, claim: Certificate) -> None:
    """What is proved of mixtures and shared values of the next step is for Markov leaders."""
    first = PART.claims[0]
    assert isinstance(first, Claim)
    (piece,) = first.pieces
    mixed: Any = MixtureSplit(Split(0, 1), 0, 0, 0), 1, 1
    valued: Any = ValueSplit(1, 0, ONE), 1, 1
    for odd in (
        *(replace(first, pieces=(piece, piece), divisions=entries) for entries in (mixed, valued)),
        replace(first, pieces=(replace(piece, ties=(0,)),)),
    ):
        part = replace(PART, claims=(odd, *PART.claims[1:]))
        with pytest.raises(CertificateError) as caught:
            check(game, replace(claim, cover=(part,)))
        what = "is divided or tied where slopes lean, or she remembers"
        assert (caught.value.what, caught.value.where) == (what, "cover[0]")


@pytest.mark.parametrize(("b", "t"), [(b, t) for b in range(2) for t in range(2)])
def test_lotteries_are_distributions(claim: Certificate, b: int, t: int) -> None:
    for lottery in (((1, HALF),), ((2, HALF), (1, HALF)), ((1, ONE), (2, Fraction(0)))):
        with pytest.raises(CertificateError):
            with_lottery(claim, b, t, lottery)


@pytest.mark.parametrize("majorant", [0, (DOWN, ONE)])
def test_majorants_that_bind_transitions_are_refused(
    game: Game, claim: Certificate, majorant: Any
) -> None:
    """Of either member of a cell, and in either leaf."""
    good = LEAF.majorants[0]
    for leaf in (Leaf((majorant, good)), Leaf((good, majorant))):
        for tree in ((leaf,), (Split(0, 1), leaf, LEAF), (Split(0, 1), LEAF, leaf)):
            first = Claim(1, 0, (Piece(Fraction(40), (tree,)),))
            part = replace(PART, claims=(first, *PART.claims[1:]))
            with pytest.raises(CertificateError) as caught:
                check(game, replace(claim, cover=(part,)))
            assert caught.value.where == "cover"
            assert caught.value.what == "needs 'up' or 'chord' before the end"
            last = Claim(1, 0, (Piece(Fraction(20), (tree,)),))
            part = replace(PART, claims=(*PART.claims[:2], last))
            assert check(game, replace(claim, cover=(part,))).outcome != "rejected"


def test_trees_may_be_divided(game: Game, claim: Certificate) -> None:
    first = Claim(1, 0, (Piece(Fraction(40), ((Split(0, 1), LEAF, LEAF),)),))
    assert check(game, replace(claim, cover=(replace(PART, claims=(first, *PART.claims[1:])),)))


@pytest.mark.parametrize(("step", "state"), [(1, 7), (1, -1), (1, -3), (7, 0), (1, 10**25)])
def test_memories_of_no_place_are_refused(
    game: Game, claim: Certificate, step: int, state: int
) -> None:
    nodes = sorted(
        [*claim.nodes, HistoryNode(step, state, (SURE,), ())], key=lambda n: (n.step, n.state)
    )
    with pytest.raises(
        CertificateError, match=rf"not the reachable .*, see \({step}, {state}\)$"
    ) as caught:
        check(game, replace(claim, nodes=tuple(nodes)))
    assert caught.value.where == "nodes"


def test_what_memory_earns_is_not_claimed_of_the_markov_value() -> None:
    """She pays him for b = 0 by her memory of it; without one, his answer is even."""
    chain = [[[[0, 1]] * 2] * 2, [[[0, 1]] * 2] * 2]
    u = [[[[1, 0]] * 2, [[0, 0]] * 2], [[[0, 0]] * 2] * 2]
    r = [[[[0, 0]] * 2] * 2, [[[0, 0], [4, 4]]] * 2]
    game = Game.from_arrays(chain, u, r, rho=0, horizon=2, eta=1, gamma=1, observes="nothing")
    markov = solve(game, gap="1/100")
    history = solve(game, gap="1/2", leader="history")
    assert markov.certified
    assert history.certified
    assert history.lower > Fraction(9, 10) > markov.upper
    assert history.verdict is not None
    assert history.verdict.leader == "history"
