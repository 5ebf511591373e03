"""Learners held against the truth: regret and suboptimality as enclosures, verdicts, slopes."""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.trials.many import Trial, run_many
    from exactqse.trials.many_offline import OfflineTrial, run_many_offline, run_on_datasets
    from exactqse.trials.offline import run_offline
    from exactqse.trials.offline_records import OfflineRecord
    from exactqse.trials.offline_summaries import AtSize, OfflineSummary, summarise_offline
    from exactqse.trials.online import Clock, run_online
    from exactqse.trials.records import Announced, OnlineRecord, Stretch
    from exactqse.trials.refusals import require_datasets, require_offline, require_online
    from exactqse.trials.slopes import Slope, regret_slope, slope, suboptimality_slope
    from exactqse.trials.summaries import Curve, Rate, Summary, rate, summarise
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            **dict.fromkeys(("Clock", "run_online"), "online"),
            **dict.fromkeys(("Trial", "run_many"), "many"),
            **dict.fromkeys(
                ("OfflineTrial", "run_many_offline", "run_on_datasets"), "many_offline"
            ),
            **dict.fromkeys(("AtSize", "OfflineSummary", "summarise_offline"), "offline_summaries"),
            **dict.fromkeys(("require_datasets", "require_offline", "require_online"), "refusals"),
            **dict.fromkeys(("Slope", "regret_slope", "slope", "suboptimality_slope"), "slopes"),
            **dict.fromkeys(("Curve", "Rate", "Summary", "rate", "summarise"), "summaries"),
            **dict.fromkeys(("run_offline",), "offline"),
            **dict.fromkeys(("OfflineRecord",), "offline_records"),
            **dict.fromkeys(("Announced", "OnlineRecord", "Stretch"), "records"),
        },
    )

__all__ = [
    "Announced",
    "AtSize",
    "Clock",
    "Curve",
    "OfflineRecord",
    "OfflineSummary",
    "OfflineTrial",
    "OnlineRecord",
    "Rate",
    "Slope",
    "Stretch",
    "Summary",
    "Trial",
    "rate",
    "regret_slope",
    "require_datasets",
    "require_offline",
    "require_online",
    "run_many",
    "run_many_offline",
    "run_offline",
    "run_on_datasets",
    "run_online",
    "slope",
    "suboptimality_slope",
    "summarise",
    "summarise_offline",
]
