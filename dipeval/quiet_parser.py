"""A command line that never repeats a key: what was typed in the wrong place would stand in the log of a job."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

# Keys have at least so many characters; commands and options have fewer.
LONG_WORD = 16


class QuietParser(argparse.ArgumentParser):
    """Complains as usual, but without the long words that were typed."""

    _typed: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, and remember what was typed for the complaint."""
        self._typed = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """End with status 2; words as long as a key are not repeated."""
        words = {part for word in self._typed for part in (word, word.partition("=")[2])}
        for word in sorted((word for word in words if len(word) >= LONG_WORD), key=len, reverse=True):
            message = message.replace(word, "(not repeated)")
        super().error(message)


class NoKeyHere(argparse.Action):
    """A key typed as an argument stays in the history and is seen by every user of the machine."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Refuse it unread."""
        parser.error(
            "a key is never given on the command line, where it stays in the history: use --key-file or "
            "--key-variable. If it was a key that is in use, make another."
        )
