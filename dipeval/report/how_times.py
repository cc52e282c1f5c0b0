"""The methods of times to an event, with their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dipeval.study import StudyResult

CURVES: Final = (
    "Time to reoffence: Kaplan and Meier (1958); Cox (1972), ties by Efron (1977), robust errors by Lin and Wei "
    "(1989), Journal of the American Statistical Association 84, 1074-1078; picture after Morris and others (2019), "
    "BMJ Open 9, e030215."
)
# Part of `TimeToEvent` -> its source.
SOURCES: Final = {
    "restricted_mean": "Restricted mean time: Royston and Parmar (2013), BMC Medical Research Methodology 13, 152.",
    "proportional_hazards": "Test of a constant hazard ratio: Grambsch and Therneau (1994), Biometrika 81, 515-526.",
    "incidence": (
        "What happened first: Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141-150; Gray (1988), "
        "Annals of Statistics 16, 1141-1154; Fine and Gray (1999), Journal of the American Statistical Association 94, "
        "496-509."
    ),
    "mean_count": (
        "All offences: Andersen and Gill (1982), Annals of Statistics 10, 1100-1120; Prentice, Williams and Peterson "
        "(1981), Biometrika 68, 373-379; mean number by Lawless and Nadeau (1995), Technometrics 37, 158-168."
    ),
    "families": "Who ever reoffends: Schmidt and Witte (1989), Journal of Econometrics 40, 141-159.",
    "audit": "Immortal time: Suissa (2008), American Journal of Epidemiology 167, 492-499.",
}


def of_times(result: StudyResult) -> list[str]:
    """Return a line for each method that the study used on times.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    list of str
    """
    told = result.time_to_event
    used = [] if told is None else [line for part, line in SOURCES.items() if getattr(told, part) is not None]
    return [*([CURVES] if result.curve is not None else []), *used]
