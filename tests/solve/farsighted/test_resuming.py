"""Searches for farsighted followers that are stopped, watched, handed out, and gone on with."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from exactqse.errors import CertificateError, InputError
from exactqse.games import dense
from exactqse.kernel.certificate import Certificate, Part, ValueSplit
from exactqse.kernel.check import check
from exactqse.model import Game
from exactqse.solve import Solution, Standing, decide, farsighted, keeping, solve
from exactqse.solve.api import Leader
from exactqse.solve.farsighted import solver
from exactqse.solve.farsighted.forests import finer, whole
from exactqse.solve.farsighted.incumbent import Evaluated, best_policy, evaluate
from exactqse.solve.farsighted.model import Model, model_of
from exactqse.solve.farsighted.planting import plant

GAP = Fraction(1, 100)


def drawn_game(observes: object, *, B: int, H: int) -> Game:
    random = np.random.default_rng(4)
    shape = H, 2, 2, B
    P = random.dirichlet(np.ones(2), size=shape)
    u, r = random.random((2, *shape))
    rho = [0.5, 0.5] if H == 2 else [1.0, 0.0]  # paths meet
    options: dict[str, object] = {"eta": 3, "gamma": "9/10", "normalise": True, "rho": rho}
    return Game.from_arrays(P, u, r, observes=observes, **options)  # type: ignore[arg-type]


GAMES = {
    "action": drawn_game("action", B=2, H=3),
    "nothing": drawn_game("nothing", B=2, H=2),
    "cells": drawn_game([[0, 2], [1]], B=3, H=2),
}


GAPS = {GAMES["action"]: GAP, GAMES["nothing"]: Fraction(1, 40), GAMES["cells"]: Fraction(1, 20)}


@pytest.fixture(params=GAMES)
def game(request: pytest.FixtureRequest) -> Game:
    return GAMES[request.param]


def parts(certificate: Certificate) -> int:
    return sum(isinstance(entry, Part) for entry in certificate.cover)


def reread(solution: Solution) -> Certificate:
    return Certificate.from_bytes(solution.certificate.to_bytes())


def test_a_stopped_search_that_goes_on_ends_like_one_that_was_not(game: Game) -> None:
    whole = solve(game, gap=GAPS[game], checker="flint")
    part = solve(game, gap=GAPS[game], node_limit=4, checker="flint")
    rest = solve(game, gap=GAPS[game], resume=reread(part), checker="flint")
    assert (whole.reached, part.reached, rest.reached) == (True, False, True)
    assert part.certified
    assert rest.certified
    assert rest.value.overlaps(whole.value)
    assert part.lower <= rest.lower
    assert rest.upper < part.upper
    assert parts(part.certificate) < parts(rest.certificate)
    assert parts(rest.certificate) <= 2 * parts(whole.certificate) + 8


def test_no_stop_makes_the_bounds_wider(game: Game) -> None:
    seen, known = [], None
    for limit in (2, 2, 8):
        solution = solve(
            game, gap=GAPS[game] / 100, node_limit=limit, resume=known, checker="flint"
        )
        assert solution.certified
        seen.append(solution)
        known = reread(solution)
    for before, after in pairwise(seen):
        assert after.lower >= before.lower
        assert after.upper < before.upper
        assert parts(after.certificate) >= parts(before.certificate)
    assert seen[-1].certificate.precision <= seen[0].certificate.precision + 8


def test_what_was_reached_is_not_searched_again() -> None:
    game = GAMES["action"]
    known = solve(game, gap=GAP)
    again = solve(game, gap=GAP, resume=known.certificate)
    assert again.certified
    assert again.effort.work == 0
    assert (again.lower, again.upper) == (known.lower, known.upper)


def test_a_search_that_has_no_time_keeps_what_it_was_given(game: Game) -> None:
    known = solve(game, gap=GAPS[game], node_limit=4, checker="flint")
    again = solve(game, gap=GAPS[game], time_limit=1e-9, resume=known.certificate, checker="flint")
    assert again.certified
    assert not again.reached
    assert "the limit of 1e-09 s was reached" in again.reason
    assert (again.lower, again.upper) == (known.lower, known.upper)
    assert again.certificate.cover == known.certificate.cover


def test_covers_are_planted_as_they_are(game: Game) -> None:
    certificate = solve(game, gap=GAPS[game] / 10, node_limit=20, checker=None).certificate
    model = model_of(game)
    planted = plant(game, model, certificate)
    assert planted is not None
    places = [place for place in game.places if place[0]]
    pending = [(0, np.full(len(places), -np.inf), np.full(len(places), np.inf))]
    visited = []
    while pending:
        n, lo, hi = pending.pop()
        visited.append(n)
        entry = certificate.cover[n]
        assert (planted.lo[n] >= lo).all()  # what policies can reach is less than what splits leave
        assert (planted.hi[n] <= hi).all()
        if isinstance(entry, Part):
            assert planted.children[n].tolist() == [-1, -1]
            continue
        assert isinstance(entry, ValueSplit)  # others: test_mixtures.py
        j = places.index((entry.step, entry.state))
        assert (planted.axis[n], planted.at[n]) == (j, entry.at)
        first, second = hi.copy(), lo.copy()
        first[j] = second[j] = float(entry.at)
        pending += [(planted.children[n, 1], second, hi), (planted.children[n, 0], lo, first)]
    assert visited == list(range(len(certificate.cover)))
    leaves = [n for n, entry in enumerate(certificate.cover) if isinstance(entry, Part)]
    assert planted.leaves.tolist() == leaves
    policy = best_policy(model)
    forests = [whole(model), *finer(model, [pi[0] for pi in policy.pi], 4)]
    kinds = planted.kinds(forests)
    for n, kind in zip(leaves, kinds, strict=True):
        part = certificate.cover[n]
        assert isinstance(part, Part)
        trees = part.claims[-1].pieces[0].trees
        shapes = forests[kind].shapes[-1][-1]
        assert [len(tree) for tree in trees] == [len(shape) for shape in shapes]


def test_a_planted_search_finds_the_bounds_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """In float64, of every part, so that nothing is searched twice."""
    game = GAMES["nothing"]
    known = solve(game, gap=GAPS[game], node_limit=8, checker=None).certificate
    bounds = []

    def seen(self: solver.Search, *_arguments: object) -> None:
        leaves = self.nodes.children[: self.nodes.size, 0] < 0
        bounds.append(self.nodes.bound[: self.nodes.size][leaves])

    monkeypatch.setattr(solver.Search, "run", seen)
    solve(game, gap=GAPS[game], resume=known)
    assert len(bounds[0]) == parts(known) > 1
    assert bounds[0].max() < float(known.upper) + 1e-9


def test_the_better_policy_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    game = GAMES["action"]
    known = solve(game, gap=GAP, node_limit=4)

    def worse(model: Model) -> Evaluated:
        return evaluate(model, [np.full((1, *layer.u.shape), 0.5) for layer in model.layers])

    monkeypatch.setattr(solver, "good_policies", worse)
    assert solve(game, gap=GAP, node_limit=4).lower < known.lower
    again = solve(game, gap=GAP, node_limit=4, resume=known.certificate)
    assert again.certified
    assert again.lower >= known.lower
    assert again.upper < known.upper


def test_numbers_beyond_float64_are_begun_anew() -> None:
    game = GAMES["action"]
    known = solve(game, gap=GAP, node_limit=4).certificate
    far = ValueSplit(1, 0, Fraction(10**400))
    cover = (far, *known.cover, known.cover[-1])
    wide = replace(known, cover=cover)
    assert plant(game, model_of(game), wide) is None
    if check(game, wide):
        assert solve(game, gap=GAP, resume=wide).reached


def test_only_accepted_certificates_of_the_game_and_the_leader_are_gone_on_with() -> None:
    game = GAMES["action"]
    known = solve(game, gap=1).certificate
    with pytest.raises(CertificateError, match="certificate is of the game"):
        solve(game.with_(eta=2), resume=known)
    forged = replace(known, upper=known.lower)
    with pytest.raises(InputError, match="the certificate is rejected: upper is less") as caught:
        solve(game, resume=forged, checker=None)
    assert caught.value.where == "resume"
    remembering = solve(game, gap=1, leader="history").certificate
    for certificate, leader, text in (
        (remembering, "markov", "is that of a leader who remembers, not of a Markov leader"),
        (known, "history", "is that of a Markov leader, not of a leader who remembers"),
    ):
        with pytest.raises(InputError, match=text) as caught:
            solve(game, resume=certificate, leader=leader)
        assert caught.value.where == "resume"


@pytest.mark.parametrize("leader", ["history", "markov"])
def test_frontiers_are_gone_on_with(leader: Leader) -> None:
    game = tree() if leader == "markov" else GAMES["action"]
    told: list[Standing] = []
    options = {"gap": "1e-5", "leader": leader, "checker": "flint"}
    whole = solve(game, **options)  # type: ignore[arg-type]
    limit = {"history": 30, "markov": 1}[leader]
    known = solve(game, **options, node_limit=limit, progress=told.append)  # type: ignore[arg-type]
    assert known.certified
    assert not known.reached
    assert {standing.nodes for standing in told} == {len(game.places)}
    assert told[-1].upper is not None
    assert told[-1].lower is not None
    rest = solve(game, **options, resume=reread(known))  # type: ignore[arg-type]
    assert rest.certified
    assert rest.reached
    assert rest.value.overlaps(whole.value)
    assert rest.lower >= known.lower
    assert rest.upper < known.upper
    assert rest.effort.work < whole.effort.work


def tree() -> Game:
    game = dense(states=1, leader_actions=3, follower_actions=3, horizon=4, seed=3, eta=2)
    return game.with_(gamma="1/2")


def test_trees_that_frontiers_do_not_solve_are_divided() -> None:
    game = tree().with_(observes="nothing")
    known = solve(game, gap="1/10", checker="flint", node_limit=30)
    again = solve(game, gap="1/1000", resume=known.certificate, checker="flint", node_limit=30)
    assert again.certified
    assert again.lower >= known.lower
    assert again.upper <= known.upper


def test_merged_certificates_have_the_better_of_both() -> None:
    game = GAMES["action"]
    wide, narrow = (solve(game, gap=GAP, node_limit=n).certificate for n in (2, 20))
    low = replace(narrow, lower=narrow.lower - 1)
    found = keeping.merged(wide, low)
    assert (found.lower, found.upper) == (wide.lower, narrow.upper)
    assert (found.nodes, found.cover) == (wide.nodes, narrow.cover)
    assert check(game, found)
    assert keeping.merged(low, wide) == found


def test_solutions_are_handed_out_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SECONDS", 0.0)
    monkeypatch.setattr(keeping, "SHARE", 0.0)
    game = GAMES["action"]
    kept: list[Solution] = []
    solution = solve(game, gap="1e-4", keep=kept.append, node_limit=300, checker="flint")
    assert len(kept) > 1
    for one in kept:
        assert one.certified
        assert "the search goes on" in one.reason
    for before, after in pairwise([*kept, solution]):
        assert before.upper - before.lower >= after.upper - after.lower
    assert kept[0].upper > solution.upper


def test_solutions_are_handed_out_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    taken = []

    def take(*pair: object) -> None:
        nonlocal now
        taken.append(pair)
        now += 20

    solution = solve(GAMES["action"], gap=1, checker=None)
    outlet = keeping.Outlet(take, last=0.0)
    for moment, count in ((29.0, 0), (30.0, 1), (129.0, 1), (130.0, 2)):
        now = moment
        outlet.offer(solution.certificate, solution.effort)
        assert len(taken) == count
    outlet.rest(0)
    assert not outlet.is_due()


def test_bounds_and_open_parts_are_told(game: Game) -> None:
    seen: list[Standing] = []
    solution = solve(game, gap=GAPS[game], progress=seen.append, checker="flint")
    bounds = [(s.lower, s.upper) for s in seen if s.lower is not None and s.upper is not None]
    assert len(bounds) > 2
    uppers = [upper for _, upper in bounds]
    assert uppers == sorted(uppers, reverse=True)
    assert uppers[-1] < uppers[0]
    assert all(lower <= solution.lower for lower, _ in bounds)
    assert any(standing.open_parts for standing in seen)
    assert all(0 <= standing.done <= standing.nodes for standing in seen)
    assert [standing.checking for standing in seen] == [False] * (len(seen) - 1) + [True]


def test_ctrl_c_returns_the_best_so_far(game: Game) -> None:
    def watch(standing: Standing) -> None:
        if standing.nodes > 4 and not standing.checking and not interrupted:
            interrupted.append(True)
            signal.raise_signal(signal.SIGINT)

    interrupted: list[bool] = []
    solution = solve(game, gap="1e-9", progress=watch, checker="flint")
    assert solution.certified
    assert not solution.reached
    assert solution.effort.interrupted
    assert "it was interrupted" in solution.reason
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_decisions_go_on_with_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    game = drawn_game("action", B=2, H=2)
    precise = solve(game, 8, checker="flint")
    given = []

    def noted(*arguments: object, resume: Certificate | None, **options: object) -> object:
        given.append(resume)
        return solver.solve_farsighted(*arguments, resume=resume, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(farsighted, "solve_farsighted", noted)
    decision = decide(game, precise.upper + Fraction(1, 10**8), max_digits=8, checker="flint")
    assert decision.answer == "no"
    assert given[0] is None
    assert len(given) > 1
    assert all(known is not None for known in given[1:])
