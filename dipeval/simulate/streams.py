"""One random stream a component, so that drawing more in one place never shifts another."""

from __future__ import annotations

from typing import Final

import numpy as np

# The numbers are part of what a seed means: never renumber, only append.
_COMPONENTS: Final = {
    "people": 1,
    "names": 2,
    "addresses": 3,
    "identifiers": 4,
    "use": 5,
    "frailty": 6,
    "hidden": 7,
    "first_test": 8,
    "deaths": 9,
    "custody": 10,
    "occasions_before": 11,
    "occasions_after": 12,
    "offence_marks": 13,
    "thinning": 14,
    "tests": 15,
    "prior_treatment": 16,
    "selection": 17,
    "starts": 18,
    "episodes": 19,
    "contacts": 20,
    "errors_contacts": 21,
    "errors_treatment": 22,
    "alias": 23,
    "spend": 24,
    "births": 25,
    "drugs": 26,
    "other_clients": 27,
    "bursts": 28,
    "exit_reasons": 29,
    "motoring": 30,
    "area_people": 31,
    "area_tests": 32,
    "area_contacts": 33,
    "area_treatment": 34,
    "area_offences": 35,
    "area_sums": 36,
}


class Streams:
    """Hands out the generator of a component; asking again starts it afresh.

    Parameters
    ----------
    seed
        The one seed of the simulation.

    Examples
    --------
    >>> first, again = Streams(1)("people"), Streams(1)("people")
    >>> bool(first.random() == again.random())
    True
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, component: str) -> np.random.Generator:
        """Return the generator of one component, at its start."""
        sequence = np.random.SeedSequence([self.seed, _COMPONENTS[component]])
        return np.random.Generator(np.random.PCG64(sequence))
