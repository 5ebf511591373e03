"""C13: the negative log-likelihood of responses, a conditional logit (proofs/conditional-logit.md).

L(theta) = - sum_i log nu_i(b_i),   nu_i(b) = e^(eta phi_i(b).theta) / sum_c e^(eta phi_i(c).theta)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from flint import arb, arb_series, fmpq

from exactqse.arithmetic.balls import ball
from exactqse.claims.claim import Claim, Mutant
from exactqse.claims.distributions import dot, largest, response, smallest, total
from exactqse.claims.draws import Draw
from exactqse.claims.verdict import Pairs

SOURCE = "proofs/conditional-logit.md"
Vector = tuple[Fraction, ...]


@dataclass(frozen=True)
class Choices:
    """Features, what was chosen, and two parameters.

    Attributes:
        eta: the inverse temperature.
        features: [i][b][k].
        chosen: [i], an action each.
        theta: [k].
        move: [k]: the other parameter is theta + move.
        along: [k], a direction.
    """

    eta: Fraction
    features: tuple[tuple[Vector, ...], ...]
    chosen: tuple[int, ...]
    theta: Vector
    move: Vector
    along: Vector

    def utilities(self, of: Vector) -> list[list[arb]]:
        """[i][b]: phi_i(b).of."""
        weights = [ball(x) for x in of]
        return [
            [dot([ball(x) for x in phi], weights) for phi in sample] for sample in self.features
        ]

    @property
    def moved(self) -> Vector:
        """The parameter theta + move."""
        return tuple(x + d for x, d in zip(self.theta, self.move, strict=True))


def draw_choices(draw: Draw) -> Choices:
    """One to three samples of two to four actions, in one or two dimensions."""
    k, count, B = draw.whole(1, 2), draw.whole(1, 3), draw.whole(2, 4)
    size = draw.scale(0.1, 8)
    features = tuple(tuple(draw.reals(k, -1, 1) for _ in range(B)) for _ in range(count))
    move = draw.scale(0.01, 1)
    along = draw.reals(k, -1, 1)
    return Choices(
        eta=draw.scale(0.3, 4),
        features=features,
        chosen=tuple(draw.whole(0, B - 1) for _ in range(count)),
        theta=tuple(size * x for x in draw.reals(k, -1, 1)),
        move=tuple(move * x for x in draw.reals(k, -1, 1)),
        along=along if any(along) else (Fraction(1),) * k,
    )


def choices_document(choices: Choices) -> dict[str, Any]:
    """The instance, exactly."""
    vectors = {
        name: [str(x) for x in getattr(choices, name)] for name in ("theta", "move", "along")
    }
    features = [[[str(x) for x in phi] for phi in sample] for sample in choices.features]
    return {
        "eta": str(choices.eta),
        "features": features,
        "chosen": list(choices.chosen),
        **vectors,
    }


def likelihood(choices: Choices, theta: Vector) -> tuple[arb, list[list[arb]]]:
    """L(theta) and the responses nu_i."""
    eta, loss, responses = ball(choices.eta), arb(0), []
    for utility, b in zip(choices.utilities(theta), choices.chosen, strict=True):
        V, nu = response(eta, utility)
        loss += eta * (V - utility[b])
        responses.append(nu)
    return loss, responses


def slope(choices: Choices, along: Vector, *, sign: int = 1) -> arb:
    """The derivative of L along a direction: -eta sum_i ( phi_i(b_i) - E_nu phi_i ).along."""
    eta, (_, responses) = ball(choices.eta), likelihood(choices, choices.theta)
    rises = choices.utilities(along)
    triples = zip(responses, rises, choices.chosen, strict=True)
    return -eta * total(f[b] - sign * dot(nu, f) for nu, f, b in triples)


def curvature(choices: Choices, theta: Vector, *, cooled: bool = True) -> arb:
    """The second derivative of L along: eta^2 sum_i Var_nu( phi_i.along )."""
    eta, (_, responses) = ball(choices.eta), likelihood(choices, theta)
    variances = []
    for nu, f in zip(responses, choices.utilities(choices.along), strict=True):
        mean = dot(nu, f)
        off = [x - mean for x in f]
        variances.append(dot(nu, [x * x for x in off]))  # arb's power of a ball around 0 is nan
    return (eta * eta if cooled else eta) * total(variances)


def taylor(choices: Choices, order: int) -> arb:
    """The derivative of t -> L(theta + t along) of this order at 0, by power series."""
    eta = ball(choices.eta)
    loss = arb_series([arb(0)], prec=order + 1)
    pairs = zip(choices.utilities(choices.theta), choices.utilities(choices.along), strict=True)
    for (utility, rise), b in zip(pairs, choices.chosen, strict=True):
        lines = [
            arb_series([eta * x, eta * d], prec=order + 1)
            for x, d in zip(utility, rise, strict=True)
        ]
        grown = [line.exp() for line in lines]
        weights: arb_series = sum(grown[1:], grown[0])
        loss += weights.log() - lines[b]
    return loss[order] * order


# ---- the sides ----


def convex(choices: Choices, bits: int, *, sign: int = 1) -> Pairs:
    """2 L at the middle, and L at both ends."""
    del bits
    middle = tuple(x + d / 2 for x, d in zip(choices.theta, choices.move, strict=True))
    ends = likelihood(choices, choices.theta)[0] + likelihood(choices, choices.moved)[0]
    pair = 2 * likelihood(choices, middle)[0], ends
    return [pair if sign > 0 else pair[::-1]]


def gradient(choices: Choices, bits: int, *, sign: int = 1) -> Pairs:
    """The first derivative by power series, and by the formula."""
    del bits
    return [(taylor(choices, 1), slope(choices, choices.along, sign=sign))]


def hessian(choices: Choices, bits: int, *, cooled: bool = True) -> Pairs:
    """The second derivative by power series, and by the formula."""
    del bits
    return [(taylor(choices, 2), curvature(choices, choices.theta, cooled=cooled))]


def remainder(choices: Choices, bits: int, *, reverse: bool = False) -> Pairs:
    """L(theta') - L(theta) - L'(theta).(theta' - theta), and sum_i KL(nu_i, nu'_i)."""
    del bits
    before, nus = likelihood(choices, choices.theta)
    after, others = likelihood(choices, choices.moved)
    if reverse:
        nus, others = others, nus
    pairs = zip(nus, others, strict=True)
    logs = (dot(nu, [(x / y).log() for x, y in zip(nu, other, strict=True)]) for nu, other in pairs)
    return [(after - before - slope(choices, choices.move), total(logs))]


def concordance(
    choices: Choices, bits: int, *, scale: fmpq | int = 1, cooled: bool = True
) -> Pairs:
    """v'H(theta')v and e^c v'H(theta)v, c = eta max_i span(phi_i.(theta' - theta))."""
    del bits
    widths = [span(x) for x in choices.utilities(choices.move)]
    c = largest(widths) * (ball(choices.eta) if cooled else 1)
    first, second = (curvature(choices, x) for x in (choices.theta, choices.moved))
    return [(second, (scale * c).exp() * first)]


def span(values: Sequence[arb]) -> arb:
    """The largest less the smallest."""
    return largest(values) - smallest(values)


_claim: Any = partial(
    Claim[Choices],
    build=draw_choices,
    document=choices_document,
    source=SOURCE,
    instances=1000,
    searches=1000,
)
_mutant: Any = Mutant[Choices]

CLAIMS: tuple[Claim[Choices], ...] = (
    _claim(
        id="C13a",
        title="The negative log-likelihood is convex",
        statement="2 L((theta + theta')/2) is at most L(theta) + L(theta')",
        latex=r"2L\bigl(\tfrac{\theta+\theta'}2\bigr) \le L(\theta)+L(\theta')",
        relation="<=",
        sides=convex,
        searches=0,
        mutants=(_mutant(name="sign", what="concave", sides=partial(convex, sign=-1)),),
    ),
    _claim(
        id="C13b",
        title="Gradient of the likelihood",
        statement="the derivative of L is -eta sum_i (phi_i(b_i) - E_nu phi_i)",
        latex=r"\nabla L = -\eta\sum_i\bigl(\phi_i(b_i)-\mathrm{E}_{\nu_i}\phi_i\bigr)",
        relation="=",
        sides=gradient,
        bits=512,
        mutants=(_mutant(name="sign", what="plus the mean", sides=partial(gradient, sign=-1)),),
    ),
    _claim(
        id="C13c",
        title="Hessian of the likelihood",
        statement="the second derivative of L is eta^2 sum_i Cov_nu(phi_i)",
        latex=r"\nabla^2 L = \eta^2\sum_i\mathrm{Cov}_{\nu_i}(\phi_i)",
        relation="=",
        sides=hessian,
        bits=512,
        mutants=(
            _mutant(
                name="temperature",
                what="eta in place of its square",
                sides=partial(hessian, cooled=False),
            ),
        ),
    ),
    _claim(
        id="C13d",
        title="What the tangent of the likelihood leaves is a divergence",
        statement="L(theta') - L(theta) - L'(theta).(theta' - theta) is sum_i KL(nu_i, nu'_i)",
        latex=r"L(\theta')-L(\theta)-\nabla L(\theta)\cdot(\theta'-\theta)"
        r" = \sum_i\mathrm{KL}(\nu_i^\theta,\nu_i^{\theta'})",
        relation="=",
        sides=remainder,
        bits=512,
        mutants=(
            _mutant(
                name="order",
                what="the divergence the other way round",
                sides=partial(remainder, reverse=True),
            ),
        ),
    ),
    _claim(
        id="C13e",
        title="Generalised self-concordance, the sharp constant",
        statement="H(theta') is at most e^c H(theta), c = eta max_i span(phi_i.(theta' - theta));"
        " the other way round too",
        latex=r"e^{-c}H(\theta) \preceq H(\theta') \preceq e^{c}H(\theta),\quad"
        r" c = \eta\max_i\mathrm{span}_b\,\phi_i(b)\cdot(\theta'-\theta)",
        relation="<=",
        sides=concordance,
        sharp="1 is the sharp factor of c: two actions, one of them rare under both",
        mutants=(
            _mutant(
                name="constant",
                what="c times 0.99",
                sides=partial(concordance, scale=fmpq(99, 100)),
            ),
            _mutant(
                name="temperature", what="eta is lost", sides=partial(concordance, cooled=False)
            ),
        ),
    ),
)
