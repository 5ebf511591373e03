"""Branch and bound that is stopped, watched, and gone on with."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from threading import Thread

import numpy as np
import pytest

from exactqse import Game, check
from exactqse.errors import CertificateError, InputError, KindError
from exactqse.games import get
from exactqse.kernel.certificate import Certificate, Leaf, Part, Tree
from exactqse.solve import Solution, Standing, frontier, keeping, partition, prescription, solve
from exactqse.solve.frontier import Frontier, Parts
from exactqse.solve.planting import plant
from exactqse.solve.solution import uninterrupted

GAP = Fraction(1, 10**6)
Watch = Callable[[Standing], None]


def hard_game(observes: object = "nothing") -> Game:
    random = np.random.default_rng(3)
    u, r = random.integers(0, 11, (2, 7, 7)).tolist()
    return Game.from_arrays(None, [u], [r], eta="1/2", observes=observes)


def responding() -> Game:
    random = np.random.default_rng(3)
    u, r = random.random((2, 2, 3, 2, 2))
    P = random.dirichlet(np.ones(3), size=u.shape)
    return Game.from_arrays(P, u, r, eta="inf", gamma="9/10", normalise=True)


GAMES = {
    "one stage": hard_game(),
    "cells": hard_game([[0, 1, 2], [3, 4, 5, 6]]),
    "layers": get("patrol-4").with_(observes="nothing"),
    "best responses": responding(),
}


@pytest.fixture(params=GAMES)
def game(request: pytest.FixtureRequest) -> Game:
    return GAMES[request.param]


@pytest.fixture
def short_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let searches take many passes."""
    monkeypatch.setattr(partition, "_PASS", 32)


def width(solution: Solution) -> Fraction:
    return solution.upper - solution.lower


def leaves(certificate: Certificate) -> int:
    if certificate.cover:
        return sum(isinstance(entry, Part) for entry in certificate.cover)
    trees = [tree for node in certificate.nodes for tree in node.trees]
    return sum(isinstance(entry, Leaf) for tree in trees for entry in tree)


def once(action: Callable[[], None]) -> Watch:
    """A callback that acts the first time that parts are open."""
    done: list[bool] = []

    def watch(standing: Standing) -> None:
        if standing.open_parts and not done:
            done.append(True)
            action()

    return watch


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("limit", [1, 40, 300])
def test_a_stopped_search_that_goes_on_ends_like_one_that_was_not(game: Game, limit: int) -> None:
    whole = solve(game, gap=GAP)
    part = solve(game, gap=GAP, node_limit=limit)
    rest = solve(game, gap=GAP, resume=part.certificate)
    assert part.certified
    assert part.upper >= whole.lower
    assert rest.certified
    assert whole.reached
    assert rest.reached
    assert rest.value.overlaps(whole.value)
    assert leaves(rest.certificate) <= 1.5 * leaves(whole.certificate) + 50


def test_no_stop_makes_the_bounds_wider(game: Game) -> None:
    known = None
    seen = []
    for limit in (30, 30, 60, 60, 60, 200, 400):
        solution = solve(game, gap=GAP, node_limit=limit, resume=known, checker="flint")
        assert solution.certified
        assert known is None or leaves(solution.certificate) >= leaves(known)
        seen.append(solution)
        known = solution.certificate
    for before, after in pairwise(seen):
        assert after.lower >= before.lower
        assert after.upper <= before.upper
    assert width(seen[-1]) < width(seen[0])


def test_what_was_reached_is_not_searched_again(game: Game) -> None:
    known = solve(game, gap=GAP).certificate
    again = solve(game, gap=GAP, resume=known)
    assert again.certified
    assert again.effort.work == 0
    assert again.lower >= known.lower
    assert again.upper <= known.upper


@pytest.mark.parametrize(("first", "second"), [(3, 9), (9, 3)])
def test_a_search_goes_on_with_other_digits(game: Game, first: int, second: int) -> None:
    known = solve(game, first).certificate
    rest = solve(game, second, resume=known)
    assert rest.certified
    assert rest.reached
    assert rest.lower >= known.lower
    assert rest.upper <= known.upper


def test_only_accepted_certificates_of_the_game_are_gone_on_with() -> None:
    game = GAMES["one stage"]
    known = solve(game, gap=1).certificate
    with pytest.raises(CertificateError, match="certificate is of the game"):
        solve(game.with_(eta=2), resume=known)
    forged = replace(known, upper=known.lower)
    with pytest.raises(InputError, match="the certificate is rejected: upper is less") as caught:
        solve(game, resume=forged, checker=None)
    assert caught.value.where == "resume"
    with pytest.raises(KindError, match="expected a certificate"):
        solve(game, resume="cert.json")  # type: ignore[arg-type]


def test_where_nothing_is_searched_there_is_nothing_to_go_on_with() -> None:
    game = get("conitzer-sandholm-2006")
    with pytest.raises(InputError, match="there is no search to go on with") as caught:
        solve(game, resume=solve(game).certificate)
    assert caught.value.where == "resume"


