"""What is to be told about a linkage, each part worked out when it is first asked for: no outcome is in any of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from dipeval.errors import InputError
from dipeval.presenting import HtmlMixin, Summary

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from dipeval.linkage import Linkage, LinkageQuality
    from dipeval.linkage.calibration import Calibration
    from dipeval.linkage.compare import LinkedComparison
    from dipeval.linkage.pictures import MatchWeights
    from dipeval.linkage.statement import LinkageStatement
    from dipeval.linkage.sweeping import LinkSweep
    from dipeval.linkage.without_truth import EstimatedQuality

T = TypeVar("T")


class LinkageAccount(HtmlMixin):
    """The quality of a linkage, who was linked, and the statement on it.

    Parts that this linkage cannot give (no model, no truth) are None.

    Parameters
    ----------
    linkage
        As it was made.
    extracts
        What was linked; with the truth, if it is known.
    """

    def __init__(self, linkage: Linkage, extracts: Any) -> None:
        self.linkage = linkage
        self._extracts = extracts

    @property
    def truth(self) -> Any:
        """Known links of simulated extracts, or None."""
        return getattr(self._extracts, "truth", None)

    @cached_property
    def measured(self) -> LinkageQuality | None:
        """Precision and recall, where the truth is known."""
        return None if self.truth is None else self.linkage.quality(self.truth)  # type: ignore[return-value]

    @cached_property
    def estimated(self) -> EstimatedQuality | None:
        """The same without the truth."""
        return _if_it_can_be(self.linkage.quality)  # type: ignore[return-value]

    @cached_property
    def calibration(self) -> Calibration | None:
        """Whether the probabilities are honest, where the truth is known."""
        return None if self.truth is None else _if_it_can_be(lambda: self.linkage.calibration(self.truth))

    @cached_property
    def compared(self) -> LinkedComparison | None:
        """Linked beside unlinked people."""
        return _if_it_can_be(self.linkage.compare_linked)

    @cached_property
    def sweep(self) -> LinkSweep | None:
        """Links by threshold; none where nothing was modelled."""
        return _if_it_can_be(self.linkage.sweep) if self.linkage.models else None

    @cached_property
    def weights(self) -> MatchWeights:
        """What each agreement is worth."""
        return self.linkage.weights()

    @cached_property
    def statement(self) -> LinkageStatement:
        """The items of GUILD."""
        from dipeval.linkage.statement import guild_statement

        return guild_statement(self.linkage, self._extracts)

    def to_frame(self) -> pd.DataFrame:
        """Return the statement: step, item, statement (exact counts: not for release)."""
        return self.statement.to_frame()

    def summary(self) -> Summary:
        """Return records, people and links by file."""
        return self.linkage.summary()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how sure the candidates are (exact counts: not for release)."""
        return self.linkage.plot(ax=ax)


def _if_it_can_be(make: Callable[[], T]) -> T | None:
    try:
        return make()
    except InputError:
        return None
