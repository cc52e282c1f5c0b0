"""Which pairs are looked at: counted by groups before any is made, tighter rules for larger files.

A single value that far too many people share (a default date, one postcode for all) would by itself make millions of
pairs that tell nothing: such a value is left out of its blocking rule, and the pairs left out are counted. People who
have it are still compared if they agree on the columns of another rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dipeval.engine import Engine
from dipeval.errors import InputError
from dipeval.linkage.model import PersonModel, equal_columns
from dipeval.linkage.rule import LinkRule

PAIRS_A_RECORD = 30
# About a second's work. Small files can afford to look at many pairs: one whose names or date of birth are wrong as a
# whole is found by loose rules alone.
FEW_PAIRS = 1_000_000
OUTSIZED_PAIRS = 2_000_000
STRICTLY_OUTSIZED_PAIRS = 50_000
MARK = "usable_"
Columns = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockCount:
    """The pairs of one blocking rule: those to compare, and the values and pairs left out as outsized.

    A value is outsized if it alone makes more than ``limit`` pairs.
    """

    columns: Columns
    n_pairs: int
    n_outsized: int
    pairs_left_out: int
    limit: int = OUTSIZED_PAIRS


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The blocking rules chosen for two files, and what there is to say about them."""

    counts: tuple[BlockCount, ...]
    notes: tuple[str, ...]

    @property
    def n_pairs(self) -> int:
        """At most so many pairs are compared; a pair that two rules make is counted twice."""
        return sum(count.n_pairs for count in self.counts)

    @property
    def blocks(self) -> tuple[Columns, ...]:
        """The columns of each rule."""
        return tuple(count.columns for count in self.counts)


def _groups(table: str, columns: Columns) -> str:
    keys = ", ".join(f'"{name}"' for name in columns)
    known = " AND ".join(f'"{name}" IS NOT NULL' for name in columns)
    return f"(SELECT {keys}, count(*) AS n FROM {table} WHERE {known} GROUP BY {keys})"


def _joined(left: str, right: str, columns: Columns) -> str:
    keys = ", ".join(f'"{name}"' for name in columns)
    return (
        f"(SELECT {keys}, l.n::HUGEINT * r.n AS pairs FROM {_groups(left, columns)} l "
        f"JOIN {_groups(right, columns)} r USING ({keys}))"
    )


def count_block(engine: Engine, left: str, right: str, columns: Columns, limit: int = OUTSIZED_PAIRS) -> BlockCount:
    """Count the pairs that agree on all the columns, without making them."""
    row = engine.connection.execute(
        f"""SELECT coalesce(sum(pairs) FILTER (pairs <= {limit}), 0),
                   count(*) FILTER (pairs > {limit}),
                   coalesce(sum(pairs) FILTER (pairs > {limit}), 0)
            FROM {_joined(left, right, columns)}"""
    ).fetchone()
    n_pairs, n_outsized, left_out = (int(value) for value in row or (0, 0, 0))
    return BlockCount(columns=columns, n_pairs=n_pairs, n_outsized=n_outsized, pairs_left_out=left_out, limit=limit)


def choose_blocks(
    engine: Engine, left: str, right: str, model: PersonModel, rule: LinkRule, *, largest: int, label: str
) -> Plan:
    """Choose the loosest blocking rules that the size of the files allows.

    Parameters
    ----------
    engine, left, right
        Where the two tables of people are.
    model
        Its blocks are tried first, its tight blocks where they would give too many pairs; the rule's own override.
    rule
        ``blocks`` and ``max_pairs``.
    largest
        People in the larger file: about 30 pairs for each of them are affordable.
    label
        Name of the link in messages.

    Raises
    ------
    InputError
        If even the tightest rules give more than ``max_pairs``.
    """
    affordable = min(rule.max_pairs, max(FEW_PAIRS, PAIRS_A_RECORD * largest))
    tries = [(model.blocks, OUTSIZED_PAIRS), (model.tight_blocks, OUTSIZED_PAIRS)]
    tries.append((model.tight_blocks, STRICTLY_OUTSIZED_PAIRS))
    if rule.blocks:
        tries = [(rule.blocks, OUTSIZED_PAIRS)]
    notes: list[str] = []
    for blocks, limit in tries:
        plan = Plan(counts=tuple(count_block(engine, left, right, block, limit) for block in blocks), notes=())
        if plan.n_pairs <= affordable:
            break
        if not rule.blocks and not notes:
            notes.append(
                f"{label}: the usual blocking rules would give {plan.n_pairs:,} pairs; tighter ones were used, under "
                "which people are compared only if they agree on more."
            )
    if plan.n_pairs > rule.max_pairs:
        raise InputError(
            f"Linking {label} would compare up to {plan.n_pairs:,} pairs of people; the limit is {rule.max_pairs:,}. "
            "Link one area or period at a time, or raise max_pairs in LinkRule if the machine can bear it."
        )
    if not rule.blocks and not notes:
        plan = _with_loose_blocks(engine, left, right, model, rule, plan)
    return Plan(counts=plan.counts, notes=(*notes, *_outsized_note(plan, label)))


