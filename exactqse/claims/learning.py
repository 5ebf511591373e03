"""C15: what learners at width_scale = 1 say of themselves, held against the truth run by run.

A run is a small random game, a learner and a seed. In every episode t the learner announces a
policy pi_t and claims J* <= upper_t, lower_t <= J(pi_t), and sets that hold the truth. With
probability at least 1 - delta all of that is so in all episodes at once, and then

    sum_t J* - J(pi_t)  <=  sum_t upper_t - lower_t

(proofs/optimism.md). For MLE-OVI and MLE-PVI this is so on the events of
proofs/response-likelihood.md and proofs/leader-widths.md, for OMLE on that of
proofs/finite-likelihood-sets.md, for MLE-GOLF on that of proofs/chains.md. J* is a checked
certificate's and J(pi_t) a ball's; only the sets are judged in float64, and a question that the
harness leaves open stops the claim with an error.

Proven widths are large: runs show that a width is wrong, not that a smaller one would be. Half of
the games have a low eta, where upper_t ends below the largest value that rewards allow. The regret
of OMLE and MLE-GOLF is so small in these games that no narrower width is refuted by it, so that it
is claimed of MLE-OVI only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any

from numpy.random import Generator

from exactqse.claims.boasting import Boastful, BoastfulOffline
from exactqse.claims.claim import Coverage, CoverageMutant
from exactqse.errors import ClaimError
from exactqse.games.families import dense
from exactqse.learn.classes import OMLE, LocalClasses, MLEGolf, ModelClass
from exactqse.learn.myopic import MLEOVI, MLEPVI, LinearModel
from exactqse.learn.protocol import OfflineLearner, OnlineLearner
from exactqse.model.game import Game
from exactqse.simulate.classes import optimal_tables, perturbed_models, response_tables
from exactqse.simulate.draw import draw_dataset
from exactqse.simulate.noise import NO_NOISE, Noise
from exactqse.solve import Solution, solve
from exactqse.trials.answers import Answer
from exactqse.trials.offline import run_offline
from exactqse.trials.online import run_online

DELTA = Fraction(1, 5)
ALL = tuple(range(8))
BERNOULLI = Noise("bernoulli")
_ETAS = ("1/2", "1/2", "6", "6")
_SEEDS = 1 << 32
_MODELS = 6
_PLAYED, _DRAWN = 32, 64  # episodes
Make = Callable[[int], OnlineLearner]  # from the number of a game


@cache
def arena(number: int) -> tuple[Game, Solution]:
    """A game of one step (even numbers) or of two steps and states, with its certified solution."""
    size = 1 + number % 2
    game = dense(
        horizon=size,
        states=size,
        leader_actions=2,
        follower_actions=2,
        seed=number,
        eta=_ETAS[number % len(_ETAS)],
    )
    return game, solve(game, checker="flint")


def ovi(number: int, *, scale: float = 1.0) -> OnlineLearner:
    """MLE-OVI, tabular, replanning when the number of episodes has doubled."""
    del number
    return MLEOVI(LinearModel(width_scale=scale, delta=float(DELTA)), growth=2.0)


def boastful_ovi(number: int, *, width: float = 1.0, radius: float = 1.0) -> OnlineLearner:
    """The same, announcing a share of its widths or radii."""
    return Boastful(ovi(number), width=width, radius=radius)


def pvi(scale: float = 1.0) -> OfflineLearner:
    """MLE-PVI, tabular."""
    return MLEPVI(LinearModel(width_scale=scale, delta=float(DELTA)))


@cache
def omle(number: int, *, scale: float = 1.0) -> OnlineLearner:
    """OMLE over games that differ in the follower's rewards."""
    models = perturbed_models(arena(number)[0], _MODELS, seed=number, vary=("r",))
    return OMLE(ModelClass(models), delta=float(DELTA), width_scale=scale, growth=1.0)


