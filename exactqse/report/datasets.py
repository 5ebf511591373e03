"""Offline datasets for the terminal and for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from exactqse.report.documents import Document, game_document
from exactqse.report.solutions import line
from exactqse.report.text import counted

if TYPE_CHECKING:
    from exactqse.kernel.game import KernelGame
    from exactqse.simulate import Dataset


def dataset_document(game: KernelGame, dataset: Dataset) -> Document:
    """Where the data come from, and how many there are; the episodes are in the file."""
    noise = dataset.setting.noise
    return {
        "game": game_document(game),
        "behaviour": dataset.behaviour,
        "noise": str(noise),
        "seed": str(dataset.seed),
        "version": dataset.version,
        "episodes": len(dataset),
        "runs": [len(run) for run in dataset.runs],
    }


def dataset_lines(dataset: Dataset) -> Iterator[Text]:
    """The same in words."""
    policies = counted(len(dataset.runs), "policy") if len(dataset.runs) == 1 else ""
    policies = policies or f"{len(dataset.runs):,} policies"
    episodes = counted(len(dataset), "episode")
    yield line(f"{episodes} of {policies}: {dataset.behaviour}", "bold")
    yield line(f"noise {dataset.setting.noise}, seed {dataset.seed}")
    yield line(f"game {dataset.game_hash}", "dim")
