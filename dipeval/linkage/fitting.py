"""A person model cut to what two files hold: a column that one of them lacks can bring nobody together."""

from __future__ import annotations

from dataclasses import replace

from dipeval.engine import Engine
from dipeval.linkage.levels import Comparison
from dipeval.linkage.model import PersonModel

Columns = tuple[str, ...]
_NEVER = 1e-9
# Without the whole or the sector of a postcode, the next larger area does the same work.
_INSTEAD = {"sector": "outward"}
# A key without it is still strict.
_DISPENSABLE = frozenset({"sex"})


def _held(engine: Engine, table: str) -> frozenset[str]:
    """Columns in which somebody has a value."""
    names = [row[0] for row in engine.connection.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchall()]
    counts = ", ".join(f'count("{name}")' for name in names)
    row = engine.connection.execute(f"SELECT {counts} FROM {table}").fetchone() or ()
    return frozenset(name for name, n in zip(names, row, strict=True) if n)


def _fit(block: Columns, held: frozenset[str]) -> Columns:
    instead = (name if name in held else _INSTEAD.get(name, name) for name in block)
    return tuple(dict.fromkeys(name for name in instead if name in held or name not in _DISPENSABLE))


def _fitted(blocks: tuple[Columns, ...], held: frozenset[str]) -> tuple[Columns, ...]:
    fitted = (_fit(block, held) for block in blocks)
    usable = tuple(dict.fromkeys(block for block in fitted if block and held.issuperset(block)))
    # With none left nobody is brought together; rules that find nobody say so, no rule at all would mean everybody.
    return usable or blocks


def _trained_on(blocks: tuple[Columns, ...], held: frozenset[str]) -> tuple[Columns, ...]:
    """The sets of pairs to learn from; without any area, initials alone bring too many strangers together to do so."""
    return tuple(block for block in (_fit(block, held) for block in blocks) if held.issuperset(block))


def _possible(part: Comparison, held: frozenset[str]) -> Comparison:
    """The comparison with next to no weight on levels that cannot occur: their share falls to the level after them.

    An area known by its outward code alone is at best the same outward code; the assumption that most pairs share
    the sector would otherwise take that level's share away.
    """
    if not held.issuperset(part.needs):
        return part
    levels = list(part.levels)
    for place, level in enumerate(levels[:-1]):
        if not held.issuperset(level.columns):
            after = levels[place + 1]
            levels[place] = replace(level, m=_NEVER, u=_NEVER)
            levels[place + 1] = replace(after, m=after.m + level.m - _NEVER, u=after.u + level.u - _NEVER)
    return replace(part, levels=tuple(levels))


def fitted_to(engine: Engine, left: str, right: str, model: PersonModel) -> PersonModel:
    """Return the model with the key, the blocks and the levels that two files can use; what is compared stays.

    Parameters
    ----------
    engine
        Where the work is done.
    left, right
        The two tables of people.
    model
        The person model.

    Returns
    -------
    PersonModel
    """
    held = _held(engine, left) & _held(engine, right)
    return replace(
        model,
        comparisons=tuple(_possible(part, held) for part in model.comparisons),
        blocks=_fitted(model.blocks, held),
        tight_blocks=_fitted(model.tight_blocks, held),
        loose_blocks=_fitted(model.loose_blocks, held),
        training_blocks=_trained_on(model.training_blocks, held),
        strict_key=_fit(model.strict_key, held),
    )
