"""Learners held against the truth: regret and suboptimality as enclosures, verdicts, slopes."""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.trials.offline import OfflineRecord, run_offline
    from exactqse.trials.online import Clock, run_online
    from exactqse.trials.records import Announced, OnlineRecord, Stretch
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            **dict.fromkeys(("Clock", "run_online"), "online"),
            **dict.fromkeys(("OfflineRecord", "run_offline"), "offline"),
            **dict.fromkeys(("Announced", "OnlineRecord", "Stretch"), "records"),
        },
    )

__all__ = [
    "Announced",
    "Clock",
    "OfflineRecord",
    "OnlineRecord",
    "Stretch",
    "run_offline",
    "run_online",
]
