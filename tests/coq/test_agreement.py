"""On many certificates, good and corrupted, the kernel and the checker in Coq say the same.

One file asks Coq for all verdicts. Coq has more bits, so it may decide what the kernel leaves open;
accepted must be true there, rejected false.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from exactqse.coq import coq_file
from exactqse.coq.terms import GUARD_BITS, MANY_LEAVES, certificate_term, table_term
from exactqse.games import get
from exactqse.kernel.certificate import (
    DOWN,
    UP,
    Certificate,
    Leaf,
    Majorant,
    Node,
    Split,
    Tree,
)
from exactqse.kernel.check import check
from exactqse.model import Game
from exactqse.solve import solve
from tests.coq.asking import answers, drawn, with_node

BITS = 48
ROUGH = (16, 30)  # bits at which Coq tries each leaf first
SMALL, TENTH = Fraction(1, 10**5), Fraction(1, 10)
_ASK = """From Coq Require Import Reals QArith List.
From ExactQSE Require Import Game Stage Certificate Checker.
Import ListNotations. Open Scope Q_scope.
Definition games := [{games}].
Definition claims : list (nat * certificate) := [{claims}].
{questions}
"""
_QUESTION = "Eval vm_compute in verdicts [{rough}]%Z {bits} {bits} games claims."


GAMES = (
    drawn(1, (1, 2, 2, 1), "1", "action"),
    drawn(2, (2, 2, 3, 2), "5/2", "action"),
    drawn(3, (2, 3, 2, 3), "1/3", "action"),
    drawn(4, (2, 2, 2, 2), "7", "nothing"),
    drawn(5, (1, 3, 3, 1), "2", "nothing"),
    drawn(6, (2, 3, 3, 2), "1", [[0, 2], [1]]),
    drawn(7, (1, 4, 3, 1), "3", [[0], [1, 2]]),
    drawn(8, (3, 1, 2, 2), "2", "nothing"),
)


def solved(game: Game) -> Certificate:
    if game.observes_action:
        return solve(game, 7, checker=None).certificate
    found = solve(game, gap="1e-2", checker=None).certificate
    return replace(found, lower=found.lower - SMALL)  # it is within 100 bits of J(policy)


def leaves(tree: Tree) -> list[int]:
    return [k for k, entry in enumerate(tree) if isinstance(entry, Leaf)]


def altered(majorant: Majorant) -> Iterator[Majorant]:
    if isinstance(majorant, int):
        yield 1 - majorant if majorant < 2 else 0
        return
    tag, parameter = majorant
    yield tag, parameter * 2
    yield tag, parameter * (1 + SMALL**2)
    yield (DOWN if tag == UP else UP), parameter
    yield 0


def with_leaf(node: Node, cell: int, at: int, leaf: Leaf) -> tuple[Tree, ...]:
    tree = node.trees[cell]
    return (*node.trees[:cell], (*tree[:at], leaf, *tree[at + 1 :]), *node.trees[cell + 1 :])


def corrupted_trees(node: Node, A: int) -> Iterator[tuple[Tree, ...]]:
    for cell, tree in enumerate(node.trees):
        first = leaves(tree)[0]
        leaf = tree[first]
        assert isinstance(leaf, Leaf)
        for majorant in altered(leaf.majorants[0]):
            yield with_leaf(node, cell, first, Leaf((majorant, *leaf.majorants[1:]), leaf.shift))
        yield with_leaf(node, cell, first, Leaf(leaf.majorants, leaf.shift + 1))
        if A > 1:  # halved once more, with the same majorants: as good or better
            finer = (Split(0, 1), leaf, leaf)
            halved = (*tree[:first], *finer, *tree[first + 1 :])
            yield (*node.trees[:cell], halved, *node.trees[cell + 1 :])


def variants(game: Game, found: Certificate) -> Iterator[Certificate]:
    yield found
    for by in (SMALL, -SMALL, TENTH, -TENTH):
        yield replace(found, lower=found.lower + by)
        yield replace(found, upper=found.upper + by)
    for i, node in enumerate(found.nodes[:3]):
        assert isinstance(node, Node)
        for by in (SMALL**2, -SMALL, TENTH, -TENTH):
            yield with_node(found, i, upper=node.upper + by)
        for shift in (1, -1, 30, -17000):
            yield with_node(found, i, shift=node.shift + shift)
        pure = tuple(((0, Fraction(1)),) for _ in node.policy)
        yield with_node(found, i, policy=pure)
        for trees in corrupted_trees(node, game.leader_actions):
            yield with_node(found, i, trees=trees)


def ask(
    games: list[str],
    claims: list[tuple[int, str]],
    theories: Path,
    folder: Path,
    *,
    roughs: Iterable[tuple[int, ...]] = (ROUGH,),
) -> list[bool]:
    """Coq's verdicts on claims about games, told by their place in the list; for each roughness."""
    bits = BITS + GUARD_BITS
    questions = (_QUESTION.format(rough="; ".join(map(str, r)), bits=bits) for r in roughs)
    text = _ASK.format(
        games=";\n ".join(games),
        claims=";\n ".join(f"({k}%nat, {claim})" for k, claim in claims),
        questions="\n".join(questions),
    )
    return answers(text, theories, folder)


