"""Games of several states and steps: inspections that run out, and a patrol on a ring of sites.

The inspection game follows the problem of Dresher (1962), "A Sampling-Inspection Problem in Arms
Control Agreements: A Game-Theoretic Analysis", RAND Memorandum RM-2972-ARPA: few inspections for
many periods. The payoffs of both games are this package's own.
"""

from __future__ import annotations

from exactqse.errors import GameError, shown
from exactqse.model.arrays import exact, whole
from exactqse.model.game import Game, Number, Observes

MAX_INSPECTIONS = 10**5
MAX_SITES = 10**3


def inspection_game(
    *,
    inspections: int,
    horizon: int,
    eta: Number = 1,
    gamma: Number = 0,
    observes: Observes = "action",
) -> Game:
    """An inspector with a stock of inspections faces a party that may violate at every step.

    State k <= K = ``inspections`` means k inspections left; K is the first state, K + 1 is
    "caught".
    Leader: wait, inspect (which uses one up; with none left it is the same as waiting). Follower:
    legal, violate. A violation that is inspected ends the game in "caught", where nothing more is
    paid.

    Payoffs (u, r) of a step: legal (0, 0), an inspection costs the leader 1/4; an undetected
    violation (-2, 2); a detected one (1 - 1/4, -4).

    Raises:
        GameError: inspections or horizon out of range.
    """
    if not 0 <= whole(inspections, "inspections") <= MAX_INSPECTIONS:
        what = f"{shown(inspections)} is not in 0..{MAX_INSPECTIONS}"
        raise GameError(what, where="inspections")
    caught = inspections + 1
    P: list[list[list[dict[int, int]]]] = []
    u, r = [], []
    for left in range(inspections + 1):
        inspected = [{max(left - 1, 0): 1}, {caught if left else 0: 1}]
        P.append([[{left: 1}] * 2, inspected])
        u.append([[0, -2], ["-1/4", "3/4"] if left else [0, -2]])
        r.append([[0, 2], [0, -4] if left else [0, 2]])
    P.append([[{caught: 1}] * 2] * 2)
    u.append([[0, 0], [0, 0]])
    r.append([[0, 0], [0, 0]])
    return Game.from_arrays(
        P,
        u,
        r,
        rho=inspections,
        horizon=horizon,
        eta=eta,
        gamma=gamma,
        observes=observes,
        names={
            "states": [*(f"{left} left" for left in range(caught)), "caught"],
            "leader_actions": ["wait", "inspect"],
            "follower_actions": ["legal", "violate"],
        },
    )


def patrol_game(
    *,
    sites: int,
    horizon: int,
    delay: Number = "1/10",
    eta: Number = 1,
    gamma: Number = 0,
    observes: Observes = "action",
) -> Game:
    """A patroller on a ring of ``sites`` >= 3 sites; every step the intruder strikes one or waits.

    State: where the patroller is, 0 at first. Leader: stay, clockwise, counter-clockwise; a move
    fails with probability ``delay``, and she stays. Follower: wait, or strike site i, which is
    worth i + 1.

    Payoffs (u, r) of a step: wait (0, 0); a strike at site i (1, -3) if the patroller ends the step
    there and (-(i+1), i+1) if not, in expectation over the delay.

    Raises:
        GameError: sites or horizon out of range, or a delay outside [0, 1].
        NumberError: a delay that is not an exact number.
    """
    if not 3 <= whole(sites, "sites") <= MAX_SITES:
        raise GameError(f"{shown(sites)} is not in 3..{MAX_SITES}", where="sites")
    stuck = exact(delay, "delay")
    if not 0 <= stuck <= 1:
        raise GameError(f"{stuck} is not in [0, 1]", where="delay")
    P, u, r = [], [], []
    for here in range(sites):
        targets = [here, (here + 1) % sites, (here - 1) % sites]
        moves = [{here: exact(1)} if t == here else {t: 1 - stuck, here: stuck} for t in targets]
        P.append([[move] * (sites + 1) for move in moves])
        found = [[move.get(i, exact(0)) for i in range(sites)] for move in moves]
        u.append([[exact(0), *(p - (1 - p) * (i + 1) for i, p in enumerate(x))] for x in found])
        r.append([[exact(0), *((1 - p) * (i + 1) - 3 * p for i, p in enumerate(x))] for x in found])
    return Game.from_arrays(
        P,
        u,
        r,
        horizon=horizon,
        eta=eta,
        gamma=gamma,
        observes=observes,
        names={
            "states": [f"at {i + 1}" for i in range(sites)],
            "leader_actions": ["stay", "clockwise", "counter-clockwise"],
            "follower_actions": ["wait", *(f"strike {i + 1}" for i in range(sites))],
        },
    )
