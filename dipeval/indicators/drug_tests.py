"""Which tests are counted: those that gave a result; one a person where people are followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from dipeval.vocabulary import POSITIVE_RESULTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

TAKEN = ("negative", *POSITIVE_RESULTS)


def taken(tests: ir.Table) -> ir.Table:
    """Tests that gave a result: a refused test is none."""
    return tests.filter(tests.result.isin(TAKEN))


def first_of_each_person(tests: ir.Table) -> ir.Table:
    """The first test a person; of several on one day the earliest, then the lowest record_id."""
    time = tests.test_time
    two_digits = (time.find(":") == 1).ifelse(ibis.literal("0") + time, time)
    order = [tests.test_date, two_digits.fill_null("99:99"), tests.record_id]
    ranked = tests.mutate(place=ibis.row_number().over(ibis.window(group_by=tests.person_id, order_by=order)))
    return ranked.filter(ranked.place == 0).drop("place")
