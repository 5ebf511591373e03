"""A certificate with one field changed so that it claims too much is refused, with the place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from exactqse.arithmetic import FlintElementary
from exactqse.errors import CertificateError
from exactqse.kernel.certificate import DOWN, UP, Certificate, Leaf, Node, Tree
from exactqse.kernel.check import Verdict, check
from exactqse.model import Game

Solved = list[tuple[Game, Certificate]]
TENTH = Fraction(1, 10)
SMALL = Fraction(1, 10**7)  # ten times the gap that the certificates claim


def change(found: Certificate, i: int, **fields: object) -> Certificate:
    nodes = list(found.nodes)
    nodes[i] = replace(nodes[i], **fields)
    return replace(found, nodes=tuple(nodes))


def places(solved: Solved) -> Iterator[tuple[Game, Certificate, int, Node]]:
    for game, found in solved:
        for i, node in enumerate(found.nodes):
            yield game, found, i, node


def with_majorant(node: Node, cell: int, pair: tuple[str, Fraction]) -> tuple[Tree, ...]:
    """The trees of a prescription's node with another majorant in one cell."""
    return (*node.trees[:cell], (Leaf((pair,)),), *node.trees[cell + 1 :])


def majorants(node: Node) -> list[tuple[str, Fraction]]:
    """The one majorant of each cell of a prescription's node."""
    return [leaf.majorants[0] for tree in node.trees for leaf in tree if isinstance(leaf, Leaf)]


def refused(game: Game, found: Certificate) -> str:
    verdict = check(game, found)
    assert verdict.outcome == "rejected"
    assert (verdict.lower, verdict.upper) == (None, None)
    assert not verdict
    return verdict.reason


def amount(reason: str, pattern: str) -> float:
    match = re.search(pattern, reason)
    assert match is not None
    return float(match[1])


def test_lower_raised(solved: Solved) -> None:
    for game, found in solved:
        for by in (SMALL, Fraction(1), Fraction(10**9)):
            reason = refused(game, replace(found, lower=found.lower + by))
            shortfall = amount(reason, r"^lower exceeds J\(policy\), by at least ([-0-9.E+]+)$")
            assert 0.8 * by <= shortfall <= by


def test_upper_lowered(solved: Solved) -> None:
    for game, found in solved:
        for by in (SMALL, Fraction(1), Fraction(10**9)):
            reason = refused(game, replace(found, upper=found.upper - by))
            pattern = r"^upper is less than the mean of step 0, by at least ([-0-9.E+]+)$"
            assert 0.8 * by <= amount(reason, pattern) <= by


def test_a_nodes_upper_lowered(solved: Solved) -> None:
    for game, found, i, node in places(solved):
        for by in (SMALL, TENTH):
            reason = refused(game, change(found, i, upper=node.upper - by))
            assert f"at step {node.step}, state {node.state}" in reason
            if by == SMALL:
                excess = amount(
                    reason, r"the majorants' sum exceeds 0 at .*, by at least ([-0-9.E+]+)$"
                )
                assert excess > 0
                assert re.search(
                    r"at \(leaf, corner\) \[\(0, \d\)(, \(0, \d\))*\] of the cells", reason
                )


def test_a_later_nodes_upper_raised(solved: Solved) -> None:
    for game, found, i, node in places(solved):
        raised = change(found, i, upper=node.upper + TENTH)
        if node.step == 0:
            assert "upper is less than the mean of step 0" in refused(game, raised)
        else:
            assert f"at step {node.step - 1}, state " in refused(game, raised)


def test_a_worse_policy(solved: Solved) -> None:
    for game, found, i, node in places(solved):
        for b in range(game.follower_actions):
            for a in range(game.leader_actions):
                pure = ((a, Fraction(1)),)
                if dict(node.policy[b]).get(a, 0) > Fraction(9, 10):
                    continue
                policy = (*node.policy[:b], pure, *node.policy[b + 1 :])
                reason = refused(game, change(found, i, policy=policy))
                assert re.match(r"lower exceeds J\(policy\), by at least [0-9.E-]+$", reason)


def test_tags_swapped(solved: Solved) -> None:
    for game, found, i, node in places(solved):
        for b, (tag, parameter) in enumerate(majorants(node)):
            other = DOWN if tag == UP else UP
            trees = with_majorant(node, b, (other, parameter))
            reason = refused(game, change(found, i, trees=trees))
            assert f"at step {node.step}, state {node.state}" in reason
            if other == DOWN:
                assert f"follower action {b}: down has no y < upper" in reason


