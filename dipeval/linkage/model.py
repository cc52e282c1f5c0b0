"""The two person models: what is compared, at which levels, and what is assumed before anything is learnt.

A Fellegi-Sunter model: each comparison has levels; `m` is the chance of a level when two people are the same, `u` when
they are not. The values below are where training starts from, and what is used as far as a file is too small to
learn from (see `dipeval.linkage.candidates`). Source of the method: Fellegi and Sunter (1969), J. Am. Stat. Assoc. 64;
Splink 5 documentation. The date of birth is compared as year, month and day, so that a few default dates do not
spoil the weight of all the others. Every comparison but one kind is an equality of texts, so that files with keyed
hashes in place of the values are linked by the same model; the one kind, likeness of names, means nothing between
hashes and is left out for them (`adapted`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

ELSE = "ELSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of agreement: SQL condition on ``_l`` and ``_r`` columns, and the starting m and u.

    ``rare_values_of`` names the column whose rare values tell more than its common ones. ``kind`` marks levels that
    some links do without: "likeness" (similar spelling) and "nickname".
    """

    label: str
    condition: str
    m: float
    u: float
    rare_values_of: str | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One identifier, its levels from closest to furthest; pairs in which a `needs` column is missing say nothing."""

    name: str
    needs: tuple[str, ...]
    levels: tuple[Level, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that its levels read."""
        read = " ".join(level.condition for level in self.levels)
        return tuple(dict.fromkeys([*self.needs, *re.findall(r'"(\w+)_[lr]"', read)]))


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
    hashed: bool = False


def _same(column: str) -> str:
    return f'"{column}_l" = "{column}_r"'


_NEXT_YEAR = '"birth_year_l" = "birth_year_next_r" OR "birth_year_next_l" = "birth_year_r"'
_BIRTH = ("birth_year", "birth_month", "birth_day")
_YEAR = Comparison(
    name="year of birth",
    needs=("birth_year",),
    levels=(
        Level(label="same year", condition=_same("birth_year"), m=0.98, u=0.03),
        Level(label="one year apart", condition=_NEXT_YEAR, m=0.01, u=0.06),
        Level(label="another year", condition=ELSE, m=0.01, u=0.91),
    ),
)
_SWAPPED_DAY = '"birth_day_l" = "birth_month_r" AND "birth_month_l" = "birth_day_r"'
_MONTH = Comparison(
    name="month of birth",
    needs=("birth_month",),
    levels=(
        Level(label="same month", condition=_same("birth_month"), m=0.98, u=0.0835),
        Level(label="day and month swapped", condition=_SWAPPED_DAY, m=0.005, u=0.0025),
        Level(label="another month", condition=ELSE, m=0.015, u=0.914),
    ),
)
_DAY = Comparison(
    name="day of birth",
    needs=("birth_day",),
    levels=(
        Level(label="same day", condition=_same("birth_day"), m=0.965, u=0.033),
        Level(label="day and month swapped", condition=_SWAPPED_DAY, m=0.005, u=0.0025),
        Level(label="another day", condition=ELSE, m=0.03, u=0.9645),
    ),
)
_SEX = Comparison(
    name="sex",
    needs=("sex",),
    levels=(
        Level(label="same sex", condition=_same("sex"), m=0.99, u=0.68),
        Level(label="other sex", condition=ELSE, m=0.01, u=0.32),
    ),
)
_INITIALS = Comparison(
    name="initials",
    needs=("forename_initial", "surname_initial"),
    levels=(
        Level(label="both initials", condition=_same("initials"), m=0.90, u=0.008, rare_values_of="initials"),
        Level(
            label="initials swapped",
            condition='"forename_initial_l" = "surname_initial_r" AND "surname_initial_l" = "forename_initial_r"',
            m=0.01,
            u=0.006,
        ),
        Level(label="forename initial only", condition=_same("forename_initial"), m=0.045, u=0.08),
        Level(label="surname initial only", condition=_same("surname_initial"), m=0.04, u=0.07),
        Level(label="neither initial", condition=ELSE, m=0.005, u=0.836),
    ),
)
_AREA = Comparison(
    name="area",
    needs=("outward",),
    levels=(
        Level(label="same sector", condition=_same("sector"), m=0.65, u=0.004, rare_values_of="sector"),
        Level(label="same outward code", condition=_same("outward"), m=0.08, u=0.012, rare_values_of="outward"),
        Level(label="another area", condition=ELSE, m=0.27, u=0.984),
    ),
)


