"""A farsighted follower: Coq accepts what the kernel accepts, and none of its hints on trust."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from exactqse.coq import coq_file, run_coq
from exactqse.coq.farsighted import farsighted_certificate_term
from exactqse.coq.terms import table_term
from exactqse.errors import CertificateError, NotCoveredError
from exactqse.games.families import dense
from exactqse.kernel.certificate import Certificate, MixtureSplit, Split, ValueSplit
from exactqse.kernel.check import check
from exactqse.model import Game
from exactqse.solve import solve
from tests.coq.asking import answers, drawn

_ASK = """From Coq Require Import Reals QArith List.
From ExactQSE Require Import Game FarChecker.
Import ListNotations. Open Scope Q_scope.
Definition games := [{games}].
Eval vm_compute in map (fun asked : nat * far_certificate =>
  match nth_error games (fst asked) with Some G => far_accepted G (snd asked) | None => false end)
 [{claims}].
"""
SMALL = {"leader_actions": 2, "follower_actions": 2, "eta": 3}
GAMES = (
    dense(states=2, horizon=2, seed=1, **SMALL).with_(gamma="9/10"),
    dense(states=2, horizon=2, seed=1, **SMALL).with_(gamma="9/10", observes="nothing"),
    dense(states=2, horizon=3, seed=1, **SMALL).with_(gamma="9/10"),
)
LARGE = 1 << 90  # more than any slack of these certificates, in the units of their terms


def found(game: Game) -> Certificate:
    """By the solver, with a part that holds no policy: no value is more than 1000."""
    certificate = solve(game, gap=Fraction(1, 20)).certificate
    assert certificate.cover[1:] == ()
    split = ValueSplit(step=1, state=0, at=Fraction(1000))
    return replace(certificate, cover=(split, *certificate.cover, *certificate.cover))


def term(game: Game, certificate: Certificate) -> str:
    return farsighted_certificate_term(game, certificate, certificate.precision)


def shifted(text: str, spot: re.Match[str], group: int, by: int) -> str:
    a, b = spot.span(group)
    return f"{text[:a]}({int(spot[group].strip('()')) + by}){text[b:]}"


def altered(game: Game, certificate: Certificate) -> Iterator[str]:
    """Terms of claims that do not hold, and of hints that do not."""
    gap = certificate.upper - certificate.lower
    text = term(game, certificate)
    yield term(game, replace(certificate, upper=certificate.lower - gap / 100))
    yield term(game, replace(certificate, lower=certificate.upper + gap / 100))
    z = r"(-?\d+|\(-\d+\))"
    claim = re.search(rf"FClaim {z} {z} {z} {z} \[[^]]*\]%Z \[\(({z}), ({z})\)", text)
    assert claim
    for group, by in ((1, LARGE), (2, -LARGE), (3, LARGE), (4, -LARGE)):
        yield shifted(text, claim, group, by)
    last = re.search(rf"FClaim [^[]*\[[^]]*\]%Z \[\({z}, {z}\)", text)
    assert last
    yield shifted(text, last, 2, -LARGE)
    piece = re.search(rf"FPiece \([^)]*\) {z} {z} ", text)
    assert piece
    yield shifted(text, piece, 1, -LARGE)
    yield shifted(text, piece, 2, -LARGE)
    yield re.sub(r"FHalves (\d+) 0", r"FHalves \1 1", text)
    yield text.replace("FVoid", "FBounded")
    yield text.replace("true", "false", 1)
    yield re.sub(r"Row \d+ \[place", "Row 1000003 [place", text, count=1)


def test_the_kernel_and_coq_agree(theories: Path, tmp_path: Path) -> None:
    certificates = [found(game) for game in GAMES]
    assert all(map(check, GAMES, certificates))
    claims = [(i, term(*pair)) for i, pair in enumerate(zip(GAMES, certificates, strict=True))]
    wrong = [(0, text) for text in altered(GAMES[0], certificates[0])]
    assert len(wrong) == len({text for _, text in wrong} - {claims[0][1]}) >= 13
    told = "; ".join(f"({i}%nat, {text})" for i, text in claims + wrong)
    text = _ASK.format(games=";\n ".join(map(table_term, GAMES)), claims=told)
    assert answers(text, theories, tmp_path) == [True] * len(claims) + [False] * len(wrong)


def test_a_file_is_accepted(theories: Path, tmp_path: Path) -> None:
    game = GAMES[0]
    path = tmp_path / "farsighted.v"
    path.write_text(coq_file(game, found(game)))
    outcome = run_coq(path, theories=theories)
    assert (outcome.accepted, outcome.message) == (True, "")
    assert len(outcome.axioms) == 4


def test_what_the_kernel_cannot_follow_makes_no_file() -> None:
    game = GAMES[0]
    certificate = found(game)
    part: Any = certificate.cover[1]
    piece = part.claims[0].pieces[0]
    piece = replace(piece, upper=piece.upper - 100)
    claims = (replace(part.claims[0], pieces=(piece,)), *part.claims[1:])
    worse = replace(part, claims=claims)
    broken = replace(certificate, cover=(certificate.cover[0], worse, worse))
    with pytest.raises(CertificateError, match="does not hold, so that no file can be made"):
        coq_file(game, broken)


def test_chords_before_free_places_are_accepted(theories: Path, tmp_path: Path) -> None:
    game = drawn(1, (1, 2, 2, 2), "1", "action").with_(gamma="9/10")
    text = coq_file(game, solve(game, gap=1, mixtures=False).certificate)
    assert "FChord" in text
    path = tmp_path / "chords.v"
    path.write_text(text)
    assert run_coq(path, theories=theories).accepted


def test_a_leader_who_remembers_is_one_error() -> None:
    game = drawn(1, (2, 2, 2, 2), "1", "action").with_(gamma="9/10")
    remembers = solve(game, gap=1, leader="history").certificate
    with pytest.raises(NotCoveredError, match="with a leader who remembers"):
        coq_file(game, remembers)


def test_divided_mixtures_are_one_error() -> None:
    certificate = found(GAMES[0])
    mixed = MixtureSplit(Split(0, 1), step=1, state=0, cell=0)
    divided = replace(certificate, cover=(mixed, *certificate.cover, *certificate.cover))
    assert check(GAMES[0], divided)
    with pytest.raises(NotCoveredError, match="divides the leader's mixtures") as caught:
        coq_file(GAMES[0], divided)
    assert caught.value.where == "cover"
    assert "--values-only" in caught.value.remedy
