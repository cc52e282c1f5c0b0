"""What a newcomer passes to `link` by mistake."""

from __future__ import annotations

import numpy as np
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


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"nicknames": 1}, "nicknames must be True or False"),
        ({"also_compare": "custody_number"}, "also_compare must name columns"),
        ({"also_compare": ("a", "a")}, "each once"),
        ({"also_compare": ("sex",)}, "sex in also_compare is compared anyway"),
        ({"blocks": ("birth_date",)}, "blocks must be sets of columns"),
        ({"blocks": (("birth_date", "shoe_size"),)}, "blocks name shoe_size, which is not compared; blocks can use"),
        ({"ties": "coin"}, "rule for ties must be one of drop, lowest_id"),
    ],
)
def test_the_options_of_a_rule_are_checked(options: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        LinkRule(**options)  # type: ignore[arg-type]


def test_all_faults_of_a_rule_come_at_once() -> None:
    with pytest.raises(InputError) as caught:
        LinkRule(profile="x", threshold=3, seed="a", ties="coin", blocks=(("shoe_size",),))  # type: ignore[arg-type]
    for part in ("profile must be", "threshold must lie", "seed must be a number", "rule for ties", "shoe_size"):
        assert part in str(caught.value)


def test_lists_from_a_study_file_are_taken() -> None:
    rule = LinkRule(also_compare=["ward"], blocks=[["birth_date"], ["ward", "sex"]])  # type: ignore[arg-type]
    assert (rule.also_compare, rule.blocks) == (("ward",), (("birth_date",), ("ward", "sex")))
    assert LinkRule(**rule.to_dict()) == rule


def test_what_is_compared_anyway_or_names_nobody_is_no_further_column() -> None:
    for name in ("date_of_birth", "postcode_sector", "surname", "initials"):
        with pytest.raises(InputError, match=f"{name} in also_compare is compared anyway"):
            LinkRule(also_compare=(name,))
    for name in ("record_id", "key_fingerprint", "hashed_sex"):
        with pytest.raises(InputError, match=f"{name} in also_compare says nothing about who somebody is"):
            LinkRule(also_compare=(name,))


@pytest.mark.parametrize("given", [np.array(["full", "full"]), ["full"], None, 3])
def test_words_of_a_rule_are_words(given: object) -> None:
    with pytest.raises(InputError, match="link profile must be one of"):
        LinkRule(profile=given)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="rule for ties must be one of"):
        LinkRule(ties=given)  # type: ignore[arg-type]
