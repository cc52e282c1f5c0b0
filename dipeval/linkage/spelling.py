"""One spelling of a name: capitals, no accents, no titles, apostrophes and hyphens closed up, placeholders missing.

Every function here takes and returns one text; `dipeval.linkage.cleaning` calls them on the distinct values of a
column.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Letters that Unicode does not take apart into a plain letter and an accent.
_LETTERS: Final = {
    "Ø": "O",
    "Ł": "L",
    "Đ": "D",
    "Ð": "D",
    "Ɖ": "D",
    "Ɗ": "D",
    "Ɓ": "B",
    "Æ": "AE",
    "Œ": "OE",
    "Þ": "TH",
    "Ħ": "H",
    "ẞ": "SS",
    "Ɨ": "I",
    "Ŧ": "T",
    "Ŋ": "NG",
    "Ə": "A",
    "Ƙ": "K",
    "Ƴ": "Y",
    "Ɣ": "G",
}
# Straight, curly, reversed and low quotes, the accents typed in their place, and primes.
_QUOTES: Final = "'`\u00b4\u2018\u2019\u201a\u201b\u2032\u2035\uff07"
# Letter-like marks that stand for an apostrophe in some scripts and keyboards.
_MARKS: Final = "\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u055a\ua78c"
_HYPHENS: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
# Soft hyphen, zero-width characters, direction marks, byte-order mark.
_UNSEEN: Final = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_TYPED: Final = str.maketrans(
    {
        **_LETTERS,
        **dict.fromkeys(_QUOTES + _MARKS, ""),
        **dict.fromkeys(_UNSEEN, ""),
        **dict.fromkeys(_HYPHENS, "-"),
    }
)
_TITLE: Final = "MR|MRS|MS|MISS|MX|MSTR|MASTER|MISTER|DR|DOCTOR|SIR|DAME|REV|REVD|REVEREND|PROF|PROFESSOR|CLLR"
_IN_FRONT: Final = re.compile(rf"^(?:(?:{_TITLE})[. ]+)+(?=\w)")
# JUNIOR and SENIOR in full are surnames too: they go only from behind a comma or out of brackets.
_BEHIND: Final = re.compile(
    r"(?<=\w)(?:[\s,(-]+(?:MR|MRS|MS|MISS|MX|DR|ESQ|JNR|JR|SNR|SR|II|III|IV|OBE|MBE|CBE|PHD)\b[.)]*)+$"
    r"|(?<=\w)(?:\s*,\s*|\s*\()(?:JUNIOR|SENIOR)[.)]*$"
)
_NOT_NAMES: Final = re.compile(
    r"NK|NA|NONE|NULL|NFN|NLN|FNU|LNU|UNK|UNKN|UNKOWN|UNKNOW|TBC|TBA|XX|ZZ|ANON|TEST|DUMMY|REFUSED|DECLINED"
    r"|FORENAME|FIRSTNAME|SURNAME|LASTNAME|NAME|FEMALE|MR|MRS|MS|MISS|MX|DR"
)
_NOT_KNOWN: Final = re.compile(
    r"UNKNOWN|NOT(?:KNOWN|GIVEN|STATED|RECORDED|DISCLOSED|PROVIDED|AVAILABLE|APPLICABLE|SUPPLIED|SPECIFIED)|ANONYMOUS"
    r"|NONEGIVEN|NONAME|NO(?:FORE|FIRST|SUR|LAST)NAME|WITHHELD"
)
_ONE_LETTER: Final = re.compile(r"(.)\1{2,}")


def plain(text: str) -> str:
    """Return a text in capitals without accents, apostrophes and unseen characters, with one kind of hyphen.

    Examples
    --------
    >>> plain(" d\u2019\u00c9toile\u2013M\u00fc\u00df "), plain("\u0141ukasz"), plain("\u00e6")
    ('DETOILE-MUSS', 'LUKASZ', 'AE')
    """
    typed = text.upper().translate(_TYPED)
    if not typed.isascii():
        apart = unicodedata.normalize("NFKD", typed)
        # A letter such as ǽ comes apart into æ and an accent: the table is needed once more.
        typed = "".join(c for c in apart if not unicodedata.combining(c)).upper().translate(_TYPED)
    return typed.strip()


def letters_only(text: str) -> str:
    """Return the letters of a plain text.

    Examples
    --------
    >>> letters_only("SMITH - JONES 2")
    'SMITHJONES'
    """
    return re.sub(r"[\W\d_]", "", text)


def _name_or_nothing(letters: str) -> str:
    placeholder = _NOT_NAMES.fullmatch(letters) or _NOT_KNOWN.match(letters) or _ONE_LETTER.fullmatch(letters)
    return "" if placeholder else letters


def _untitled(text: str) -> str:
    return _BEHIND.sub("", _IN_FRONT.sub("", plain(text)))


def forename(text: str) -> str:
    """Return the first forename as one word; empty if there is none.

    Examples
    --------
    >>> forename("Mr. Jos\u00e9-Luis \u00c1ngel"), forename("not known"), forename("John Jnr"), forename("Anne - Marie")
    ('JOSELUIS', '', 'JOHN', 'ANNEMARIE')
    """
    named = re.sub(r"\s*-\s*", "-", _untitled(text))
    if not _name_or_nothing(letters_only(named)):
        return ""
    words = (letters_only(word) for word in re.split(r"[\s,/;(]+", named))
    return _name_or_nothing(next((word for word in words if word), ""))


def surname(text: str) -> str:
    """Return the surname as one word; empty if there is none.

    Examples
    --------
    >>> surname("O'Brien"), surname("van der Berg, Jnr"), surname("Smith (Senior)"), surname("Smith Senior")
    ('OBRIEN', 'VANDERBERG', 'SMITH', 'SMITHSENIOR')
    """
    return _name_or_nothing(letters_only(_untitled(text)))


def initial(text: str) -> str:
    """Return the first letter; empty if there is none.

    Examples
    --------
    >>> initial("\u00e9."), initial("n/k"), initial("1")
    ('E', '', '')
    """
    return _name_or_nothing(letters_only(_untitled(text)))[:1]
