"""The quarterly report: the review's questions in order, its workbook and its tidy table."""

from dipeval.report.quarterly.section_accuracy import accuracy
from dipeval.report.quarterly.section_annex import dictionary, every_table
from dipeval.report.quarterly.section_change import change
from dipeval.report.quarterly.section_counted import counted
from dipeval.report.quarterly.section_districts import districts
from dipeval.report.quarterly.section_entry import entry
from dipeval.report.quarterly.section_first import brief
from dipeval.report.quarterly.section_frequent import frequent
from dipeval.report.quarterly.section_offences import offences
from dipeval.report.quarterly.section_officers import officers
from dipeval.report.quarterly.section_onward import onward
from dipeval.report.quarterly.section_records import records
from dipeval.report.quarterly.section_reoffended import reoffended
from dipeval.report.quarterly.section_spending import money
from dipeval.report.quarterly.section_targets import targets
from dipeval.report.quarterly.section_young import young
from dipeval.report.quarterly.write import run_quarterly_report, write_data, write_quarterly_report

__all__ = [
    "accuracy",
    "brief",
    "change",
    "counted",
    "dictionary",
    "districts",
    "entry",
    "every_table",
    "frequent",
    "money",
    "offences",
    "officers",
    "onward",
    "records",
    "reoffended",
    "run_quarterly_report",
    "targets",
    "write_data",
    "write_quarterly_report",
    "young",
]
