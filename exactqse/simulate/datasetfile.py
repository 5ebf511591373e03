"""The dataset file: JSON in, a dataset's fields out, and back. Its rules: proofs/dataset-file.md.

A float64 is written as the exact rational that it is, in lowest terms, as in all files of this
package; a number that no float64 equals is refused rather than rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import DatasetError, FileError, GameError, InputError, shown
from exactqse.kernel.codec import check_header, fields_of, number, typed
from exactqse.kernel.files import canonical_json, parse_json
from exactqse.model.gamefile import natural
from exactqse.reading import MAX_BYTES
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.noise import Noise
from exactqse.simulate.setting import Setting

if TYPE_CHECKING:
    from exactqse.simulate.dataset import Dataset

FORMAT = "exactqse-dataset"
VERSION = 1
FIELDS = ("format", "version", "package", "game", "behaviour", "seed", "setting", "runs")
SETTING_FIELDS = tuple(field.name for field in fields(Setting))
NOISE_FIELDS = ("kind", "sd")
RUN_FIELDS = ("policy", "s", "b", "a", "u")
Floats = NDArray[np.float64]


def encode(dataset: Dataset) -> bytes:
    """The file of a dataset: equal datasets, equal bytes. Raises FileError if it is too large."""
    data = canonical_json(
        {
            "format": FORMAT,
            "version": VERSION,
            "package": dataset.version,
            "game": dataset.game_hash,
            "behaviour": dataset.behaviour,
            "seed": str(dataset.seed),
            "setting": _setting_document(dataset.setting),
            "runs": [_run_document(run) for run in dataset.runs],
        }
    )
    if len(data) > MAX_BYTES:
        what = f"would be larger than the {MAX_BYTES} bytes that can be read"
        raise FileError(what, where="dataset", remedy="draw several with fewer episodes")
    return data


def decode(data: bytes, where: str) -> dict[str, Any]:
    """The arguments of :class:`Dataset` in the bytes of a file.

    Raises:
        InputError: anything that the rules of the page refuse, but for those that Dataset checks.
    """
    try:
        document = fields_of(parse_json(data, where), FIELDS, where)
        check_header(document, FORMAT, VERSION, where)
        return {
            "setting": _read_setting(document["setting"]),
            "runs": tuple(
                _read_run(run, f"runs[{i}]")
                for i, run in enumerate(typed(list, document["runs"], "runs"))
            ),
            "game_hash": document["game"],
            "behaviour": document["behaviour"],
            "seed": _integer(document["seed"], "seed"),
            "version": document["package"],
        }
    except GameError as error:
        raise DatasetError(error.what, where=error.where, remedy=error.remedy) from error


def _setting_document(setting: Setting) -> dict[str, object]:
    values = {name: getattr(setting, name) for name in SETTING_FIELDS}
    values["eta"] = "inf" if setting.eta is None else _text(setting.eta)
    values["gamma"] = _text(setting.gamma)
    for name in ("rho", "u_bounds", "r_bounds"):
        values[name] = [_text(x) for x in values[name]]
    values["noise"] = {"kind": setting.noise.kind, "sd": _text(setting.noise.sd)}
    return values


def _run_document(run: Episodes) -> dict[str, object]:
    return {
        "policy": _texts(run.policy),
        "s": run.s.tolist(),
        "b": run.b.tolist(),
        "a": run.a.tolist(),
        "u": _texts(run.u),
    }


def _text(value: float) -> str:
    above, below = value.as_integer_ratio()
    return str(above) if below == 1 else f"{above}/{below}"


def _texts(array: Floats) -> Any:
    """The array as nested lists of texts. Equal entries are written once, and shared."""
    values, places = np.unique(array, return_inverse=True)
    texts = np.array([_text(x) for x in values.tolist()], dtype=object)
    return texts[places.reshape(array.shape)].tolist()


def _read_setting(value: Any) -> Setting:
    document = fields_of(value, SETTING_FIELDS, "setting")

    def reals(name: str) -> tuple[float, ...]:
        where = f"setting.{name}"
        return tuple(
            _real(x, f"{where}[{i}]") for i, x in enumerate(typed(list, document[name], where))
        )

    noise = fields_of(document["noise"], NOISE_FIELDS, "setting.noise")
    read = dict(document)
    read["eta"] = None if document["eta"] == "inf" else _real(document["eta"], "setting.eta")
    read["gamma"] = _real(document["gamma"], "setting.gamma")
    read.update({name: reals(name) for name in ("rho", "u_bounds", "r_bounds")})
    read["observes"] = tuple(
        tuple(natural(b, "setting.observes") for b in typed(list, cell, "setting.observes"))
        for cell in typed(list, document["observes"], "setting.observes")
    )
    read["noise"] = Noise(noise["kind"], _real(noise["sd"], "setting.noise.sd"))
    return Setting(**read)


def _read_run(value: Any, where: str) -> Episodes:
    document = fields_of(value, RUN_FIELDS, where)
    return Episodes(
        policy=_reals(document["policy"], 4, f"{where}.policy"),
        s=_integers(document["s"], f"{where}.s"),
        b=_integers(document["b"], f"{where}.b"),
        a=_integers(document["a"], f"{where}.a"),
        u=_reals(document["u"], 2, f"{where}.u"),
    )


def _integers(value: Any, where: str) -> Any:
    """Nested lists [k][h] of JSON integers; of 18 digits at most, so that they fit an int64."""

    def read(x: Any) -> int:
        return x if type(x) is int else typed(int, x, "")

    return _array(value, 2, where, read, np.intp)


def _reals(value: Any, depth: int, where: str) -> Any:
    """Nested lists of float64; each spelling is read once, since most come often."""
    known: dict[Any, float] = {}

    def read(x: Any) -> float:
        if type(x) is str and x in known:
            return known[x]
        found = _real(x, "")
        if type(x) is str:
            known[x] = found
        return found

    return _array(value, depth, where, read, np.float64)


def _array(value: Any, depth: int, where: str, read: Callable[[Any], Any], kind: Any) -> Any:
    """Nested lists of equal lengths, each entry read; the error of an entry gets its place."""

    def descend(part: Any, depth: int, place: str) -> Any:
        entries = typed(list, part, place)
        if depth > 1:
            return [descend(x, depth - 1, f"{place}[{i}]") for i, x in enumerate(entries)]
        done = []
        for x in entries:
            try:
                done.append(read(x))
            except InputError as error:
                place = f"{place}[{len(done)}]"
                raise DatasetError(error.what, where=place, remedy=error.remedy) from error
        return done

    nested = descend(value, depth, where)
    try:
        return np.array(nested, dtype=kind)
    except ValueError:
        raise DatasetError("lists differ in length", where=where) from None


def _real(value: Any, where: str) -> float:
    """The float64 that equals an exact number. Raises DatasetError when none does."""
    exact = number(value, where)
    try:
        found = float(exact)
    except OverflowError:
        found = math.inf
    if math.isinf(found) or found.as_integer_ratio() != exact.as_integer_ratio():
        what = f"{shown(value)} is not a float64"
        raise DatasetError(what, where=where, remedy="write the nearest one, exactly")
    return found


def _integer(value: Any, where: str) -> int:
    exact = number(value, where)
    if exact.denominator != 1:
        raise DatasetError(f"{shown(str(exact))} is not an integer", where=where)
    return exact.numerator
