"""Results as plain dictionaries for JSON: exact rationals as strings, nothing rounded.

An enclosure is ``{"lower": "n/d", "upper": "n/d"}``. Tables are nested lists with the indices that
the results have. ``certified`` is true only where the checker accepted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactqse.arithmetic import Enclosure
from exactqse.kernel.check import Verdict
from exactqse.kernel.game import KernelGame, Row
from exactqse.kernel.gamefile import game_hash

if TYPE_CHECKING:
    from exactqse.evaluate import Evaluation, SymbolicEvaluation
    from exactqse.model.graph import GraphReport
    from exactqse.model.policy import Policy
    from exactqse.solve import Decision, Solution, WeakSolution

Document = dict[str, Any]


def to_json(document: Document) -> str:
    """One line of JSON, keys sorted. Every number in it is an integer or a string."""
    return json.dumps(document, sort_keys=True)


def exact_table(value: Any) -> Any:
    """Nested tuples of rationals, enclosures or rows as nested lists of their documents."""
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Enclosure):
        return {"lower": str(value.lower), "upper": str(value.upper)}
    if isinstance(value, Row):
        pairs = zip(value.states, value.numerators, strict=True)
        return {str(s): str(Fraction(n, value.denominator)) for s, n in pairs}
    return [exact_table(part) for part in value]


def game_document(game: KernelGame) -> Document:
    """The game's parameters, sizes, names and hash, without its tables."""
    states, leader, follower = (None if names is None else list(names) for names in game.names)
    return {
        "hash": game_hash(game),
        "horizon": game.horizon,
        "states": game.states,
        "leader_actions": game.leader_actions,
        "follower_actions": game.follower_actions,
        "eta": "inf" if game.eta is None else str(game.eta),
        "gamma": str(game.gamma),
        "observes": [list(cell) for cell in game.observes],
        "names": {"states": states, "leader_actions": leader, "follower_actions": follower},
    }


def show_document(game: KernelGame, graph: GraphReport) -> Document:
    """The game with its tables, each [1 or H][s][a][b], and its graph."""
    tables = {"rho": game.rho, "P": game.P, "u": game.u, "r": game.r}
    return {
        "game": game_document(game),
        "tables": {name: exact_table(table) for name, table in tables.items()},
        "graph": {
            "layer_sizes": list(graph.layer_sizes),
            "reachable": graph.reachable,
            "edges": graph.edges,
            "unreachable": [list(place) for place in graph.unreachable],
            "merging": [list(place) for place in graph.merging],
            "is_tree": graph.is_tree,
        },
    }


def verdict_document(verdict: Verdict) -> Document:
    """The verdict; lower and upper are null unless it is accepted."""
    bounds = (verdict.lower, verdict.upper)
    lower, upper = (None if x is None else str(x) for x in bounds)
    return {
        "outcome": verdict.outcome,
        "lower": lower,
        "upper": upper,
        "reason": verdict.reason,
        "precision": verdict.precision,
        "arithmetic": verdict.arithmetic,
        "leader": verdict.leader,
    }


def check_document(game: KernelGame, verdict: Verdict) -> Document:
    """What ``check`` found."""
    return {
        "game": game_document(game),
        "certified": verdict.outcome == "accepted",
        "verdict": verdict_document(verdict),
    }


def solution_document(solution: Solution) -> Document:
    """Bounds, the gap asked for, verdict, effort and policy [h][s][b][a]."""
    return {
        "game": game_document(solution.game),
        "certified": solution.certified,
        "lower": str(solution.lower),
        "upper": str(solution.upper),
        "enclosure": str(solution.value),
        "verdict": None if solution.verdict is None else verdict_document(solution.verdict),
        "gap": str(solution.gap),
        "reached": solution.reached,
        "reason": solution.reason,
        "effort": {k: v for k, v in asdict(solution.effort).items() if k != "met"},
        "policy": None if solution.remembers else policy_document(solution.policy),
    }


def weak_document(weak: WeakSolution | Fraction | None) -> Document | None:
    """The value when ties are broken against the leader; null where that was not asked.

    Where only that of the policy is known, the supremum is at least that.
    """
    if isinstance(weak, Fraction):
        return {"at_least": str(weak)}
    return None if weak is None else {"value": str(weak.value), "attained": weak.attained}


def policy_document(policy: Policy) -> list[Any]:
    """The probabilities [h][s][b][a]."""
    table = exact_table(policy.probabilities)
    return list(table)


def decision_document(decision: Decision) -> Document:
    """The answer, and the bounds that it rests on."""
    solution = decision.solution
    return {
        "game": game_document(solution.game),
        "answer": decision.answer,
        "at_least": str(decision.threshold),
        "digits": decision.digits,
        "stopped": solution.effort.stopped,
        "certified": solution.certified,
        "lower": str(solution.lower),
        "upper": str(solution.upper),
        "verdict": None if solution.verdict is None else verdict_document(solution.verdict),
    }


def evaluation_document(game: KernelGame, evaluation: Evaluation) -> Document:
    """J, V and W [h][s], Q and nu [h][s][b], U [h][s][a][b], all of them enclosures."""
    names = ("J", "V", "Q", "nu", "U", "W")
    values = {name: exact_table(getattr(evaluation, name)) for name in names}
    return {"game": game_document(game), **values}


def symbolic_document(symbolic: SymbolicEvaluation) -> Document:
    """J in closed form, in sympy's notation and in LaTeX."""
    return {"J": str(symbolic.J), "latex": symbolic.latex()}


def catalogue_document(entries: Iterable[tuple[str, str, str, KernelGame]]) -> Document:
    """The shipped games: (name, title, source, game)."""
    return {
        "games": [
            {"name": name, "title": title, "source": source, "game": game_document(game)}
            for name, title, source, game in entries
        ]
    }
