"""The one gate from bytes to JSON values, and from values to bytes (proofs/game-file.md).

A reader enforces, in this order: at most ``MAX_BYTES`` bytes; UTF-8; strict JSON (no NaN, no
duplicate keys, nothing after the value); no floating-point literals; integers of at most 18 digits;
nesting that the parser can follow.
"""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from exactqse.errors import FileError, of_kind
from exactqse.kernel.numbers import format_rational
from exactqse.reading import MAX_BYTES

_MAX_JSON_INTEGER = 18


def parse_json(data: bytes, where: str) -> Any:
    """The JSON value in ``data`` under the rules above. Raises FileError."""
    of_kind(data, bytes, "bytes", where=where)
    if len(data) > MAX_BYTES:
        raise FileError(f"is larger than {MAX_BYTES} bytes", where=where)
    try:
        return json.loads(
            data.decode("utf-8"),
            parse_float=_refuse_float,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            object_pairs_hook=_unique,
        )
    except FileError as error:  # of the four
        raise FileError(error.what, where=where, remedy=error.remedy) from None
    except RecursionError as error:
        raise FileError("is nested too deeply", where=where) from error
    except ValueError as error:  # of the codec, or of the grammar
        what = f"is not valid JSON in UTF-8 ({error})"
        raise FileError(what, where=where, remedy="it may be truncated") from error


def _refuse_float(text: str) -> None:
    remedy = f'write it in quotes, "{text[:40]}", so that its value is exact'
    raise FileError(f"floating-point literal {text[:40]}", remedy=remedy)


def _refuse_constant(text: str) -> None:
    raise FileError(f"{text} is not a number")


def _integer(text: str) -> int:
    if len(text) > _MAX_JSON_INTEGER:
        raise FileError("an integer literal too long", remedy="write it in quotes")
    return int(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise FileError(f"duplicate key {twice[:40]!r}")
    return result


def canonical_json(value: object, text_of: Callable[[Any], object] = format_rational) -> bytes:
    """Compact ASCII JSON, keys in the order given, Fractions quoted, one newline at the end."""
    return (json.dumps(value, separators=(",", ":"), default=text_of) + "\n").encode("ascii")
