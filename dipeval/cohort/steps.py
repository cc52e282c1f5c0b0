"""The steps of a cohort as stages of an engine: each is computed when first needed, and kept where stages are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.cohort import eligibility, flow, index_events
from dipeval.cohort.arguments import extract_day
from dipeval.cohort.baseline import baseline
from dipeval.cohort.calendar import era_spans
from dipeval.cohort.cleaning import FAULT_COLUMNS, clean, fault_frame
from dipeval.cohort.covariates import COVARIATES
from dipeval.cohort.demographics import WHERE_TOLD, with_facts
from dipeval.cohort.events import open_source
from dipeval.cohort.exposure import EXPOSURE_TABLES, exposure_figures, exposure_flags, exposures
from dipeval.cohort.intervals import united_spells
from dipeval.cohort.used import USED
from dipeval.errors import InputError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.cohort.rule import CohortRule
    from dipeval.engine import Engine, Stage

OPTIONAL: Final = ("custody_spells", "deaths")
# What a cohort hands out, and the columns of it.
HANDED_OUT: Final[dict[str, tuple[str, ...]]] = {
    "offences": (
        "record_id",
        "offence_date",
        "offence_group",
        "disposal_date",
        "disposal",
        "custodial",
        "arrest_date",
        "charge_date",
    ),
    "custody_spells": ("start_date", "end_date"),
    "deaths": ("record_id", "death_date"),
    "treatment": ("record_id", "start_date", "end_date", "modality", "discharge_reason"),
    "orders": ("record_id", "order_type", "start_date", "end_date"),
    "drug_tests": ("record_id", "test_date", "test_time", "result", "test_ground", "district"),
    "contacts": (
        "record_id",
        "contact_date",
        "entry_point",
        "assessment",
        "attended",
        "care_plan_date",
        "exit_date",
        "district",
    ),
}
_MEASURED: Final = ("offences", "drug_tests", "treatment")


class Steps:
    """The stages of one cohort.

    Parameters
    ----------
    extracts, linkage
        As for `build_cohort`.
    rule
        Who is in.
    engine
        Where the work is done.
    """

    def __init__(self, extracts: Any, linkage: Any, rule: CohortRule, engine: Engine) -> None:
        self.rule, self.engine = rule, engine
        self._extract_date = extract_day(extracts)
        self._extracts = extracts
        names = tuple(name for name in extracts.names if name in USED)
        self._index_table = index_events.index_table(rule, names)
        self._needed = self._needed_tables(names)
        self._source = open_source(extracts, linkage, engine, self._needed, who=not self._tests_decide)
        index_events.check_column(rule, self._source.given)
        self.absent = tuple(name for name in OPTIONAL if name not in names)
        self._used = self._used_tables(names)
        self.index = self._index_stage()
        self.persons = self._persons_stage()
        self._spells = engine.stage(
            "united_spells",
            lambda: united_spells(self._clean("custody_spells")),
            spec={},
            inputs=[self._of("custody_spells")],
        )
        self.assessed = self._assessed_stage()
        self.followed = engine.stage(
            "followed",
            lambda: self._eligible().select("index_id", "person_id", "index_date", "time_zero_date", "exposure_date"),
            spec={},
            inputs=[self.assessed],
        )
        self.people = self._people_stage()

    # --- tables ------------------------------------------------------------------------------------------------------

    def _needed_tables(self, names: tuple[str, ...]) -> tuple[str, ...]:
        needed = tuple(dict.fromkeys((self._index_table, EXPOSURE_TABLES[self.rule.exposure], "offences")))
        lacking = [name for name in needed if name not in names]
        if lacking:
            raise InputError(
                f"A cohort needs the tables {', '.join(needed)}; the extracts have no {' and no '.join(lacking)}. "
                "Add the file, or give an empty table with its headings if there are no such records."
            )
        return needed

    def _used_tables(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Tables that are looked into, in the order they are told of."""
        used = {*self._needed, *_MEASURED, *OPTIONAL}
        if not self._tests_decide:
            used |= {name for name in WHERE_TOLD if name in names}
        return tuple(name for name in USED if name in used)

    @property
    def _tests_decide(self) -> bool:
        """Whether the index is a drug test, whose record tells all that is asked of it."""
        return self.rule.index_event in index_events.TEST_EVENTS

    def _of(self, name: str) -> Stage:
        return self._source.of(name, self.persons)

    def _clean(self, name: str) -> ir.Table:
        return self._source.clean_of(name, self.persons)

    def _everybody(self) -> ir.Table:
        """Everything that could be an index event, of anybody."""
        found = index_events.candidates(self._index_table, self._source.everybody(self._index_table), self.rule)
        return found if self._tests_decide else index_events.happened(found, self._extract_date)

    # --- stages ------------------------------------------------------------------------------------------------------

    def _candidates_stage(self) -> Stage:
        spec = {**index_events.index_spec(self.rule), "extract_date": self._extract_date.isoformat()}
        return self.engine.stage(
            "index_candidates", self._everybody, spec=spec, inputs=[self._source.records(self._index_table)]
        )

    def _index_stage(self) -> Stage:
        """Every index event chosen, and whether its own record counts it out."""
        self._found = self._candidates_stage() if self.rule.index_event == "release" else None
        self._chosen = self.engine.stage(
            "index_events",
            self._chosen_events,
            spec=self._index_spec(),
            inputs=[self._index_input()],
            stored=not self._tests_decide,
        )
        inputs = [self._chosen]
        if not self._tests_decide:
            inputs += [self._source.of(name, self._chosen) for name in WHERE_TOLD if name in self._source.names]
        return self.engine.stage(
            "index", self._fit, spec=index_events.spec_of(self.rule, eligibility.INDEX_OPTIONS), inputs=inputs
        )

    def _index_input(self) -> Stage:
        return self._found or self._source.records(self._index_table)

    def _index_spec(self) -> dict[str, Any]:
        eras = {name: [day.isoformat() for day in span] for name, span in era_spans(self.rule.eras).items()}
        last = {} if self._tests_decide else {"extract_date": self._extract_date.isoformat()}
        return {**index_events.index_spec(self.rule), "eras": eras, **last}

    def _candidates(self) -> ir.Table:
        return self._everybody() if self._found is None else self._found.table

    def _chosen_events(self) -> ir.Table:
        return index_events.chosen(index_events.in_window(self._candidates(), self.rule), self.rule)

    def _fit(self) -> ir.Table:
        index = self._chosen.table
        if not self._tests_decide:
            told = [name for name in WHERE_TOLD if name in self._source.names]
            index = with_facts(index, {name: self._source.clean_of(name, self._chosen) for name in told})
        return eligibility.fit_to_be_index(index_events.with_ages(index), self.rule)

    def _persons_stage(self) -> Stage:
        """Whose records are looked up: of a drug test all is known at once, so that those counted out need not be."""
        if not self._tests_decide:
            return self._chosen
        return self.engine.stage(
            "index_persons", lambda: self._fit_index().select("person_id").distinct(), spec={}, inputs=[self.index]
        )

    def _fit_index(self) -> ir.Table:
        index = self.index.table
        return index.filter(index.lost_at == "").drop("lost_at")

    def _assessed_stage(self) -> Stage:
        table = EXPOSURE_TABLES[self.rule.exposure]
        spec = {
            **index_events.spec_of(self.rule, eligibility.ASSESSED_OPTIONS),
            "extract_date": self._extract_date.isoformat(),
        }

        looked_into = ("deaths", "offences") if self.rule.offence_free_landmark else ("deaths",)

        def make() -> ir.Table:
            index = self._fit_index()
            events = {
                "flags": exposure_flags(index, exposures(self._clean(table), self.rule), self.rule),
                "custody_spells": self._spells.table,
                **{name: self._clean(name) for name in looked_into},
            }
            return eligibility.assess(index, events, self.rule, self._extract_date)

        inputs = [self.index, self._of(table), self._spells, *(self._of(name) for name in looked_into)]
        return self.engine.stage("assessed", make, spec=spec, inputs=inputs)

    def _eligible(self) -> ir.Table:
        assessed = self.assessed.table
        return assessed.filter(assessed.lost_at == "").drop("lost_at")

    def _people_stage(self) -> Stage:
        def make() -> ir.Table:
            events = {name: self._clean(name) for name in _MEASURED}
            measured = baseline(self._eligible(), {**events, "custody_spells": self._spells.table}, self.rule)
            kept = [covariate.name for covariate in COVARIATES]
            # Sorted in memory, column by column: sorted here, all of them would be held once more.
            whose = ["person_id"] if self.rule.unit != "people" else []
            return measured.select("index_id", *whose, *kept)

        spec = {"lookback_days": self.rule.lookback_days, "unit": self.rule.unit}
        inputs = [self.assessed, *(self._of(name) for name in _MEASURED), self._spells]
        return self.engine.stage("people", make, spec=spec, inputs=inputs, only_frame=True)

    # --- what is told of them ----------------------------------------------------------------------------------------

    def check_districts(self) -> None:
        """Refuse a district in which nothing happened that could be an index event."""
        if not self.rule.districts or "district" not in self._source.given(self._index_table):
            return
        records = self._source.records(self._index_table)
        frame = self.engine.frame_stage(
            "districts", lambda: self._districts(records.table), spec={}, inputs=[records]
        ).to_pandas()
        there = sorted(frame["district"])
        unknown = [name for name in self.rule.districts if name not in there]
        if unknown:
            what = "drug test was taken" if self._tests_decide else f"record of {self._index_table} is"
            raise InputError(
                f"No {what} in {', '.join(unknown)}; the districts in the extract are {', '.join(there)}. "
                "Write the names as they stand there."
            )

    def _districts(self, records: ir.Table) -> pd.DataFrame:
        records = clean(self._index_table, records)
        known = records.filter(records.district.notnull()).select("district").distinct()
        return self.engine.to_pandas(known)

    def faults(self) -> pd.DataFrame:
        """Return table, reason, n_records: everything set aside or mended on the way in."""
        found = [_dropped_before(self._extracts, self._used)]
        found += [self._source.faults(name, self.persons).to_pandas() for name in self._used]
        filled = [frame for frame in found if len(frame)]
        told = pd.concat(filled, ignore_index=True) if filled else fault_frame([])
        return told[list(FAULT_COLUMNS)].astype({"n_records": "int64"})

    def attrition(self) -> pd.DataFrame:
        """Return the attrition of the cohort."""
        names = ("minimum_age", "maximum_age", "districts", "index_choice")
        counts = self.engine.frame_stage(
            "flow",
            self._counts,
            spec={**index_events.spec_of(self.rule, names), **self._index_spec()},
            inputs=[self._index_input(), self.index, self.assessed],
        ).to_pandas()
        events = counts[counts["of"] == "events"]
        lost = counts[counts["of"] == "lost"]
        return flow.attrition(
            dict(zip(events["step"], events["n"].astype(int), strict=True)),
            dict(zip(lost["step"], lost["n"].astype(int), strict=True)),
            self.rule,
        )

    def _counts(self) -> pd.DataFrame:
        found = self._candidates()
        tests = self._source.everybody("drug_tests") if self.rule.index_event == "positive_test" else None
        events = flow.count_events(found, index_events.in_window(found, self.rule), tests, self.rule, self.engine)
        index, assessed = self.index.table, self.assessed.table
        early = index.filter(index.lost_at != "")
        both = early.select("lost_at").union(assessed.select("lost_at"))
        lost = self.engine.to_pandas(both.group_by("lost_at").aggregate(n=both.count()))
        rows = [("events", step, n) for step, n in events.items()]
        rows += [("lost", str(step), int(n)) for step, n in zip(lost["lost_at"], lost["n"], strict=True)]
        return pd.DataFrame(rows, columns=["of", "step", "n"])

    def exposure_figures(self) -> dict[str, int]:
        """Return how many are in, treated, started later, and the days from time zero to the start."""
        frame = self.engine.frame_stage("exposed", self._exposed, spec={}, inputs=[self.assessed]).to_pandas()
        return {name: int(frame[name].iloc[0]) for name in frame.columns}

    def _exposed(self) -> pd.DataFrame:
        eligible = self._eligible()
        return pd.DataFrame([self.engine.figures(eligible, **exposure_figures(eligible))])

    def make_room(self) -> None:
        """Keep who is followed, and give back what only led there: a national table each."""
        self.followed.compute()
        self.assessed.release()

    def events(self) -> dict[str, Stage]:
        """Return the events of everybody with an index event, by table: as they are stored already, not copied."""
        return {name: self._handed_out(name) for name in HANDED_OUT}

    def _handed_out(self, name: str) -> Stage:
        united = name == "custody_spells"
        source = self._spells if united else self._of(name)

        def make() -> ir.Table:
            records = source.table if united else self._clean(name)
            return records.select("person_id", *HANDED_OUT[name])

        spec = {"columns": HANDED_OUT[name]}
        return self.engine.stage(f"events_{name}", make, spec=spec, inputs=[source], stored=False)

    def given(self) -> dict[str, frozenset[str]]:
        """Return the columns that the source holds, by table."""
        return {name: self._source.given(name) for name in USED}


def _dropped_before(extracts: Any, used: tuple[str, ...]) -> pd.DataFrame:
    dropped = getattr(extracts, "dropped", None)
    if dropped is None or not len(dropped):
        return fault_frame([])
    kept = dropped.sort_values(["table", "reason"], kind="stable")
    rows = zip(kept["table"].map(str), kept["reason"].map(str), kept["rows"], strict=True)
    return fault_frame([(table, reason, int(n)) for table, reason, n in rows if table in used])
