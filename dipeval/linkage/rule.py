"""How two files are linked, as one small frozen value."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal

from dipeval.errors import InputError
from dipeval.linkage.cleaning import COMPARABLE

PROFILES = ("attributor", "full", "deterministic")
TIES = ("drop", "lowest_id")
CANDIDATE_FLOOR = 0.001
_WHOLE = ("seed", "sampled_pairs", "max_pairs")
# Columns of the tables, and what is made of them.
_COMPARED_ANYWAY = frozenset({*COMPARABLE, "initials", "unique_id", "date_of_birth", "postcode_sector"})
_NOBODY, _HASHED = frozenset({"record_id", "key_fingerprint"}), "hashed_"
_YES_NO = ("find_heaped_dates", "nicknames", "merge_references")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRule:
    """How records are linked.

    Parameters
    ----------
    profile
        How files that hold initials only (contacts, treatment) are linked to the anchor: ``"attributor"`` compares
        both initials, year, month and day of birth, sex and the area of the postcode; ``"full"`` compares
        whole names where both sides have them, and falls back to ``"attributor"`` where they do not. Police files
        are always linked with ``"full"`` where names exist. ``"deterministic"``, for comparison with these, is the
        rule in common use: exact initials (names where both sides have them), date of birth and sex, and only keys
        that are unique on both sides.
    threshold
        A one-to-one link is made from this match probability up (0.001 to 1). A cut of 0.9 or more loses true
        links, and a missed treatment link puts a treated person among the untreated.
    seed
        Seed of Splink's sample of pairs.
    recall
        Share of true links that agree on the strictest key (names or initials, date of birth, sex): from it comes the
        first estimate of how many people are in both files, which the scored pairs then settle.
    sampled_pairs
        Number of random pairs from which the chance of agreeing by accident is estimated.
    max_pairs
        Most pairs that may be compared in one link; more is refused before any is compared.
    find_heaped_dates
        Whether dates of birth that far too many people share (default dates) are set to missing.
    also_compare
        Further columns that both files hold (a custody number, a local authority code): rare values tell more than
        common ones, and people who agree on it are always compared. In clear files a code of six or more characters
        with one or two slips counts as close.
    blocks
        Your own blocking rules instead of the profile's: sets of identifiers; people are compared if they agree on
        every identifier of at least one set, such as ``(("birth_date",), ("initials", "sector"))``.
    nicknames
        Whether two forenames that are forms of one name (Bob, Robert) count as nearly the same.
    merge_references
        Whether the people of one file are joined where two of its own references clearly are one person.
    ties
        What happens to people with two equally likely candidates: ``"drop"`` leaves them unlinked, ``"lowest_id"``
        links the first of them in the order of the record ids.

    Raises
    ------
    InputError
        If a value is outside its range; all faults at once.

    Examples
    --------
    >>> LinkRule(profile="attributor").threshold
    0.5
    """

    profile: Literal["attributor", "full", "deterministic"] = "attributor"
    threshold: float = 0.5
    seed: int = 1
    recall: float = 0.8
    sampled_pairs: int = 500_000
    max_pairs: int = 200_000_000
    find_heaped_dates: bool = True
    also_compare: tuple[str, ...] = ()
    blocks: tuple[tuple[str, ...], ...] = ()
    nicknames: bool = True
    merge_references: bool = True
    ties: Literal["drop", "lowest_id"] = "drop"

    def __post_init__(self) -> None:
        """Check every value and name all that is wrong."""
        for name in ("also_compare", "blocks"):
            object.__setattr__(self, name, _as_tuples(getattr(self, name)))
        faults = [*_wrong_types(self), *_wrong_columns(self), *_wrong_values(self)]
        if faults:
            raise InputError(" ".join(faults))

    def to_dict(self) -> dict[str, Any]:
        """Return the options by name, in types that JSON knows."""
        return {f.name: _as_lists(getattr(self, f.name)) for f in dataclasses.fields(self)}


def _as_tuples(value: Any) -> Any:
    """Lists (from a study file) as tuples; a lone text or anything else as it is, for the checks to name."""
    return tuple(_as_tuples(item) for item in value) if isinstance(value, list | tuple) else value


def _as_lists(value: Any) -> Any:
    return [_as_lists(item) for item in value] if isinstance(value, tuple) else value


def _is_number(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _wrong_types(rule: LinkRule) -> list[str]:
    wrong = [name for name in _WHOLE if not _is_number(getattr(rule, name), Integral)]
    wrong += [name for name in ("threshold", "recall") if not _is_number(getattr(rule, name), Real)]
    faults = []
    if wrong:
        faults.append(f"LinkRule: {', '.join(wrong)} must be a number; seeds and numbers of pairs whole ones.")
    unclear = [name for name in _YES_NO if not isinstance(getattr(rule, name), bool)]
    if unclear:
        faults.append(f"LinkRule: {', '.join(unclear)} must be True or False.")
    return faults


def _wrong_columns(rule: LinkRule) -> list[str]:
    extra, blocks = rule.also_compare, rule.blocks
    faults = []
    if not _are_names(extra) or len(set(extra)) < len(extra):
        faults.append('LinkRule: also_compare must name columns, each once, such as ("custody_number",).')
    else:
        if taken := [name for name in extra if name in _COMPARED_ANYWAY]:
            faults.append(f"LinkRule: {', '.join(taken)} in also_compare is compared anyway. Leave it out.")
        if empty := [name for name in extra if name in _NOBODY or name.startswith(_HASHED)]:
            faults.append(
                f"LinkRule: {', '.join(empty)} in also_compare says nothing about who somebody is. Leave it out; a "
                "hashed column goes by the name that it had before."
            )
    if not isinstance(blocks, tuple) or not all(_are_names(block) and block for block in blocks):
        faults.append('LinkRule: blocks must be sets of columns, such as (("birth_date",), ("initials", "sector")).')
    else:
        known = {*COMPARABLE, "initials", *(extra if _are_names(extra) else ())}
        unknown = sorted({name for block in blocks for name in block} - known)
        if unknown:
            faults.append(
                f"LinkRule: the blocks name {', '.join(unknown)}, which is not compared; blocks can use "
                f"{', '.join(sorted(known))}."
            )
    return faults


def _are_names(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(name, str) and name.isidentifier() for name in value)


def _wrong_values(rule: LinkRule) -> list[str]:
    """What is of the right type and out of its range."""
    faults = []
    if not isinstance(rule.profile, str) or rule.profile not in PROFILES:
        faults.append(f"The link profile must be one of {', '.join(PROFILES)}; got {rule.profile!r}.")
    if _is_number(rule.threshold, Real) and not CANDIDATE_FLOOR <= rule.threshold <= 1:
        faults.append(f"The link threshold must lie between {CANDIDATE_FLOOR} and 1; got {rule.threshold}.")
    if _is_number(rule.recall, Real) and not 0 < rule.recall <= 1:
        faults.append(f"The recall of the strictest key must lie above 0 and up to 1; got {rule.recall}.")
    if any(_is_number(pairs, Integral) and pairs < 1 for pairs in (rule.sampled_pairs, rule.max_pairs)):
        faults.append("sampled_pairs and max_pairs must be 1 or more.")
    if not isinstance(rule.ties, str) or rule.ties not in TIES:
        faults.append(f"The rule for ties must be one of {', '.join(TIES)}; got {rule.ties!r}.")
    return faults