@cache
def golf(number: int, *, scale: float = 1.0) -> OnlineLearner:
    """MLE-GOLF over the follower's rewards and the optimal values of those games."""
    models = perturbed_models(arena(number)[0], _MODELS, seed=number, vary=("r",))
    classes = LocalClasses(response_tables(models), optimal_tables(models))
    return MLEGolf(classes, delta=float(DELTA), width_scale=scale, growth=1.0)


def online(
    rng: Generator,
    *,
    make: Make,
    asked: Sequence[str],
    numbers: Sequence[int] = ALL,
    noise: Noise = NO_NOISE,
) -> bool:
    """Whether the answer to every question is yes, in a run of a random game and seed."""
    number = numbers[int(rng.integers(len(numbers)))]
    game, optimum = arena(number)
    seed = int(rng.integers(_SEEDS))
    record = run_online(game, make(number), _PLAYED, seed, noise=noise, optimum=optimum)
    return all(happened(getattr(record, question), question) for question in asked)


def offline(rng: Generator, *, learner: OfflineLearner, asked: Sequence[str]) -> bool:
    """The same of an offline learner and data of the uniform policy."""
    game, optimum = arena(int(rng.integers(len(ALL))))
    seed = int(rng.integers(_SEEDS))
    data = draw_dataset(game, episodes=_DRAWN, seed=seed, noise=BERNOULLI)
    record = run_offline(data, learner, game=game, optimum=optimum)
    return all(happened(getattr(record, question), question) for question in asked)


def happened(answer: Answer, question: str) -> bool:
    """Yes or no. Raises ClaimError for an answer that is neither: a trial has two outcomes."""
    if answer not in {"yes", "no"}:
        raise ClaimError(f"is {answer} in a run: neither yes nor no", where=question)
    return answer == "yes"


_MYOPIC = "gamma = 0, the leader sees the action"
_LINEAR = ("tabular, width_scale = 1", _MYOPIC, "her rewards are seen with Bernoulli noise")
_FINITE = (
    "finite classes with the truth in them, width_scale = 1",
    _MYOPIC,
    "her rewards are seen exactly",
)
_TELLING = 2, 4  # of one step: a set of a class is never empty there, and a wrong one soon tells
_PART = 0.02
_SCALED = "a fiftieth of the proven widths"
_RADIUS = "a fiftieth of the radii is announced"
_SETS = {
    "optimism": (_PART, "J* <= upper_t alone, with a fiftieth of the proven radii"),
    "pessimism": (0.0, "lower_t <= J(pi_t) alone, with radii 0"),
    "coverage": (_PART, "the sets alone, with a fiftieth of the proven radii"),
}
_claim: Any = partial(Coverage, level=1 - DELTA, source="proofs/optimism.md")


def _of_ovi(question: str, name: str, what: str, make: Make) -> dict[str, Any]:
    """Hypotheses, trial and mutant of a claim about MLE-OVI."""
    trial = partial(online, asked=(question,), noise=BERNOULLI)
    wrong = partial(trial, make=make, numbers=_TELLING)
    mutant = CoverageMutant(name=name, what=f"{what}, in two games", trial=wrong)
    return {
        "hypotheses": ("MLE-OVI", *_LINEAR),
        "trial": partial(trial, make=ovi),
        "mutants": (mutant,),
    }


def _of_class(make: Any) -> dict[str, Any]:
    """Those of a claim about a learner over finite classes: a mutant for each thing claimed."""
    mutants = tuple(
        CoverageMutant(
            name=question,
            what=f"{what}, in two games",
            trial=partial(
                online, make=partial(make, scale=scale), asked=(question,), numbers=_TELLING
            ),
        )
        for question, (scale, what) in _SETS.items()
    )
    trial = partial(online, make=make, asked=tuple(_SETS))
    return {"hypotheses": _FINITE, "trial": trial, "mutants": mutants}