def _with_loose_blocks(engine: Engine, left: str, right: str, model: PersonModel, rule: LinkRule, plan: Plan) -> Plan:
    """Add the model's loose blocks, in their order, each if the pairs to spare are enough for all of its values."""
    counts, spare = plan.counts, min(FEW_PAIRS, rule.max_pairs) - plan.n_pairs
    for block in model.loose_blocks:
        if spare <= 0:
            break
        count = count_block(engine, left, right, block)
        if block not in plan.blocks and count.n_pairs <= spare and not count.n_outsized:
            counts, spare = (*counts, count), spare - count.n_pairs
    return Plan(counts=counts, notes=plan.notes)


def fixed_blocks(
    engine: Engine, left: str, right: str, blocks: tuple[Columns, ...], rule: LinkRule, *, label: str
) -> Plan:
    """Count the pairs of blocking rules that are given, those of a saved model."""
    plan = Plan(counts=tuple(count_block(engine, left, right, block) for block in blocks), notes=())
    if plan.n_pairs > rule.max_pairs:
        raise InputError(
            f"Linking {label} by the saved model would compare up to {plan.n_pairs:,} pairs of people; the limit is "
            f"{rule.max_pairs:,}. Raise max_pairs in LinkRule, or link without the model."
        )
    return Plan(counts=plan.counts, notes=_outsized_note(plan, label))


def _outsized_note(plan: Plan, label: str) -> tuple[str, ...]:
    crowded = [count for count in plan.counts if count.n_outsized]
    if not crowded:
        return ()
    what = "; ".join(f"{' and '.join(c.columns)}: {c.n_outsized:,}" for c in crowded)
    pairs = sum(count.pairs_left_out for count in crowded)
    return (
        f"{label}: values that far too many people share were left out of a blocking rule ({what}), sparing "
        f"{pairs:,} pairs. People who have one are compared only if they agree on something else.",
    )


def block_rules(engine: Engine, left: str, right: str, counts: Sequence[BlockCount], *, prefix: str) -> list[str]:
    """Return each blocking rule in SQL; where values are left out, a column that is missing for them joins the rule.

    The two tables gain a column ``usable_<prefix>_<place>`` for each such rule.
    """
    rules = []
    for place, count in enumerate(counts):
        sql = equal_columns(count.columns)
        if count.n_outsized:
            name = f"{MARK}{prefix}_{place}"
            _mark_usable(engine, left, right, count, name)
            sql += f' AND l."{name}" = r."{name}"'
        rules.append(sql)
    return rules


def _mark_usable(engine: Engine, left: str, right: str, count: BlockCount, name: str) -> None:
    connection, columns = engine.connection, count.columns
    connection.execute(
        f"CREATE TEMP TABLE {name}_outsized AS SELECT * FROM {_joined(left, right, columns)} "
        f"WHERE pairs > {count.limit}"
    )
    same = " AND ".join(f't."{column}" = o."{column}"' for column in columns)
    for table in (left, right):
        connection.execute(f'ALTER TABLE {table} ADD COLUMN "{name}" TINYINT')
        connection.execute(
            f'UPDATE {table} t SET "{name}" = 1 WHERE NOT EXISTS (SELECT 1 FROM {name}_outsized o WHERE {same})'
        )
    connection.execute(f"DROP TABLE {name}_outsized")
