from __future__ import annotations

import gzip
import io
import os
import stat
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exactqse import reading
from exactqse.errors import FileError, KindError
from exactqse.kernel import files
from exactqse.kernel.files import canonical_json, parse_json
from exactqse.reading import read_bytes
from exactqse.writing import write_bytes

REFUSED = {
    b"": "is not valid JSON in UTF-8 (Expecting value: line 1 column 1 ",
    b"[1, 2": "is not valid JSON",
    b'{"a": 1,}': "is not valid JSON",
    b"[1]\n x": "is not valid JSON in UTF-8 (Extra data: line 2 column 2 ",
    b"[1] []": "is not valid JSON",
    b"\xef\xbb\xbf[1]": "is not valid JSON",
    b"\xff[1]": "is not valid JSON in UTF-8 ('utf-8' codec can't decode byte 0xff in position 0: ",
    b'["\xc3\x28"]': "is not valid JSON in UTF-8 ('utf-8' codec can't decode byte 0xc3 in position",
    b'["\xed\xa0\x80"]': "is not valid JSON in UTF-8 ('utf-8' codec can't decode byte ",
    "[1]".encode("utf-16"): "is not valid JSON in UTF-8 ('utf-8' codec can't decode byte ",
    b"NaN": "NaN is not a number",
    b"[Infinity]": "Infinity is not a number",
    b"[-Infinity]": "-Infinity is not a number",
    b"[0.1]": "floating-point literal 0.1",
    b"[1e5]": "floating-point literal 1e5",
    b"[-0.0]": "floating-point literal -0.0",
    b'{"a": 1, "b": 2, "a": 1}': "duplicate key 'a'",
    b'{"x": [{"bb": 1, "bb": 2}]}': "duplicate key 'bb'",
    b'{"a": 1, "\\u0061": 1}': "duplicate key 'a'",
    b"[1234567890123456789]": "an integer literal too long",
    b"[-123456789012345678]": "an integer literal too long",
    b"[" * 200_000: "is nested too deeply",
    b'{"a":' * 200_000: "is nested too deeply",
    b"['a']": "is not valid JSON",
    b"[01]": "is not valid JSON",
    b"// no\n1": "is not valid JSON",
    b'["a\nb"]': "is not valid JSON",
}


@pytest.mark.parametrize(("data", "what"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(FileError) as caught:
        parse_json(data, "some file")
    assert caught.value.where == "some file"
    assert caught.value.what.startswith(what)


def test_remedies() -> None:
    with pytest.raises(FileError) as caught:
        parse_json(b"[0.25]", "f")
    assert '"0.25"' in caught.value.remedy
    with pytest.raises(FileError) as caught:
        parse_json(b"[" + b"1" * 19 + b"]", "f")
    assert caught.value.remedy == "write it in quotes"
    with pytest.raises(FileError) as caught:
        parse_json(b"[", "f")
    assert caught.value.remedy == "it may be truncated"


def test_messages_quote_the_beginning_of_a_long_literal() -> None:
    with pytest.raises(FileError) as caught:
        parse_json(b"0." + b"7" * 100, "f")
    quoted = "0." + "7" * 38
    assert caught.value.what == f"floating-point literal {quoted}"
    assert f'"{quoted}"' in caught.value.remedy
    with pytest.raises(FileError, match=f"duplicate key '{'k' * 40}'"):
        parse_json(f'{{"{"k" * 99}": 1, "{"k" * 99}": 2}}'.encode(), "f")


def test_the_key_that_comes_twice_is_named() -> None:
    with pytest.raises(FileError, match="duplicate key 'b'"):
        parse_json(b'{"a": 1, "b": 2, "c": 3, "b": 4}', "f")


def test_what_is_read() -> None:
    assert parse_json(b' {"b": [1, -12345678901234567, true, null, "0.1"], "a": {}} ', "f") == {
        "b": [1, -12345678901234567, True, None, "0.1"],
        "a": {},
    }
    assert parse_json(b"999999999999999999", "f") == 10**18 - 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**16), 10**16) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(JSON)
def test_canonical_json_is_ascii_and_is_read_back(value: object) -> None:
    data = canonical_json(value)
    assert data.endswith(b"\n")
    assert data.isascii()
    assert parse_json(data, "f") == value


def test_canonical_json_keeps_the_order_and_no_blanks() -> None:
    assert canonical_json({"b": [1, 2], "a": "\u00e9", 3: {}}) == (
        b'{"b":[1,2],"a":"\\u00e9","3":{}}\n'
    )


