"""Keys: where they come from, which are refused, and that nothing ever shows one."""

from __future__ import annotations

import copy
import os
import pickle
import secrets
import traceback
from pathlib import Path

import pytest

import dipeval as dip
from dipeval.errors import InputError
from dipeval.linkage.keys import LinkageKey, as_key, others_may_read

GOOD = "f3a91c0b7d5e28461f0c9ab2d47e8835"


def test_a_file_and_a_variable_give_the_same_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", GOOD)
    (tmp_path / "key").write_text(f"  {GOOD}\r\n")
    one, other = dip.LinkageKey.from_variable("MY_KEY"), dip.LinkageKey.from_file(tmp_path / "key")
    assert one.fingerprint == other.fingerprint == as_key(tmp_path / "key").fingerprint
    assert one.hash("sex", "M") == other.hash("sex", "M")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_that_editors_put_in_front_do_not_count(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "key").write_text(GOOD, encoding=encoding)
    (tmp_path / "plain").write_text(GOOD)
    assert (
        dip.LinkageKey.from_file(tmp_path / "key").fingerprint
        == dip.LinkageKey.from_file(tmp_path / "plain").fingerprint
    )


def test_big_endian_text_and_bytes_that_only_look_like_it_are_keys() -> None:
    assert (
        dip.LinkageKey(b"\xfe\xff" + GOOD.encode("utf-16-be")).fingerprint == dip.LinkageKey(GOOD.encode()).fingerprint
    )
    odd = b"\xff\xfe" + bytes(range(1, 32))
    assert dip.LinkageKey(odd).fingerprint != dip.LinkageKey(odd[2:]).fingerprint


@pytest.mark.parametrize(
    ("weak", "words"),
    [
        (b"", "has 0 bytes"),
        (b"key", "has 3 bytes"),
        (b"  \n a1b2c3d4e5f6a7b \n", "has 15 bytes"),
        (b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "too few different"),
        (b"\x00" * 32, "too few different"),
        (b"abababababababababab", "too few different"),
        (b"keykeykeykeykeykeykey", "too few different"),
        (b"f3a91c0bf3a91c0bf3a91c0bf3a91c0b", "repeated"),
        (b"mysecretkey12345678", "tried first"),
        (b"password-password!", "tried first"),
        (b"This is my secret linkage key", "tried first"),
        (b"0123456789abcdef0123456789abcdefg", "tried first"),
    ],
)
def test_weak_keys_are_refused_with_the_reason_and_without_the_key(weak: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        dip.LinkageKey(weak)
    assert "token_hex(32)" in str(caught.value)
    if len(weak.strip()) > 3:
        assert weak.strip().decode() not in str(caught.value)


def test_random_keys_are_never_refused() -> None:
    for size in (16, 32):
        for _ in range(300):
            dip.LinkageKey(secrets.token_hex(size).encode())
            dip.LinkageKey(secrets.token_urlsafe(size).encode())


def test_short_keys_are_known_as_such() -> None:
    assert dip.LinkageKey(GOOD[:20].encode()).shorter_than_advised
    assert not dip.LinkageKey(GOOD.encode()).shorter_than_advised


def test_a_key_given_as_text_is_refused_untold() -> None:
    extracts = dip.simulate(people=20, seed=1)
    for given in (GOOD, GOOD.encode(), None, 7):
        with pytest.raises(InputError, match="stands in no program") as caught:
            dip.pseudonymise(extracts, key=given)
        assert GOOD not in str(caught.value)


def test_a_key_typed_in_the_wrong_place_is_not_repeated(tmp_path: Path) -> None:
    for read in (dip.LinkageKey.from_file, dip.LinkageKey.from_variable):
        for typed in (GOOD, GOOD + "=1", GOOD + "\0"):
            with pytest.raises(InputError) as caught:
                read(typed)
            assert GOOD not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(InputError, match="cannot be read"):
        dip.LinkageKey.from_file(tmp_path)


@pytest.mark.parametrize("secret", [GOOD, None, 12345678901234567890, bytearray(GOOD.encode())])
def test_a_key_that_is_no_bytes_is_refused_untold(secret: object) -> None:
    with pytest.raises(InputError, match="A key is made of bytes") as caught:
        LinkageKey(secret)  # type: ignore[arg-type]
    assert GOOD not in str(caught.value)


@pytest.mark.parametrize("path", ["0123456789abcdefSECRET", "SECRET\0SECRET", "SECRET" * 1000, 5])
def test_an_error_that_hangs_on_ours_does_not_tell_the_path_either(path: str) -> None:
    with pytest.raises(InputError, match="cannot be read") as caught:
        LinkageKey.from_file(path)
    assert caught.value.__context__ is None
    assert "SECRET" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_a_key_file_that_others_may_read_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    path.write_text("k")
    for mode, expected in ((0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o622, True)):
        path.chmod(mode)
        assert others_may_read(path) is expected
    assert not others_may_read(tmp_path / "none")


def test_nothing_shows_the_key() -> None:
    key = dip.LinkageKey(GOOD.encode())
    assert GOOD not in f"{key} {key!r} {[key]} {vars(type(key))}"
    assert key.fingerprint in repr(key)
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(InputError, match="not written into files"):
            write(key)
