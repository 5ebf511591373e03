"""What the tests that ask Coq share: games, altered certificates, and Coq's answers."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from exactqse.coq.compiler import coqc
from exactqse.kernel.certificate import Certificate
from exactqse.model import Game


def drawn(seed: int, sizes: tuple[int, int, int, int], eta: str, observes: object) -> Game:
    """A game of tenths, tables by the step where the seed is odd."""
    S, A, B, H = sizes
    memory = [seed * 2654435761 % 2**32]

    def draw(most: int) -> int:
        memory[0] = (memory[0] * 1664525 + 1013904223) % 2**32
        return memory[0] * (most + 1) >> 32

    def tables(steps: int) -> list[object]:
        def payoffs() -> object:
            return [
                [[Fraction(draw(40) - 20, 10) for _ in range(B)] for _ in range(A)]
                for _ in range(S)
            ]

        return [payoffs() for _ in range(steps)]

    def row() -> list[Fraction]:
        weights = [draw(3) for _ in range(S)]
        weights[draw(S - 1)] += 1
        return [Fraction(w, sum(weights)) for w in weights]

    rows = [[[row() for _ in range(B)] for _ in range(A)] for _ in range(S)]
    by_step = tables(H), tables(H)
    u, r = by_step if seed % 2 else (by_step[0][0], by_step[1][0])
    return Game.from_arrays(rows, u, r, horizon=H, eta=eta, observes=observes)


def with_node(found: Certificate, i: int, **fields: object) -> Certificate:
    """The certificate with other fields in its node i."""
    node = replace(found.nodes[i], **fields)
    return replace(found, nodes=(*found.nodes[:i], node, *found.nodes[i + 1 :]))


def answers(text: str, theories: Path, folder: Path) -> list[bool]:
    """The truth values that Coq prints."""
    path = folder / "Ask.v"
    path.write_text(text)
    words = [coqc(), "-q", "-Q", str(theories), "ExactQSE", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr[:2000]
    return [word == "true" for word in re.findall(r"\b(?:true|false)\b", done.stdout)]
