"""Turns results into documents. The only room that writes deliverables; every table passes the disclosure gate."""

import logging
import sys

from dipeval.report.blocks import Picture, Points, Section, Table, Text
from dipeval.report.funding_workbook import write_funding_workbook
from dipeval.report.programmes_write import run_comparison, write_comparison
from dipeval.report.quarterly.write import run_quarterly_report, write_quarterly_report
from dipeval.report.scenario_workbook import write_scenario_workbook
from dipeval.report.section_answer import effect, sensitivity, truth
from dipeval.report.section_area import area_effect
from dipeval.report.section_balance import balance
from dipeval.report.section_before_after import before_after
from dipeval.report.section_brief import brief
from dipeval.report.section_groups import design, designs
from dipeval.report.section_how import methods, provenance
from dipeval.report.section_jdl import jdl_style
from dipeval.report.section_left_out import left_out
from dipeval.report.section_link_quality import linkage_quality
from dipeval.report.section_linkage import linkage
from dipeval.report.section_linkage_detail import linkage_detail, linkage_thresholds
from dipeval.report.section_linkage_statement import linkage_statement
from dipeval.report.section_linked_people import linked_people, linked_people_detail
from dipeval.report.section_links import linkage_error
from dipeval.report.section_money import money
from dipeval.report.section_money_acceptability import money_acceptability
from dipeval.report.section_money_costs import money_costs
from dipeval.report.section_money_people import money_people
from dipeval.report.section_money_steps import money_steps
from dipeval.report.section_money_uncertainty import money_uncertainty
from dipeval.report.section_overlap import overlap
from dipeval.report.section_overturn import overturn
from dipeval.report.section_pathway import pathway, seen
from dipeval.report.section_people import cohort
from dipeval.report.section_power import power
from dipeval.report.section_reoffending import reoffending
from dipeval.report.section_subgroups import subgroups
from dipeval.report.section_testing import discharges, testing
from dipeval.report.section_time import time
from dipeval.report.section_time_all import all_offences
from dipeval.report.section_time_audit import immortal_time
from dipeval.report.section_time_checked import time_checked
from dipeval.report.section_time_clocks import clocks
from dipeval.report.section_time_ever import who_ever
from dipeval.report.section_time_first import first_events
from dipeval.report.section_time_left import time_left
from dipeval.report.write import run_report, write_data, write_report

__all__ = [
    "Picture",
    "Points",
    "Section",
    "Table",
    "Text",
    "all_offences",
    "area_effect",
    "balance",
    "before_after",
    "brief",
    "clocks",
    "cohort",
    "design",
    "designs",
    "discharges",
    "effect",
    "first_events",
    "immortal_time",
    "jdl_style",
    "left_out",
    "linkage",
    "linkage_detail",
    "linkage_error",
    "linkage_quality",
    "linkage_statement",
    "linkage_thresholds",
    "linked_people",
    "linked_people_detail",
    "methods",
    "money",
    "money_acceptability",
    "money_costs",
    "money_people",
    "money_steps",
    "money_uncertainty",
    "overlap",
    "overturn",
    "pathway",
    "power",
    "provenance",
    "reoffending",
    "run_comparison",
    "run_quarterly_report",
    "run_report",
    "seen",
    "sensitivity",
    "show_progress",
    "subgroups",
    "testing",
    "time",
    "time_checked",
    "time_left",
    "truth",
    "who_ever",
    "write_comparison",
    "write_data",
    "write_funding_workbook",
    "write_quarterly_report",
    "write_report",
    "write_scenario_workbook",
]


def show_progress() -> None:
    """Let the steps of a study be seen as they happen, a line each on standard error."""
    logger = logging.getLogger("dipeval")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
