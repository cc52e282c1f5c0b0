"""`indicator_dictionary`: the indicators as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields

import pandas as pd

from dipeval.indicators.dictionary.catalogue import CATALOGUE
from dipeval.indicators.dictionary.indicator import Indicator
from dipeval.indicators.dictionary.own import OwnIndicator, check_own

_FIELDS = tuple(one.name for one in fields(Indicator))


def indicator_dictionary(own: Sequence[OwnIndicator] = ()) -> pd.DataFrame:
    """List the indicators: what is above and below the line, how each is counted, and which direction is wanted.

    Parameters
    ----------
    own
        Indicators of your own, listed after those of dipeval.

    Returns
    -------
    DataFrame
        One row an indicator, in the order of the review's questions: name, label, question, kind, numerator,
        denominator, counting, direction, unit, per, needs (in words), follow_up_days, dimensions (in words), owner,
        note, source.

    Raises
    ------
    InputError
        If ``own`` is no list of own indicators, or two have one name.

    Examples
    --------
    >>> import dipeval as dip
    >>> dip.indicator_dictionary().set_index("name").loc["positivity", ["kind", "direction"]].tolist()
    ['share', 'neither']
    """
    return dictionary_frame([*CATALOGUE.values(), *(one.to_indicator() for one in check_own(own))])


def dictionary_frame(indicators: Iterable[Indicator]) -> pd.DataFrame:
    """Return one row an indicator; lists are written out.

    Examples
    --------
    >>> list(dictionary_frame([]).columns)[:3]
    ['name', 'label', 'question']
    """
    rows = []
    for one in indicators:
        row = {name: getattr(one, name) for name in _FIELDS}
        rows.append(row | {name: ", ".join(row[name]) for name in ("needs", "dimensions")})
    return pd.DataFrame(rows, columns=list(_FIELDS))
