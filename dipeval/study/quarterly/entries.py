"""The test and the people tested: accuracy, drugs and offences, how few have how many positives, hours, the pathway."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from dipeval.errors import InputError
from dipeval.study.quarterly.compared import testing_frame, told_periods
from dipeval.vocabulary import POSITIVE_RESULTS

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.study.quarterly.asking import Asked

# Seen soon after the test, beside the days of the file.
SOON = 7


def entry_parts(asked: Asked) -> dict[str, Any]:
    """Return the parts that tell of tests and of the people tested, as fields of the result.

    Parameters
    ----------
    asked
        What they are made from.

    Returns
    -------
    dict
        accuracy, offence_link, concentration, hours, pathway, seen.
    """
    written = asked.spec.model_fields_set
    return {
        "accuracy": _accuracy(asked),
        "offence_link": asked.part(
            "offence_link", partial(_offence_link, asked), key="offence_link" if "offence_link" in written else ""
        ),
        "concentration": asked.part("concentration", partial(_concentration, asked)),
        "hours": asked.part("hours", partial(_hours, asked)),
        "pathway": asked.part("pathway", partial(_pathway, asked)),
        "seen": asked.part("seen", partial(_seen, asked)),
    }


def _accuracy(asked: Asked) -> Any:
    if asked.spec.test_accuracy is None:
        asked.leave_out(
            "accuracy",
            "The study file does not say how often the test is right ([test_accuracy]: sensitivity and specificity).",
        )
        return None
    return asked.part("accuracy", partial(_corrected, asked), key="test_accuracy")


def _corrected(asked: Asked) -> Any:
    from dipeval.indicators import correct_positivity

    chosen = asked.spec.test_accuracy
    if chosen is None:
        raise InputError("sensitivity and specificity are needed.")
    if "positivity" not in asked.indicators.names:
        raise InputError("positivity is not among the indicators that are told.")
    frame = testing_frame(asked, asked.latest(asked.spec.benchmark.periods))
    summed = frame.groupby("district", as_index=False, sort=True)[["tests", "positives"]].sum()
    return correct_positivity(
        summed, positive="positives", tests="tests", by="district", **chosen.model_dump(exclude_none=True)
    )


def _offence_link(asked: Asked) -> Any:
    from dipeval.indicators import drug_offence_link

    asked.needs("drug_tests")
    first, last = asked.window(len(asked.periods))
    chosen = asked.spec.offence_link
    return drug_offence_link(
        asked.loaded.extracts,
        asked.loaded.linkage,
        every=chosen.every,
        by_substance=chosen.by_substance,
        within_districts=chosen.within_districts,
        date_from=first,
        date_to=last,
        engine=asked.loaded.engine,
    )


def _concentration(asked: Asked) -> Any:
    from dipeval.indicators import concentration

    return concentration(_positives(asked), person="person_id", label="positive tests", seed=asked.spec.seed)


def _positives(asked: Asked) -> pd.DataFrame:
    """Whose each positive test of the latest complete periods was: column person_id."""
    from dipeval.indicators.grouping import between
    from dipeval.indicators.records import load

    asked.needs("drug_tests")
    loaded, (first, last) = asked.loaded, asked.window(asked.spec.benchmark.periods)
    records = load(loaded.extracts, loaded.linkage, ["drug_tests"], loaded.engine)
    tests = between(records.tables["drug_tests"], "test_date", first, last)
    positive = tests.filter(tests.result.isin(POSITIVE_RESULTS))
    found = loaded.engine.to_pandas(positive.select("person_id")).sort_values("person_id", ignore_index=True)
    if found.empty:
        raise InputError("No drug test was positive in the latest complete periods.")
    return found


def _hours(asked: Asked) -> Any:
    from dipeval.indicators import contact_hours

    first, last = asked.window(asked.spec.benchmark.periods)
    return contact_hours(
        asked.loaded.extracts,
        asked.loaded.linkage,
        date_from=first,
        date_to=last,
        within_days=asked.spec.indicators.seen_within_days,
        engine=asked.loaded.engine,
    )


def _pathway(asked: Asked) -> Any:
    from dipeval.indicators import pathway

    asked.needs("drug_tests", "contacts")
    first, last = asked.window(1)
    return pathway(
        asked.loaded.extracts,
        asked.loaded.linkage,
        by="district",
        counting="period",
        date_from=first,
        date_to=last,
        count_referred_on=asked.spec.indicators.count_referred_on,
        engine=asked.loaded.engine,
    )


def _seen(asked: Asked) -> Any:
    """The latest period whose tests can all be followed for so long."""
    from dipeval.indicators import seen
    from dipeval.indicators.measuring.periods import span

    asked.needs("drug_tests", "contacts")
    label = told_periods(asked, "seen", 1)[0] if "seen" in asked.indicators.names else asked.latest(1)[0]
    days = span(label)
    if days is None:
        raise InputError(f"'{label}' is no period.")
    return seen(
        asked.loaded.extracts,
        asked.loaded.linkage,
        within=tuple(sorted({SOON, asked.spec.indicators.seen_within_days})),
        by="district",
        who="positive",
        date_from=days[0],
        date_to=days[1],
        engine=asked.loaded.engine,
    )
