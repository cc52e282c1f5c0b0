"""The sentences about an effect that was calibrated by negative controls."""

from __future__ import annotations

from typing import Final

TITLE: Final = "Empirical calibration by {n} negative controls"
HEADLINE_CLEAR: Final = (
    "Allowing for the bias that {n} negative controls show, the estimate becomes {estimate} ({level}% interval from "
    "{low} to {high}), which still leaves out {equality}, equality of the groups."
)
HEADLINE_UNCLEAR: Final = (
    "Allowing for the bias that {n} negative controls show, the estimate becomes {estimate} ({level}% interval from "
    "{low} to {high}), which includes {equality}, equality of the groups: this does not show that treatment did "
    "nothing; it shows that chance and bias of the size seen could together account for the estimate."
)
AS_ESTIMATED: Final = "As estimated"
CALIBRATED: Final = "Calibrated"

NOTE_METHOD: Final = (
    "The systematic error of {n} negative controls was fitted by maximum likelihood as normal with mean {mean} and "
    "standard deviation {spread}{scale}; the estimate was moved by the mean and its interval widened by the deviation "
    "(Schuemie and others 2014, 2018)."
)
NOTE_SCALE_LOG: Final = " on the log scale"
NOTE_EASE: Final = (
    "Expected absolute systematic error: {ease}{scale}; 0 would mean that the negative controls show no bias."
)
NOTE_ASSUMES: Final = (
    "This takes the bias of the real outcome to be one more draw from the bias of the negative controls, the same "
    "whatever the true effect. {n} of them fix its spread only roughly, which the interval does not allow for: in "
    "simulations a 95% interval held the truth 90 times in 100 with ten of them, 92 with twenty and 94 with fifty."
)
NOTE_SHARES: Final = (
    "A bias in percentage points is smaller where an outcome is rare. Among comparison people the negative controls "
    "happened to {least} to {most}, the real outcome to {own}: controls much rarer or commoner than it say little "
    "about its bias, and a ratio of the shares is less bound to this."
)
NOTE_UNITS: Final = (
    "Differences in means can be put together only where all outcomes are counted in the same unit over windows of "
    "the same length: that they are rests on the caller."
)
NOTE_MIXED: Final = (
    "{before} of the negative controls were counted before the index date, by a design made again without some of its "
    "covariates; their bias may be larger than that of the design itself."
)

TOO_FEW: Final = (
    "Empirical calibration needs at least {least} negative controls on the scale of the effect ({measure}); there "
    "{is_are} {n}{others}. Fewer cannot tell bias from chance: show the negative controls beside the effect instead."
)
OTHERS: Final = " (and {n} on another scale, which cannot be put together with them)"

TEMPLATES: Final = tuple(text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str))
