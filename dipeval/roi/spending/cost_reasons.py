"""Which spending may be set against which effect, and when that needs a written reason.

A ratio is inflated by leaving out what did the work, and deflated by laying on it what bought something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from dipeval.errors import InputError
from dipeval.presenting import and_join
from dipeval.roi.spending.cost_checks import in_order
from dipeval.vocabulary import SPENT_ON

EFFECTS_OF: Final = ("treatment", "contact", "programme")
REASON_LETTERS: Final = 15
# What money of each kind buys that the effect does not hold.
_BOUGHT: Final = {
    "testing": "testing also finds people who never start treatment, and serves charging, bail and sentencing",
    "other": "'other' does not say what it bought",
    "treatment": "treatment is also given to people who would have come to it without this contact",
}
# Finding the treated is part of treating them; treating people is not part of meeting them.
_OWN: Final = {"treatment": ("contact", "treatment"), "contact": ("contact",)}
_WITHOUT: Final = {
    "treatment": (
        "An effect of treatment is set against {against} alone: this money paid for finding people, and somebody else "
        "paid for the treatment that did the work, so a ratio without it is inflated. {lines}. A good "
        "reason would be that the people compared had treatment of the same cost by another way."
    ),
    "contact": (
        "An effect of contact is set against {against} without the cost of contact: the workers who met these people "
        "were paid by somebody, so a ratio without them is inflated. {lines}. A good reason would be "
        "that the lines set against it hold that cost too."
    ),
}
_EXTRA_REASON: Final = {
    "treatment": "this money was spent on nothing but bringing these people to treatment",
    "contact": "these lines hold only what followed from these contacts",
}


def check_against(
    effect_of: str, against: Iterable[str] | None, kinds: Sequence[str], reason: str
) -> tuple[tuple[str, ...], str]:
    """Return which kinds of spending are set against the effect, or say why that needs a written reason.

    Parameters
    ----------
    effect_of
        ``treatment``, ``contact`` or ``programme``: what the effect is the effect of.
    against
        Kinds of spending; default the effect's own.
    kinds
        Kinds among the lines passed.
    reason
        Why, in words.

    Returns
    -------
    tuple
        The kinds in order, and the reason without blanks at its ends.

    Raises
    ------
    InputError
        If a kind has no line, or the choice is one that needs a reason and none is written.
    """
    if effect_of not in EFFECTS_OF:
        raise InputError(f"effect_of is one of {', '.join(EFFECTS_OF)}: what was compared with going without it.")
    chosen = _chosen(effect_of, against, kinds)
    written = str(reason or "").strip()
    why = reason_needed(effect_of, chosen, kinds)
    if why and sum(letter.isalpha() for letter in written) < REASON_LETTERS:
        raise InputError(f"{why} If that is meant, write why in reason= (at least {REASON_LETTERS} letters).")
    return chosen, written


def reason_needed(effect_of: str, against: Sequence[str], kinds: Sequence[str]) -> str:
    """Return why this choice of spending must be justified in words, or an empty text.

    Parameters
    ----------
    effect_of
        ``treatment``, ``contact`` or ``programme``.
    against
        Kinds of spending set against the effect.
    kinds
        Kinds among the lines passed.

    Returns
    -------
    str

    Examples
    --------
    >>> reason_needed("treatment", ("contact", "treatment"), ("testing", "contact", "treatment"))
    ''
    >>> reason_needed("treatment", ("contact",), ("contact",))[:74]
    'An effect of treatment is set against contact alone: this money paid for f'
    """
    said = []
    if effect_of == "programme":
        left = [kind for kind in kinds if kind not in against]
        if left:
            said.append(
                f"An effect of the whole programme is set against {and_join(against)} only; the {and_join(left)} lines "
                "of the same table are left out, so the benefit of all is divided by the cost of a part. Set every "
                "line against it. A good reason would be that the lines left out paid for other people."
            )
        return " ".join(said)
    extra = [kind for kind in against if kind not in _OWN[effect_of]]
    if effect_of not in against:
        said.append(_WITHOUT[effect_of].format(against=and_join(against), lines=_where(effect_of, kinds)))
    if extra:
        said.append(
            f"An effect of {effect_of} is set against {and_join(extra)} too: "
            f"{'; '.join(_BOUGHT[kind] for kind in extra)}. The effect does not hold all that this money bought, so "
            f"the ratio would be too low. Leave {'it' if len(extra) == 1 else 'them'} out (the full cost is shown "
            "beside it in any case), or estimate the effect of the whole programme (effect_of='programme'). A good "
            f"reason would be that {_EXTRA_REASON[effect_of]}."
        )
    return " ".join(said)


def _where(kind: str, kinds: Sequence[str]) -> str:
    if kind in kinds:
        return f"Name '{kind}' in against: the costs hold such lines, whoever paid"
    return f"No line of the costs is spent on {kind}: add those lines, whoever paid"


def _chosen(effect_of: str, against: Iterable[str] | None, kinds: Sequence[str]) -> tuple[str, ...]:
    if against is None:
        own = tuple(kinds) if effect_of == "programme" else (effect_of,)
        if own[0] not in kinds:
            raise InputError(
                f"None of the costs is spent on {effect_of}, so an effect of {effect_of} has nothing to be set "
                f"against: they are spent on {and_join(kinds)}. Add the lines that paid for {effect_of}, whoever paid; "
                "or name the kinds to set against it in against=, with a reason."
            )
        return own
    if not isinstance(against, Iterable):
        raise InputError(f"against must name kinds of spending; this is a {type(against).__name__}.")
    named = [against] if isinstance(against, str) else list(against)
    unknown = sorted({str(kind) for kind in named} - set(SPENT_ON))
    if unknown or not named:
        found = f"names what dipeval does not know: {', '.join(unknown)}" if unknown else "is empty"
        raise InputError(f"against {found}. The kinds of spending are: {', '.join(SPENT_ON)}.")
    absent = [kind for kind in in_order(named) if kind not in kinds]
    if absent:
        raise InputError(
            f"against names {and_join(absent)}, but no line of the costs is spent on it; they are spent on "
            f"{and_join(kinds)}. Add the lines, or take the name out."
        )
    return in_order(named)


def what_is_left_out(effect_of: str, against: Sequence[str], kinds: Sequence[str], reason: str) -> list[str]:
    """Return what the choice of spending leaves out or takes in, a sentence each, with the reason that was written.

    Examples
    --------
    >>> what_is_left_out("programme", ("testing",), ("testing",), "")
    []
    """
    notes = []
    left = [kind for kind in kinds if kind not in against]
    if reason_needed(effect_of, against, kinds):
        of = "the whole programme" if effect_of == "programme" else effect_of
        notes.append(f"An effect of {of} is set against {and_join(against)}. The reason given: “{reason}”.")
    if left:
        notes.append(f"Not set against the benefit: the {and_join(left)} lines; the full cost holds them.")
    if effect_of == "treatment" and "treatment" not in against:
        notes.append("The cost of the treatment itself is not set against what treatment did: the ratio is inflated.")
    elif effect_of == "treatment" and "contact" not in kinds:
        notes.append(
            "What it cost to find these people is not among the costs: the ratio is that of treating people who have "
            "come, not of a programme that brings them."
        )
    elif effect_of == "contact" and "treatment" not in against:
        notes.append(
            "Part of what a contact does, it does through the treatment that follows, and the cost of that treatment "
            "is not set against it: the ratio is inflated by as much."
        )
    return notes
