"""A farsighted follower who best responds: enclosures against policies and other solvers."""

from __future__ import annotations

import gzip
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from exactqse.games import get
from exactqse.kernel.certificate import Certificate, Part, Slope
from exactqse.kernel.check import check
from exactqse.model import Game
from exactqse.solve import solve
from exactqse.solve.effort import Budget, Standing
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.promised import solve_promised
from exactqse.solve.promised.economy import Economy
from exactqse.solve.promised.policies import Policies
from exactqse.solve.promised.search import Node, Proof, Search
from exactqse.testing import games

PARTITIONS: dict[int, list[list[list[int]]]] = {
    1: [[[0]]],
    2: [[[0], [1]], [[0, 1]]],
    3: [[[0], [1], [2]], [[0, 1], [2]], [[0, 2], [1]], [[0], [1, 2]], [[0, 1, 2]]],
}


def drawn_game(seed: int, sizes: tuple[int, int, int, int], **changes: object) -> Game:
    """Random tables, rewards with many ties; ``sizes`` are S, H, A, B."""
    S, H, A, B = sizes
    random = np.random.default_rng(seed)
    shape = H, S, A, B
    P = random.dirichlet(np.ones(S), size=shape)
    u, r = random.integers(0, 8, (2, *shape)) / 8
    return game_of(P, u, r, **changes)


def smooth_game(seed: int, sizes: tuple[int, int, int, int], **changes: object) -> Game:
    """The same without ties."""
    S, H, A, B = sizes
    random = np.random.default_rng(seed)
    shape = H, S, A, B
    P = random.dirichlet(np.ones(S), size=shape)
    u, r = random.random((2, *shape))
    return game_of(P, u, r, **changes)


def game_of(
    P: NDArray[np.float64], u: NDArray[np.float64], r: NDArray[np.float64], **changes: object
) -> Game:
    """With gamma = 9/10 unless ``changes`` say otherwise."""
    options: dict[str, object] = {"eta": "inf", "gamma": "9/10", "normalise": True}
    return Game.from_arrays(P, u, r, **(options | changes))  # type: ignore[arg-type]


def sampled_values(game: Game, count: int, seed: int) -> NDArray[np.float64]:
    """J of many policies in float64, from the definition: pure ones, mixtures, and mixed ones.

    Responses that are worse by 1e-12 or less count as ties.
    """
    random = np.random.default_rng(seed)
    H, S, A, B = game.shape
    cell = np.array(
        [next(c for c, cell in enumerate(game.observes) if b in cell) for b in range(B)]
    )
    P, u, r = game.P_float, game.u_float, game.r_float
    V, W = np.zeros((count, S)), np.zeros((count, S))
    for h in reversed(range(H)):
        k = h if len(u) > 1 else 0
        kp, kr = (h if len(z) > 1 else 0 for z in (P, r))
        mixed = random.dirichlet(np.full(A, 0.6), (count, S, len(game.observes)))
        pure = np.eye(A)[random.integers(0, A, (count, S, len(game.observes)))]
        share = random.choice([0.0, 0.0, 0.5, 1.0], (count, 1, 1, 1))
        alpha = (share * mixed + (1 - share) * pure)[:, :, cell]
        x = r[kr][None] + float(game.gamma) * np.einsum("sabt,nt->nsab", P[kp], V)
        y = u[k][None] + np.einsum("sabt,nt->nsab", P[kp], W)
        X, Y = (np.einsum("nsba,nsab->nsb", alpha, z) for z in (x, y))
        V = X.max(2)
        W = np.where(V[..., None] - 1e-12 <= X, Y, -np.inf).max(2)
    rho = np.zeros(S)
    rho[list(game.rho.states)] = np.array(game.rho.numerators) / game.rho.denominator
    result: NDArray[np.float64] = W @ rho
    return result


