"""JSON values to nested dataclasses, by the classes' own annotations, and whether these fit them.

An int is a JSON integer, or quoted; a Fraction is a quoted number or a JSON
integer; a tuple is a list; a dataclass is the list of its fields, or an object with exactly them if
it says ``as_object = True``. Of a union the first type is meant that the JSON value could be, else
the last. Nothing else passes: no float, bool or subclass (proofs/certificate-format.md).
"""

from collections.abc import Callable
from dataclasses import fields
from fractions import Fraction
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from exactqse.errors import CertificateError, GameError, InputError, shown
from exactqse.kernel.numbers import is_plain, limited, parse_rational

T = TypeVar("T")
_JSON = {int: (int, str), Fraction: (int, str), str: (str,), NoneType: (NoneType,)}
_NUMBER = "a number; write an integer or a quoted number"
_NAMES = {int: _NUMBER, str: "a string", list: "a list", dict: "a JSON object", NoneType: "null"}


@cache
def reader(hint: Any) -> Callable[[Any, str], Any]:
    """The function from a JSON value and its place to a value of the type. Raises GameError."""
    if hint in _JSON:
        return {int: _integer, Fraction: number}.get(hint) or partial(typed, hint)
    args = get_args(hint)
    if get_origin(hint) is UnionType:
        options = [(option, reader(option)) for option in args]
        last = options[-1][1]
        return lambda v, at: next((read for t, read in options if _could_be(t, v)), last)(v, at)
    if args[1:] == (...,):
        item = reader(args[0])
        return lambda v, at: (*[item(x, f"{at}[{i}]") for i, x in enumerate(typed(list, v, at))],)
    names, parts = _parts(hint)
    items = [reader(part) for part in parts]

    def read(value: Any, at: str) -> Any:
        if getattr(hint, "as_object", False):
            document = fields_of(value, names, at)
            places = [(document[name], f"{at}.{name}") for name in names]
        else:
            places = [(x, f"{at}[{i}]") for i, x in enumerate(typed(list, value, at))]
            demand(len(places) == len(items), f"is not a list of {len(items)}", at, GameError)
        found = (item(*place) for item, place in zip(items, places, strict=True))
        return tuple(found) if args else hint(*found)

    return read


@cache
def fits(hint: Any) -> Callable[[Any], bool]:
    """Whether a value is of the type, and of no other, throughout.

    It raises NumberError for a number that has no text (``numbers.limited``).
    """
    args = get_args(hint)
    if get_origin(hint) is UnionType:
        kinds = {get_origin(option) or option: fits(option) for option in args}
        return lambda v: type(v) in kinds and kinds[type(v)](v)
    if hint in _JSON:
        limit = limited if hint in (int, Fraction) else lambda v: v
        return lambda v: is_plain(v, hint) and limit(v) is v
    if args[1:] == (...,):
        item = fits(args[0])
        return lambda v: type(v) is tuple and all(map(item, v))
    names, parts = _parts(hint)
    items = [fits(part) for part in parts]

    def fit(value: Any) -> bool:
        if type(value) is not (tuple if args else hint) or (args and len(value) != len(args)):
            return False
        found = value if args else [getattr(value, name) for name in names]
        return all(item(x) for item, x in zip(items, found, strict=True))

    return fit


def _parts(hint: Any) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Names and types of a dataclass's fields, or of a tuple's places."""
    if args := get_args(hint):
        return ("",) * len(args), args
    types = get_type_hints(hint)
    names = tuple(field.name for field in fields(hint))
    return names, tuple(types[name] for name in names)


def _could_be(hint: Any, value: Any) -> bool:
    if hint in _JSON:
        return isinstance(value, _JSON[hint])
    if get_args(hint)[1:] == (...,) or not isinstance(value, list):
        return isinstance(value, list)
    return bool(value) and _could_be(_parts(hint)[1][0], value[0])


def _integer(value: Any, at: str) -> int:
    exact = number(value, at)
    if exact.denominator != 1:
        raise GameError(f"{shown(str(exact))} is not an integer", where=at)
    return exact.numerator


def demand(fits: object, what: str, where: str, error: type[InputError] = CertificateError) -> None:
    """Raise the error unless it fits."""
    if not fits:
        raise error(what, where=where)


def typed(kind: type[T], value: Any, where: str) -> T:
    """A JSON value, if it is of this very type. Raises GameError."""
    if type(value) is not kind:
        raise GameError(f"is not {_NAMES[kind]}", where=where)
    return value


def fields_of(value: Any, names: tuple[str, ...], where: str) -> dict[str, Any]:
    """``value`` as an object with exactly these fields. Raises GameError."""
    document = typed(dict, value, where)
    for name in names:
        demand(name in document, f"field {name!r} is missing", where, GameError)
    for name in document:
        demand(name in names, f"unknown field {name[:40]!r}", where, GameError)
    return document


def check_header(document: dict[str, Any], form: str, version: int, where: str) -> None:
    """Raise GameError unless the document names this format and version."""
    demand(document["format"] == form, f"format is not {form!r}", where, GameError)
    if document["version"] is True or document["version"] != version:
        remedy = "use the release that wrote the file"
        raise GameError(f"version is not {version}", where=where, remedy=remedy)


def number(value: Any, where: str) -> Fraction:
    """An exact number: a string, or a JSON integer. Raises InputError."""
    if isinstance(value, str):
        return parse_rational(value, where)
    return Fraction(typed(int, value, where))
