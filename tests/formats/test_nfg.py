"""The .nfg reader: both dialects, exact numbers, and every refusal by name."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse import Game
from exactqse.errors import FileError, FormatError, GameError, InputError
from exactqse.formats import load_nfg, nfg, read_nfg

RELAXED = settings(deadline=None, max_examples=100)  # deadlines depend on the machine

PAYOFF = b"""NFG 1 R "three by two" { "Ann" "Bob" } { 3 2 }

1 10 3/2 20 -3 0.5 4.000000 1e1 5 -50 0.5 60
"""
OUTCOME = rb"""NFG 1 D "a \"quoted\" title, with { braces" { "Ann" "Bob" }
{ { "top" "middle" "bottom" } { "left" "right" } }
"a comment
over two lines"
{
{ "first" 1, 10 } { "" 3/2 20 } { "x" -3, 0.5 }
{ "y" 4, 10 } { "z" 1/2, 60 }
}
1 2 3 4 0 5
"""
LEADER_1 = [["1", "4"], ["3/2", "5"], ["-3", "1/2"]]
FOLLOWER_1 = [["10", "10"], ["20", "-50"], ["1/2", "60"]]


def fractions(table: list[list[str]]) -> tuple[tuple[Fraction, ...], ...]:
    return tuple(tuple(Fraction(x) for x in row) for row in table)


def transposed(table: tuple[tuple[Fraction, ...], ...]) -> tuple[tuple[Fraction, ...], ...]:
    return tuple(zip(*table, strict=True))


def test_payoff_dialect_with_counts() -> None:
    game = read_nfg(PAYOFF)
    assert game.shape == (1, 1, 3, 2)
    assert game.u[0][0] == fractions(LEADER_1)
    assert game.r[0][0] == fractions(FOLLOWER_1)
    assert game.names == (None, None, None)
    assert (game.eta, game.gamma, game.observes) == (1, 0, ((0,), (1,)))


def test_outcome_dialect_with_names() -> None:
    game = read_nfg(OUTCOME)
    assert game.u[0][0] == fractions([["1", "4"], ["3/2", "0"], ["-3", "1/2"]])
    assert game.r[0][0] == fractions([["10", "10"], ["20", "0"], ["1/2", "60"]])
    assert game.names == (None, ("top", "middle", "bottom"), ("left", "right"))


def test_player_two_leads() -> None:
    first, second = read_nfg(OUTCOME, leader=1), read_nfg(OUTCOME, leader=2)
    assert second.u[0][0] == transposed(first.r[0][0])
    assert second.r[0][0] == transposed(first.u[0][0])
    assert second.names[1:] == (("left", "right"), ("top", "middle", "bottom"))


def test_the_four_ways_to_write_one_game_agree() -> None:
    payoffs = b"3 2 0 0 0 0 2 3"
    outcomes = b'{ { "" 3, 2 } { "" 2 3 } } 1 0 0 2'
    counts, names = b"{ 2 2 }", b'{ { "1" "2" } { "1" "2" } }'
    head = b'NFG 1 R "" { "" "" } '
    games = [
        read_nfg(head + strategies + comment + body)
        for strategies in (counts, names)
        for comment in (b" ", b' "why" ')
        for body in (payoffs, outcomes)
    ]
    assert len({game.hash for game in games}) == 1
    assert games[0].hash == Game.from_arrays(None, [[[3, 0], [0, 2]]], [[[2, 0], [0, 3]]]).hash


def test_options_reach_the_game() -> None:
    game = read_nfg(PAYOFF, eta="inf", gamma="1/2", observes="nothing")
    assert (game.eta, game.gamma, game.observes) == (None, Fraction(1, 2), ((0, 1),))
    with pytest.raises(GameError, match="eta: 0 is not positive"):
        read_nfg(PAYOFF, eta=0)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (b'{ "a" "b" }', ("a", "b")),
        (b'{ "a" "a" }', None),
        (b'{ "1" "2" }', None),
        (b'{ "2" "1" }', ("2", "1")),
        (b'{ "" "b" }', None),
    ],
)
def test_names_are_kept_when_they_tell_actions_apart(
    names: bytes, expected: tuple[str, ...] | None
) -> None:
    text = b'NFG 1 R "t" { "1" "2" } { ' + names + b' { "x" } } 1 2 3 4'
    assert read_nfg(text).names[1:] == (expected, ("x",))


def test_byte_order_mark_and_utf8_names() -> None:
    text = '\ufeffNFG 1 R "t" { "1" "2" } { { "né" "ö" } { "x" } } 1 2 3 4'
    assert read_nfg(text.encode()).names[1] == ("né", "ö")


def test_load_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "game.nfg"
    path.write_bytes(PAYOFF)
    assert load_nfg(path, leader=2).hash == read_nfg(PAYOFF, leader=2).hash
    path.write_bytes(b"EFG 2 R")
    with pytest.raises(FormatError, match=r"game\.nfg, line 1: is an extensive game"):
        load_nfg(path)
    with pytest.raises(FileError, match="cannot be read"):
        load_nfg(tmp_path / "absent.nfg")


HEAD = b'NFG 1 R "t" { "1" "2" } '
BAD: list[tuple[bytes, str]] = [
    (b"", r"line 1: does not begin with NFG"),
    (b'EFG 2 R "t" { "1" "2" }\nt "" 1 "" { 1 2 }', r"line 1: is an extensive game \(\.efg\)"),
    (b'GAME 1 R "t"', r"does not begin with NFG"),
    (b'"NFG" 1 R "t"', r"does not begin with NFG"),
    (b'NFG 2 R "t"', r"expected the version 1, found '2'"),
    (b"NFG", r"expected the version 1, found the end"),
    (b'NFG 1 X "t"', r"expected the number type R or D, found 'X'"),
    (b"NFG 1 R title", r"expected the title in quotes, found 'title'"),
    (b'NFG 1 R "t" { "1" "2" "3" }\n{ 2 2 2 }', r"line 2: has 3 players, not 2"),
    (b'NFG 1 R "t" { "1" } { 2 } 1 2', r"has 1 player, not 2"),
    (b'NFG 1 R "t" { "1" 2 }', r"expected a player's name in quotes, found '2'"),
    (HEAD + b"{ 2 2 2 } 1", r"gives strategies of 3 players, not 2"),
    (HEAD + b"{ 2 }", r"gives strategies of 1 players, not 2"),
    (HEAD + b"{ 0 2 }", r"a player has no strategies"),
    (HEAD + b'{ { } { "a" } }', r"a player has no strategies"),
    (HEAD + b"{ -1 2 }", r"'-1' is not a number of strategies"),
    (HEAD + b"{ 99999999999 2 }", r"is not a number of strategies"),
    (HEAD + b"{ 999999999 2 }", r"has 999999999 strategies, more than 1000000"),
    (HEAD + b"{ 1001 1000 }", r"has 1001000 strategy profiles, more than 1000000"),
    (HEAD + b'{ { "a" b } { "c" } }', r"expected a strategy's name in quotes, found 'b'"),
    (HEAD + b"{ 2 2", r"ends where a number of strategies should be; it may be truncated"),
    (HEAD + b'{ { "a" "b', r"line 1: opens a quote that is never closed; it may be truncated"),
    (HEAD + b"{ 2 2 }", r"ends after 0 of 4 profiles; it may be truncated"),
    (HEAD + b"{ 2 2 }\n1 2 3 4\n5 6", r"line 3: ends after 3 of 4 profiles"),
    (HEAD + b"{ 2 2 } 1 2 3", r"ends where a payoff should be; it may be truncated"),
    (HEAD + b"{ 1 1 } 1 2\n3", r"line 2: '3' after the last of 1 profiles"),
    (HEAD + b'{ 1 1 } 1 2 "x"', r'the text "x" after the last of 1 profiles'),
    (HEAD + b"{ 1 1 } 1, 2", r"expected a payoff, found ','"),
    (HEAD + b"{ 1 1 } 1 x", r"payoff 'x' is not a rational number"),
    (HEAD + b"{ 1 1 } 1 1/0", r"payoff '1/0' divides by zero"),
    (HEAD + b"{ 1 1 } nan 1", r"payoff 'nan' is not a rational number"),
    (HEAD + b"{ 1 1 } inf 1", r"payoff 'inf' is not a rational number"),
    (HEAD + b"{ 1 1 } 1e999999999 1", r"payoff '1e999999999' has too large an exponent"),
    (HEAD + b"{ 1 1 } " + b"9" * 5000 + b" 1", r"payoff a number of 5000 characters"),
    (HEAD + b'{ 1 1 } { { "" 1, 2 } } 2', r"outcome 2 is not one of 0\.\.1"),
    (HEAD + b'{ 1 1 } { { "" 1, 2 } } -1', r"'-1' is not the index of an outcome"),
    (HEAD + b'{ 1 1 } { { "" 1, 2, 3 } } 1', r"an outcome with more than 2 payoffs, at ','"),
    (HEAD + b'{ 1 1 } { { "" 1 } } 1', r"expected a payoff, found '}'"),
    (HEAD + b"{ 1 1 } { { 1, 2 } } 1", r"expected an outcome's name in quotes, found '1'"),
    (HEAD + b'{ 2 1 } { { "" 1, 2 } } 1', r"ends after 1 of 2 profiles"),
    (HEAD + b'{ 1 1 } { { "" 1, 2 } } 1 1', r"'1' after the last of 1 profiles"),
    (HEAD + b'{ 1 1 } { { "" 1, 2 }', r"ends where '{' should be; it may be truncated"),
    (HEAD + b"{ 1 1 } \xff 1", r"is not UTF-8 at byte 32; convert it to UTF-8"),
    (b"\x00\x01", r"does not begin with NFG"),
    (HEAD + b'{ 2 2 }\n1 2 "3', r"line 2: opens a quote that is never closed"),
    (b"{" * 100_000, r"does not begin with NFG"),
    (HEAD + b"{" * 100_000, r"expected a strategy's name in quotes, found '{'"),
]


@pytest.mark.parametrize(("text", "reason"), BAD, ids=[reason[:40] for _, reason in BAD])
def test_refused(text: bytes, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        read_nfg(text)


def test_too_many_bytes_are_refused_before_they_are_read(monkeypatch: Any) -> None:
    monkeypatch.setattr(nfg, "MAX_BYTES", len(PAYOFF) - 1)
    with pytest.raises(FormatError, match="is larger than"):
        read_nfg(PAYOFF)


def test_leader_must_be_a_player() -> None:
    with pytest.raises(FormatError, match="leader: 3 is not a player; use 1 or 2"):
        read_nfg(PAYOFF, leader=3)


@pytest.mark.parametrize("text", [PAYOFF, OUTCOME])
def test_every_truncation_is_refused(text: bytes) -> None:
    whole = len(text.rstrip())
    last = len(text.split()[-1])  # a cut within the last number leaves a shorter number
    for size in range(whole - last + 1):
        with pytest.raises(FormatError):
            read_nfg(text[:size])


def outcome_of(text: bytes) -> Game | None:
    """The game, None when refused; anything else escapes and fails the test."""
    try:
        return read_nfg(text)
    except InputError:
        return None


@RELAXED
@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_any_bytes_are_a_game_or_a_refusal(text: bytes) -> None:
    outcome_of(text)


WORDS = [
    b"NFG",
    b"1",
    b"R",
    b'"t"',
    b"{",
    b"}",
    b"2",
    b",",
    b'"',
    b"1/2",
    b"-1",
    b"0",
    b"\\",
    b"\n",
]


@RELAXED
@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_any_tokens_after_a_header_are_a_game_or_a_refusal(words: list[bytes]) -> None:
    outcome_of(HEAD + b" ".join(words))


@RELAXED
@given(
    st.sampled_from([PAYOFF, OUTCOME]),
    st.integers(0, 300),
    st.integers(0, 20),
    st.sampled_from(WORDS) | st.binary(max_size=3),
)
def test_any_mutation_is_a_game_or_a_refusal(text: bytes, at: int, drop: int, put: bytes) -> None:
    outcome_of(text[:at] + put + text[at + drop :])


ENTRIES = st.fractions(max_denominator=50) | st.integers(-9, 9).map(Fraction)
TABLES = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda size: st.lists(
        st.lists(st.tuples(ENTRIES, ENTRIES), min_size=size[1], max_size=size[1]),
        min_size=size[0],
        max_size=size[0],
    )
)


@RELAXED
@given(table=TABLES, lists=st.booleans())
def test_what_is_written_is_read(
    table: list[list[tuple[Fraction, Fraction]]], *, lists: bool
) -> None:
    rows, columns = len(table), len(table[0])
    profiles = [table[i][j] for j in range(columns) for i in range(rows)]
    if lists:
        outcomes = " ".join(f'{{ "" {x}, {y} }}' for x, y in profiles)
        body = f"{{ {outcomes} }} " + " ".join(str(k + 1) for k in range(len(profiles)))
    else:
        body = "\n".join(f"{x} {y}" for x, y in profiles)
    text = f'NFG 1 R "t" {{ "1" "2" }} {{ {rows} {columns} }} {body}'
    game = read_nfg(text.encode())
    assert game.u[0][0] == tuple(tuple(x for x, _ in row) for row in table)
    assert game.r[0][0] == tuple(tuple(y for _, y in row) for row in table)