@pytest.mark.parametrize("B", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_no_policy_exceeds_the_enclosure(seed: int, B: int) -> None:
    """And the search finds one that is as good as the best of many, for every partition."""
    reached = 0
    for number, observes in enumerate(PARTITIONS[B]):
        game = drawn_game(10 * seed + number, (2, 2, 2 + seed % 2, B), observes=observes)
        solution = solve(game, gap="1/100", node_limit=25)
        assert solution.certified
        best = float(sampled_values(game, 4000, seed).max())
        assert best <= float(solution.upper) + 1e-9
        assert best <= float(solution.lower) + 1e-2
        reached += solution.reached
    assert reached >= len(PARTITIONS[B]) - 1


def test_a_leader_who_sees_more_is_worth_no_less() -> None:
    for seed in range(4):
        values = []
        for observes in (PARTITIONS[3][4], PARTITIONS[3][1], PARTITIONS[3][0]):
            game = drawn_game(seed, (2, 2, 2, 3), observes=observes)
            values.append(solve(game, gap="1/1000", node_limit=15))
        assert all(value.certified for value in values)
        assert values[0].lower <= values[1].upper
        assert values[1].lower <= values[2].upper


@pytest.mark.parametrize("observes", ["action", "nothing"])
@pytest.mark.parametrize("seed", range(3))
def test_two_steps_to_four_digits_need_few_parts(seed: int, observes: str) -> None:
    game = smooth_game(seed, (2, 2, 2, 2), observes=observes)
    certificate, effort = solve_promised(game, Fraction(1, 10**4), Budget(nodes=100))
    assert check(game, certificate)
    assert certificate.upper - certificate.lower <= Fraction(1, 10**4)
    assert not effort.stopped


def test_a_game_of_twenty_places_needs_one_program() -> None:
    """A patrol that is not seen, six steps: some 70,000 entries, by an interior point."""
    game = get("patrol-4").with_(gamma="1/2", eta="inf", observes="nothing")
    model = model_of(game)
    search = Search(game, model, Policies(game, model), 80, Budget())
    assert (search.made, search.is_within(Fraction(1, 1000))) == (1, True)
    assert float(sampled_values(game, 500, 0).max()) <= float(search.root.bound or -99) + 1e-9
    solution = solve(game, gap="1/1000")
    assert solution.certified
    assert solution.reached
    assert search.root.bound is not None
    assert solution.lower <= search.root.bound
    assert search.policies.worth is not None
    assert search.policies.worth <= solution.upper


@pytest.mark.parametrize("seed", range(5))
def test_one_step_is_worth_what_it_is_for_a_myopic_follower(seed: int) -> None:
    game = drawn_game(seed, (3, 1, 3, 3), observes=PARTITIONS[3][seed], rho=["1/2", "1/3", "1/6"])
    ahead, myopic = solve(game, gap="1/1000000"), solve(game.with_(gamma=0))
    assert myopic.lower == myopic.upper
    assert ahead.certified
    assert ahead.lower <= myopic.lower <= ahead.upper
    assert ahead.reached


@pytest.mark.parametrize("observes", ["action", "nothing"])
@pytest.mark.parametrize("seed", range(3))
def test_little_foresight_is_worth_about_what_none_is(seed: int, observes: str) -> None:
    game = drawn_game(seed, (2, 2, 2, 2), observes=observes, gamma="1/1000000000")
    ahead, myopic = solve(game, gap="1/10000"), solve(game.with_(gamma=0))
    assert ahead.certified
    assert ahead.lower - Fraction(1, 10**5) <= myopic.lower <= ahead.upper + Fraction(1, 10**5)


@pytest.mark.parametrize("seed", range(3))
def test_large_eta_comes_near(seed: int) -> None:
    game = smooth_game(seed, (2, 2, 2, 2), gamma="1/2")
    sharp = solve(game, gap="1/1000")
    soft = solve(game.with_(eta=100), gap="1/20", node_limit=400)
    assert sharp.certified
    assert soft.certified
    assert soft.lower <= sharp.upper + Fraction(1, 50)
    assert sharp.lower <= soft.upper + Fraction(1, 50)


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_any_game_has_an_enclosure_that_a_file_keeps(data: st.DataObject) -> None:
    foresight = st.sampled_from([Fraction(1, 3), Fraction(1)])
    game = data.draw(
        games(
            gammas=foresight,
            etas=st.just(None),
            wide=False,
            max_states=2,
            max_horizon=3,
            max_follower_actions=3,
        )
    )
    certificate, _ = solve_promised(game, Fraction(1, 1000), Budget(nodes=12))
    verdict = check(game, certificate)
    assert verdict
    again = Certificate.from_bytes(certificate.to_bytes())
    assert again == certificate
    assert certificate.lower <= certificate.upper
    best = float(sampled_values(game, 400, 0).max())
    assert best <= float(certificate.upper) + 1e-9 * (1 + abs(best))
    assert check(game, certificate, precision=certificate.precision + 40)


def test_corrupted_hints_are_refused_or_prove_it_still() -> None:
    game = smooth_game(2, (2, 2, 2, 2))
    found, _ = solve_promised(game, Fraction(1, 10**4), Budget(nodes=400))
    assert len(found.cover) > 1
    refused = 0
    for i, entry in enumerate(found.cover):
        if not isinstance(entry, Part):
            continue
        blank = tuple(((Fraction(0),) * 2,) * 2 for _ in entry.claims)
        claims = Part(blank, entry.slopes)
        cover = (*found.cover[:i], claims, *found.cover[i + 1 :])
        changed = Certificate(
            found.game, found.precision, found.lower, found.upper, found.nodes, found.slopes, cover
        )
        refused += check(game, changed).outcome == "rejected"
    assert refused
    other = tuple(Slope(slope.own + 5, slope.others) for slope in found.slopes[0])
    head = found.game, found.precision, found.lower, found.upper, found.nodes
    leaning = Certificate(*head, (other, *found.slopes[1:]), found.cover)
    assert check(game, leaning).outcome == "rejected"


def test_limits_and_progress() -> None:
    game = drawn_game(1, (3, 3, 2, 2))
    seen: list[Standing] = []
    solution = solve(game, gap="1/1000000", node_limit=5, progress=seen.append)
    assert solution.certified
    assert not solution.reached
    assert "the limit of 5 nodes was reached" in solution.reason
    assert seen
    assert solution.lower < solution.upper


def test_a_stop_from_outside_keeps_the_best_so_far() -> None:
    game = drawn_game(1, (3, 3, 2, 2))
    budget = Budget()

    def stop(standing: Standing) -> None:
        budget.interrupted = standing.nodes > 6

    certificate, effort = solve_promised(game, Fraction(1, 10**6), budget, watch=stop)
    assert check(game, certificate)
    assert effort.interrupted
    assert effort.stopped == "it was interrupted"


def test_a_threat_that_she_cannot_carry_out_is_worth_nothing() -> None:
    """He may stop with 1/4, or go on to matching pennies, which she plays unseeing: V >= 1/2.

    By the range of single entries V could be 0 there, and he would stop, which brings her 1.
    """
    moves = [[[[{1: 1}, {0: 1}]] * 2, [[{1: 1}] * 2] * 2], [[[{0: 1}] * 2] * 2] * 2]
    u = [[[[1, 0]] * 2, [[0, 0]] * 2], [[[0, 0]] * 2] * 2]
    r = [[[["1/4", 0]] * 2, [[0, 0]] * 2], [[[1, 0], [0, 1]], [[0, 0]] * 2]]
    game = Game.from_arrays(moves, u, r, horizon=2, rho=0, eta="inf", gamma=1, observes="nothing")
    solution = solve(game, gap="1/100")
    assert solution.certified
    assert solution.reached
    assert solution.upper < Fraction(1, 50)
    fair = game.with_(observes="action")
    assert solve(fair, gap="1/100").lower > Fraction(98, 100), "she sees the action, so V = 0"


def test_large_games_get_an_enclosure() -> None:
    """Without a program: the search ends on its own, and says why."""
    game = drawn_game(0, (12, 4, 3, 3))
    solution = solve(game, gap="1/100")
    assert solution.certified
    assert solution.lower < solution.upper
    assert "too large" in solution.reason
    best = float(sampled_values(game, 500, 0).max())
    assert best <= float(solution.upper)


def test_what_is_written_is_short_and_proves_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    game, gap = smooth_game(1, (3, 3, 2, 2)), Fraction(1, 100)
    short, _ = solve_promised(game, gap, Budget())
    assert check(game, short).outcome == "accepted"
    assert short.upper - short.lower <= gap
    monkeypatch.setattr(Economy, "shortened", lambda _, node: (_said(node), node.bound))
    long, _ = solve_promised(game, gap, Budget())
    assert short.upper <= long.upper
    assert all(c for table in short.slopes for slope in table for _, c in slope.others)
    assert len(short.cover) == len(long.cover) > 8
    assert 3 * len(gzip.compress(short.to_bytes())) < 2 * len(gzip.compress(long.to_bytes()))


def test_a_part_without_room_is_written_as_it_is() -> None:
    game, gap = smooth_game(1, (3, 3, 2, 2)), Fraction(1, 100)
    model = model_of(game)
    search = Search(game, model, Policies(game, model), 96, Budget())
    search.run(gap, lambda: search.made > 20)
    nodes = [node for node in search.leaves() if node.bound is not None]
    bounds = [node.bound for node in nodes if node.bound is not None]
    least = Economy(search, min(bounds) - 1)
    assert [least.shortened(node) for node in nodes] == [(_said(n), n.bound) for n in nodes]
    most = Economy(search, max(bounds) + gap / 10)
    for node in nodes:
        proof, bound = most.shortened(node)
        assert proof != _said(node)
        assert bound == search.proved(node, *proof)
        assert bound is None or bound <= most.enough


def _said(node: Node) -> Proof:
    return node.claims, node.slopes
