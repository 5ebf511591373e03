"""Learners against the truth, for the terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from exactqse.report.documents import Document, exact_table, game_document, verdict_document
from exactqse.report.solutions import line, plain_table
from exactqse.report.text import cell, coarse, counted

if TYPE_CHECKING:
    from exactqse.solve import Solution
    from exactqse.trials import Rate, Slope, Summary

_PLACES = 4
QUESTIONS = ("optimism", "pessimism", "coverage", "fit", "widths")


def learning_document(solution: Solution, noise: str, summaries: Sequence[Summary]) -> Document:
    """What the trials say together; exact where the records are, floats as text."""
    return {
        "game": game_document(solution.game),
        "optimum": exact_table(solution.value),
        "verdict": None if solution.verdict is None else verdict_document(solution.verdict),
        "noise": noise,
        "learners": [summary_document(summary) for summary in summaries],
    }


def summary_document(summary: Summary) -> Document:
    """One learner's summary."""
    curve = summary.curve
    quantiles = ("0.1", "0.5", "0.9")
    return {
        "learner": summary.learner,
        "parameters": summary.parameters,
        "episodes": summary.episodes,
        "seeds": list(summary.seeds),
        "regret": exact_table(summary.regret),
        "slope": slope_document(summary.slope),
        "covers": summary.covers,
        "claims": {question: rate_document(getattr(summary, question)) for question in QUESTIONS},
        "curve": {
            "episodes": list(curve.episodes),
            "mean": exact_table(curve.mean),
            "quantiles": {
                name: list(map(repr, row))
                for name, row in zip(quantiles, curve.quantiles, strict=True)
            },
        },
    }


def slope_document(slope: Slope | None) -> Document | None:
    """A slope with its interval."""
    if slope is None:
        return None
    interval = None if slope.interval is None else list(map(repr, slope.interval))
    return {"lower": repr(slope.lower), "upper": repr(slope.upper), "interval": interval}


def rate_document(rate: Rate) -> Document:
    """How many runs gave each answer, with the exact interval of "yes"."""
    interval = None if rate.interval is None else list(map(repr, rate.interval))
    return {**asdict(rate), "interval": interval}


def learning_table(
    summaries: Sequence[Summary], seconds: Sequence[dict[str, float]]
) -> RenderableType:
    """One row a learner: mean final regret, slope, how often its claims held, time.

    Args:
        summaries: the learners.
        seconds: where the time of each went, over all its seeds.
    """
    first = summaries[0]
    title = f"regret after {first.episodes:,} episodes, mean of {counted(len(first.seeds), 'seed')}"
    table = plain_table(title)
    table.padding, table.show_edge, table.pad_edge = (0, 1, 0, 0), False, False
    for heading in ("learner", "regret"):
        table.add_column(heading, no_wrap=True)
    for heading in ("slope", "optimism", "coverage", "time"):
        table.add_column(heading, overflow="fold")
    for summary, spent in zip(summaries, seconds, strict=True):
        regret = str(coarse(summary.regret, _PLACES))
        claims = runs(summary.optimism), runs(summary.coverage)
        time = f"{sum(spent.values()):.1f} s"
        table.add_row(
            *map(cell, (summary.learner, regret, slope_text(summary.slope), *claims, time))
        )
    return table


def slope_text(slope: Slope | None) -> str:
    """Such as "0.51 [0.43, 0.60]"."""
    if slope is None:
        return "none"
    middle = f"{(slope.lower + slope.upper) / 2:.2f}"
    if slope.interval is None:
        return middle
    low, high = slope.interval
    return f"{middle} [{low:.2f}, {high:.2f}]"


def runs(rate: Rate) -> str:
    """Such as "18 of 20"."""
    if not rate.claimed:
        return "-"
    text = f"{rate.yes} of {rate.claimed}"
    return f"{text}, {rate.undecided} undecided" if rate.undecided else text


def learning_lines(
    solution: Solution, summaries: Sequence[Summary], seconds: Sequence[dict[str, float]]
) -> Iterator[Text]:
    """J*, other claims, what the columns mean, and where the time went."""
    yield line("")
    yield optimum_line(solution)
    for summary in summaries:
        yield from _claims(summary)
    yield from time_lines(seconds)
    if any(summary.slope is None for summary in summaries):
        yield line("no slope: the mean regret is not bounded away from 0", "dim")
    yield line(
        "regret is certified, J* - J of every announced policy; slope: log-log, last decade of "
        "episodes, with 95% by the bootstrap over seeds; a claim counts where it held in every "
        "episode of a run; -: not claimed",
        "dim",
    )


def optimum_line(solution: Solution) -> Text:
    """J*, and who accepted it."""
    said = "" if solution.verdict is None else solution.verdict.arithmetic
    return line(f"J* = {coarse(solution.value, 12)}, accepted by the {said} checker")


def time_lines(seconds: Sequence[dict[str, float]]) -> Iterator[Text]:
    """The shares of the parts of the time; nothing where no time was kept."""
    total: Counter[str] = Counter()
    for spent in seconds:
        total.update(spent)
    if whole := sum(total.values()):
        parts = ", ".join(f"{part} {x / whole:.0%}" for part, x in total.most_common())
        yield line(f"time: {parts}", "dim")


def _claims(summary: Summary) -> Iterator[Text]:
    """Every claim, with the exact interval of how often it holds."""
    names = {
        "optimism": "J* <= upper",
        "coverage": "the truth is in the confidence sets",
        "pessimism": "lower <= J(policy)",
        "widths": "the widths add up to the regret",
        "fit": "the estimates are as likely as the truth",
    }
    for question, meaning in names.items():
        rate: Any = getattr(summary, question)
        if rate.interval is not None:
            low, high = rate.interval
            held = f"{runs(rate)} runs, 95% [{low:.2f}, {high:.2f}]"
            yield line(f"{summary.learner}: {meaning} in {held}")
    if summary.covers != "unclaimed":
        verdict = {"yes": "stands", "no": "is refuted", "undecided": "is undecided"}
        level = f"{1 - (summary.delta or 0):g}"
        yield line(
            f"{summary.learner}: its claim to cover {level} of runs {verdict[summary.covers]}"
        )