@pytest.mark.parametrize("factor", [Fraction(3), Fraction(1, 3), Fraction(11, 10), Fraction(9, 10)])
def test_parameters_scaled(solved: Solved, factor: Fraction) -> None:
    for game, found, i, node in places(solved):
        for b, (tag, parameter) in enumerate(majorants(node)):
            trees = with_majorant(node, b, (tag, parameter * factor))
            reason = refused(game, change(found, i, trees=trees))
            assert f"upper bound at step {node.step}, state {node.state}: the majorants" in reason


@pytest.mark.parametrize("by", [1, -1, 40, -40, 10**5, -(10**5)])
def test_shifts(solved: Solved, by: int) -> None:
    for game, found, i, node in places(solved):
        reason = refused(game, change(found, i, shift=node.shift + by))
        assert f"at step {node.step}, state {node.state}" in reason


def test_two_nodes_swapped(solved: Solved) -> None:
    for game, found in solved[1:]:
        first, second = found.nodes[:2]
        swapped = (
            replace(second, step=first.step, state=first.state),
            replace(first, step=second.step, state=second.state),
            *found.nodes[2:],
        )
        assert refused(game, replace(found, nodes=swapped))
        with pytest.raises(CertificateError, match="ascending order"):
            replace(found, nodes=(second, first, *found.nodes[2:]))


def test_missing_and_extra_nodes(solved: Solved) -> None:
    for game, found, i, node in places(solved):
        fewer = replace(found, nodes=found.nodes[:i] + found.nodes[i + 1 :])
        with pytest.raises(CertificateError, match="not the reachable"):
            check(game, fewer)
        with pytest.raises(CertificateError, match="ascending order"):
            replace(found, nodes=(*found.nodes[:i], node, *found.nodes[i:]))


def test_malformed_nodes(deep: tuple[Game, Certificate]) -> None:
    _, found = deep
    for i, node in enumerate(found.nodes):
        tag, parameter = majorants(node)[0]
        with pytest.raises(CertificateError, match="is no majorant"):
            change(found, i, trees=with_majorant(node, 0, (tag, -parameter)))
        with pytest.raises(CertificateError, match="do not sum to 1"):
            change(found, i, policy=(((0, Fraction(999, 1000)),), *node.policy[1:]))


def variants(found: Certificate) -> Iterator[Certificate]:
    yield found
    for by in (SMALL, -SMALL, Fraction(1, 10**30), -TENTH, TENTH):
        yield replace(found, lower=found.lower + by)
        yield replace(found, upper=found.upper + by)
        for i, node in enumerate(found.nodes):
            yield change(found, i, upper=node.upper + by)
    for i, node in enumerate(found.nodes):
        for by in (1, -1, 30, -17000, 17000):
            yield change(found, i, shift=node.shift + by)
        for b, (tag, parameter) in enumerate(majorants(node)):
            for pair in ((tag, parameter * 2), (DOWN if tag == UP else UP, parameter)):
                yield change(found, i, trees=with_majorant(node, b, pair))


def test_the_kernel_and_flint_agree(solved: Solved) -> None:
    flint = FlintElementary()
    seen: dict[str, int] = {}

    def told(verdict: Verdict) -> tuple[object, ...]:
        numbers = re.sub(r"[-0-9.E+]+", "#", verdict.reason)
        return verdict.outcome, verdict.lower, verdict.upper, numbers

    for game, found in solved:
        for variant in variants(found):
            kernel = check(game, variant)
            other = check(game, variant, elementary=flint)
            assert other.arithmetic == "flint"
            assert told(kernel) == told(other)
            seen[kernel.outcome] = seen.get(kernel.outcome, 0) + 1
    assert seen["accepted"] > 20
    assert seen["rejected"] > 100


def test_at_few_bits_neither_contradicts_the_other(solved: Solved) -> None:
    flint = FlintElementary()
    for game, found in solved:
        for bits in (16, 20, 24, 28, 32, 36):
            for variant in (found, replace(found, upper=found.upper - TENTH)):
                outcomes = {
                    check(game, variant, precision=bits).outcome,
                    check(game, variant, precision=bits, elementary=flint).outcome,
                }
                assert outcomes != {"accepted", "rejected"}
                full = check(game, variant).outcome
                assert {*outcomes, full} - {"inconclusive"} <= {full}
