"""Sums of squares of what each row contributes: over rows, over clusters, or over two clusterings at once.

Sources: Lin and Wei (1989), *JASA* 84, 1074-1078 (clusters); Cameron, Gelbach and Miller (2011), *JBES* 29, 238-249
(two clusterings, such as the matched pair and the person: the sum of both less what they share).
"""

from __future__ import annotations

import numpy as np

from dipeval.survival.columns import Flags, Floats, Integers, Rows


def totals(parts: Floats, codes: Integers | None) -> Floats:
    """Add rows up by cluster; without clusters every row is its own.

    Parameters
    ----------
    parts
        Rows by columns.
    codes
        Cluster of each row, or None.

    Returns
    -------
    numpy.ndarray
        Clusters by columns.
    """
    if codes is None:
        return parts
    size = int(codes.max()) + 1
    return np.column_stack([np.bincount(codes, weights=one, minlength=size) for one in parts.T])


def squares(parts: Floats, rows: Rows) -> Floats:
    """Return the variance of a sum of what each row contributes, by the clusters of the rows.

    Parameters
    ----------
    parts
        Rows by columns: weighted contributions.
    rows
        The same rows, with their clusterings.

    Returns
    -------
    numpy.ndarray
        Columns by columns. With two clusterings the difference of sums of squares can, in small tables, leave a
        variance below that of either alone; the larger of the two then stands in for it.
    """
    if not rows.clusterings:
        return parts.T @ parts
    found = [sign * (one.T @ one) for sign, one in ((sign, totals(parts, codes)) for sign, codes in rows.clusterings)]
    return combined(found)


def combined(found: list[Floats]) -> Floats:
    """Add up signed sums of squares, one a clustering; see `squares` for what stands in where two do not work out."""
    together = np.sum(found, axis=0)
    if len(found) == 1 or np.linalg.eigvalsh(together).min() > 0:
        return together
    return max(found[:2], key=np.trace)


def n_clusters(rows: Rows) -> int:
    """Return how many clusters there are (rows, without clusters; of two clusterings the one with fewer)."""
    counts = [len(np.unique(codes)) for sign, codes in rows.clusterings if sign > 0]
    return min(counts, default=len(rows))


def n_event_clusters(rows: Rows) -> int:
    """Return how many clusters hold an event (of two clusterings the fewer): errors are learned from these alone."""
    counts = [len(np.unique(codes[rows.event])) for sign, codes in rows.clusterings if sign > 0]
    return min(counts, default=int(rows.event.sum()))


def alone_in_a_cluster(rows: Rows, flags: Flags) -> bool:
    """Whether all the rows flagged lie in one cluster, so that nothing can be learned of how they vary."""
    return any(sign > 0 and (codes[flags] == codes[flags][0]).all() for sign, codes in rows.clusterings)
