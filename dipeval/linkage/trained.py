"""What was learnt from two files: the weights, kept in a JSON file and used again.

A model file holds probabilities of agreement and column names, never a value of a person: how common each name is
is counted again from the files that are scored.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dipeval.errors import InputError
from dipeval.linkage.cleaning import COMPARABLE
from dipeval.linkage.model import PersonModel, Weights
from dipeval.linkage.rule import LinkRule

FORMAT = "dipeval link models"
_FORMAT_VERSION = 1
_LEAST_PRIOR, _MOST_PRIOR = 1e-15, 0.5
# What a reloaded model must have in common with the rule it is used under; the rest of a rule is free to differ.
_SHAPE = ("profile", "also_compare", "blocks", "nicknames")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkModel:
    """The model of one group of files. Made by `link`, read back by `read_models`.

    Parameters
    ----------
    tables
        The right-hand tables, linked together because they share a reference.
    profile
        ``"attributor"`` or ``"full"``.
    prior
        Probability that two people picked at random, one from each file, are the same.
    blocks
        The blocking rules used: people are compared if they agree on every column of at least one.
    weights
        By comparison: (level, m, u), closest level first.
    hashed
        Whether the files hold keyed hashes in place of the values.

    Examples
    --------
    >>> weights = {"sex": (("same sex", 0.99, 0.66), ("other sex", 0.01, 0.34))}
    >>> model = LinkModel(tables=("treatment",), profile="attributor", prior=0.001, blocks=(("sex",),), weights=weights)
    >>> model.weights_frame()["match_weight"].round(3).tolist()
    [0.585, -5.087]
    """

    tables: tuple[str, ...]
    profile: str
    prior: float
    blocks: tuple[tuple[str, ...], ...]
    weights: Mapping[str, tuple[tuple[str, float, float], ...]]
    hashed: bool = False

    @property
    def prior_weight(self) -> float:
        """The prior in bits."""
        return math.log2(self.prior / (1 - self.prior)) if 0 < self.prior < 1 else float("nan")

    def weights_frame(self) -> pd.DataFrame:
        """Return the weights.

        Returns
        -------
        pandas.DataFrame
            comparison, level, m (chance of the level among the same people), u (among different people),
            match_weight (log2 of m / u, in bits).
        """
        rows = [(name, *level) for name, levels in self.weights.items() for level in levels]
        frame = pd.DataFrame(rows, columns=["comparison", "level", "m", "u"])
        weight = [math.log2(m / u) for m, u in zip(frame["m"], frame["u"], strict=True)]
        return frame.assign(match_weight=pd.Series(weight, dtype="float64"))

    def to_dict(self) -> dict[str, Any]:
        """Return the model in types that JSON knows."""
        return {
            "tables": list(self.tables),
            "profile": self.profile,
            "hashed": self.hashed,
            "prior": self.prior,
            "blocks": [list(block) for block in self.blocks],
            "weights": {
                name: [{"level": level, "m": m, "u": u} for level, m, u in levels]
                for name, levels in self.weights.items()
            },
        }

    def numbers_for(self, model: PersonModel) -> Weights:
        """Return (m, u) of every level of a person model.

        Raises
        ------
        InputError
            If the two do not compare the same things.
        """
        wanted = {part.name: [level.label for level in part.levels] for part in model.comparisons}
        have = {name: [level for level, _, _ in levels] for name, levels in self.weights.items()}
        if wanted != have:
            differ = sorted(name for name in {*wanted, *have} if wanted.get(name) != have.get(name))
            raise InputError(
                f"The saved model of {', '.join(self.tables)} does not fit these files: {', '.join(differ)} "
                "is compared differently. Link without the model, or learn a new one and save it."
            )
        return {name: tuple((m, u) for _, m, u in levels) for name, levels in self.weights.items()}


def named_weights(model: PersonModel, weights: Weights) -> dict[str, tuple[tuple[str, float, float], ...]]:
    """Return weights with the label of each level."""
    return {
        part.name: tuple((lev.label, m, u) for lev, (m, u) in zip(part.levels, weights[part.name], strict=True))
        for part in model.comparisons
    }


def write_models(path: str | Path, models: Sequence[LinkModel], rule: LinkRule, anchor: str) -> Path:
    """Write the models of a linkage to one JSON file, whole or not at all.

    Parameters
    ----------
    path
        Where to; the folder must exist.
    models
        One a linked group of files.
    rule
        How it was linked.
    anchor
        The table to which the others were linked.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If there is nothing to write, or the file cannot be written.
    """
    from dipeval import __version__

    if not models:
        raise InputError("This linkage has no model to save: nothing was learnt in it.")
    held = {
        "format": FORMAT,
        "format_version": _FORMAT_VERSION,
        "dipeval": __version__,
        "anchor": anchor,
        "rule": rule.to_dict(),
        "models": [model.to_dict() for model in models],
    }
    target = Path(path)
    text = json.dumps(held, indent=1, allow_nan=False) + "\n"
    name = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, target)
    except OSError as error:
        if name is not None:
            Path(name).unlink(missing_ok=True)
        raise InputError(f"The model cannot be written to {target}: {error.strerror}.") from error
    return target


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SavedModels:
    """The contents of a model file."""

    anchor: str
    rule: LinkRule
    models: tuple[LinkModel, ...]

    def model_for(self, tables: tuple[str, ...]) -> LinkModel:
        """Return the model of a group of files."""
        for model in self.models:
            if model.tables == tables:
                return model
        there = "; ".join(", ".join(model.tables) for model in self.models)
        raise InputError(
            f"The model file knows nothing of {', '.join(tables)}: it was learnt on {there}. Link without it, or pass "
            "the tables it was learnt on."
        )

    def check(self, rule: LinkRule, anchor: str) -> None:
        """Refuse a rule or an anchor that the model was not learnt with."""
        if anchor != self.anchor:
            raise InputError(
                f"The model file links to {self.anchor}, these extracts link to {anchor}. Pass the same kind of "
                "extracts, or link without the model."
            )
        differ = [name for name in _SHAPE if getattr(rule, name) != getattr(self.rule, name)]
        if differ:
            raise InputError(
                f"The model file was learnt with another {', '.join(differ)} than the rule asks for. Leave the rule "
                "out to take the one in the file, or link without the model."
            )


def read_models(path: str | Path) -> SavedModels:
    """Read a file that `Linkage.save_model` wrote.

    Parameters
    ----------
    path
        The JSON file.

    Returns
    -------
    SavedModels

    Raises
    ------
    InputError
        If there is no such file, or it is none of ours, or parts of it are missing or impossible.
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"model must be the path of a file written by save_model; it is a {type(path).__name__}.")
    source = Path(path)
    try:
        held = json.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The model file {source} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{source} is not JSON. Pass a file written by save_model of a linkage.") from error
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise InputError(f"{source} is not a dipeval link model. Pass a file written by save_model of a linkage.")
    if held.get("format_version") != _FORMAT_VERSION:
        raise InputError(f"{source} was written by another version of dipeval. Learn the model again and save it.")
    try:
        rule = LinkRule(**held["rule"])
        models = tuple(_model_from(entry, rule) for entry in held["models"])
        if not models or len({model.tables for model in models}) < len(models):
            raise ValueError("no model, or two of the same files")
        return SavedModels(anchor=str(held["anchor"]), rule=rule, models=models)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{source} is damaged: parts of the model are missing or impossible. Learn the model again and save it."
        ) from error


