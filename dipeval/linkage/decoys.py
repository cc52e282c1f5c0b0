"""Decoys: invented people who stand in no file, linked as if they stood in one. Every link to them is false.

Method: Robach, Hof and van de Wiel (2025), *False discovery estimation in record linkage*, Statistics in Medicine,
doi 10.1002/sim.70292 (arXiv 2503.20627): synthetic records drawn from the file's own distribution are linked together
with the real ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dipeval.engine import Engine
from dipeval.linkage.candidates import find_candidates
from dipeval.linkage.model import ATTRIBUTOR, FULL, PersonModel, adapted
from dipeval.linkage.resolve import one_to_one
from dipeval.linkage.rule import LinkRule
from dipeval.linkage.trained import LinkModel

LEAST, MOST = 5_000, 50_000
FEW_DONORS = 100
_BATCH_SHARE, _MOST_BATCHES = 0.05, 100
# Names and sex of one person, birth date of another, address of a third: no two parts that tell people apart come
# from the same person. Sex goes with the names, for a forename mostly tells it.
_PARTS = (
    ("forename", "forename_root", "surname", "forename_initial", "surname_initial", "sex"),
    ("birth_year", "birth_year_next", "birth_month", "birth_day", "birth_date"),
    ("postcode", "sector", "outward"),
)
_PREFIX = "decoy "


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoyLinks:
    """How many decoys there were, how many were linked, who lent the identifiers (the whole file?), and how many."""

    n_decoys: int
    n_linked: int
    n_donors: int
    from_everyone: bool


def person_model(trained: LinkModel, rule: LinkRule) -> PersonModel:
    """Return the person model that a trained model belongs to."""
    base = {model.name: model for model in (ATTRIBUTOR, FULL)}[trained.profile]
    clear, hashed = (
        adapted(base, nicknames=rule.nicknames, hashed=hashed, also_compare=rule.also_compare)
        for hashed in (False, True)
    )
    # A model of hashes has no level for likeness of spelling; where there is none anyway, the two are one.
    learnt = {name: [level for level, _, _ in levels] for name, levels in trained.weights.items()}
    fits = {part.name: [level.label for level in part.levels] for part in clear.comparisons} == learnt
    return clear if fits else hashed


def make_decoys(donors: pd.DataFrame, n: int, seed: int, also: tuple[str, ...] = ()) -> pd.DataFrame:
    """Invent people: the parts of their identifiers come from different people of a file.

    Parameters
    ----------
    donors
        Identifiers, one row a person; two at least.
    n
        How many decoys.
    seed
        Of the drawing. The order of the rows of `donors` plays no part; their index does.
    also
        Further columns compared, each drawn by itself.

    Returns
    -------
    pandas.DataFrame
        The columns of `donors`, index "decoy 0", "decoy 1", ...

    Examples
    --------
    >>> two = pd.DataFrame({"surname": ["A", "B"], "birth_date": ["1980-01-01", "1990-01-01"], "outward": ["X", "Y"]})
    >>> decoys = make_decoys(two, 4, seed=1)
    >>> sorted(set(zip(decoys["surname"], decoys["birth_date"])))
    [('A', '1990-01-01'), ('B', '1980-01-01')]
    """
    donors = donors.sort_index()
    rng = np.random.default_rng(seed)
    names = rng.integers(len(donors), size=n)
    births = (names + rng.integers(1, len(donors), size=n)) % len(donors)
    places = [names, births, rng.integers(len(donors), size=n), *(rng.integers(len(donors), size=n) for _ in also)]
    index = pd.Index([f"{_PREFIX}{number}" for number in range(n)])
    columns: dict[str, pd.Series] = {}
    for part, place in zip((*_PARTS, *((name,) for name in also)), places, strict=True):
        for name in part:
            if name in donors:
                columns[name] = pd.Series(donors[name].to_numpy(dtype=object)[place], index=index, dtype=object)
    return pd.DataFrame(columns, index=index)


def link_decoys(
    engine: Engine, left: pd.DataFrame, right: pd.DataFrame, linked: pd.Series, trained: LinkModel, rule: LinkRule
) -> DecoyLinks:
    """Link decoys together with the real people of a file and count the links to them.

    The identifiers are lent by the people of the file without a link: most of them have no partner among the people
    of the anchor, as a decoy has none. Those of linked people would meet their partner's birth date in the anchor
    far more often than chance has it. The decoys join the file a twentieth of its size at a time, so that they
    compete with the real people for partners, and hardly with each other.

    Parameters
    ----------
    engine
        Where the pairs are scored.
    left, right
        Identifiers of the anchor and of the file, index person_id.
    linked
        Whether each person of the file has a link, on the index of `right`.
    trained
        The model; nothing is learnt anew.
    rule
        Threshold, ties and seed.

    Returns
    -------
    DecoyLinks
    """
    donors = right[~linked]
    from_everyone = len(donors) < FEW_DONORS
    donors = right if from_everyone else donors
    if len(donors) < 2 or left.empty:
        return DecoyLinks(n_decoys=0, n_linked=0, n_donors=0, from_everyone=True)
    n = min(max(len(right), LEAST), MOST)
    decoys = make_decoys(donors, n, rule.seed, rule.also_compare)
    found = find_candidates(
        engine,
        left,
        pd.concat([right.reindex(columns=decoys.columns), decoys]),
        person_model(trained, rule),
        rule,
        label="decoys",
        trained=trained,
    )
    pairs = found.pairs[found.pairs["match_probability"] >= rule.threshold]
    number = pairs["right"].astype(str).str.removeprefix(_PREFIX).where(pairs["right"].isin(decoys.index))
    batches = min(_MOST_BATCHES, math.ceil(n / max(_BATCH_SHARE * len(right), 1)))
    batch = pd.to_numeric(number) % batches
    n_linked = sum(_links(pairs, batch, place, rule) for place in sorted(batch.dropna().unique()))
    return DecoyLinks(n_decoys=n, n_linked=int(n_linked), n_donors=len(donors), from_everyone=from_everyone)


def _links(pairs: pd.DataFrame, batch: pd.Series, place: float, rule: LinkRule) -> int:
    """Links to the decoys of one batch when it competes with all real people."""
    here = pairs[batch.isna() | (batch == place)].reset_index(drop=True)
    chosen, _ = one_to_one(here, rule.threshold, rule.ties)
    return int((chosen & here["right"].astype(str).str.startswith(_PREFIX)).sum())
