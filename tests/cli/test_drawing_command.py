from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import exactqse
from exactqse.games import get
from exactqse.simulate import (
    Behaviour,
    Dataset,
    Narrow,
    Noise,
    Perturbed,
    Random,
    Uniform,
    draw_dataset,
)

Run = Callable[..., Any]
GAME = "conitzer-sandholm-2006"


@pytest.mark.parametrize(
    ("options", "behaviour"),
    [
        ((), Uniform()),
        (("--behaviour", "uniform"), Uniform()),
        (("--behaviour", "perturbed", "--epsilon", 0.25, "--policies", 3), Perturbed(0.25, 3)),
        (("--behaviour", "perturbed", "--node-limit", 5), Perturbed(node_limit=5)),
        (("--behaviour", "random", "--policies", 2, "--concentration", 3), Random(2, 3.0)),
        (("--behaviour", "narrow"), Narrow()),
        (("--behaviour", "narrow", "--never", 1), Narrow(1)),
    ],
)
def test_the_file_is_that_of_the_function(
    run: Run, tmp_path: Path, options: tuple[object, ...], behaviour: Behaviour
) -> None:
    path = tmp_path / "data.json"
    result = run("draw", GAME, "--episodes", 20, "--seed", 3, "--out", path, *options)
    assert (result.code, result.err) == (0, "")
    game = get(GAME)
    expected = draw_dataset(game, behaviour=behaviour, episodes=20, seed=3)
    assert path.read_bytes() == expected.to_bytes()
    assert str(behaviour) in result.out
    assert game.hash in result.out


def test_noise_and_changes_to_the_game(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "data.json.gz"
    options = ("--noise", "gaussian", "--sd", 0.5, "--eta", 2, "--observes", "nothing")
    result = run("draw", GAME, "--episodes", 4, "--out", path, "--json", *options)
    document = json.loads(result.out)
    game = get(GAME).with_(eta=2, observes="nothing")
    data = Dataset.load(path, game)
    assert data.setting.noise == Noise("gaussian", 0.5)
    assert document["noise"] == "gaussian(0.5)"
    assert document["game"]["hash"] == game.hash
    assert (document["episodes"], document["runs"], document["seed"]) == (4, [4], "0")
    assert document["version"] == exactqse.__version__
    assert document["written"] == str(path)


def test_an_nfg_files_assumptions_are_said(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "game.nfg"
    path.write_text('NFG 1 R "" { "a" "b" } { 1 1 } 1 2')
    result = run("draw", path, "--episodes", 1, "--out", tmp_path / "d.json")
    assert "1 episode of 1 policy: uniform" in result.out
    assert "assumed: eta = 1" in result.out


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--episodes", 0), "episodes: 0 is not an integer from 1 to"),
        (("--seed", -1), "seed: -1 is not an integer"),
        (("--behaviour", "loud"), "'loud' is not one of 'uniform', 'perturbed', 'random'"),
        (("--never", 0), "--never: means nothing for the behaviour uniform; leave it out"),
        (("--behaviour", "narrow", "--policies", 2), "--policies: means nothing for the behaviour"),
        (("--behaviour", "random", "--node-limit", 2), "--node-limit: means nothing for"),
        (("--behaviour", "narrow", "--never", 7), "never: 7 is not one of several actions 0..1"),
        (("--behaviour", "perturbed", "--epsilon", "nan"), "epsilon: nan is not in [0, 1]"),
        (("--behaviour", "random", "--episodes", 3), "episodes: 3 are too few for 8 policies"),
        (("--noise", "gaussian"), "noise.sd: 0.0 is no standard deviation of gaussian noise"),
        (("--sd", 1), "noise.sd: 1.0 is no standard deviation of none noise"),
        (("--out", "absent/data.json"), "its folder does not exist"),
        (("--out", "."), "is a folder"),
        (
            ("--behaviour", "perturbed", "--eta", "0", "--gamma", "1/2"),
            "eta: 0 is not positive",
        ),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[object, ...],
    text: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("draw", GAME, "--episodes", 9, "--out", "data.json", *options)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    assert text in result.err
    assert list(tmp_path.iterdir()) == []


def test_the_game_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "game.json"
    get(GAME).save(path)
    before = path.read_bytes()
    result = run("draw", path, "--episodes", 1, "--out", path)
    assert result.code == 2
    assert "would be overwritten" in result.err
    assert path.read_bytes() == before
