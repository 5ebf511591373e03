"""The bound itself: no policy of a part is worth more than any claims of any parameters say."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from exactqse.evaluate import evaluate_float64
from exactqse.kernel.certificate import (
    Certificate,
    Claim,
    FarsightedNode,
    Leaf,
    Majorant,
    Part,
    Piece,
    Slope,
    Split,
    Tree,
)
from exactqse.model import Game
from tests.solve.farsighted.reference import Place, Reference

OBSERVES = ("action", "nothing", [[0, 2], [1]])
SIGMAS = (-3.0, -0.5, 0.0, 0.2, 1.0, 4.0)


def random_game(random: np.random.Generator, observes: object) -> Game:
    S, A, B, H = 2, int(random.integers(1, 4)), 3, 3
    P = random.dirichlet(np.ones(S), size=(H, S, A, B))
    u, r = random.random((2, H, S, A, B))
    eta = float(np.exp(random.normal()))
    options: dict[str, object] = {"rho": [0.4, 0.6], "observes": observes, "normalise": True}
    return Game.from_arrays(P, u, r, eta=eta, gamma="9/10", **options)  # type: ignore[arg-type]


def random_policy(random: np.random.Generator, game: Game) -> np.ndarray:
    H, S, A, B = game.shape
    pi = np.empty((H, S, B, A))
    for cell in game.observes:
        pi[:, :, list(cell)] = random.dirichlet(np.full(A, 0.4), size=(H, S))[:, :, None]
    return pi


def random_tree(random: np.random.Generator, actions: int, splits: int) -> list[Split | None]:
    if actions == 1 or not splits or random.random() < 0.3:
        return [None]
    i, j = random.choice(actions, 2, replace=False).tolist()
    first = random_tree(random, actions, splits - 1)
    return [Split(i, j), *first, *random_tree(random, actions, splits - 1)]


def short(x: float) -> Fraction:
    return Fraction(float(x)).limit_denominator(10**6)


def with_claims(
    random: np.random.Generator, game: Game, box: dict[Place, tuple[float, float]]
) -> Reference:
    """A part with claims of random parameters, Down where it is allowed and a coin says so."""
    places = [(h, s) for h, layer in enumerate(game.reachable) for s in layer]
    nodes = tuple(FarsightedNode(h, s, ()) for h, s in places)
    slopes = tuple(
        Slope(
            short(random.normal() * 0.3 * (h > 0)),
            tuple(
                (i, short(random.normal() * 0.3))
                for i, (later, _) in enumerate(places)
                if later > h
            ),
        )
        for h, _ in places
    )
    claims = [Claim(int(random.random() < 0.5), 0, ()) for _ in places]
    part = Part(tuple(claims))
    certificate = Certificate.__new__(Certificate)
    for name, value in (("nodes", nodes), ("slopes", (slopes,))):
        object.__setattr__(certificate, name, value)
    reference = Reference(game, certificate, part, box)
    assert not reference.empty
    for j in reversed(places):
        count = int(random.integers(1, 5)) if j[0] else 1
        cuts = sorted(random.uniform(-1, 1, count - 1))
        pieces = []
        for i in range(count):
            lam = short(random.uniform(0.4, 1.4) * (game.horizon - j[0]))
            end = None
            if i + 1 < count:
                end = short(reference.middle(j) + cuts[i] * reference.radius(j))
            trees = tuple(random_leaves(random, reference, j, lam, cell) for cell in game.observes)
            pieces.append(Piece(lam, trees, end))
        claim = Claim(reference.claims[j].free, 0, tuple(pieces))
        reference.claims[j] = claim
        if j[0]:
            reference.points[j] = reference._hull(j, claim)
    return reference


def random_leaves(
    random: np.random.Generator,
    reference: Reference,
    j: Place,
    lam: Fraction,
    cell: tuple[int, ...],
) -> Tree:
    actions = reference.game.leader_actions
    corners = np.eye(actions).tolist()

    def majorant(b: int) -> Majorant:
        gaps = [reference.value(j, b, corner) - float(lam) for corner in corners]
        number = short((0.1 + max(map(abs, gaps))) * np.exp(0.5 * random.normal()))
        piece = Piece(lam, ())
        try:
            for corner in corners:
                reference.form(j, piece, b, corner, ("down", number))
        except ValueError:
            return "up", number
        return ("down" if random.random() < 0.8 else "up"), number

    return tuple(
        Leaf(tuple(majorant(b) for b in cell)) if entry is None else entry
        for entry in random_tree(random, actions, 2)
    )


@pytest.mark.parametrize("observes", OBSERVES)
@pytest.mark.parametrize("seed", range(6))
def test_no_policy_of_a_part_exceeds_its_claims(observes: object, seed: int) -> None:
    random = np.random.default_rng(seed)
    game = random_game(random, observes)
    H, S, _, _ = game.shape
    width = 10.0 ** random.uniform(-3, -0.5)
    middle = random_policy(random, game)
    centre = evaluate_float64(game, middle)
    box = {
        (h, s): (centre.V[h, s] - random.random() * width, centre.V[h, s] + random.random() * width)
        for h in range(1, H)
        for s in range(S)
    }
    reference = with_claims(random, game, box)
    inside = 0
    for _ in range(60):
        mix = random.random() ** 6
        pi = (1 - mix) * middle + mix * random_policy(random, game)
        found = evaluate_float64(game, pi)
        if any(not low <= found.V[j] <= high for j, (low, high) in box.items()):
            continue
        inside += 1
        dv = {j: found.V[j] - reference.middle(j) for j in box}
        for j in box:
            lean = sum(c * dv[i] for i, c in reference.c[j].items())
            for sigma in SIGMAS:
                slack = reference.phi(j, sigma) - sigma * dv[j] + lean - found.W[j]
                assert slack >= -1e-9
        for s, (lam, G) in reference.bound().items():
            top = lam + sum(c * dv[i] for i, c in reference.c[0, s].items())
            assert found.W[0, s] <= top + G * np.exp(-reference.eta * found.V[0, s]) + 1e-9
    assert inside
