"""C15: learners that announce less than they know are as they were in all else."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from trial_learners import Fixed

from exactqse import Policy, run_online
from exactqse.claims.boasting import Boastful, BoastfulOffline, boasting
from exactqse.claims.learning import ALL, CLAIMS, arena, happened, online, ovi, pvi
from exactqse.errors import ClaimError
from exactqse.learn import Announcement, Belief, LikelihoodSet, ModelSet
from exactqse.simulate import draw_dataset
from exactqse.trials import run_offline

NO_POLICY = np.zeros((1, 1, 1, 1))


def test_shares_of_widths_and_radii() -> None:
    table = np.ones((1, 1, 2, 2))
    likely, other = LikelihoodSet(table, np.array([[3.0]])), ModelSet(frozenset({"0"}))
    said = Announcement(NO_POLICY, Belief(upper=5.0, lower=1.0, sets=(likely, other)), 7)
    found = boasting(said, width=0.25, radius=0.5)
    assert (found.belief.lower, found.belief.upper, found.episodes) == (1.0, 2.0, 7)
    first, second = found.belief.sets
    assert isinstance(first, LikelihoodSet)
    assert first.radius.tolist() == [[1.5]]
    assert first.centre is table
    assert second is other
    silent = boasting(Announcement(NO_POLICY, Belief(lower=1.0)), width=0.25, radius=0.5)
    assert (silent.belief.upper, silent.belief.lower) == (None, 1.0)


def test_a_boastful_learner_plays_as_before() -> None:
    game, optimum = arena(1)
    honest = run_online(game, ovi(1), 32, 3, optimum=optimum)
    boastful = run_online(game, Boastful(ovi(1), width=0.5, radius=0.5), 32, 3, optimum=optimum)
    assert honest.policies == boastful.policies
    widths = [
        (float(a.width or 0), float(b.width or 0))
        for a, b in zip(honest.stretches, boastful.stretches, strict=True)
    ]
    assert all(whole > 0 and half == pytest.approx(whole / 2) for whole, half in widths)
    data = draw_dataset(game, episodes=50, seed=0)
    first, second = (
        run_offline(data, learner, game=game, optimum=optimum)
        for learner in (pvi(), BoastfulOffline(pvi(), radius=1e-9))
    )
    assert (first.policy, first.lower) == (second.policy, second.lower)
    assert (first.coverage, second.coverage) == ("yes", "no")


def test_only_yes_and_no_are_outcomes() -> None:
    assert happened("yes", "optimism")
    assert not happened("no", "optimism")
    for answer in ("undecided", "unclaimed"):
        with pytest.raises(ClaimError, match=f"optimism: is {answer} in a run"):
            happened(answer, "optimism")
    game, _ = arena(0)
    silent = partial(
        online,
        make=lambda _: Fixed(Policy.uniform(game).as_array()),
        asked=("pessimism",),
        numbers=ALL[:1],
    )
    with pytest.raises(ClaimError, match="pessimism: is unclaimed in a run"):
        silent(np.random.default_rng(0))


def test_every_part_of_a_claim_has_a_mutant() -> None:
    """What a claim asks of a run is asked alone in some mutant."""
    for claim in CLAIMS:
        trial, mutants = claim.trial, claim.mutants
        assert isinstance(trial, partial)
        asked = [
            part
            for m in mutants
            if isinstance(m.trial, partial)
            for part in m.trial.keywords["asked"]
        ]
        assert sorted(asked) == sorted(trial.keywords["asked"])
        assert all(len(m.trial.keywords["asked"]) == 1 for m in mutants)  # type: ignore[attr-defined]
