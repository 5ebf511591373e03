"""Pictures of recorded results. They need matplotlib, the extra ``exactqse[pictures]``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactqse.errors import InputError
from exactqse.writing import write_bytes

if TYPE_CHECKING:
    from exactqse.claims import Finding
    from exactqse.sweep import Sweep
    from exactqse.trials import OfflineSummary, Summary

FORMATS = (".pdf", ".png", ".svg")
_WIDE = 20  # a ratio of etas from which on the axis is logarithmic


def drawable(path: Path) -> None:
    """Refuse, before any work is done, a picture that could not be drawn. Raises InputError."""
    if path.suffix.lower() not in FORMATS:
        what = f"{path.name} does not end in {', '.join(FORMATS)}"
        raise InputError(what, where="picture", remedy="name another file")
    _matplotlib()


def draw_sweep(sweep: Sweep, path: str | os.PathLike[str]) -> None:
    """Draw J* along eta to a file: the enclosures as a band, limits, brackets of the changes.

    Raises:
        InputError: no matplotlib, no finite eta to draw, or another format than .pdf, .png, .svg.
        FileError: the file cannot be written.
    """
    drawable(Path(path))
    if all(point.eta is None for point in sweep.points):
        raise InputError("there is no finite eta to draw", where="picture")
    figure = _matplotlib().Figure(figsize=(6.4, 4.0), layout="constrained")
    try:
        _draw(figure.add_subplot(), sweep)
    except OverflowError as error:
        raise InputError("a number is beyond the range of float64", where="picture") from error
    _save(figure, path)


def draw_claims(findings: Sequence[Finding], path: str | os.PathLike[str]) -> None:
    """Draw the largest certified ratio lhs/rhs of every inequality to a file; 1 is sharp.

    Raises:
        InputError: no matplotlib, no ratio to draw, or another format than .pdf, .png, .svg.
        FileError: the file cannot be written.
    """
    drawable(Path(path))
    known = [(f.claim.id, float(f.ratio)) for f in findings if f.ratio is not None]
    if not known:
        raise InputError("there is no ratio to draw", where="picture")
    names, ratios = zip(*known[::-1], strict=True)
    figure = _matplotlib().Figure(figsize=(6.4, 1.1 + 0.22 * len(known)), layout="constrained")
    axes = figure.add_subplot()
    axes.barh(names, ratios, height=0.6)
    axes.axvline(1, linestyle=":", color="black", label="sharp")
    axes.set_xlabel("largest lhs/rhs met, certified from below")
    figure.legend(fontsize="small", loc="outside upper right")  # over no bar
    _save(figure, path)


def draw_learning(summaries: Sequence[Summary], path: str | os.PathLike[str]) -> None:
    """Draw cumulative regret of learners to a file: means, the band of quantiles, a guide sqrt(t).

    Raises:
        InputError: no matplotlib, or another format than .pdf, .png, .svg.
        FileError: the file cannot be written.
    """
    drawable(Path(path))
    figure = _matplotlib().Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    for summary in summaries:
        curve = summary.curve
        middle = [float(value) for value in curve.mean]
        (drawn,) = axes.plot(curve.episodes, middle, linewidth=1.5, label=summary.learner)
        low, _, high = curve.quantiles
        axes.fill_between(curve.episodes, low, high, alpha=0.25, color=drawn.get_color())
    least = min(summaries, key=lambda summary: summary.regret.mid)
    episodes, end = least.curve.episodes, float(least.regret)
    if end > 0:
        guide = [end * (t / episodes[-1]) ** 0.5 for t in episodes]
        axes.plot(episodes, guide, linestyle=":", color="grey", label="proportional to sqrt(t)")
        axes.set_xscale("log")
        axes.set_yscale("log", nonpositive="mask")
    axes.set_xlabel("episodes t")
    axes.set_ylabel("certified cumulative regret")
    axes.set_title("mean over seeds, and their quantiles from 0.1 to 0.9", fontsize="small")
    axes.legend(fontsize="small")
    _save(figure, path)


def draw_offline(summaries: Sequence[OfflineSummary], path: str | os.PathLike[str]) -> None:
    """Draw suboptimality against the size of the data: means, quantiles, a guide 1/sqrt(K).

    Raises:
        InputError: no matplotlib, or another format than .pdf, .png, .svg.
        FileError: the file cannot be written.
    """
    drawable(Path(path))
    figure = _matplotlib().Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    for summary in summaries:
        sizes = [size.episodes for size in summary.sizes]
        means = [float(size.suboptimality) for size in summary.sizes]
        (drawn,) = axes.plot(sizes, means, "o-", markersize=3, label=summary.learner)
        low, _, high = zip(*(size.quantiles for size in summary.sizes), strict=True)
        axes.fill_between(sizes, low, high, alpha=0.25, color=drawn.get_color())
    starts = [(s.sizes[0].episodes, float(s.sizes[0].suboptimality)) for s in summaries]
    first, worst = max(starts, key=lambda start: start[1])
    if worst > 0:
        sizes = [size.episodes for size in summaries[0].sizes]
        guide = [worst * (first / size) ** 0.5 for size in sizes]
        axes.plot(sizes, guide, linestyle=":", color="grey", label="proportional to 1/sqrt(K)")
        axes.set_yscale("log", nonpositive="mask")
    axes.set_xscale("log")
    axes.set_xlabel("episodes K of the data")
    axes.set_ylabel("certified suboptimality J* - J")
    axes.set_title("mean over datasets, and their quantiles from 0.1 to 0.9", fontsize="small")
    axes.legend(fontsize="small")
    _save(figure, path)


def _save(figure: Any, path: str | os.PathLike[str]) -> None:
    stream = BytesIO()
    figure.savefig(stream, format=Path(path).suffix[1:].lower(), dpi=200)
    write_bytes(path, stream.getvalue())


def _draw(axes: Any, sweep: Sweep) -> None:
    points = [(float(p.eta), p.value) for p in sweep.points if p.eta is not None]
    etas = [eta for eta, _ in points]
    lower, upper, middle = (
        [float(end) for end in ends]
        for ends in zip(*((v.lower, v.upper, v.mid) for _, v in points), strict=True)
    )
    axes.plot(etas, middle, "o-", markersize=3, linewidth=1, label="J*, certified at the dots")
    axes.fill_between(etas, lower, upper, alpha=0.4, label="enclosure")
    zero, infinity = float(sweep.limits.zero), sweep.limits.infinity
    axes.axhline(zero, linestyle=":", color="grey", label="limit as eta falls to 0")
    ends = float(infinity.lower), float(infinity.upper)
    axes.axhspan(*ends, linestyle="--", color="grey", alpha=0.6, label="limits as eta grows")
    for i, change in enumerate(sweep.changes):
        label = None if i else "the support changes"
        ends = float(change.lower), float(change.upper)
        axes.axvspan(*ends, color="tab:orange", alpha=0.5, label=label)
    if etas[-1] > _WIDE * etas[0]:
        axes.set_xscale("log")
    axes.set_xlabel("inverse temperature eta of the follower")
    axes.set_ylabel("leader's optimal value J*")
    axes.legend(fontsize="small")


def _matplotlib() -> Any:
    try:
        return import_module("matplotlib.figure")
    except ImportError as error:
        remedy = 'install it with: pip install "exactqse[pictures]"'
        raise InputError("matplotlib is not installed", where="picture", remedy=remedy) from error
