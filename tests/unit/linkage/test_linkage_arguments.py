"""What a newcomer passes to `link` by mistake."""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.linkage import LinkRule, link, true_linkage
from dipeval.linkage.example import two_small_files


@pytest.mark.parametrize("given", [None, pd.DataFrame({"a": [1]}), {"drug_tests": pd.DataFrame()}])
def test_what_is_no_extracts_is_named(given: object) -> None:
    for call in (link, true_linkage):
        with pytest.raises(InputError, match=rf"given a {type(given).__name__}\..*make_extracts"):
            call(given)  # type: ignore[operator]


@pytest.mark.parametrize("rule", ["full", {"profile": "full"}])
def test_a_rule_is_a_link_rule(rule: object) -> None:
    with pytest.raises(InputError, match="must be a LinkRule"):
        link(two_small_files(), rule=rule)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{"threshold": "0.5"}, {"seed": "a"}, {"seed": 1.5}, {"max_pairs": None}])
def test_numbers_of_a_rule_are_numbers(options: dict[str, object]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(options))} must be a number"):
        LinkRule(**options)  # type: ignore[arg-type]
