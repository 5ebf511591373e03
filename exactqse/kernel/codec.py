"""JSON values to nested dataclasses and back, by the classes' own annotations, strict both ways.

An int is a JSON integer, or quoted from ``LONG`` on; a Fraction is a quoted number or a JSON
integer; a tuple is a list; a dataclass is the list of its fields, or an object with exactly them if
it says ``as_object = True``. Of a union the first type is meant that the JSON value could be, else
the last. Nothing else passes: no float, bool or subclass (proofs/certificate-format.md).
"""

from collections.abc import Callable
from dataclasses import fields
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, NoReturn, get_args, get_origin, get_type_hints

from exactqse.errors import CertificateError, GameError, shown
from exactqse.kernel.numbers import format_rational, is_plain, parse_rational

LONG = 10**17  # with a sign, one digit more is too long for a JSON integer
_JSON = {int: (int, str), Fraction: (int, str), str: (str,), NoneType: (NoneType,)}


@cache
def reader(hint: Any) -> Callable[[Any, str], Any]:
    """The function from a JSON value and its place to a value of the type. Raises GameError."""
    if hint in _JSON:
        return {int: _integer, Fraction: number, str: _string}.get(hint, _null)
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
        return lambda v: v if is_plain(v, hint) else _refuse(v)
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
    return getattr(hint, "as_object", False)


def _could_be(hint: Any, value: Any) -> bool:
    if hint in _JSON:
        return isinstance(value, _JSON[hint])
    first = _parts(hint)[1][0]
    return isinstance(value, list) and (
        get_args(hint)[1:] == (...,) or (bool(value) and _could_be(first, value[0]))
    )


def _integer(value: Any, at: str) -> int:
    exact = number(value, at)
    if exact.denominator != 1:
        raise GameError(f"{shown(str(exact))} is not an integer", where=at)
    return exact.numerator


def _string(value: Any, at: str) -> str:
    if not isinstance(value, str):
        raise GameError("is not a string", where=at)
    return value


def _null(value: Any, at: str) -> None:
    if value is not None:
        raise GameError("is not null", where=at)


def _long(value: object) -> str:
    return format_rational(Fraction(value)) if type(value) is int else _refuse(value)


def _refuse(value: object) -> NoReturn:
    what = f"{shown(value)} of type {type(value).__name__} does not belong there"
    raise CertificateError(what, where="certificate")


def demand(fits: object, what: str, where: str) -> None:
    """Raise CertificateError unless it fits."""
    if not fits:
        raise CertificateError(what, where=where)


def fields_of(value: Any, names: tuple[str, ...], where: str) -> dict[str, Any]:
    """``value`` as an object with exactly these fields. Raises GameError."""
    if not isinstance(value, dict):
        raise GameError("is not a JSON object", where=where)
    for name in names:
        if name not in value:
            raise GameError(f"field {name!r} is missing", where=where)
    for name in value:
        if name not in names:
            raise GameError(f"unknown field {name[:40]!r}", where=where)
    return value


def check_header(document: dict[str, Any], form: str, version: int, where: str) -> None:
    """Raise GameError unless the document names this format and version."""
    if document["format"] != form:
        raise GameError(f"format is not {form!r}", where=where)
    if document["version"] is True or document["version"] != version:
        what = f"version is not {version}"
        raise GameError(what, where=where, remedy="use the release that wrote the file")


def list_of(value: Any, where: str) -> list[Any]:
    """``value`` as a list. Raises GameError."""
    if not isinstance(value, list):
        raise GameError("is not a list", where=where)
    return value


def number(value: Any, where: str) -> Fraction:
    """An exact number: a string, or a JSON integer. Raises InputError."""
    if isinstance(value, str):
        return parse_rational(value, where)
    return Fraction(natural(value, where, least=None))


def natural(value: Any, where: str, least: int | None = 0) -> int:
    """A JSON integer of at least ``least``. Raises GameError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise GameError("is not a number; write an integer or a quoted number", where=where)
    if least is not None and value < least:
        raise GameError(f"{value} is less than {least}", where=where)
    return value


def index_of(key: str, where: str) -> int:
    """A key such as "12" as an index, without signs or leading zeros. Raises GameError."""
    if not (key.isascii() and key.isdigit()) or len(key) > 9 or str(int(key)) != key:
        raise GameError(f"{key[:40]!r} is not an index", where=where)
    return int(key)
