"""The secret key of a pseudonymised linkage: read from a file or an environment variable, used, never shown.

A key has no printed form, cannot be pickled and is not part of any error. What may be told is its fingerprint.
"""

from __future__ import annotations

import codecs
import hmac
import os
from os import PathLike
from pathlib import Path
from typing import Any, Final, NoReturn

from dipeval.errors import InputError

SHORTEST: Final = 16
ADVISED: Final = 32
_FEWEST_DIFFERENT: Final = 6
_FINGERPRINT_OF: Final = b"dipeval key fingerprint"
_GUESSABLE: Final = (
    "dipeval",
    "password",
    "passphrase",
    "changeme",
    "example",
    "linkage",
    "default",
    "secret",
    "letmein",
    "qwerty",
    "test",
    "this",
    "abcdefghijklmnopqrstuvwxyz",
    "abcdefghijklmnop",
    "0123456789abcdef",
    "1234567890",
    "0123456789",
    "12345678",
    "123456",
    "1234",
    "key",
    "is",
    "my",
)
_MAKE_ONE: Final = 'Make one with: python -c "import secrets; print(secrets.token_hex(32))"'
_SEPARATOR: Final = b"\x1f"


class LinkageKey:
    """A secret key for keyed hashes, which shows nothing of itself but its fingerprint.

    Made by `LinkageKey.from_file` or `LinkageKey.from_variable`. White space round the key does not count, nor does the
    mark that some editors put in front of a text. The same key must be used by everybody whose records are linked.

    Raises
    ------
    InputError
        If the key is shorter than 16 bytes or can be guessed; the sentence never holds any of it.

    Examples
    --------
    >>> import os, secrets
    >>> os.environ["MY_LINKAGE_KEY"] = secrets.token_hex(32)
    >>> key = LinkageKey.from_variable("MY_LINKAGE_KEY")
    >>> len(key.fingerprint), os.environ.pop("MY_LINKAGE_KEY") in repr(key)
    (16, False)
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if not isinstance(secret, bytes):
            raise InputError(
                f"A key is made of bytes; this is a {type(secret).__name__}. Use LinkageKey.from_file(path) or "
                "LinkageKey.from_variable(name), so that the key itself stands in no program."
            )
        secret = _trimmed(secret)
        _refuse_weak(secret)
        self._secret = secret

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> LinkageKey:
        """Read the key from a file that holds nothing else.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        LinkageKey

        Raises
        ------
        InputError
            If the file cannot be read, or the key is weak.

        Examples
        --------
        >>> LinkageKey.from_file("no-such-file")
        Traceback (most recent call last):
        ...
        dipeval.errors.InputError: The key file cannot be read (No such file or directory). ...
        """
        try:
            secret = Path(path).read_bytes()
        except (OSError, ValueError, TypeError) as error:
            # The path is not told, not even by an error that hangs on ours: a key typed in its place would be told too.
            why = (error.strerror if isinstance(error, OSError) else "") or type(error).__name__
        else:
            return cls(secret)
        raise InputError(
            f"The key file cannot be read ({why}). Give the path of a file that holds the key and nothing else. "
            f"{_MAKE_ONE}"
        )

    @classmethod
    def from_variable(cls, name: str) -> LinkageKey:
        """Read the key from an environment variable.

        Parameters
        ----------
        name
            Of the variable.

        Returns
        -------
        LinkageKey

        Raises
        ------
        InputError
            If there is no such variable, or the key is weak.

        Examples
        --------
        >>> LinkageKey.from_variable("NO_SUCH_VARIABLE")
        Traceback (most recent call last):
        ...
        dipeval.errors.InputError: The environment variable of the key is not set. ...
        """
        secret = os.environ.get(name, "") if isinstance(name, str) and "=" not in name and "\0" not in name else ""
        if not secret.strip():
            raise InputError(
                "The environment variable of the key is not set. Give its name (not the key itself), having set it to "
                f"the key. {_MAKE_ONE}"
            )
        return cls(os.fsencode(secret))

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits by which two agencies see that they hold the same key; the key is not told."""
        return hmac.digest(self._secret, _FINGERPRINT_OF, "sha256").hex()[:16]

    @property
    def shorter_than_advised(self) -> bool:
        """Whether the key has fewer than 32 bytes."""
        return len(self._secret) < ADVISED

    def hash(self, domain: str, value: str) -> str:
        """Return the keyed hash of a value in a domain: HMAC-SHA-256, the first 32 hexadecimal digits.

        Parameters
        ----------
        domain
            What the value is; equal values of one domain have equal hashes, those of two domains have not.
        value
            Cleaned text.

        Returns
        -------
        str

        Notes
        -----
        HMAC: RFC 2104; SHA-256: FIPS 180-4. The message is the domain, the byte 1F and the value in UTF-8.

        Examples
        --------
        >>> key = LinkageKey(bytes(range(32)))
        >>> key.hash("initial", "A") == key.hash("initial", "A"), key.hash("initial", "A") == key.hash("sex", "A")
        (True, False)
        """
        # Half a letter (a surrogate, from a broken encoding) is hashed as it is: Python's own error would hold it.
        message = domain.encode() + _SEPARATOR + value.encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, message, "sha256").hex()[:32]

    def __repr__(self) -> str:
        """Show the fingerprint only."""
        return f"LinkageKey(fingerprint={self.fingerprint})"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        """Refuse to be pickled or copied into a file."""
        raise InputError("A key is not written into files. Read it again with LinkageKey.from_file or from_variable.")


