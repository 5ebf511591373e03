"""Learners from data against the truth, for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from exactqse.report.documents import Document, exact_table, game_document, verdict_document
from exactqse.report.learning import (
    optimum_line,
    rate_document,
    runs,
    slope_document,
    slope_text,
    time_lines,
)
from exactqse.report.solutions import line, plain_table
from exactqse.report.text import cell, coarse, counted

if TYPE_CHECKING:
    from exactqse.solve import Solution
    from exactqse.trials import AtSize, OfflineSummary

_PLACES = 4
QUESTIONS = ("optimism", "pessimism", "coverage", "fit")
_CLAIMS = {
    "pessimism": "lower <= J(policy)",
    "coverage": "the truth is in the confidence sets",
}
_VERDICTS = {"yes": "is not refuted", "no": "is refuted", "undecided": "is undecided"}


def offline_document(solution: Solution, summaries: Sequence[OfflineSummary]) -> Document:
    """What the trials say together; exact where the records are, floats as text."""
    first = summaries[0]
    return {
        "game": game_document(solution.game),
        "optimum": exact_table(solution.value),
        "verdict": None if solution.verdict is None else verdict_document(solution.verdict),
        "behaviour": first.behaviour,
        "noise": str(first.noise),
        "learners": [_summary_document(summary) for summary in summaries],
    }


def _summary_document(summary: OfflineSummary) -> Document:
    return {
        "learner": summary.learner,
        "parameters": summary.parameters,
        "slope": slope_document(summary.slope),
        "delta": None if summary.delta is None else repr(summary.delta),
        "stands": {question: summary.stands(question) for question in QUESTIONS},
        "claims": {question: rate_document(summary.total(question)) for question in QUESTIONS},
        "sizes": [_size_document(size) for size in summary.sizes],
    }


def _size_document(size: AtSize) -> Document:
    names = ("0.1", "0.5", "0.9")
    return {
        "episodes": size.episodes,
        "seeds": list(map(str, size.seeds)),
        "suboptimality": exact_table(size.suboptimality),
        "quantiles": dict(zip(names, map(repr, size.quantiles), strict=True)),
        "claims": {question: rate_document(getattr(size, question)) for question in QUESTIONS},
    }


def offline_table(summaries: Sequence[OfflineSummary]) -> RenderableType:
    """One row a learner and size: mean suboptimality, how often the claims held."""
    table = plain_table("certified suboptimality")
    table.padding, table.show_edge, table.pad_edge = (0, 1, 0, 0), False, False
    for heading in ("learner", "episodes K", "suboptimality"):
        table.add_column(heading, no_wrap=True)
    for heading in ("pessimism", "coverage"):
        table.add_column(heading, overflow="fold")
    for summary in summaries:
        for i, size in enumerate(summary.sizes):
            gap = str(coarse(size.suboptimality, _PLACES))
            claims = runs(size.pessimism), runs(size.coverage)
            name = "" if i else summary.learner
            table.add_row(*map(cell, (name, f"{size.episodes:,}", gap, *claims)))
    return table


def offline_lines(
    solution: Solution, summaries: Sequence[OfflineSummary], seconds: Sequence[dict[str, float]]
) -> Iterator[Text]:
    """J*, slopes, verdicts on the claims, what the columns mean, where the time went."""
    first = summaries[0]
    noise = "" if first.noise.kind == "none" else f", {first.noise} rewards"
    yield line("")
    yield line(f"learnt from data of the behaviour {first.behaviour}{noise}")
    yield optimum_line(solution)
    for summary in summaries:
        yield line(f"{summary.learner}: {_slope(summary)}")
        for question, meaning in _CLAIMS.items():
            yield from _verdict(summary, question, meaning)
    yield from time_lines(seconds)
    seeds = counted(len(first.sizes[0].seeds), "dataset")
    yield line(
        f"suboptimality is certified, J* - J of what was learnt, mean of {seeds}; slope: log-log, "
        "against K, with 95% by the bootstrap over seeds; a claim is refuted by an exact binomial "
        "test at some size, 5% over all sizes; -: not claimed",
        "dim",
    )


def _slope(summary: OfflineSummary) -> str:
    if summary.slope is not None:
        return f"slope of the suboptimality {slope_text(summary.slope)}"
    if len(summary.sizes) == 1:
        return "no slope: one size"
    if not summary.same_seeds:
        return "no slope: the sizes have different seeds"
    return "no slope: the mean suboptimality of some size is not bounded away from 0"


def _verdict(summary: OfflineSummary, question: str, meaning: str) -> Iterator[Text]:
    found = summary.stands(question)
    if found in _VERDICTS and summary.delta is not None:
        level, total = f"{1 - summary.delta:g}", summary.total(question)
        held = f"in {runs(total)} {'dataset' if total.claimed == 1 else 'datasets'}"
        verdict = f"that it is so in {level} of them {_VERDICTS[found]}"
        yield line(f"{summary.learner}: {meaning} {held}; {verdict}")