@pytest.mark.usefixtures("short_passes")
def test_ctrl_c_returns_the_best_so_far(game: Game) -> None:
    solution = solve(game, gap=GAP, progress=once(interrupt))
    assert solution.certified
    assert not solution.reached
    assert solution.effort.interrupted
    assert "it was interrupted" in solution.reason
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    rest = solve(game, gap=GAP, resume=solution.certificate)
    assert rest.reached


def test_a_second_ctrl_c_aborts() -> None:
    def twice() -> None:
        interrupt()
        interrupt()

    with pytest.raises(KeyboardInterrupt):
        solve(GAMES["one stage"], gap=GAP, progress=once(twice))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_while_the_result_is_checked_loses_nothing() -> None:
    def watch(standing: Standing) -> None:
        if standing.checking:
            interrupt()

    solution = solve(GAMES["one stage"], gap=GAP, progress=watch)
    assert solution.reached
    assert not solution.effort.interrupted


def test_a_callers_own_handler_stays() -> None:
    heard = []
    old = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    try:
        assert solve(GAMES["one stage"], gap=GAP, progress=once(interrupt)).reached
    finally:
        signal.signal(signal.SIGINT, old)
    assert heard == [signal.SIGINT]


def test_other_threads_install_nothing() -> None:
    handlers = []
    found = []

    def watch(_standing: Standing) -> None:
        handlers.append(signal.getsignal(signal.SIGINT))

    thread = Thread(target=lambda: found.append(solve(GAMES["one stage"], 3, progress=watch)))
    thread.start()
    thread.join()
    assert found[0].reached
    assert set(handlers) == {signal.default_int_handler}


@pytest.mark.usefixtures("short_passes")
@pytest.mark.parametrize("game", ["one stage", "cells", "layers"], indirect=True)
def test_bounds_are_told_once_a_pass_is_complete(game: Game) -> None:
    seen: list[Standing] = []
    solution = solve(game, gap=GAP, progress=seen.append)
    first = next(i for i, standing in enumerate(seen) if standing.lower is not None)
    assert all(standing.lower is None for standing in seen[:first])
    assert seen[first].done == seen[first].nodes == sum(map(len, game.reachable))
    gaps = [s.upper - s.lower for s in seen[first:] if s.upper is not None and s.lower is not None]
    assert len(gaps) == len(seen) - first
    assert gaps == sorted(gaps, reverse=True)
    assert len(set(gaps)) > 1
    _told_to_the_end(seen)
    assert (seen[-1].lower, seen[-1].upper) == (solution.lower, solution.upper)


def test_bounds_for_best_responses_are_told_from_the_first_part_on() -> None:
    """Before that places are passed over, for what bounds a leader who remembers, too."""
    every: list[Standing] = []
    solution = solve(GAMES["best responses"], gap=GAP, progress=every.append)
    passes = [standing for standing in every if not standing.open_parts]
    assert [s.done for s in passes] == [*range(1, len(solution.game.places) + 1)]
    assert all(s.nodes == len(solution.game.places) and s.upper is None for s in passes)
    seen = every[len(passes) :]
    parts = [(s.done, s.nodes, s.open_parts) for s in seen]
    assert all(done + left == every for done, every, left in parts)
    assert [every for _, every, _ in parts] == sorted(every for _, every, _ in parts)
    uppers = [float(standing.upper) for standing in seen if standing.upper is not None]
    lowers = [standing.lower for standing in seen if standing.lower is not None]
    assert len(uppers) == len(seen) > 5
    assert uppers == sorted(uppers, reverse=True)
    assert lowers == sorted(lowers)
    assert float(solution.upper) <= uppers[-1] < uppers[0]
    assert lowers[-1] - GAP < solution.lower <= lowers[-1]
    _told_to_the_end(seen)
    begun = solve(GAMES["best responses"], gap=GAP, node_limit=20)
    seen.clear()
    solve(GAMES["best responses"], gap=GAP, resume=begun.certificate, progress=seen.append)
    assert all(s.done + s.open_parts == s.nodes for s in seen)
    assert 0 <= seen[0].done < seen[-1].done
    assert seen[0].open_parts > 5


def _told_to_the_end(seen: list[Standing]) -> None:
    assert any(standing.open_parts for standing in seen)
    assert [standing.checking for standing in seen] == [False] * (len(seen) - 1) + [True]


@pytest.mark.usefixtures("short_passes")
def test_solutions_are_handed_out_on_the_way(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SECONDS", 0.0)
    monkeypatch.setattr(keeping, "SHARE", 0.0)
    kept: list[Solution] = []
    solution = solve(game, gap=GAP, keep=kept.append)
    assert len(kept) > 1
    for one in kept:
        assert one.certified
        assert check(game, one.certificate)
        assert not one.reached
        assert "the search goes on" in one.reason
    assert all(width(b) <= width(a) for a, b in pairwise([*kept, solution]))


def test_quick_searches_hand_nothing_out() -> None:
    kept: list[Solution] = []
    solve(GAMES["one stage"], gap=GAP, keep=kept.append)
    assert kept == []


def test_full_memory_changes_the_order_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontier, "_MOST", 0)
    solution = solve(GAMES["one stage"], gap=GAP)
    assert solution.certified
    assert solution.reached


