"""Claims and what a run found of them: for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from exactqse.report.documents import Document
from exactqse.report.solutions import line, plain_table
from exactqse.report.text import cell, counted

if TYPE_CHECKING:
    from exactqse.claims import Claim, Coverage, Example, Finding

_PLACES = 6  # of a ratio in a table, rounded down
_SOURCE = 35  # characters of a source that a table leaves on one line
_GOOD, _BAD, _OPEN = "bold green", "bold red", "bold yellow"


def claim_document(claim: Claim[Any] | Coverage) -> Document:
    """What a claim says of itself."""
    relation = getattr(claim, "relation", None)
    level = getattr(claim, "level", None)
    return {
        "id": claim.id,
        "title": claim.title,
        "statement": claim.statement,
        "latex": claim.latex,
        "hypotheses": list(claim.hypotheses),
        "relation": "probability" if relation is None else relation,
        "level": None if level is None else str(level),
        "source": claim.source,
        "sharp": claim.sharp,
        "mutants": [{"name": m.name, "what": m.what} for m in claim.mutants],
    }


def claim_table(claims: Sequence[Claim[Any] | Coverage]) -> RenderableType:
    """One line a claim."""
    table = plain_table("claims")
    for heading in ("claim", "", "statement"):
        table.add_column(heading, overflow="fold")
    longest = max((len(claim.source) for claim in claims), default=0)
    table.add_column("source", overflow="fold", min_width=min(longest, _SOURCE))
    for claim in claims:
        relation = getattr(claim, "relation", "P")
        table.add_row(*map(cell, (claim.id, relation, claim.title, claim.source)))
    return table


def claim_lines(claim: Claim[Any] | Coverage) -> Iterator[Text]:
    """A claim in full."""
    yield line(f"{claim.id}: {claim.title}", "bold")
    yield line(claim.statement)
    yield line(f"LaTeX: {claim.latex}", "dim")
    for hypothesis in claim.hypotheses:
        yield line(f"assuming: {hypothesis}")
    if claim.sharp:
        yield line(f"tightness: {claim.sharp}")
    yield line(f"source: {claim.source}")
    for mutant in claim.mutants:
        yield line(f"mutant {mutant.name}, to be refuted: {mutant.what}", "dim")


def finding_document(finding: Finding) -> Document:
    """Everything that was found, exactly; seconds and p-values as text."""
    test, values = finding.test, finding.p_values
    return {
        "claim": claim_document(finding.claim),
        "verdict": verdict_word(finding),
        "good": finding.good,
        "seed": finding.seed,
        "instances": {outcome.value: n for outcome, n in finding.counts.items()},
        "digits": getattr(finding.claim, "digits", None),
        "ratio": None if finding.ratio is None else str(finding.ratio),
        "ratio_rounded_down": None if finding.ratio is None else rounded_down(finding.ratio),
        "worst": None if finding.worst is None else example_document(finding.worst),
        "against": [example_document(example) for example in finding.against],
        "bits": finding.bits,
        "evaluations": finding.evaluations,
        "targeted": finding.targeted,
        "seconds": f"{finding.seconds:.3f}",
        "mutants": [
            {
                "name": m.name,
                "what": m.what,
                "refuted": m.refuted,
                "example": None if m.example is None else example_document(m.example),
            }
            for m in finding.mutations
        ],
        "test": None if test is None else _test_document(test),
        "p_values": None if values is None else [f"{p:.6g}" for p in values],
    }


def _test_document(test: Any) -> Document:
    return {
        "trials": test.trials,
        "successes": test.successes,
        "level": str(test.level),
        "error": str(test.error),
    }


def example_document(example: Example) -> Document:
    """An instance, with the coordinates that rebuild it."""
    return {
        "coordinates": [repr(x) for x in example.coordinates],
        "instance": dict(example.document),
        "outcome": example.outcome.value,
    }


def findings_table(findings: Sequence[Finding]) -> RenderableType:
    """One line a claim: verdict, instances, the largest certified ratio, bits, time."""
    table = plain_table("claims")
    for heading in ("claim", "verdict", "instances", "lhs/rhs >=", "bits", "s"):
        table.add_column(heading, overflow="fold", justify="left")
    for finding in findings:
        ratio = "" if finding.ratio is None else rounded_down(finding.ratio)
        bits = str(finding.bits) if finding.bits else ""
        cells = [cell(finding.claim.id), cell(verdict_word(finding), _style(finding))]
        numbers = (f"{finding.instances:,}", ratio, bits, f"{finding.seconds:.2f}")
        table.add_row(*cells, *map(cell, numbers))
    return table


def verdict_word(finding: Finding) -> str:
    """Such as "holds", "holds (to 100 digits: 3)", "violated", "holds, a mutant stands"."""
    counts = {outcome.value: n for outcome, n in finding.counts.items()}
    word = finding.outcome.value
    if word in {"holds", "agrees"} and finding.test is None:
        agreed, digits = counts.get("agrees", 0), getattr(finding.claim, "digits", 0)
        word = "holds"
        if agreed:
            word += f" (to {counted(digits, 'digit')}: {agreed:,})"
    elif word in {"violated", "undecided"} and finding.test is None:
        word += f" ({counts.get(word, 0):,})"
    elif finding.test is not None:
        word += f" ({finding.test.successes:,} of {finding.test.trials:,})"
    standing = sum(not m.refuted for m in finding.mutations)
    return f"{word}; {counted(standing, 'mutant')} not refuted" if standing else word


def finding_lines(findings: Sequence[Finding]) -> Iterator[Text]:
    """What the table means, and what speaks against a claim."""
    bad = [finding for finding in findings if not finding.good]
    for finding in bad:
        yield line(f"{finding.claim.id}: {verdict_word(finding)}: {finding.claim.statement}", _BAD)
        for example in finding.against:
            yield line(f"  {example.outcome.value} at {_short(example)}")
    searched = [finding for finding in findings if finding.evaluations]
    if searched and not any(finding.targeted for finding in searched):
        what = "Hypothesis is not installed, so no search began with it; for larger ratios:"
        yield line(f"{what} python -m pip install 'exactqse[testing]'", "dim")
    tried = [m for finding in findings for m in finding.mutations]
    if tried:
        refuted = sum(m.refuted for m in tried)
        yield line(f"{counted(len(tried), 'mutant')} tried, {refuted:,} refuted")
    if not bad:
        hold = "holds" if len(findings) == 1 else "hold"
        yield line(f"{counted(len(findings), 'claim')} {hold} on every instance tried", _GOOD)
    yield line(
        "holds: proved for each instance in ball arithmetic; to N digits: the two sides were not"
        " told apart; the claims themselves are proved in proofs/",
        "dim",
    )


def _short(example: Example, length: int = 160) -> str:
    text = str(dict(example.document))
    return text if len(text) <= length else f"{text[: length - 3]}..."


def rounded_down(value: Fraction) -> str:
    """A decimal that is at most the value."""
    context = Context(prec=_PLACES + 1, rounding=ROUND_FLOOR)
    rounded = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    if abs(rounded) >= Decimal(10) ** -_PLACES:
        rounded = rounded.quantize(Decimal(10) ** -_PLACES, rounding=ROUND_FLOOR)
    return f"{rounded}"


def _style(finding: Finding) -> str:
    if finding.good:
        return _GOOD
    return _OPEN if finding.outcome.value == "undecided" else _BAD