def test_the_kernel_and_coq_agree(theories: Path, tmp_path: Path) -> None:
    claims, outcomes = [], []
    for k, game in enumerate(GAMES):
        for variant in variants(game, solved(game)):
            claims.append((k, certificate_term(variant, BITS, BITS)))
            outcomes.append(check(game, variant, precision=BITS).outcome)
    told = ask(list(map(table_term, GAMES)), claims, theories, tmp_path)
    assert len(told) == len(outcomes) > 300
    wrong = [
        i for i, (a, b) in enumerate(zip(outcomes, told, strict=True)) if b != (a == "accepted")
    ]
    assert [i for i in wrong if outcomes[i] != "inconclusive"] == []
    assert outcomes.count("accepted") > 60
    assert outcomes.count("rejected") > 100
    assert outcomes.count("inconclusive") < 10


FORM = {  # what no certificate of exactqse can be, written into the terms
    "a row that sums to more than 1": (r"\(Row (\d+) \[place 0 (\d+)", r"(Row \1 [place 0 1\2"),
    "an unknown state": (r"Node 0 ", "Node 7 "),
    "a tree too few": (r"\[\[ELeaf \[[^\]]*\] -?\d+\];\n +", "["),
    "a node too few": (r"\n \[Node 0 [^N]*;\n  Node 1", "\n [Node 1"),
    "no layers": (r"\n \[\[Node[\s\S]*", "\n []"),
    "fewer bits than the tables": (r"Certificate \[\]%Z 68 68", "Certificate []%Z 67 68"),
    "negative bits": (r"Certificate \[\]%Z 68 68", "Certificate []%Z (-68) (-68)"),
}


@pytest.fixture(scope="module")
def sample() -> tuple[Game, str]:
    game = GAMES[1]
    return game, certificate_term(solved(game), BITS, BITS)


def test_coq_refuses_what_has_no_form(
    sample: tuple[Game, str], theories: Path, tmp_path: Path
) -> None:
    game, term = sample
    broken = [re.sub(old, new, term, count=1) for old, new in FORM.values()]
    assert [name for name, text in zip(FORM, broken, strict=True) if text == term] == []
    table = table_term(game)
    discounted = re.sub(r"\(0 # 1\)\n", "(1 # 2)\n", table)
    at_infinity = re.sub(r"\(Some [^)]*\)\)", "None", table)
    overlapping = table.replace("[[0]; [1]; [2]]", "[[0]; [1]; [1; 2]]")
    unbalanced = re.sub(r"\(Row (\d+) \[place 0 (\d+)", r"(Row \1 [place 0 1\2", table, count=1)
    tables = [table, discounted, at_infinity, overlapping, unbalanced]
    assert len(set(tables)) == 5
    claims = [(k, term) for k in range(5)] + [(0, text) for text in broken]
    assert ask(tables, claims, theories, tmp_path) == [True] + [False] * (len(claims) - 1)


def test_fewer_bits_change_no_verdict(
    sample: tuple[Game, str], theories: Path, tmp_path: Path
) -> None:
    game, term = sample
    node = re.search(r"Node \d+ \((\d+) #", term)
    assert node
    lower = f"{term[: node.start(1)]}{int(node[1]) * 9 // 10}{term[node.end(1) :]}"
    claims = [(0, term), (0, lower)]
    fewer = ((), (0,), (BITS,), (4, 24, 48))
    more = ((-1,), (BITS + GUARD_BITS + 1,))  # not fewer than the claims are checked at
    told = ask([table_term(game)], claims, theories, tmp_path, roughs=fewer + more)
    assert told == [True, False] * len(fewer) + [False, False] * len(more)


def test_many_leaves_are_tried_at_fewer_bits() -> None:
    game, split = GAMES[4], Split(0, 1)
    found = solved(game)
    node = found.nodes[0]
    assert isinstance(node, Node)
    leaf = node.trees[0][leaves(node.trees[0])[0]]
    few = with_node(found, 0, trees=((leaf,),))
    many = with_node(found, 0, trees=((split, leaf) * (MANY_LEAVES - 1) + (leaf,),))
    assert "Certificate []%Z 68 68" in certificate_term(few, BITS, BITS)
    assert "Certificate [36]%Z 68 68" in certificate_term(many, BITS, BITS)


def test_what_a_file_states_is_what_was_claimed() -> None:
    game = get("conitzer-sandholm-2006")
    found = solve(game, 10).certificate
    text = coq_file(game, found)
    low, high = found.lower, found.upper
    assert f"(J (meaning game) pi <= Q2R ({high.numerator} # {high.denominator}))%R" in text
    assert f"(Q2R ({low.numerator} # {low.denominator}) <= J (meaning game) this_policy)%R" in text
    assert f"    {game.hash}." in text
    assert text.count("Qed.") == 3
    proved = "Definition proved := conj no_policy_is_worth_more this_policy_is_worth_as_much."
    assert text.endswith(f"{proved}\nPrint Assumptions proved.\n")