def corners(tree: Tree) -> list[list[list[Fraction]]]:
    """The corners of the leaves, one after the other, in exact numbers."""
    actions = 3
    left = [[[Fraction(int(i == j)) for j in range(actions)] for i in range(actions)]]
    found = []
    for entry in tree:
        part = left.pop()
        if isinstance(entry, Leaf):
            found.append(part)
            continue
        middle = [(a + b) / 2 for a, b in zip(part[entry.i], part[entry.j], strict=True)]
        halves = [[middle if k == end else v for k, v in enumerate(part)] for end in (0, 1, 2)]
        left += [halves[entry.j], halves[entry.i]]
    return found


def test_planted_trees_have_the_corners_of_their_leaves() -> None:
    u, r = np.random.default_rng(1).integers(0, 11, (2, 3, 3)).tolist()
    game = Game.from_arrays(None, [u], [r], observes="nothing")
    tree = solve(game, 9).certificate.nodes[0].trees[0]
    expected = [(entry, part) for entry, part in zip(_leaves(tree), corners(tree), strict=True)]
    assert len(expected) > 5
    planted = plant(tree, 0, 1, 3)
    found = {id(leaf): corner for leaf, corner in zip(planted.leaves, planted.corner, strict=True)}
    for leaf, part in expected:
        assert found[id(leaf)].tolist() == [[float(v) for v in corner] for corner in part]


def _leaves(tree: Tree) -> list[Leaf]:
    return [entry for entry in tree if isinstance(entry, Leaf)]


def test_what_holds_the_bound_up_most_comes_first() -> None:
    count = 50
    random = np.random.default_rng(0)
    urgency = random.uniform(0, 1, count)
    blank = np.zeros((count, 2, 2))
    keys = np.arange(count)
    queue = Frontier()
    queue.push(Parts(keys, keys % 5, blank, blank, blank, blank[:, 0], blank[:, 0], urgency))
    queue.drop([3])
    order = []
    while len(queue):
        parts = queue.pop(7)
        assert len(parts) == 7 or not len(queue)
        order += parts.key.tolist()
    assert sorted(order) == [k for k in range(count) if k % 5 != 3]
    found = urgency[order]
    assert (found[1:] <= found[:-1] * 1.5).all()  # within a level the order is free


UNSEARCHED = {
    "prescription": {"eta": 2},
    "strong": {"eta": "inf"},
    "strong, nothing": {"eta": "inf", "observes": "nothing"},
}


@pytest.mark.parametrize("name", UNSEARCHED)
def test_what_is_solved_backward_stops_at_limits_too(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prescription, "_CHUNK", 1)
    random = np.random.default_rng(6)
    shape = 3, 3, 2, 3
    P, (u, r) = random.dirichlet(np.ones(3), size=shape), random.random((2, *shape))
    game = Game.from_arrays(P, u, r, normalise=True, **UNSEARCHED[name])  # type: ignore[arg-type]
    whole = solve(game, 10)
    assert whole.reached
    nodes = sum(map(len, game.reachable))
    found = [solve(game, 10, node_limit=n) for n in (1, 3, nodes - 1, nodes)]
    for solution, n in zip(found, (1, 3, nodes - 1), strict=False):
        assert solution.certified
        assert not solution.reached
        assert solution.effort.stopped == f"the limit of {n} nodes was reached"
        assert solution.lower <= whole.lower
        assert whole.upper <= solution.upper
    assert width(found[2]) < width(found[0])
    assert found[-1].value == whole.value
    late = solve(game, 10, time_limit=1e-9)
    assert late.certified
    assert "the limit of 1e-09 s was reached" in late.reason


@pytest.mark.parametrize("name", UNSEARCHED)
def test_ctrl_c_ends_what_is_solved_backward(name: str) -> None:
    u, r = np.random.default_rng(3).random((2, 3, 40, 2, 3))
    P = np.full((3, 40, 2, 3, 40), 1 / 40)
    game = Game.from_arrays(P, u, r, normalise=True, **UNSEARCHED[name])  # type: ignore[arg-type]
    done: list[int] = []

    def watch(standing: Standing) -> None:
        if not done and not standing.checking:
            done.append(standing.done)
            interrupt()

    solution = solve(game, 10, progress=watch, checker="flint")
    assert solution.certified
    assert solution.effort.interrupted
    assert not solution.reached


def test_who_needs_several_solves_ends_with_the_first_ctrl_c() -> None:
    solution = solve(GAMES["one stage"], gap=GAP, node_limit=1)
    stopped = replace(solution, effort=replace(solution.effort, interrupted=True))
    assert uninterrupted(solution) is solution
    with pytest.raises(KeyboardInterrupt):
        uninterrupted(stopped)