def test_too_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 5)
    monkeypatch.setattr(reading, "MAX_BYTES", 5)
    path = tmp_path / "f"
    path.write_bytes(b"[1,2]")
    assert parse_json(read_bytes(path), "f") == [1, 2]
    path.write_bytes(b"[1,2] ")
    with pytest.raises(FileError, match="is larger than 5 bytes") as caught:
        read_bytes(path)
    assert caught.value.where == str(path)
    with pytest.raises(FileError, match="is larger than 5 bytes") as caught:
        parse_json(b"[1,2] ", "f")
    assert caught.value.where == "f"


def test_a_huge_file_is_not_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Stream(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            asked.append(size)
            return super().read(size)

    def huge(_self: Path, _mode: str) -> Stream:
        return Stream(b"x" * 99)

    monkeypatch.setattr(reading, "MAX_BYTES", 5)
    monkeypatch.setattr(Path, "open", huge)
    with pytest.raises(FileError, match="is larger than 5 bytes"):
        read_bytes("f")
    assert asked == [6]


def test_absent_files_and_folders(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(FileError, match="cannot be read") as caught:
            read_bytes(path)
        assert caught.value.where == str(path)
    with pytest.raises(FileError) as caught:
        read_bytes(str(tmp_path / "absent"))
    assert caught.value.what == "cannot be read (No such file or directory)"


def test_what_is_no_path() -> None:
    with pytest.raises(FileError) as caught:
        read_bytes("a\0b")
    assert caught.value.what == "cannot be read (embedded null byte)"
    with pytest.raises(FileError) as caught:
        write_bytes("a\0b", b"x")
    assert caught.value.what == "cannot be written (embedded null byte)"
    for path in (None, 7, b"f"):
        for use in (read_bytes, partial(write_bytes, data=b"x")):
            with pytest.raises(KindError) as caught:
                use(path)
            assert caught.value.where == "path"
            assert caught.value.what == f"expected a path, found {type(path).__name__}"


def test_what_is_no_bytes() -> None:
    for data in (None, "[1]", [1]):
        with pytest.raises(KindError) as caught:
            parse_json(data, "some file")
        assert caught.value.where == "some file"
        assert caught.value.what == f"expected bytes, found {type(data).__name__}"


def test_write_replaces_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    write_bytes(path, b"old")
    write_bytes(str(path), b"new")
    assert read_bytes(path) == b"new"
    assert [x.name for x in tmp_path.iterdir()] == ["f.json"]


@pytest.mark.parametrize(("mask", "mode"), [(0o027, 0o640), (0o022, 0o644), (0o000, 0o666)])
def test_the_mode_follows_the_mask(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write_bytes(tmp_path / "f", b"x")
        after = os.umask(mask)
    finally:
        os.umask(before)
    assert after == mask
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == mode


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    write_bytes(path, b"old")
    seen = []

    def fail(self: Path, _target: Path) -> None:
        seen.append((self.parent, self.name))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(FileError, match=r"cannot be written .No space left") as caught:
        write_bytes(path, b"new")
    assert caught.value.where == str(path)
    assert path.read_bytes() == b"old"
    assert [x.name for x in tmp_path.iterdir()] == ["f"]
    assert seen[0][0] == tmp_path
    assert seen[0][1].startswith(".f.")


def test_an_interruption_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Path, _target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "f", b"new")
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_after_the_renaming_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.replace

    def late(self: Path, target: Path) -> None:
        rename(self, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", late)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "f", b"new")
    assert [x.name for x in tmp_path.iterdir()] == ["f"]
    assert read_bytes(tmp_path / "f") == b"new"


def test_writing_into_an_absent_folder(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written") as caught:
        write_bytes(tmp_path / "absent" / "f", b"x")
    assert caught.value.where == str(tmp_path / "absent" / "f")


def test_names_that_end_in_gz_are_compressed(tmp_path: Path) -> None:
    path, data = tmp_path / "x.json.gz", b"0" * 100_000
    write_bytes(path, data)
    first = path.read_bytes()
    assert len(first) < 1000
    assert gzip.decompress(first) == data
    assert read_bytes(path) == data
    write_bytes(path, data)
    assert path.read_bytes() == first, "the same bytes for the same data"


@pytest.mark.parametrize("cut", [0, 5, 12, -9, -1])
def test_a_damaged_archive_is_one_clear_error(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "x.gz"
    whole = gzip.compress(b"some text " * 50)
    path.write_bytes(whole[:cut] if cut else b"no archive")
    with pytest.raises(FileError, match="cannot be read"):
        read_bytes(path)


def test_an_archive_of_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 99)
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"0" * 100))
    with pytest.raises(FileError, match="is larger than 99 bytes"):
        read_bytes(path)
    path.write_bytes(gzip.compress(b"0" * 99))
    assert read_bytes(path) == b"0" * 99
