"""The two person models: what is compared, at which levels, and what is assumed before anything is learnt.

A Fellegi-Sunter model: each comparison has levels; `m` is the chance of a level when two people are the same, `u` when
they are not. The values below are where training starts from, and what is used as far as a file is too small to
learn from (see `dipeval.linkage.candidates`). Source of the method: Fellegi and Sunter (1969), J. Am. Stat. Assoc. 64;
Splink 5 documentation. The date of birth is compared as year, month and day, so that a few default dates do not
spoil the weight of all the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ELSE = "ELSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of agreement: SQL condition on ``_l`` and ``_r`` columns, and the starting m and u."""

    label: str
    condition: str
    m: float
    u: float
    rare_values_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One identifier, its levels from closest to furthest; pairs in which a `needs` column is missing say nothing."""

    name: str
    needs: tuple[str, ...]
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonModel:
    """What is compared, which pairs are looked at, and where training starts.

    Parameters
    ----------
    comparisons
        The identifiers compared.
    blocks
        A pair is compared if it agrees on every column of at least one of these.
    training_blocks
        The two sets of pairs from which m is learnt.
    strict_key
        The key from which the prior is estimated.
    """

    name: str
    comparisons: tuple[Comparison, ...]
    blocks: tuple[tuple[str, ...], ...]
    training_blocks: tuple[tuple[str, ...], ...]
    strict_key: tuple[str, ...]
    columns: tuple[str, ...] = field(default=())


def _same(column: str) -> str:
    return f'"{column}_l" = "{column}_r"'


def _near(column: str, limit: int) -> str:
    return f'abs("{column}_l" - "{column}_r") <= {limit}'


_BIRTH = ("birth_year", "birth_month", "birth_day")
_YEAR = Comparison(
    name="year of birth",
    needs=("birth_year",),
    levels=(
        Level(label="same year", condition=_same("birth_year"), m=0.98, u=0.03),
        Level(label="one year apart", condition=_near("birth_year", 1), m=0.01, u=0.06),
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
        Level(label="same sector", condition=_same("sector"), m=0.65, u=0.004),
        Level(label="same outward code", condition=_same("outward"), m=0.08, u=0.012),
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
        Level(label="close forename", condition=_close("forename", 0.88), m=0.06, u=0.006),
        Level(label="same initial", condition=_same("forename_initial"), m=0.02, u=0.07),
        Level(label="another forename", condition=ELSE, m=0.03, u=0.91398),
    ),
)
_SURNAME = Comparison(
    name="surname",
    needs=("surname",),
    levels=(
        Level(label="same surname", condition=_same("surname"), m=0.89, u=0.003, rare_values_of="surname"),
        Level(label="names swapped", condition=_NAMES_SWAPPED, m=0.01, u=0.00002),
        Level(label="close surname", condition=_close("surname", 0.88), m=0.06, u=0.004),
        Level(label="another surname", condition=ELSE, m=0.04, u=0.99298),
    ),
)
_POSTCODE = Comparison(
    name="postcode",
    needs=("outward",),
    levels=(
        Level(label="same postcode", condition=_same("postcode"), m=0.60, u=0.0002),
        Level(label="same sector", condition=_same("sector"), m=0.06, u=0.004),
        Level(label="same outward code", condition=_same("outward"), m=0.06, u=0.012),
        Level(label="another area", condition=ELSE, m=0.28, u=0.9838),
    ),
)

ATTRIBUTOR = PersonModel(
    name="attributor",
    comparisons=(_INITIALS, _YEAR, _MONTH, _DAY, _SEX, _AREA),
    blocks=(
        _BIRTH,
        ("initials", "birth_year", "birth_month"),
        ("initials", "birth_year", "birth_day"),
        ("initials", "birth_month", "birth_day"),
        ("initials", "sector", "sex"),
    ),
    training_blocks=(_BIRTH, ("initials", "sector")),
    strict_key=("initials", *_BIRTH, "sex"),
    columns=("forename_initial", "surname_initial", "initials", *_BIRTH, "sex", "sector", "outward"),
)
FULL = PersonModel(
    name="full",
    comparisons=(_FORENAME, _SURNAME, _YEAR, _MONTH, _DAY, _SEX, _POSTCODE),
    blocks=(
        _BIRTH,
        ("forename", "surname", "birth_year"),
        ("forename", "surname", "outward"),
        ("postcode", "forename_initial"),
        ("surname", "birth_year", "outward"),
    ),
    training_blocks=(_BIRTH, ("forename", "surname")),
    strict_key=("forename", "surname", *_BIRTH, "sex"),
    columns=("forename", "surname", "forename_initial", *_BIRTH, "sex", "postcode", "sector", "outward"),
)


def _null_level(needs: tuple[str, ...]) -> dict[str, Any]:
    missing = " OR ".join(f'"{name}_l" IS NULL OR "{name}_r" IS NULL' for name in needs)
    return {"sql_condition": missing, "label_for_charts": "missing", "is_null_level": True}


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


def splink_settings(model: PersonModel, weights: Weights, prior: float) -> dict[str, Any]:
    """Return the settings that Splink reads.

    Parameters
    ----------
    model
        What is compared.
    weights
        (m, u) of every level.
    prior
        Probability that two people picked at random, one from each file, are the same.

    Returns
    -------
    dict

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
    rules = [" AND ".join(f'l."{name}" = r."{name}"' for name in block) for block in model.blocks]
    return {
        "link_type": "link_only",
        "probability_two_random_records_match": prior,
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule, "sql_dialect": "duckdb"} for rule in rules],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
        "em_convergence": 0.001,
        "max_iterations": 25,
        "linker_uid": "dipeval",
    }
