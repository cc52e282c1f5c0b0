"""The statement that a reader of linked data needs: GUILD, filled in from the linkage itself.

Source of the items: Gilbert et al. (2018), *GUILD: GUidance for Information about Linking Data sets*, Journal of
Public Health 40:191-198 (data provision, linkage, analysis; reporting on each). No cell is empty: what this package
cannot know is said to be not recorded, with what to add.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.linkage.compare import compare_linked
from dipeval.linkage.groups import LinkGroup, link_groups
from dipeval.linkage.missed import missed_share
from dipeval.linkage.shares import EXACT
from dipeval.presenting import HtmlMixin, Summary, format_count, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.linkage.result import Linkage

COLUMNS = ("step", "item", "statement")
STEPS = ("data provision", "linkage", "analysis", "reporting")
NOT_RECORDED = "not recorded: "
_PARTS = (
    (("forename", "surname"), "names"),
    (("forename_initial", "surname_initial"), "initials"),
    (("birth_date",), "date of birth"),
    (("sex",), "sex"),
    (("postcode",), "postcode"),
    (("sector", "outward"), "area of the postcode"),
)
_PROFILES = {
    "attributor": "initials, year, month and day of birth, sex and area of the postcode where a file holds no names, "
    "names and the whole postcode where both do",
    "full": "names where both files hold them (initials where not), year, month and day of birth, sex and postcode",
    "deterministic": "initials (names where both files hold them), date of birth and sex",
}
_TIES = {"drop": "left unlinked", "lowest_id": "linked to the first in the order of record ids"}
Row = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkageStatement(HtmlMixin):
    """The GUILD items, filled in. Made by `guild_statement`.

    Examples
    --------
    >>> rows = [(step, "item", "statement") for step in STEPS]
    >>> flow = pd.DataFrame({"table": ["a"], "records": [2], "persons": [1], "linked": [pd.NA]})
    >>> LinkageStatement(_frame=pd.DataFrame(rows, columns=list(COLUMNS)), _flow=flow).n_not_recorded
    0
    """

    _frame: pd.DataFrame = field(repr=False)
    _flow: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Check that every step is there and no cell is empty."""
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError(f"A linkage statement must have the columns {', '.join(COLUMNS)}.")
        if set(self._frame["step"]) != set(STEPS):
            raise InvariantError(f"A linkage statement must have the steps {', '.join(STEPS)}.")
        if not self._frame.map(lambda cell: isinstance(cell, str) and bool(cell.strip())).all(axis=None):
            raise InvariantError("A linkage statement has an empty cell.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row an item: step (data provision, linkage, analysis, reporting), item, statement."""
        return self._frame.copy()

    @property
    def n_not_recorded(self) -> int:
        """How many items say that something is not recorded and has to be added by hand."""
        return int(self._frame["statement"].str.startswith(NOT_RECORDED).sum())

    def summary(self) -> Summary:
        """Return the statement; its counts are exact and must pass the disclosure gate before release."""
        shown = self._frame.rename(columns=lambda name: name.capitalize())
        count = self.n_not_recorded
        headline = f"{len(self._frame) - count} of {len(self._frame)} items are filled in from the linkage itself."
        if count:
            headline += f" {count} must be added by hand."
        notes = ("Items: GUILD (Gilbert et al. 2018, Journal of Public Health 40:191).", EXACT)
        return Summary(title="Statement on the linkage", headline=headline, table=shown, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw records, people and linked people of each file (exact counts) and return the Axes drawn on."""
        from dipeval.plots.linkage_weights import draw_link_flow

        return draw_link_flow(self._flow.copy(), ax=ax)


def guild_statement(linkage: Linkage, extracts: Any = None) -> LinkageStatement:
    """Fill in the GUILD items from a linkage.

    Parameters
    ----------
    linkage
        From `link`.
    extracts
        The extracts that were linked: then their files, rows, dates and dropped rows are told too.

    Returns
    -------
    LinkageStatement

    Raises
    ------
    InputError
        If `extracts` are none, or others than those that were linked.

    Examples
    --------
    >>> from dipeval.linkage import link
    >>> from dipeval.linkage.example import two_small_files
    >>> guild_statement(link(two_small_files())).to_frame()["step"].unique().tolist()
    ['data provision', 'linkage', 'analysis', 'reporting']
    """
    if extracts is not None:
        _check(linkage, extracts)
    groups = link_groups(linkage)
    parts = {
        "data provision": _provision(linkage, extracts),
        "linkage": _linking(linkage, groups),
        "analysis": _analysis(linkage, groups),
        "reporting": _reporting(linkage),
    }
    rows: list[Row] = [(step, *row) for step, items in parts.items() for row in items]
    flow = linkage.counts[["table", "records", "persons", "linked"]]
    return LinkageStatement(_frame=pd.DataFrame(rows, columns=list(COLUMNS)), _flow=flow)


def _check(linkage: Linkage, extracts: Any) -> None:
    if not hasattr(extracts, "names") or not hasattr(extracts, "table"):
        raise InputError(
            f"extracts must be the extracts that were linked (read_extracts, simulate); it is a "
            f"{type(extracts).__name__}."
        )
    counts = linkage.counts
    for name, records in zip(counts["table"], counts["records"], strict=True):
        if name not in extracts.names or len(extracts.table(name)) != records:
            raise InputError(
                f"These are not the extracts that were linked: their table {name} is missing or has another number "
                "of records. Pass the extracts that were passed to link."
            )


def _provision(linkage: Linkage, extracts: Any) -> Iterable[tuple[str, str]]:
    counts = linkage.counts
    files = "; ".join(
        f"{row['table']}: {format_count(row['records'])} records of {format_count(row['persons'])} people"
        for row in counts.to_dict("records")
    )
    yield "Files and people in them", f"{files}."
    yield "Source files", _source(extracts)
    yield "Period covered", _period(extracts)
    yield (
        "Data status",
        (
            f"The data are {extracts.data_status}."
            if hasattr(extracts, "data_status")
            else f"{NOT_RECORDED}whether the data are personal, public or simulated; pass the extracts to the statement"
        ),
    )
    yield (
        "How the data came about",
        f"{NOT_RECORDED}who collected each file, for what purpose and whom it leaves out; ask the data provider",
    )
    yield "Identifiers and how complete they are", _completeness(linkage)
    yield "Records dropped before linkage", _dropped(extracts)


def _source(extracts: Any) -> str:
    files = getattr(extracts, "files", ())
    if files:
        return (
            "; ".join(f"{one.table}: {one.file} ({one.rows:,} rows, SHA-256 {one.sha256[:12]})" for one in files) + "."
        )
    if extracts is None:
        return f"{NOT_RECORDED}names and checksums of the files; pass the extracts to the statement"
    return "Tables handed over in memory, or simulated: there is no file to name."


def _period(extracts: Any) -> str:
    if extracts is None:
        return f"{NOT_RECORDED}the dates the files cover; pass the extracts to the statement"
    return f"Up to {extracts.extract_date.isoformat()} (the extract date)."


def _dropped(extracts: Any) -> str:
    if extracts is None or not hasattr(extracts, "dropped"):
        return f"{NOT_RECORDED}rows dropped on reading; pass the extracts to the statement"
    dropped = extracts.dropped
    if dropped.empty or not dropped["rows"].sum():
        return "None."
    return "; ".join(f"{row.table}: {row.rows:,} ({row.reason})" for row in dropped.itertuples()) + "."


def _completeness(linkage: Linkage) -> str:
    parts = []
    for table in linkage.counts["table"]:
        try:
            people = linkage.identifiers(table)
        except InputError:
            # Known links, or links taken over from elsewhere: there is nothing to count.
            return f"{NOT_RECORDED}this linkage holds no identifiers"
        known = []
        for columns, words in _PARTS:
            there = [name for name in columns if name in people and people[name].notna().any()]
            if there and len(people):
                known.append(f"{words} {format_percent(float(people[there].notna().all(axis=1).mean()))}")
        parts.append(f"{table}: {', '.join(known) or 'no usable identifier'}")
    return "Share of people who have it. " + "; ".join(parts) + "."


def _linking(linkage: Linkage, groups: list[LinkGroup]) -> Iterable[tuple[str, str]]:
    rule = linkage.rule
    yield (
        "Aim",
        f"To find the people of {linkage.anchor} in the other files; each person has one partner a file at most.",
    )
    yield "Method", _method(linkage, groups)
    yield "Identifiers compared", _compared(linkage, groups)
    yield (
        "Preparation of identifiers",
        (
            "Case, accents, titles, apostrophes and hyphens were evened out, placeholder values set to missing; each "
            "file was first collapsed to its own people by its reference numbers and identical identifiers."
        ),
    )
    yield "Which pairs were compared", _blocks(groups)
    yield (
        "Threshold and ties",
        (
            f"Links are made from a match probability of {rule.threshold:g}, one to one; people with two equally "
            f"likely candidates are {_TIES[rule.ties]}."
        ),
    )
    yield (
        "What happened",
        "; ".join(note.rstrip(".") for note in linkage.notes) + "." if linkage.notes else "Nothing to note.",
    )
    yield "Privacy", _privacy(linkage)
    yield (
        "Who linked",
        f"{NOT_RECORDED}which body linked the files and whether it was apart from the analysts; add it by hand",
    )


def _privacy(linkage: Linkage) -> str:
    try:
        years = linkage.identifiers(linkage.anchor)["birth_year"].dropna().astype(str)
    except InputError:
        return f"{NOT_RECORDED}this linkage holds no identifiers"
    if len(years) and not years.str.fullmatch(r"\d{4}").any():
        return "Identifiers were keyed hashes, made before the files were handed over (pseudonymised, not anonymous)."
    return "Identifiers were used in the clear during linkage; results carry numbers made for this linkage only."


def _method(linkage: Linkage, groups: list[LinkGroup]) -> str:
    if linkage.rule.profile == "deterministic":
        return "Deterministic: the same key on both sides, used by one person of each file only."
    if not any(group.model is not None for group in groups):
        return "Links taken as given: no probability was modelled."
    return (
        "Probabilistic (Fellegi and Sunter 1969, by the Splink package): what each agreement is worth was learnt from "
        "the files themselves, or from those of the saved model that was used; a seed makes it repeatable."
    )


def _compared(linkage: Linkage, groups: list[LinkGroup]) -> str:
    parts = [
        f"{', '.join(group.tables)}: {', '.join(group.model.weights)}" for group in groups if group.model is not None
    ]
    return "; ".join(parts) + "." if parts else f"{_PROFILES[linkage.rule.profile].capitalize()}."


def _blocks(groups: list[LinkGroup]) -> str:
    parts = []
    for group in groups:
        if group.model is not None:
            keys = " or ".join(" and ".join(block) for block in group.model.blocks)
            parts.append(f"{', '.join(group.tables)}: pairs that agree on {keys}")
    if not parts:
        return "Pairs that agree on the whole key, or links taken as given."
    return "; ".join(parts).replace("_", " ") + "."


def _analysis(linkage: Linkage, groups: list[LinkGroup]) -> Iterable[tuple[str, str]]:
    yield "Links made", _links(groups)
    yield "Accuracy expected", _expected(linkage, groups)
    yield "Linked and unlinked people", _people_compared(linkage)
    yield (
        "Effect of linkage error on results",
        f"{NOT_RECORDED}the analysis comes after the linkage; propagate_linkage carries the error into an estimate, "
        "and sweep shows other thresholds",
    )


def _people_compared(linkage: Linkage) -> str:
    try:
        headline = compare_linked(linkage).summary().headline
    except InputError:
        return f"{NOT_RECORDED}this linkage holds nothing about its people; compare them by hand"
    return f"{headline} Standardised differences by age, sex, ethnicity and district: compare_linked of the linkage."


def _links(groups: list[LinkGroup]) -> str:
    parts = []
    for group in groups:
        n = int(group.pairs["linked"].sum())
        of = format_percent(n / group.n_right) if group.n_right else "[x]"
        parts.append(f"{group.label}: {format_count(n)} links, {of} of the people of the file")
    return "; ".join(parts) + "." if parts else "No file had a candidate."


def _expected(linkage: Linkage, groups: list[LinkGroup]) -> str:
    parts = []
    for group in groups:
        if group.model is None or not group.pairs["linked"].any():
            continue
        q, linked = group.pairs["link_probability"], group.pairs["linked"]
        found = float(q[linked].sum() / q.sum()) * (1 - missed_share(linkage, group.tables[0]))
        parts.append(
            f"{group.label}: {format_percent(float(q[linked].mean()))} of links right, "
            f"{format_percent(found)} of the true links found"
        )
    if not parts:
        return f"{NOT_RECORDED}nothing was modelled, so nothing can be expected; compare with known links or a review"
    return "By the model (rough). " + "; ".join(parts) + "."


def _reporting(linkage: Linkage) -> Iterable[tuple[str, str]]:
    unlinked = "; ".join(
        f"{row['table']}: {format_count(row['persons'] - row['linked'])} of {format_count(row['persons'])} people"
        for row in linkage.counts.dropna(subset=["linked"]).to_dict("records")
    )
    yield "People of each file without a link", f"{unlinked}." if unlinked else "There was no other file."
    yield "How to repeat it", f"Rule: {_rule(linkage)}."
    yield (
        "Limits",
        "A link is the most likely partner, not a certainty; a missed link looks like no contact with that service. "
        "Accuracy without known links is an estimate.",
    )
    yield "Approvals", f"{NOT_RECORDED}the legal basis and the approvals for linking these files; add them by hand"


def _rule(linkage: Linkage) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in linkage.rule.to_dict().items())


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " / ".join(_plain(item) for item in value) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
