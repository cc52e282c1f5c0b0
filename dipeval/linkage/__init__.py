"""Whose records are whose, and how sure: files collapsed to their own people, then linked one to one by Splink."""

from __future__ import annotations

from dipeval.linkage.keys import LinkageKey
from dipeval.linkage.linking import link
from dipeval.linkage.pseudonyms import pseudonymise
from dipeval.linkage.quality import LinkageQuality
from dipeval.linkage.result import Linkage
from dipeval.linkage.rule import LinkRule
from dipeval.linkage.truth import true_linkage

__all__ = ["LinkRule", "Linkage", "LinkageKey", "LinkageQuality", "link", "pseudonymise", "true_linkage"]
