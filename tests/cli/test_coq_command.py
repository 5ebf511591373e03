from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from exactqse.coq.compiler import axioms_in
from exactqse.games import get
from exactqse.kernel.certificate import Certificate
from exactqse.solve import solve

Run = Callable[..., Any]
GAME = "conitzer-sandholm-2006"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "certificate.json"
    solve(get(GAME), 10).certificate.save(path)
    return path


def test_the_file_is_written(run: Run, certificate: Path, tmp_path: Path) -> None:
    out = tmp_path / "game.v"
    result = run("coq", GAME, certificate, "--out", out)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[0] == f"written to {out}"
    text = out.read_text()
    assert "Theorem no_policy_is_worth_more" in text
    assert get(GAME).hash in text
    assert "Admitted" not in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["certificate.json", "game.v"]


def test_bits_are_as_asked(run: Run, certificate: Path, tmp_path: Path) -> None:
    found = Certificate.load(certificate)
    run("coq", GAME, certificate, "--out", tmp_path / "least.v")
    run("coq", GAME, certificate, "--out", tmp_path / "own.v", "--precision", found.precision)
    least, own = ((tmp_path / name).read_text() for name in ("least.v", "own.v"))
    bits = found.precision + 20
    assert f"Certificate []%Z {bits} {bits} " in own
    assert f"Certificate []%Z {bits} " not in least
    assert f" {bits} " in least


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--gamma", "1/2"), "game: certificate is of the game"),
        (
            ("--gamma", "1/2", "--eta", "inf"),
            "gamma: not covered in Coq: gamma = 1/2 > 0 with eta = inf",
        ),
        (("--eta", "inf"), "game: certificate is of the game"),
        (("--eta", "2"), "game: certificate is of the game"),
    ],
)
def test_what_coq_does_not_cover_is_one_error(
    run: Run, certificate: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    result = run("coq", GAME, certificate, "--out", tmp_path / "game.v", *options)
    assert result.code == 2
    assert result.err.startswith(f"error: {message}")
    assert result.err.count("\n") == 1
    assert not (tmp_path / "game.v").exists()


def test_a_best_responding_follower_is_covered(run: Run, tmp_path: Path) -> None:
    path, out = tmp_path / "strong.json", tmp_path / "game.v"
    solve(get(GAME).with_(eta="inf")).certificate.save(path)
    result = run("coq", GAME, path, "--eta", "inf", "--out", out)
    assert (result.code, result.err) == (0, "")
    text = out.read_text()
    assert "Lemma claim_is_accepted : strong_accepted game claim = true." in text
    assert "answers by a best response" in text


def test_a_leader_who_remembers_is_named(run: Run, tmp_path: Path) -> None:
    game = get(GAME).with_(gamma="1/2")
    path = tmp_path / "history.json"
    solve(game, gap="1/10", leader="history").certificate.save(path)
    result = run("coq", GAME, path, "--gamma", "1/2", "--out", tmp_path / "game.v")
    assert result.code == 2
    assert "gamma = 1/2 > 0 with a leader who remembers" in result.err


def test_precision_out_of_range(run: Run, certificate: Path, tmp_path: Path) -> None:
    result = run("coq", GAME, certificate, "--out", tmp_path / "game.v", "--precision", 3)
    assert (result.code, result.out) == (2, "")
    assert "precision: 3 bits is not in 16..65536" in result.err


def test_without_coq_check_says_how_to_get_it(
    run: Run, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run("coq", GAME, certificate, "--out", tmp_path / "game.v", "--check")
    assert result.code == 2
    assert result.err.startswith("error: coqc: is not installed; install it with: apt-get")
    assert not (tmp_path / "game.v").exists()


def test_without_theories_check_says_what_to_do(
    run: Run, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coqc = tmp_path / "coqc"
    coqc.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    words = ("coq", GAME, certificate, "--out", tmp_path / "game.v", "--check")
    nowhere = run(*words, "--theories", tmp_path)
    assert nowhere.code == 2
    assert "has no Coq theories of exactqse" in nowhere.err
    (tmp_path / "Checker.v").touch()
    raw = run(*words, "--theories", tmp_path)
    assert raw.code == 2
    assert "is not compiled; run: make proofs" in raw.err


def test_coq_is_believed_only_by_its_exit_code(
    run: Run, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coqc, theories = tmp_path / "coqc", tmp_path / "theories"
    theories.mkdir()
    (theories / "Checker.v").touch()
    (theories / "Checker.vo").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    words = ("coq", GAME, certificate, "--out", tmp_path / "g.v", "--check", "--theories", theories)
    told = "The term eq_refl has type true = true while it is expected to have type"
    coqc.write_text(f"#!/bin/sh\necho 'Axioms:'\necho 'A.b : Prop'\necho '{told}' >&2\nexit 1\n")
    coqc.chmod(0o755)
    refused = run(*words, "--json")
    assert refused.code == 1
    assert json.loads(refused.out)["coq"]["accepted"] is False
    coqc.write_text("#!/bin/sh\necho 'Axioms:'\necho 'A.b : Prop'\n")
    accepted = run(*words)
    assert accepted.code == 0
    assert "accepted by Coq's kernel in " in accepted.out
    assert accepted.out.splitlines()[-1] == "  A.b"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("Error: Stack overflow.", "coqc could not judge it: Stack overflow."),
        ("Error: makes inconsistent\n assumptions", "it: makes inconsistent assumptions; run"),
        ("", "coqc could not judge it: exit code 3"),
    ],
)
def test_coq_that_fails_has_refused_nothing(
    run: Run,
    certificate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    message: str,
) -> None:
    (tmp_path / "Checker.v").touch()
    (tmp_path / "Checker.vo").touch()
    coqc = tmp_path / "coqc"
    coqc.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 3\n")
    coqc.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    out = tmp_path / "game.v"
    result = run("coq", GAME, certificate, "--out", out, "--check", "--theories", tmp_path)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("name", ["my-game.v", "two words.v", "2x2.v", "game", "game.txt"])
def test_a_name_that_coqc_does_not_take_is_refused(
    run: Run, certificate: Path, tmp_path: Path, name: str
) -> None:
    result = run("coq", GAME, certificate, "--out", tmp_path / name)
    assert (result.code, result.out) == (2, "")
    assert f"{name}: is no file name that coqc takes; use letters, digits and _" in result.err
    assert not (tmp_path / name).exists()


def test_axioms_are_read_from_coqs_report() -> None:
    report = "Axioms:\nA.one : Prop\nB.two\n  : forall x : nat,\n    x = x\nAxioms:\nA.one : Prop\n"
    assert axioms_in(report) == ("A.one", "B.two")
    assert axioms_in("Closed under the global context\n") == ()


def test_the_other_commands_do_without_coq(
    run: Run, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run("check", GAME, certificate).code == 0
    assert Certificate.load(certificate).upper > Fraction(5, 2)