CLAIMS: tuple[Coverage, ...] = (
    _claim(
        id="C15a",
        title="Optimism of MLE-OVI",
        statement="with probability at least 1 - delta, J* <= upper_t in every episode t",
        latex=r"\mathrm{P}\bigl(\forall t:\ J^*\le\overline{J}_t\bigr)\ge1-\delta",
        **_of_ovi("optimism", "widths", _SCALED, partial(ovi, scale=_PART)),
    ),
    _claim(
        id="C15b",
        title="Pessimism of MLE-OVI",
        statement="with probability at least 1 - delta, lower_t <= J(pi_t) in every episode t",
        latex=r"\mathrm{P}\bigl(\forall t:\ \underline{J}_t\le J(\pi_t)\bigr)\ge1-\delta",
        **_of_ovi("pessimism", "widths", _SCALED, partial(ovi, scale=_PART)),
    ),
    _claim(
        id="C15c",
        title="Regret of MLE-OVI against its widths",
        statement="with probability at least 1 - delta,"
        " sum_t J* - J(pi_t) <= sum_t upper_t - lower_t",
        latex=r"\mathrm{P}\Bigl(\sum_t J^*-J(\pi_t)\le\sum_t\overline{J}_t-\underline{J}_t\Bigr)"
        r"\ge1-\delta",
        **_of_ovi(
            "widths",
            "widths",
            "a fiftieth of the widths is announced",
            partial(boastful_ovi, width=_PART),
        ),
    ),
    _claim(
        id="C15d",
        title="Likelihood sets of MLE-OVI",
        statement="with probability at least 1 - delta, the follower's rewards are in the"
        " claimed set in every episode",
        latex=r"\mathrm{P}\bigl(\forall t,h,s:\ L_t(\theta^*)-L_t(\hat\theta_t)\le\beta_t\bigr)"
        r"\ge1-\delta",
        source="proofs/response-likelihood.md",
        **_of_ovi("coverage", "radius", _RADIUS, partial(boastful_ovi, radius=_PART)),
    ),
    _claim(
        id="C15e",
        title="Pessimism and likelihood set of MLE-PVI",
        statement="with probability at least 1 - delta, lower <= J(pi) for the policy that is"
        " learnt from a dataset, and the follower's rewards are in the claimed set",
        latex=r"\mathrm{P}\bigl(\underline{J}\le J(\hat\pi),\ "
        r"L(\theta^*)-L(\hat\theta)\le\beta\bigr)\ge1-\delta",
        hypotheses=("MLE-PVI, data of the uniform policy", *_LINEAR),
        trial=partial(offline, learner=pvi(), asked=("pessimism", "coverage")),
        mutants=(
            CoverageMutant(
                name="widths",
                what=f"pessimism alone, with {_SCALED}",
                trial=partial(offline, learner=pvi(_PART), asked=("pessimism",)),
            ),
            CoverageMutant(
                name="radius",
                what=f"the set alone: {_RADIUS}",
                trial=partial(
                    offline, learner=BoastfulOffline(pvi(), radius=_PART), asked=("coverage",)
                ),
            ),
        ),
    ),
    _claim(
        id="C15f",
        title="Optimism, pessimism and sets of OMLE",
        statement="with probability at least 1 - delta, J* <= upper_t, lower_t <= J(pi_t), and the"
        " true game is in the set in every episode t",
        latex=r"\mathrm{P}\bigl(\forall t:\ \underline{J}_t\le J(\pi_t)\le J^*\le"
        r"\overline{J}_t,\ M^*\in C_t\bigr)\ge1-\delta",
        **_of_class(omle),
    ),
    _claim(
        id="C15g",
        title="Optimism, pessimism and sets of MLE-GOLF",
        statement="with probability at least 1 - delta, J* <= upper_t, lower_t <= J(pi_t), and the"
        " follower's rewards are in the sets in every episode t",
        latex=r"\mathrm{P}\bigl(\forall t:\ \underline{J}_t\le J(\pi_t)\le J^*\le"
        r"\overline{J}_t,\ \theta^*\in C_t\bigr)\ge1-\delta",
        source="proofs/chains.md",
        **_of_class(golf),
    ),
)
