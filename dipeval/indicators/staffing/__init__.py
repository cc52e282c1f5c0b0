"""Posts and hours: what the money for staff buys, and when people can be seen."""

from __future__ import annotations

from dipeval.indicators.staffing.counting_hours import contact_hours
from dipeval.indicators.staffing.counting_posts import officer_time
from dipeval.indicators.staffing.hours import ContactHours
from dipeval.indicators.staffing.officers import OfficerTime

__all__ = ["ContactHours", "OfficerTime", "contact_hours", "officer_time"]
