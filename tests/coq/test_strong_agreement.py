"""Strong Stackelberg: the kernel and the checker in Coq say the same, both in exact rationals.

Nothing is undecided in rationals, so the verdicts are equal, not only compatible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from exactqse.coq import coq_file, run_coq
from exactqse.coq.terms import strong_certificate_term, table_term
from exactqse.kernel.certificate import Certificate, StrongNode
from exactqse.kernel.check import check
from exactqse.kernel.strong import GRID, action_values, best_response
from exactqse.model import Game
from exactqse.solve import solve
from tests.coq.asking import answers, drawn, with_node

TINY, TENTH, ONE = Fraction(1, 10**12), Fraction(1, 10), Fraction(1)
_ASK = """From Coq Require Import Reals QArith List.
From ExactQSE Require Import Game Strong.
Import ListNotations. Open Scope Q_scope.
Definition games := [{games}].
Eval vm_compute in map (fun asked : nat * strong_certificate =>
  match nth_error games (fst asked) with
  | Some G => strong_accepted G (snd asked)
  | None => false
  end)
 [{claims}].
"""
GAMES = (
    drawn(1, (1, 2, 2, 1), "inf", "action"),
    drawn(2, (2, 2, 3, 2), "inf", "action"),
    drawn(3, (2, 3, 2, 3), "inf", "action"),
    drawn(4, (2, 2, 2, 2), "inf", "nothing"),
    drawn(5, (1, 3, 3, 1), "inf", "nothing"),
    drawn(6, (2, 3, 3, 2), "inf", [[0, 2], [1]]),
    drawn(7, (1, 4, 3, 1), "inf", [[0], [1, 2]]),
    drawn(8, (3, 1, 2, 2), "inf", "nothing"),
)


def altered_duals(duals: tuple[tuple[Fraction, ...], ...]) -> Iterator[object]:
    none = tuple(Fraction(0) for _ in duals)
    for b, row in enumerate(duals):
        yield (*duals[:b], none, *duals[b + 1 :])
        yield (*duals[:b], tuple(mu + TENTH for mu in row), *duals[b + 1 :])
        for k, mu in enumerate(row):
            for other in (mu * (1 - TINY), mu + TENTH):
                yield (*duals[:b], (*row[:k], other, *row[k + 1 :]), *duals[b + 1 :])
    yield duals[::-1]


def variants(found: Certificate) -> Iterator[Certificate]:
    yield found
    for by in (TINY, -TINY, TENTH, -TENTH):
        yield replace(found, lower=found.lower + by)
        yield replace(found, upper=found.upper + by)
    for i, node in enumerate(found.nodes[:3]):
        assert isinstance(node, StrongNode)
        for by in (TINY, -TINY, TENTH, -TENTH):
            yield with_node(found, i, upper=node.upper + by)
            higher = with_node(found, i, upper=node.upper + by)
            yield replace(higher, upper=found.upper + ONE)
        for a in (0, 1):
            if all(a < len(row) for row in node.policy):
                yield with_node(found, i, policy=tuple(((row[a][0], ONE),) for row in node.policy))
        for duals in altered_duals(node.duals):
            yield with_node(found, i, duals=duals)


def ask(
    games: list[str], claims: list[tuple[int, str]], theories: Path, folder: Path
) -> list[bool]:
    told = ";\n ".join(f"({k}%nat, {claim})" for k, claim in claims)
    return answers(_ASK.format(games=";\n ".join(games), claims=told), theories, folder)


def test_the_kernel_and_coq_agree(theories: Path, tmp_path: Path) -> None:
    claims, outcomes = [], []
    for k, game in enumerate(GAMES):
        for variant in variants(solve(game).certificate):
            claims.append((k, strong_certificate_term(variant)))
            outcomes.append(check(game, variant).outcome)
    told = ask(list(map(table_term, GAMES)), claims, theories, tmp_path)
    assert told == [outcome == "accepted" for outcome in outcomes]
    assert outcomes.count("accepted") > 60
    assert outcomes.count("rejected") > 100


@pytest.fixture(scope="module")
def sample() -> tuple[Game, Certificate]:
    return GAMES[1], solve(GAMES[1]).certificate


FORM = {  # what no certificate of exactqse can be, written into the terms
    "a row that sums to more than 1": (r"\(Row (\d+) \[place 0 (\d+)", r"(Row \1 [place 0 1\2"),
    "an unknown state": (r"StrongNode 0 ", "StrongNode 7 "),
    "a multiplier below 0": (r"\((\d+) # (\d+)\)(?=\]\])", r"((-1) # \2)"),
    "a node too few": (r"\n \[StrongNode 0 [^N]*;\n  StrongNode 1", "\n [StrongNode 1"),
    "no layers": (r"\n \[\[StrongNode[\s\S]*", "\n []"),
}


def test_coq_refuses_what_has_no_form(
    sample: tuple[Game, Certificate], theories: Path, tmp_path: Path
) -> None:
    game, found = sample
    term = strong_certificate_term(found)
    broken = [re.sub(old, new, term, count=1) for old, new in FORM.values()]
    assert [name for name, text in zip(FORM, broken, strict=True) if text == term] == []
    table = table_term(game)
    discounted = re.sub(r"\(0 # 1\)\n", "(1 # 2)\n", table)
    quantal = table.replace("\n  None ", "\n  (Some (1 # 1)) ")
    tables = [table, discounted, quantal]
    assert len(set(tables)) == 3
    claims = [(k, term) for k in range(3)] + [(0, text) for text in broken]
    assert ask(tables, claims, theories, tmp_path) == [True] + [False] * (len(claims) - 1)


def test_an_emitted_file_is_accepted_and_refused_once_tampered_with(
    sample: tuple[Game, Certificate], theories: Path, tmp_path: Path
) -> None:
    game, found = sample
    path = tmp_path / "strong.v"
    path.write_text(coq_file(game, found))
    outcome = run_coq(path, theories=theories)
    assert (outcome.accepted, outcome.message) == (True, "")
    assert found.lower == found.upper
    path.write_text(coq_file(game, replace(found, upper=found.upper - TINY)))
    refused = run_coq(path, theories=theories)
    assert not refused.accepted
    assert "strong_accepted game claim = true" in " ".join(refused.message.split())


def test_values_of_long_numbers_are_rounded_as_in_the_kernel(
    theories: Path, tmp_path: Path
) -> None:
    game = GAMES[4]  # one state, one step: lower is the rounded value itself
    odd = Fraction(1, 3**2600)
    found = with_node(solve(game).certificate, 0, policy=(((0, odd), (1, 1 - odd)),))
    node = found.nodes[0]
    assert isinstance(node, StrongNode)
    y = action_values(game, game.u, 0, 0, {0: Fraction(0)})
    _, rounded = best_response(game, node.policy, game.r[0][0], y)
    assert rounded.denominator.bit_length() > 4000
    last = Fraction(1, GRID)
    claims = [replace(found, lower=rounded + by) for by in (Fraction(0), last / 1000)]
    terms = [(0, strong_certificate_term(claim)) for claim in claims]
    assert [check(game, claim).outcome for claim in claims] == ["accepted", "rejected"]
    assert ask([table_term(game)], terms, theories, tmp_path) == [True, False]
