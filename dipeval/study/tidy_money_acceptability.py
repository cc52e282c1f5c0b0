"""The acceptability curve as rows of the long table of a study."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from dipeval.roi.decisions.acceptability_words import NEVER, NOT_KNOWN

if TYPE_CHECKING:
    from dipeval.roi.decisions.acceptability import AcceptabilityCurve

SECTION: Final = "money: worth of an offence averted"
# The curve has a hundred payments; its shape needs no more than these.
EVERY: Final = 10


def acceptability_rows(curve: AcceptabilityCurve, smallest: int) -> Iterator[dict[str, Any]]:
    """Return what is read off the curve, and the curve itself at a few payments.

    Parameters
    ----------
    curve
        Of a finished study, per proven offence.
    smallest
        Smallest count of people that the money rests on.

    Returns
    -------
    iterator of dict
        As in `dipeval.study.tidy.tidy`; the curve's rows have the payment in pounds as their group.
    """
    shared = {"section": SECTION, "n_smallest": smallest}
    for row in curve.points().to_dict("records"):
        known = row["estimate"] == row["estimate"]
        never = NEVER if str(row["term"]).startswith("threshold") else NOT_KNOWN
        yield shared | {"measure": row["term"], "group": "all", "estimate": row["estimate"],
                        "status": "shown" if known else never, "note": row["label"]}  # fmt: skip
    for row in curve.to_frame().iloc[::EVERY].to_dict("records"):
        for measure in ("probability", "probability_if_none", "evpi_per_person"):
            yield shared | {"measure": measure, "group": f"{row['threshold']:g}", "estimate": row[measure],
                            "status": "shown", "note": "by pounds paid for each proven offence averted"}  # fmt: skip
        ends = {"estimate": row["net"], "conf_low": row["net_low"], "conf_high": row["net_high"]}
        yield shared | ends | {"measure": "net", "group": f"{row['threshold']:g}", "status": "shown",
                               "note": "payment times offences averted, less cost: mean of the draws"}  # fmt: skip
