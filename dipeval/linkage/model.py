"""The two person models: what is compared, at which levels, and what is assumed before anything is learnt.

A Fellegi-Sunter model: each comparison has levels; `m` is the chance of a level when two people are the same, `u` when
they are not. The values below are where training starts from, and what is used as far as a file is too small to
learn from (see `dipeval.linkage.candidates`). Source of the method: Fellegi and Sunter (1969), J. Am. Stat. Assoc. 64;
Splink 5 documentation. The date of birth is compared by which of year, month and day agree, and the chance of that
among strangers is made from its parts (`dipeval.linkage.births`), so that a few default dates do not spoil the weight
of all the others. Every comparison but one kind is an equality of texts, so that files with keyed
hashes in place of the values are linked by the same model; the one kind, likeness of names, means nothing between
hashes and is left out for them (`adapted`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dipeval.linkage.levels import (
    AREA,
    BORN,
    FORENAME,
    INITIALS,
    POSTCODE,
    SEX,
    SURNAME,
    Comparison,
    Level,
    code,
)

__all__ = [
    "ATTRIBUTOR",
    "FULL",
    "Comparison",
    "Level",
    "PersonModel",
    "Weights",
    "adapted",
    "default_weights",
    "equal_columns",
    "level_sql",
    "splink_settings",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonModel:
    """What is compared, which pairs are looked at, and where training starts.

    Parameters
    ----------
    comparisons
        The identifiers compared.
    blocks
        A pair is compared if it agrees on every column of at least one of these.
    tight_blocks
        The same for files so large that `blocks` would give too many pairs.
    loose_blocks
        Further blocks in the order in which they are added, as far as the files are small enough to afford them.
    training_blocks
        The two sets of pairs from which m is learnt.
    strict_key
        The key from which the prior is estimated.
    columns
        The identifiers that all these read.
    hashed
        Whether the identifiers are keyed hashes.
    """

    name: str
    comparisons: tuple[Comparison, ...]
    blocks: tuple[tuple[str, ...], ...]
    tight_blocks: tuple[tuple[str, ...], ...]
    training_blocks: tuple[tuple[str, ...], ...]
    strict_key: tuple[str, ...]
    columns: tuple[str, ...]
    loose_blocks: tuple[tuple[str, ...], ...] = ()
    hashed: bool = False


_BIRTH = BORN.needs
_BIRTH_COLUMNS = (*_BIRTH, "birth_year_next", "birth_date")
ATTRIBUTOR = PersonModel(
    name="attributor",
    comparisons=(INITIALS, BORN, SEX, AREA),
    blocks=(
        ("birth_date",),
        ("initials", "birth_year", "birth_month"),
        ("initials", "birth_year", "birth_day"),
        ("initials", "birth_month", "birth_day"),
        ("initials", "sector", "sex"),
    ),
    tight_blocks=(
        ("birth_date", "forename_initial"),
        ("birth_date", "surname_initial"),
        ("birth_date", "outward"),
        ("initials", "sector", "birth_year"),
    ),
    training_blocks=(("birth_date",), ("initials", "sector")),
    strict_key=("initials", "birth_date", "sex"),
    columns=("forename_initial", "surname_initial", "initials", *_BIRTH_COLUMNS, "sex", "sector", "outward"),
    loose_blocks=(
        ("initials", "outward"),
        ("initials", "birth_year"),
        ("initials", "birth_day"),
        ("initials", "birth_month"),
        ("birth_year", "birth_month", "forename_initial"),
        ("birth_year", "birth_month", "surname_initial"),
        ("birth_year", "birth_day", "forename_initial"),
        ("birth_year", "birth_day", "surname_initial"),
        ("birth_month", "birth_day", "forename_initial"),
        ("birth_month", "birth_day", "surname_initial"),
        ("birth_year", "outward"),
        ("outward",),
    ),
)
FULL = PersonModel(
    name="full",
    comparisons=(FORENAME, SURNAME, BORN, SEX, POSTCODE),
    blocks=(
        ("birth_date",),
        ("forename", "surname", "birth_year"),
        ("forename", "surname", "outward"),
        ("postcode", "forename_initial"),
        ("surname", "birth_year", "outward"),
    ),
    tight_blocks=(
        ("birth_date", "forename_initial"),
        ("birth_date", "surname_initial"),
        ("postcode", "forename_initial"),
        ("forename", "surname", "outward"),
    ),
    training_blocks=(("birth_date",), ("forename", "surname")),
    strict_key=("forename", "surname", "birth_date", "sex"),
    columns=(
        "forename",
        "forename_root",
        "surname",
        "forename_initial",
        "surname_initial",
        *_BIRTH_COLUMNS,
        "sex",
        "postcode",
        "sector",
        "outward",
    ),
    loose_blocks=(
        ("forename", "surname"),
        ("postcode",),
        ("surname", "birth_year"),
        ("surname", "birth_month", "birth_day"),
        ("forename", "birth_year", "birth_month"),
        ("forename", "birth_year", "birth_day"),
        ("forename", "birth_month", "birth_day"),
        ("surname", "outward"),
        ("forename", "outward"),
        ("initials", "birth_year"),
        ("surname",),
        ("birth_year", "birth_month"),
        ("outward",),
    ),
)


def _without(model: PersonModel, drop: Callable[[Level], bool]) -> PersonModel:
    """The model without some levels; what they held falls to the last level, where their pairs now fall."""
    parts = []
    for part in model.comparisons:
        kept = [level for level in part.levels if not drop(level)]
        m = sum(level.m for level in part.levels) - sum(level.m for level in kept)
        u = sum(level.u for level in part.levels) - sum(level.u for level in kept)
        kept[-1] = replace(kept[-1], m=kept[-1].m + m, u=kept[-1].u + u)
        parts.append(replace(part, levels=tuple(kept)))
    return replace(model, comparisons=tuple(parts))


def adapted(
    model: PersonModel, *, nicknames: bool = True, hashed: bool = False, also_compare: tuple[str, ...] = ()
) -> PersonModel:
    """Return the model for these files.

    Parameters
    ----------
    model
        ``ATTRIBUTOR`` or ``FULL``.
    nicknames
        Whether forms of one forename are a level of their own.
    hashed
        Whether the values are keyed hashes: then likeness of spelling is never used.
    also_compare
        Further columns, each compared exactly and a blocking rule of its own.

    Returns
    -------
    PersonModel

    Examples
    --------
    >>> [level.label for level in adapted(FULL, hashed=True).comparisons[1].levels]
    ['same surname', 'names swapped', 'another surname']
    """
    unwanted = {kind for kind, drop in (("nickname", not nicknames), ("likeness", hashed)) if drop}
    model = _without(model, lambda level: level.kind in unwanted)
    extra = tuple(code(name) for name in also_compare)
    own_blocks = tuple((name,) for name in also_compare)
    return replace(
        model,
        comparisons=model.comparisons + extra,
        blocks=model.blocks + own_blocks,
        tight_blocks=model.tight_blocks + own_blocks,
        columns=model.columns + also_compare,
        hashed=hashed,
    )


def _missing(needs: tuple[str, ...]) -> str:
    return " OR ".join(f'"{name}_l" IS NULL OR "{name}_r" IS NULL' for name in needs)


def level_sql(part: Comparison) -> str:
    """Return SQL for the place of a pair's level, first to last; -1 where an identifier is missing.

    Examples
    --------
    >>> level_sql(SEX)
    'CASE WHEN "sex_l" IS NULL OR "sex_r" IS NULL THEN -1 WHEN "sex_l" = "sex_r" THEN 0 ELSE 1 END'
    """
    *named, _ = part.levels
    cases = "".join(f" WHEN {level.condition} THEN {place}" for place, level in enumerate(named))
    return f"CASE WHEN {_missing(part.needs)} THEN -1{cases} ELSE {len(named)} END"


def _null_level(needs: tuple[str, ...]) -> dict[str, Any]:
    return {"sql_condition": _missing(needs), "label_for_charts": "missing", "is_null_level": True}


def _splink_level(level: Level, m: float, u: float) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "sql_condition": level.condition,
        "label_for_charts": level.label,
        "m_probability": m,
        "u_probability": u,
    }
    if level.rare_values_of is not None:
        settings["tf_adjustment_column"] = level.rare_values_of
        settings["tf_adjustment_weight"] = 1.0
    return settings


Weights = dict[str, tuple[tuple[float, float], ...]]


def default_weights(model: PersonModel) -> Weights:
    """Return the assumed (m, u) of every level, by comparison."""
    return {part.name: tuple((level.m, level.u) for level in part.levels) for part in model.comparisons}


def splink_settings(
    model: PersonModel, weights: Weights, prior: float, rules: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the settings that Splink reads.

    Parameters
    ----------
    model
        What is compared.
    weights
        (m, u) of every level.
    prior
        Probability that two people picked at random, one from each file, are the same.
    rules
        Blocking rules in SQL; default those of ``model.blocks``.

    Examples
    --------
    >>> len(splink_settings(FULL, default_weights(FULL), 0.001)["comparisons"])
    5
    """
    comparisons = [
        {
            "output_column_name": part.name.replace(" ", "_"),
            "comparison_levels": [
                _null_level(part.needs),
                *(_splink_level(level, m, u) for level, (m, u) in zip(part.levels, weights[part.name], strict=True)),
            ],
        }
        for part in model.comparisons
    ]
    rules = [equal_columns(block) for block in model.blocks] if rules is None else rules
    return {
        "link_type": "link_only",
        "probability_two_random_records_match": prior,
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule, "sql_dialect": "duckdb"} for rule in rules],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
        "em_convergence": 0.001,
        "max_iterations": 25,
        "linker_uid": "dipeval",
    }


def equal_columns(columns: Sequence[str]) -> str:
    """Return the blocking rule "agrees on all of these" in SQL."""
    return " AND ".join(f'l."{name}" = r."{name}"' for name in columns)
