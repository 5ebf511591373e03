"""Certificates for Coq's kernel: files whose Qed proves the bounds of one game.

``coq_file`` writes the file, ``run_coq`` has coqc read it. The theories behind it are in
proofs/coq: a checker of certificates, written and proved sound there.
"""

from exactqse.coq.compiler import CoqOutcome, run_coq
from exactqse.coq.emit import coq_file, least_precision, require_coq_covers

__all__ = ["CoqOutcome", "coq_file", "least_precision", "require_coq_covers", "run_coq"]
