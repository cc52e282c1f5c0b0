"""What a return on investment leaves out, in words; all of it in the constants of this module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dipeval.presenting import and_join
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.roi.result import ReturnOnInvestment

LEFT_UNPROVEN: Final = (
    "offences that were never proven (no multiplier from proven to recorded or actual crime is applied)"
)
LEFT_RECORDED: Final = (
    "recorded offences that were never proven (no multiplier from proven to recorded crime is applied)"
)
LEFT_UNRECORDED: Final = "offences that were never recorded (no multiplier from recorded to actual crime is applied)"
LEFT_INSTEAD: Final = "what the help cost that the people compared had instead (it is not taken off the cost)"
LEFT_LATER: Final = "offending after the follow-up"
LEFT_BEYOND: Final = "offending after the years counted"
LEFT_UNPRICED: Final = "the value of offences without a unit cost ({groups})"
LEFT_ANTICIPATION: Final = "costs in anticipation of crime"
LEFT_HARM: Final = "harm to victims"
LEFT_CONSEQUENCES: Final = "what crime costs victims, employers and the health service, and harm to victims"
LEFT_CONSEQUENCES_ELSEWHERE: Final = "what crime costs victims and employers, and harm to victims"
LEFT_SPENDING: Final = "spending on {kinds}, which is among the costs and is not set against the benefit"
LEFT_ELSE: Final = "effects on health, deaths, work and families"

TEMPLATES: Final = tuple(text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str))


def left_out(roi: ReturnOnInvestment) -> tuple[str, ...]:
    """Return what the answer leaves out."""
    lines = _left_unseen(roi)
    lines.append(LEFT_BEYOND if roi.switched.years else LEFT_LATER)
    lines += [LEFT_ELSE, LEFT_INSTEAD]
    if roi.unpriced:
        lines.append(LEFT_UNPRICED.format(groups=", ".join(label(group).lower() for group in roi.unpriced)))
    if roi.perspective == "fiscal":
        lines.append(LEFT_CONSEQUENCES_ELSEWHERE if roi.worth.fiscal_elsewhere else LEFT_CONSEQUENCES)
    elif roi.perspective == "economic":
        lines.append(LEFT_HARM)
    if roi.perspective != "social" or not roi.include_anticipation:
        lines.append(LEFT_ANTICIPATION)
    kinds = [kind for kind in roi.cost_lines.kinds if kind not in roi.against]
    if kinds:
        lines.append(LEFT_SPENDING.format(kinds=and_join(kinds)))
    return tuple(lines)


def _left_unseen(roi: ReturnOnInvestment) -> list[str]:
    on = roi.chain().set_index("step")["on"]
    if on["recorded_per_proven"]:
        return [] if on["actual_per_recorded"] else [LEFT_UNRECORDED]
    return [LEFT_RECORDED] if on["actual_per_recorded"] else [LEFT_UNPROVEN]