def as_key(key: object) -> LinkageKey:
    """Return a key given as `LinkageKey` or as the path of its file; text is refused, for it might be the key.

    Raises
    ------
    InputError
        If it is neither; nothing of what was given is told.
    """
    if isinstance(key, LinkageKey):
        return key
    if isinstance(key, PathLike):
        return LinkageKey.from_file(key)
    raise InputError(
        "key must be LinkageKey.from_file(path) or LinkageKey.from_variable(name), so that the key itself stands in no "
        f"program and no history; it was given a {type(key).__name__}."
    )


def others_may_read(path: str | PathLike[str]) -> bool:
    """Say whether other users of the machine may read or change the key's file (never known, so False, on Windows).

    Examples
    --------
    >>> others_may_read("no-such-file")
    False
    """
    try:
        return os.name == "posix" and bool(Path(path).stat().st_mode & 0o077)
    except (OSError, ValueError):
        return False


def _trimmed(secret: bytes) -> bytes:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if secret.startswith(mark):
            # Windows shells write text so; the other agency's copy of the same key will not be.
            try:
                secret = secret.decode(encoding).encode()
            except UnicodeError:
                break
    return secret.removeprefix(codecs.BOM_UTF8).strip()


def _refuse_weak(secret: bytes) -> None:
    if len(secret) < SHORTEST:
        why = f"has {len(secret)} bytes; it needs at least {SHORTEST}, better {ADVISED}"
    elif len(set(secret)) < _FEWEST_DIFFERENT:
        why = "is made of too few different characters"
    elif _is_repeated(secret):
        why = "is a short piece repeated"
    elif _is_guessable(secret):
        why = "is made of words or digits that are tried first"
    else:
        return
    raise InputError(
        f"The key {why}: whoever guesses it can undo every hash. {_MAKE_ONE}, and give the same to every agency."
    )


def _is_repeated(secret: bytes) -> bool:
    # A text that is a piece repeated is found again inside two copies of itself before its own end.
    return (secret + secret).find(secret, 1) < min(len(secret), SHORTEST)


def _is_guessable(secret: bytes) -> bool:
    left = secret.lower()
    for word in _GUESSABLE:
        left = left.replace(word.encode(), b"")
    left = bytes(letter for letter in left if letter not in b" _-.,:;=!#\"'")
    return len(left) < SHORTEST // 2