def _model_from(entry: dict[str, Any], rule: LinkRule) -> LinkModel:
    """A model from a file that anybody may have written: its column names go into SQL, so only known ones pass."""
    weights = {
        str(name): tuple((str(level["level"]), float(level["m"]), float(level["u"])) for level in levels)
        for name, levels in entry["weights"].items()
    }
    shares = [share for levels in weights.values() for _, m, u in levels for share in (m, u)]
    prior = float(entry["prior"])
    blocks = tuple(tuple(str(name) for name in block) for block in entry["blocks"])
    possible = {
        "a share is out of range": weights and all(0 < share <= 1 for share in shares),
        "the prior is out of range": _LEAST_PRIOR <= prior <= _MOST_PRIOR,
        "a block names an unknown column": {name for block in blocks for name in block}
        <= {*COMPARABLE, "initials", *rule.also_compare},
        "a block names no column": all(blocks),
        "there is no such profile": entry["profile"] in ("attributor", "full"),
        "hashed is neither true nor false": isinstance(entry["hashed"], bool),
    }
    wrong = [words for words, right in possible.items() if not right]
    if wrong:
        raise ValueError("; ".join(wrong))
    return LinkModel(
        tables=tuple(str(name) for name in entry["tables"]),
        profile=str(entry["profile"]),
        prior=prior,
        blocks=blocks,
        weights=weights,
        hashed=entry["hashed"],
    )
