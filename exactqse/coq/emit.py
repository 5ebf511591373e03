"""From a game and its certificate to a file whose Qed proves the certificate's claim.

The claim is that of proofs/certificate-soundness.md; the proofs there are Coq's
(proofs/coq/theories: Checker.v, accepted_sound, Strong.v, strong_accepted_sound, and
FarChecker.v, far_accepted_sound).
"""

from __future__ import annotations

from dataclasses import replace

from exactqse.coq.farsighted import farsighted_certificate_term
from exactqse.coq.terms import (
    certificate_term,
    rational,
    strong_certificate_term,
    table_term,
)
from exactqse.errors import CertificateError, NotCoveredError, of_kind
from exactqse.kernel.certificate import Certificate, require_precision
from exactqse.kernel.check import check
from exactqse.kernel.fit import require_fit
from exactqse.kernel.game import KernelGame, require_game
from exactqse.kernel.gamefile import game_hash

_TRIED = (32, 40, 48, 56, 64, 80, 96, 112)
_FILE = """(** Made by exactqse of a certificate of the game whose file has the SHA-256
    {hash}.

    When Coq accepts this file its kernel has proved, about the game that is written out below,
    for the model in ExactQSE.Game ({follower}):

      no_policy_is_worth_more          J(pi) <= {upper}   for every policy pi of the leader;
      this_policy_is_worth_as_much     {lower} <= J(pi)   for the policy pi in the certificate.

    The first Qed runs the checker of ExactQSE.{theory} in the kernel, on {numbers}; it is proved
    sound there. What was assumed is printed at the end: axioms of Coq's real numbers. *)
From Coq Require Import Reals QArith Qreals List.
From ExactQSE Require Import Game {imports}{theory}.
Import ListNotations.
Open Scope Q_scope.

Definition game : table :=
 {table}.

Definition claim : {prefix}certificate :=
 {certificate}.

Lemma claim_is_accepted : {prefix}accepted game claim = true.
Proof. vm_cast_no_check (eq_refl true). Qed.

Theorem no_policy_is_worth_more : forall pi,
  admissible (meaning game) pi -> (J (meaning game) pi <= Q2R {upper_q})%R.
Proof. exact (proj1 ({prefix}accepted_sound game claim claim_is_accepted)). Qed.

Definition this_policy : policy := {policy} game claim.

Theorem this_policy_is_worth_as_much :
  admissible (meaning game) this_policy /\\ (Q2R {lower_q} <= J (meaning game) this_policy)%R.
Proof. exact (proj2 ({prefix}accepted_sound game claim claim_is_accepted)). Qed.

Definition proved := conj no_policy_is_worth_more this_policy_is_worth_as_much.
Print Assumptions proved.
"""


def require_coq_covers(game: KernelGame, certificate: Certificate) -> None:
    """Raise unless proofs/coq has a theorem for this certificate and it is one of this game.

    Raises:
        KindError: no game, or no certificate.
        NotCoveredError: the class of the game or of its leader.
        CertificateError: another game's certificate, or one that does not fit.
    """
    require_game(game)
    of_kind(certificate, Certificate, "a certificate", where="certificate")
    if game.gamma and (game.eta is None or certificate.kind == "history"):
        what = f"not covered in Coq: gamma = {game.gamma} > 0"
        whose = " with eta = inf" if game.eta is None else " with a leader who remembers"
        remedy = "for gamma > 0 proofs/coq checks Markov leaders and finite eta; use exactqse check"
        raise NotCoveredError(f"{what}{whose}", where="gamma", remedy=remedy)
    if certificate.game != game_hash(game):
        remedy = "give the game file that it was made for"
        what = f"certificate is of the game {certificate.game[:12]}..., not of this one"
        raise CertificateError(what, where="game", remedy=remedy)
    require_fit(game, certificate)


def coq_file(game: KernelGame, certificate: Certificate, *, precision: int | None = None) -> str:
    """A file for coqc that proves ``lower <= J(policy)`` and ``J(pi) <= upper`` for every pi.

    A certificate that does not hold makes a file that fails at its first Qed; for gamma > 0 it is
    refused here if it gives the kernel's check, whose steps the file holds, nothing to go by.

    Args:
        game: the game.
        certificate: its certificate, not checked here.
        precision: fractional bits of the arithmetic; by default ``least_precision`` for the upper
            bound and the certificate's own for the policy's value, and for both if gamma > 0. With
            eta = infinity all is rational: no precision changes anything.

    Raises:
        KindError, NotCoveredError, CertificateError: see ``require_coq_covers`` and
            ``farsighted_certificate_term``.
    """
    require_coq_covers(game, certificate)
    if precision is not None:
        require_precision(precision)
    if certificate.kind == "strong":
        checker = _strong_checker(certificate)
    elif game.gamma:
        checker = _farsighted_checker(game, certificate, precision or certificate.precision)
    else:
        checker = _quantal_checker(game, certificate, precision)
    return _FILE.format(
        hash=certificate.game,
        lower=certificate.lower,
        upper=certificate.upper,
        lower_q=rational(certificate.lower),
        upper_q=rational(certificate.upper),
        table=table_term(game),
        **checker,
    )


def _quantal_checker(
    game: KernelGame, certificate: Certificate, precision: int | None
) -> dict[str, str]:
    bits = least_precision(game, certificate) if precision is None else precision
    fineness = certificate.precision if precision is None else precision
    return {
        "follower": f"myopic follower, eta = {game.eta}",
        "theory": "Checker",
        "imports": "Stage Certificate ",
        "numbers": "integers",
        "prefix": "",
        "policy": "policy_of",
        "certificate": certificate_term(certificate, bits, fineness),
    }


def _farsighted_checker(game: KernelGame, certificate: Certificate, bits: int) -> dict[str, str]:
    return {
        "follower": f"farsighted follower, eta = {game.eta}, gamma = {game.gamma}, Markov leader",
        "theory": "FarChecker",
        "imports": "",
        "numbers": "integers",
        "prefix": "far_",
        "policy": "far_policy_of",
        "certificate": farsighted_certificate_term(game, certificate, bits),
    }


def _strong_checker(certificate: Certificate) -> dict[str, str]:
    return {
        "follower": "myopic follower who answers by a best response, the one that she likes best",
        "theory": "Strong",
        "imports": "",
        "numbers": "rationals",
        "prefix": "strong_",
        "policy": "strong_policy",
        "certificate": strong_certificate_term(certificate),
    }


def least_precision(game: KernelGame, certificate: Certificate) -> int:
    """The fewest bits, of a few, at which the kernel accepts ``upper``; else the certificate's own.

    Only a matter of time: Coq computes with the bits of integers, and believes no one.
    """
    modest = replace(certificate, lower=certificate.lower - 1)
    tried = (bits for bits in _TRIED if bits < certificate.precision)
    accepted = (bits for bits in tried if check(game, modest, precision=bits))
    return next(accepted, certificate.precision)
