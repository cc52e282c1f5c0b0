"""Not below plain Splink on public files with known links, in the same run; the cut of 0.5 is fixed in advance."""

from __future__ import annotations

import logging

import pytest

from tests.simulation.linkage_claims import PEERS, Peer, peer_faults, peer_figures
from tests.simulation.linkage_peers import british_postcode, febrl4, pseudopeople


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:splink", "ignore::DeprecationWarning:recordlinkage")
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_not_below_plain_splink_and_not_below_the_floor(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, logger="splink")
    found = peer_figures(peer)
    print(found)
    assert not peer_faults(found), found


@pytest.mark.slow
def test_the_files_are_what_they_are_said_to_be() -> None:
    febrl, sample = febrl4(), pseudopeople()
    assert (len(febrl.left), len(febrl.right), febrl.n_true) == (5_000, 5_000, 5_000)
    assert (len(sample.left), len(sample.right), sample.n_true) == (10_224, 15_990, 9_709)


@pytest.mark.slow
def test_the_picture_of_a_postcode_keeps_every_equality() -> None:
    digits = febrl4().left["postcode"].drop_duplicates()
    picture = british_postcode(digits)
    assert picture.is_unique
    assert picture.str.split(" ").str[0].nunique() == digits.str[:3].nunique()


def test_the_rule_says_no_below_the_floor_and_below_splink() -> None:
    found = {"floor": 0.9, "dipeval": {"f1": 0.95}, "plain_splink": {"f1": 0.94}}
    assert peer_faults(found) == []
    assert len(peer_faults(found | {"floor": 0.96})) == 1
    assert len(peer_faults(found | {"plain_splink": {"f1": 0.9501}})) == 1
