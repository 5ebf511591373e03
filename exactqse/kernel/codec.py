"""JSON values to nested dataclasses and back, by the classes' own annotations, strict both ways.

An int is a JSON integer, or quoted from ``LONG`` on; a Fraction is a quoted number or a JSON
integer; a tuple is a list; a dataclass is an object with exactly its fields, or the list of them if
it says ``as_list = True``. Of a union the first type is meant that the JSON value could be, else
the last. Nothing else passes: no float, bool or subclass (proofs/certificate-format.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, NoReturn, get_args, get_origin, get_type_hints

from exactqse.errors import CertificateError, GameError, shown
from exactqse.kernel.gamefile import fields_of, list_of, number
from exactqse.kernel.numbers import format_rational

LONG = 10**17  # with a sign, one digit more is too long for a JSON integer
_JSON = {int: (int, str), Fraction: (int, str), str: (str,), NoneType: (NoneType,)}


@cache
def reader(hint: Any) -> Callable[[Any, str], Any]:
    """The function from a JSON value and its place to a value of the type. Raises GameError."""
    if hint in _JSON:
        return {int: _integer, Fraction: number}.get(hint) or _of_type(hint)
    args = get_args(hint)
    if get_origin(hint) is UnionType:
        options = [(option, reader(option)) for option in args]
        last = options[-1][1]
        return lambda v, at: next((read for t, read in options if _could_be(t, v)), last)(v, at)
    if args[1:] == (...,):
        item = reader(args[0])
        return lambda v, at: tuple([item(x, f"{at}[{i}]") for i, x in enumerate(list_of(v, at))])
    names, parts = _parts(hint)
    items = [reader(part) for part in parts]

    def read(value: Any, at: str) -> Any:
        if _is_object(hint):
            document = fields_of(value, names, at)
            places = [(document[name], f"{at}.{name}") for name in names]
        else:
            places = [(x, f"{at}[{i}]") for i, x in enumerate(list_of(value, at))]
            if len(places) != len(items):
                raise GameError(f"is not a list of {len(items)}", where=at)
        found = (item(*place) for item, place in zip(items, places, strict=True))
        return tuple(found) if args else hint(*found)

    return read


@cache
def plain(hint: Any) -> Callable[[Any], Any]:
    """The function from a value of the type to JSON values and Fractions.

    It raises CertificateError for a value of any other type, NumberError for an int too long.
    """
    args = get_args(hint)
    if get_origin(hint) is UnionType:
        kinds = {get_origin(option) or option: plain(option) for option in args}
        return lambda v: kinds.get(type(v), _refuse)(v)
    if hint in _JSON:
        if hint is int:
            return lambda v: v if type(v) is int and abs(v) < LONG else _long(v)
        return lambda v: v if type(v) is hint else _refuse(v)
    if args[1:] == (...,):
        item = plain(args[0])
        return lambda v: [item(x) for x in v] if type(v) is tuple else _refuse(v)
    names, parts = _parts(hint)
    items = [plain(part) for part in parts]

    def write(value: Any) -> Any:
        if type(value) is not (tuple if args else hint) or (args and len(value) != len(args)):
            _refuse(value)
        found = value if args else [getattr(value, name) for name in names]
        written = [item(x) for item, x in zip(items, found, strict=True)]
        return dict(zip(names, written, strict=True)) if _is_object(hint) else written

    return write


def _parts(hint: Any) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Names and types of a dataclass's fields, or of a tuple's places."""
    if args := get_args(hint):
        return ("",) * len(args), args
    types = get_type_hints(hint)
    names = tuple(field.name for field in fields(hint))
    return names, tuple(types[name] for name in names)


def _is_object(hint: Any) -> bool:
    return not get_args(hint) and not getattr(hint, "as_list", False)


def _could_be(hint: Any, value: Any) -> bool:
    if hint in _JSON:
        return isinstance(value, _JSON[hint])
    if _is_object(hint):
        return isinstance(value, dict)
    first = _parts(hint)[1][0]
    return isinstance(value, list) and (
        get_args(hint)[1:] == (...,) or (bool(value) and _could_be(first, value[0]))
    )


def _integer(value: Any, at: str) -> int:
    exact = number(value, at)
    if exact.denominator != 1:
        raise GameError(f"{shown(str(exact))} is not an integer", where=at)
    return exact.numerator


def _of_type(hint: type) -> Callable[[Any, str], Any]:
    def read(value: Any, at: str) -> Any:
        if not isinstance(value, hint):
            raise GameError(f"is not {'null' if hint is NoneType else 'a string'}", where=at)
        return value

    return read


def _long(value: object) -> str:
    return format_rational(Fraction(value)) if type(value) is int else _refuse(value)


def _refuse(value: object) -> NoReturn:
    what = f"{shown(value)} of type {type(value).__name__} does not belong there"
    raise CertificateError(what, where="certificate")
