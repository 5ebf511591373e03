"""Learners held against the truth: regret and suboptimality as enclosures, verdicts, slopes."""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.trials.many import Trial, run_many
    from exactqse.trials.offline import OfflineRecord, run_offline
    from exactqse.trials.online import Clock, run_online
    from exactqse.trials.records import Announced, OnlineRecord, Stretch
    from exactqse.trials.slopes import Slope, regret_slope, slope
    from exactqse.trials.summaries import Curve, Rate, Summary, summarise
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            **dict.fromkeys(("Clock", "run_online"), "online"),
            **dict.fromkeys(("Trial", "run_many"), "many"),
            **dict.fromkeys(("Slope", "regret_slope", "slope"), "slopes"),
            **dict.fromkeys(("Curve", "Rate", "Summary", "summarise"), "summaries"),
            **dict.fromkeys(("OfflineRecord", "run_offline"), "offline"),
            **dict.fromkeys(("Announced", "OnlineRecord", "Stretch"), "records"),
        },
    )

__all__ = [
    "Announced",
    "Clock",
    "Curve",
    "OfflineRecord",
    "OnlineRecord",
    "Rate",
    "Slope",
    "Stretch",
    "Summary",
    "Trial",
    "regret_slope",
    "run_many",
    "run_offline",
    "run_online",
    "slope",
    "summarise",
]
