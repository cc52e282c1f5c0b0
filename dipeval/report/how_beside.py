"""The methods behind estimators, standard errors and what stands beside the answer, with their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dipeval.study import StudyResult

_ESTIMATORS: Final[dict[str, str]] = {
    "regression": "Regression adjustment: predictions with and without treatment, averaged (g-computation), Robins "
    "(1986), Mathematical Modelling 7, 1393-1512; with products with treatment, Lin (2013), Annals of Applied "
    "Statistics 7, 295-318.",
    "aipw": "Doubly robust estimate: Robins, Rotnitzky and Zhao (1994), Journal of the American Statistical "
    "Association 89, 846-866; cross-fitted: Chernozhukov and others (2018), Econometrics Journal 21, C1-C68.",
    "abadie_imbens": "Matching estimator: Abadie and Imbens (2006), Econometrica 74, 235-267; corrected by regression: "
    "Abadie and Imbens (2011), Journal of Business and Economic Statistics 29, 1-11.",
}
# What the words for a standard error hold -> its paper.
_ERRORS: Final[dict[str, str]] = {
    "M-estimation": "Errors that allow for estimated weights: Stefanski and Boos (2002), American Statistician 56, "
    "29-38; Lunceford and Davidian (2004), Statistics in Medicine 23, 2937-2960.",
    "Abadie-Imbens": "Errors after matching with replacement: Abadie and Imbens (2006), Econometrica 74, 235-267.",
    "bootstrap": "Bootstrap: Efron (1979), Annals of Statistics 7, 1-26; of matched pairs: Austin and Small (2014), "
    "Statistics in Medicine 33, 4306-4319.",
    "(HC": "Robust errors: White (1980), Econometrica 48, 817-838; MacKinnon and White (1985), Journal of Econometrics "
    "29, 305-325.",
}
_NEGATIVE_BINOMIAL: Final = (
    "Counts: negative binomial model, Lawless (1987), Canadian Journal of Statistics 15, 209-225."
)
_MANY: Final = "Several outcomes: Holm (1979), Scandinavian Journal of Statistics 6, 65-70."
_SUBGROUPS: Final = (
    "Subgroups: tests of interaction, Altman and Bland (2003), BMJ 326, 219; corrected over the tests: Holm (1979), "
    "Scandinavian Journal of Statistics 6, 65-70."
)
_BOUNDS: Final = "Hidden bias among pairs: Rosenbaum (2002), Observational Studies, 2nd edition, chapter 4."
_ROBUSTNESS: Final = (
    "Robustness value: Cinelli and Hazlett (2020), Journal of the Royal Statistical Society B 82, 39-67."
)
_CONTROLS: Final = "Negative controls: Lipsitch, Tchetgen Tchetgen and Cohen (2010), Epidemiology 21, 383-388."
_SPECIFICATIONS: Final = (
    "Specification curve: Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4, 1208-1214; Steegen and "
    "others (2016), Perspectives on Psychological Science 11, 702-712."
)
_JDL: Final = (
    "In the style of the Justice Data Lab: Ministry of Justice, Justice Data Lab methodology paper and published "
    "reports; it could not be verified that the figures would be theirs."
)
_BEFORE_AFTER: Final = (
    "Before and after: regression to the mean, Galton (1886), Journal of the Anthropological Institute 15, 246-263; of "
    "counts with a gamma-Poisson model, Robbins (1956), Proceedings of the Third Berkeley Symposium 1, "
    "157-163; Hauer (1997), Observational Before-After Studies."
)


def beside(result: StudyResult) -> list[str]:
    """Return the methods used, with their sources, in the order of the report.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    list of str
    """
    effects = [*result.effects, *(effect for item in result.sensitivity for effect in item.effects)]
    items = [words for name, words in _ESTIMATORS.items() if any(effect.estimator == name for effect in effects)]
    items += [words for start, words in _ERRORS.items() if any(start in effect.se_method for effect in effects)]
    models = [result.spec.effect.model, *(item.model for item in result.spec.sensitivity)]
    items += [_NEGATIVE_BINOMIAL] if effects and "negative_binomial" in models else []
    found = (
        (_MANY, result.many_outcomes),
        (_SUBGROUPS, result.subgroups),
        (_BOUNDS, result.hidden_bias and result.hidden_bias.bounds),
        (_ROBUSTNESS, result.hidden_bias and result.hidden_bias.robustness),
        (_CONTROLS, result.negative_controls),
        (_SPECIFICATIONS, result.specifications),
        (_JDL, result.jdl_style),
        (_BEFORE_AFTER, result.before_after),
    )
    return items + [words for words, made in found if made is not None]