def _close(column: str, cut: float) -> str:
    return f'jaro_winkler_similarity("{column}_l", "{column}_r") >= {cut}'


_NAMES_SWAPPED = '"forename_l" = "surname_r" AND "surname_l" = "forename_r"'
_FORENAME = Comparison(
    name="forename",
    needs=("forename",),
    levels=(
        Level(label="same forename", condition=_same("forename"), m=0.88, u=0.01, rare_values_of="forename"),
        Level(label="names swapped", condition=_NAMES_SWAPPED, m=0.01, u=0.00002),
        Level(label="form of one name", condition=_same("forename_root"), m=0.01, u=0.003, kind="nickname"),
        Level(label="close forename", condition=_close("forename", 0.88), m=0.055, u=0.006, kind="likeness"),
        Level(label="same initial", condition=_same("forename_initial"), m=0.02, u=0.07),
        Level(label="another forename", condition=ELSE, m=0.025, u=0.91098),
    ),
)
_SURNAME = Comparison(
    name="surname",
    needs=("surname",),
    levels=(
        Level(label="same surname", condition=_same("surname"), m=0.89, u=0.003, rare_values_of="surname"),
        Level(label="names swapped", condition=_NAMES_SWAPPED, m=0.01, u=0.00002),
        Level(label="close surname", condition=_close("surname", 0.88), m=0.06, u=0.004, kind="likeness"),
        Level(label="another surname", condition=ELSE, m=0.04, u=0.99298),
    ),
)
_POSTCODE = Comparison(
    name="postcode",
    needs=("outward",),
    levels=(
        Level(label="same postcode", condition=_same("postcode"), m=0.60, u=0.0002, rare_values_of="postcode"),
        Level(label="same sector", condition=_same("sector"), m=0.06, u=0.004, rare_values_of="sector"),
        Level(label="same outward code", condition=_same("outward"), m=0.06, u=0.012, rare_values_of="outward"),
        Level(label="another area", condition=ELSE, m=0.28, u=0.9838),
    ),
)

_BIRTH_COLUMNS = (*_BIRTH, "birth_year_next", "birth_date")
ATTRIBUTOR = PersonModel(
    name="attributor",
    comparisons=(_INITIALS, _YEAR, _MONTH, _DAY, _SEX, _AREA),
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
    training_blocks=(_BIRTH, ("initials", "sector")),
    strict_key=("initials", "birth_date", "sex"),
    columns=("forename_initial", "surname_initial", "initials", *_BIRTH_COLUMNS, "sex", "sector", "outward"),
)
FULL = PersonModel(
    name="full",
    comparisons=(_FORENAME, _SURNAME, _YEAR, _MONTH, _DAY, _SEX, _POSTCODE),
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
    training_blocks=(_BIRTH, ("forename", "surname")),
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
    extra = tuple(_exact(name) for name in also_compare)
    own_blocks = tuple((name,) for name in also_compare)
    return replace(
        model,
        comparisons=model.comparisons + extra,
        blocks=model.blocks + own_blocks,
        tight_blocks=model.tight_blocks + own_blocks,
        columns=model.columns + also_compare,
        hashed=hashed,
    )


def _exact(column: str) -> Comparison:
    return Comparison(
        name=column,
        needs=(column,),
        levels=(
            Level(label=f"same {column}", condition=_same(column), m=0.9, u=0.001, rare_values_of=column),
            Level(label=f"another {column}", condition=ELSE, m=0.1, u=0.999),
        ),
    )


def _missing(needs: tuple[str, ...]) -> str:
    return " OR ".join(f'"{name}_l" IS NULL OR "{name}_r" IS NULL' for name in needs)


def level_sql(part: Comparison) -> str:
    """Return SQL for the place of a pair's level, first to last; -1 where an identifier is missing.

    Examples
    --------
    >>> level_sql(_SEX)
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
    7
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
