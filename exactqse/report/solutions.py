"""Solutions, verdicts and decisions for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from exactqse.arithmetic import Enclosure
from exactqse.kernel.check import Verdict
from exactqse.kernel.numbers import format_rational
from exactqse.report.text import cell, counted, mixture, printable, short

if TYPE_CHECKING:
    from exactqse.model.game import Game
    from exactqse.solve import Decision, Solution, WeakSolution

ROWS = 24  # rows of a table unless all are asked for
_STYLES = {"accepted": "bold green", "rejected": "bold red", "inconclusive": "bold yellow"}
PolicyRow = tuple[int, int, str, str]  # h, s, follower actions, mixture


def line(text: str, style: str = "") -> Text:
    """One line that is never wrapped or cut, so that long numbers stay whole when piped."""
    return Text(printable(text), style=style, no_wrap=True, overflow="ignore")


def solution_lines(solution: Solution) -> Iterator[Text]:
    """J*, what the checker said, and the effort."""
    yield line(f"J* = {solution.value}", "bold")
    if solution.verdict is None:
        yield line("not checked", _STYLES["inconclusive"])
    else:
        yield verdict_line(solution.verdict)
    effort = solution.effort
    if not solution.reached:
        yield line(f"wider than asked for: {effort.stopped}", _STYLES["inconclusive"])
    yield line(
        f"effort: {counted(effort.nodes, 'node')} (step, state) at {effort.precision} bits, "
        f"{effort.work} {effort.unit}",
        "dim",
    )


def weak_lines(weak: WeakSolution | Fraction | None) -> Iterator[Text]:
    """The value when ties are broken against the leader, where asked; no checker has seen it."""
    if isinstance(weak, Fraction):
        yield line(
            f"ties broken against the leader: this policy is worth {short(weak)} "
            "(without certificate)"
        )
    elif weak is not None:
        word = "attained" if weak.attained else "a supremum, not attained"
        value = Enclosure(weak.value, weak.value)
        yield line(f"ties broken against the leader: {value}, {word} (exact, without certificate)")


def verdict_line(verdict: Verdict) -> Text:
    """The word "certified" only when accepted; else the outcome and the reason."""
    checker = f"the {verdict.arithmetic} checker at {verdict.precision} bits"
    if verdict.outcome == "accepted":
        whose = ", J* over leaders who remember," if verdict.leader == "history" else ","
        word, rest = "certified", f"lower <= J(policy) <= J* <= upper{whose} by {checker}"
    else:
        word, rest = verdict.outcome, f"{printable(verdict.reason)} ({checker})"
    return line(word, _STYLES[verdict.outcome]).append(f": {rest}", style="not bold default")


def check_lines(verdict: Verdict) -> Iterator[Text]:
    """The verdict, and the bounds that it proves."""
    yield verdict_line(verdict)
    if verdict.lower is not None and verdict.upper is not None:
        yield line(f"J* = {Enclosure(verdict.lower, verdict.upper)}", "bold")


def decision_lines(decision: Decision) -> Iterator[Text]:
    """The answer with its reason, the bounds, and the verdict on them."""
    threshold = format_rational(decision.threshold)
    digits = counted(decision.digits, "digit")
    stopped = decision.solution.effort.stopped
    bounds = f"the bounds so far: {stopped}" if stopped else f"the bounds of {digits}"
    sentence = {
        "yes": f"yes: J* >= {threshold}",
        "no": f"no: J* < {threshold}",
        "undecided": f"undecided: {threshold} lies within {bounds}",
    }[decision.answer]
    yield line(
        sentence, {"yes": "bold green", "no": "bold red"}.get(decision.answer, "bold yellow")
    )
    yield line(f"J* = {decision.solution.value}")
    if decision.solution.verdict is not None:
        yield verdict_line(decision.solution.verdict)


def policy_lines(
    game: Game, solution: Solution, *, everything: bool = False
) -> Iterator[RenderableType]:
    """The policy's table with its notes; of a leader who remembers, how much she remembers."""
    if solution.remembers:
        count = counted(len(solution.certificate.nodes), "node")
        yield line(f"the leader remembers: what she plays is in the certificate, {count}", "dim")
        return
    yield policy_table(game, solution, everything=everything)
    yield from policy_notes(game, solution, everything=everything)


def policy_rows(game: Game, solution: Solution) -> Iterator[PolicyRow]:
    """Per reachable step and state, the follower actions with one and the same answer, and it."""
    names = [game.name("leader", a) for a in range(game.leader_actions)]
    for h, layer in enumerate(game.reachable):
        for s in layer:
            answers: dict[tuple[Fraction, ...], list[str]] = {}
            for b, row in enumerate(solution.policy.probabilities[h][s]):
                answers.setdefault(row, []).append(game.name("follower", b))
            for row, plays in answers.items():
                alike = len(plays) == game.follower_actions > 1
                follower = "anything" if alike else ", ".join(plays)
                yield h, s, follower, mixture(zip(names, row, strict=True))


def policy_table(game: Game, solution: Solution, *, everything: bool = False) -> RenderableType:
    """What the leader plays after each follower action: at most ``ROWS`` rows, or all of them."""
    table = plain_table("the leader's policy")
    for heading in ("step", "state", "follower plays", "leader answers"):
        table.add_column(heading, overflow="fold")
    place = None
    for h, s, follower, answer in islice(policy_rows(game, solution), None if everything else ROWS):
        where = (str(h), game.name("state", s)) if place != (h, s) else ("", "")
        place = h, s
        table.add_row(*map(cell, (*where, follower, answer)))
    return table


def plain_table(title: str) -> Table:
    """A table that fits 80 columns and a light or dark terminal."""
    return Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)


def policy_notes(game: Game, solution: Solution, *, everything: bool = False) -> Iterator[Text]:
    """What the policy's table left out or rounded, and where it is in full."""
    rows = list(policy_rows(game, solution))
    if len(rows) > ROWS and not everything:
        left = counted(len(rows) - ROWS, "more row")
        yield line(f"{left}: --all shows them, --json and --policy give all, exactly", "dim")
    elif any("~" in answer for *_, answer in rows):
        yield line("~ marks a rounded number; --json and --policy give all, exactly", "dim")
