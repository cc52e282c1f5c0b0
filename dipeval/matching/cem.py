"""Coarsened exact matching: covariates put into bins, people compared within cells of equal bins."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from dipeval.errors import InputError
from dipeval.matching.found import found_sets
from dipeval.matching.problem import Floats, Found, Ints, Problem
from dipeval.presenting import format_count

MOST_CODE = 2**62
MOST_BINS = 10_000


def exact_cells(problem: Problem) -> Found:
    """Put every covariate into bins and everybody into the cell of their bins; cells without both groups are left out.

    Parameters
    ----------
    problem
        What was asked for. Bins are made of everybody kept; exact columns divide the cells further.

    Returns
    -------
    Found
        ``sets`` number the cells (no clusters). ``facts``: bins (column -> inner breaks; categories and exact columns
        are their own levels), n_cells, n_matched_cells (with both groups).

    Raises
    ------
    InputError
        Cut-points on a column that is no covariate or holds words, or that cannot be used.

    Notes
    -----
    Iacus, S. M., King, G. and Porro, G. (2012), Causal inference without balance checking: coarsened exact matching,
    Political Analysis 20, 1-24. Bins have equal width from the smallest to the largest value; their number is that of
    Sturges, H. A. (1926), The choice of a class interval, Journal of the American Statistical Association 21, 65-66:
    log2(n) + 1, rounded up. A value equal to an inner break belongs to the bin above, the largest value to the last.
    """
    asked = _asked(problem)
    kept = np.flatnonzero(problem.kept)
    sturges = math.ceil(math.log2(len(kept)) + 1) if len(kept) else 1
    bins: dict[str, list[float]] = {}
    in_use: dict[str, int] = {}
    notes: list[str] = []
    cells = _Cells(None if problem.strata is None else problem.strata[kept], len(kept))
    for column, values, is_category in _covariates(problem, kept):
        if is_category:
            cells.divide(values.astype(np.int64))
            continue
        breaks = _breaks(values, asked.get(column, sturges))
        notes += _outside(column, values, breaks) if isinstance(asked.get(column), tuple) else []
        bins[column] = [float(value) for value in breaks]
        of = np.searchsorted(breaks, values, side="right").astype(np.int64)
        in_use[column] = len(np.unique(of))
        cells.divide(of)
    labels = np.zeros(len(problem.treated), dtype=np.int64)
    labels[kept] = cells.compact() + 1
    found = found_sets(problem, labels, clusters=False, facts={})
    n_cells, n_matched = int(labels.max(initial=0)), int(found.sets.max(initial=0))
    notes.insert(0, _how(in_use))
    notes.append(
        f"{format_count(n_matched)} of {format_count(n_cells)} cells hold treated and comparison people; the others "
        "are left out."
    )
    return Found(
        weights=found.weights,
        sets=found.sets,
        clusters=False,
        facts={"bins": bins, "n_cells": n_cells, "n_matched_cells": n_matched},
        notes=tuple(notes),
    )


class _Cells:
    """Cells numbered step by step, renumbered before the product of the bins outgrows a whole number."""

    def __init__(self, strata: Ints | None, people: int) -> None:
        self.code: Ints = np.zeros(people, dtype=np.int64) if strata is None else strata.copy()
        self.size = int(self.code.max(initial=0)) + 1

    def divide(self, level: Ints) -> None:
        """Divide every cell by the levels of one more column."""
        levels = int(level.max(initial=0)) + 1
        if self.size * levels > MOST_CODE:
            self.compact()
        self.code = self.code * levels + level
        self.size *= levels

    def compact(self) -> Ints:
        """Number the cells that hold somebody from 0, in an order made by the bins alone."""
        values, code = np.unique(self.code, return_inverse=True)
        self.code, self.size = code.astype(np.int64), len(values)
        return self.code


def _covariates(problem: Problem, kept: Ints) -> Iterator[tuple[str, Floats, bool]]:
    """Yield every covariate: its name, its values (the number of the level of a category), whether it is one."""
    terms = problem.terms
    for column in dict.fromkeys(terms.columns):
        places = [place for place, name in enumerate(terms.columns) if name == column]
        if terms.names[places[0]] == column:
            yield column, terms.values[kept, places[0]], False
        else:
            yield column, terms.values[:, places][kept].argmax(axis=1).astype(np.float64), True


def _breaks(values: Floats, wanted: int | tuple[float, ...]) -> Floats:
    """Return inner breaks: those given, or those between `wanted` bins of equal width."""
    if isinstance(wanted, tuple):
        return np.asarray(wanted, dtype=np.float64)
    if not len(values):
        return np.zeros(0)
    low, high = float(values.min()), float(values.max())
    if low == high:  # trimming has left one value
        return np.zeros(0)
    # Multiplied before divided: a break between whole numbers that is a whole number comes out as one.
    return np.asarray(low + (high - low) * np.arange(1, wanted) / wanted, dtype=np.float64)


def _how(in_use: dict[str, int]) -> str:
    """Say how many bins of each number hold anybody."""
    counts = ", ".join(f"{column} {format_count(count)}" for column, count in in_use.items())
    coarsened = f" Bins in use: {counts}." if in_use else ""
    return f"People in a cell have every covariate in the same bin; words are equal.{coarsened}"


def _outside(column: str, values: Floats, breaks: Floats) -> list[str]:
    """Refuse breaks that divide nobody; say so where some do not."""
    outside = int(((breaks <= values.min(initial=np.inf)) | (breaks > values.max(initial=-np.inf))).sum())
    if outside == len(breaks):
        raise InputError(
            f"None of the {len(breaks)} cut-points of '{column}' lies within what the column holds, so they divide "
            "nobody: check their unit."
        )
    if not outside:
        return []
    return [f"{outside} of the {len(breaks)} cut-points of '{column}' lie outside what the column holds."]


def _asked(problem: Problem) -> dict[str, int | tuple[float, ...]]:
    """Return the cut-points asked for, each checked."""
    terms = problem.terms
    asked: dict[str, int | tuple[float, ...]] = {}
    for column, wanted in problem.options.cutpoints:
        if column not in terms.columns:
            raise InputError(
                f"cutpoints= names '{column}', which is no covariate; they are: "
                f"{', '.join(dict.fromkeys(terms.columns))}."
            )
        if column not in terms.names:
            raise InputError(f"cutpoints= names '{column}', which holds words: each level is a bin of its own already.")
        asked[column] = _checked(column, wanted)
    return asked


def _checked(column: str, wanted: Any) -> int | tuple[float, ...]:
    if isinstance(wanted, (int, np.integer)) and not isinstance(wanted, bool) and 1 <= wanted <= MOST_BINS:
        return int(wanted)
    if isinstance(wanted, tuple) and wanted and all(_is_number(value) for value in wanted):
        values = tuple(float(value) for value in wanted)
        if all(low < high for low, high in pairwise(values)):
            return values
    raise InputError(
        f"The cut-points of '{column}' must be a number of bins of at least 1 (and at most {format_count(MOST_BINS)}), "
        "such as 5, or a list of inner breaks in rising order, such as [25, 40]; every break a finite number, none "
        "twice."
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and math.isfinite(value)
