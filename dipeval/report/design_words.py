"""How a comparison was made, in words for somebody who never heard of a propensity score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dipeval.disclosure import is_small
from dipeval.matching.trimming import RULES as TRIMMING
from dipeval.presenting import and_join, format_number, format_percent
from dipeval.report import words
from dipeval.study.learners import FITTED_ONCE
from dipeval.study.learners import WORDS as LEARNERS

if TYPE_CHECKING:
    from dipeval.matching import Design
    from dipeval.study import StudyResult

MODELLED = (
    "nobody is matched or weighted; the covariates go into a model of the time to the first reoffence, in which "
    "treatment counts from the day it started"
)
METHODS = {
    "nearest": "each treated person is paired with the nearest untreated person on the propensity score",
    "optimal": "treated people are paired with untreated people so that the pairs together are as alike as can be",
    "radius": "each treated person is compared with every untreated person within a set distance by score",
    "kernel": (
        "each treated person is compared with every untreated person within a set distance by score, the nearer the "
        "more"
    ),
    "full": "people are put into sets of one treated and several untreated people, or the other way round",
    "subclass": "people are put into classes by their propensity score and compared within each class",
    "cem": "people are compared with those who have the same values of every covariate, put into broad bands",
    "overlap": "people are weighted by how likely they were to have been in the other group",
    "matching_weights": (
        "people are weighted so that treated and untreated people count alike at every propensity score, as many as "
        "the smaller group has there"
    ),
    "entropy": (
        "untreated people are weighted so that the averages of all covariates equal those of the "
        "treated (entropy balancing)"
    ),
    "ipw": (
        "untreated people are weighted by their odds of treatment, so that those who resemble the treated count more"
    ),
    "none": "no adjustment",
}
SCORE = (
    "The propensity score is the chance, judged by what was recorded beforehand, that a person like this would be "
    "treated"
)
# Whose score decides something; elsewhere it is drawn only, to show how far the groups overlap.
BY_SCORE = ("nearest", "optimal", "radius", "kernel", "full", "subclass", "overlap", "matching_weights", "ipw")
PAIRED = ("nearest", "optimal")
UNITS = {"sd": "standard deviations of", "sd_pooled": "pooled standard deviations of", "raw": "on"}
SCALES = {"logit": "the score's log odds", "probability": "the score itself", "given": "the score given"}
ORDERS = {
    "largest": "Those with the highest scores, who are the hardest to match, choose first.",
    "smallest": "Those with the lowest scores choose first.",
    "data": "They choose in the order of the file.",
    "random": "They choose in an order drawn at random, with the study's seed.",
    "closest": "The closest pair of all is made first, then the closest of what is left.",
}
CHECKED = {
    "radius": "Each person's weight was",
    "kernel": "Each person's weight was",
    "full": "Each set was",
    "subclass": "Each class was",
    "cem": "Each combination of bands was",
}
TIE_RULES = {
    "seeded": "lot (a seeded hash of each person's number), so never by the order of the file",
    "row": "file order",
    "all": "keeping everybody who is as near, each with an equal share",
}


def how(result: StudyResult) -> str:
    """Return in a paragraph how the primary comparison was made, with its options.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    str
    """
    if result.spec.time_varying:
        return f"Primary design: {MODELLED}."
    said = [f"Primary design: {method(result)}.", *_score(result), *_before(result), *_limits(result)]
    said += _counting(result)
    return words.in_units(result, " ".join(said))


def checked(result: StudyResult) -> str:
    """Return in a paragraph that the pairs or sets were checked, and what ties and the order of choosing did.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    str
        Counts as released; empty for a design without pairs, sets or classes.
    """
    return "" if result.spec.time_varying else words.in_units(result, " ".join((*_proved(result), *_chance(result))))


def method(result: StudyResult) -> str:
    """Return what the primary design does with people; where columns decide who is nearest, which."""
    made = result.design
    columns = [words.covariate(result, name) for name in made.options.get("mahalanobis", ())]
    told = METHODS[made.method]
    if not columns:
        return told
    kind = "rank-based Mahalanobis" if made.options.get("mahalanobis_ranks") else "Mahalanobis"
    together = f"by {and_join(columns)}{' taken together' if len(columns) > 1 else ''} ({kind} distance)"
    return told.replace("on the propensity score", together) if made.method == "nearest" else f"{told} {together}"


def _score(result: StudyResult) -> Iterator[str]:
    made, spec = result.design, result.spec.design
    if made.propensity is None or made.method not in BY_SCORE:
        return
    if spec.learner in FITTED_ONCE:
        told = f"{SCORE}; it was worked out by {LEARNERS[spec.learner].partition(' by ')[0]} without a penalty"
    else:
        model = LEARNERS[spec.learner].partition(", cross-fitted")[0]
        told = f"{SCORE}; it was worked out by {model}, so that nobody's score comes from a model that saw that person"
    if spec.formula:
        told += f", with the terms {spec.formula}"
    if spec.references:
        levels = "; ".join(f"{words.covariate(result, name)}: {level}" for name, level in spec.references.items())
        told += f" (levels that others are set against: {levels})"
    yield f"{told}."


def _before(result: StudyResult) -> Iterator[str]:
    rule = result.design.options.get("trim", "none")
    if rule != "none":
        yield f"First, people were left out by a rule laid down beforehand: {TRIMMING[rule]}."


def caliper(design: Design) -> str:
    """Return the caliper with its unit and scale, in words; empty without one."""
    options = design.options
    if options.get("caliper") is None or options.get("caliper_width") is None:
        return ""
    size, scale = format_number(options["caliper"], 2).rstrip("0").rstrip("."), SCALES[options["scale"]]
    return f"{size} {UNITS[options['caliper_unit']]} {scale}"


def _limits(result: StudyResult) -> Iterator[str]:
    """What two people had to have in common to be compared."""
    options, kind = result.design.options, result.design.method
    width = caliper(result.design)
    if kind in ("radius", "kernel"):
        yield f"The distance is {width}."
    elif kind in (*PAIRED, "full"):
        yield (
            f"Nobody is joined to a person whose score is further away than {width} (the caliper)."
            if width
            else "There is no limit (caliper) on how far apart two scores may be."
        )
    if options.get("exact"):
        names = and_join([words.covariate(result, name) for name in options["exact"]])
        yield f"Only people with the same {names} are compared."
    if options.get("anti_exact"):
        names = and_join([words.covariate(result, name) for name in options["anti_exact"]])
        yield f"Two people are paired only if they differ on {names}."
    for name, most in options.get("covariate_calipers", {}).items():
        yield f"{words.covariate(result, name)} may differ by {most:g} at most."
    yield from _classes(result)


def _classes(result: StudyResult) -> Iterator[str]:
    options, kind = result.design.options, result.design.method
    if kind == "subclass":
        yield f"There are {options['n_classes']} classes with about as many treated people in each."
    if kind != "cem":
        return
    own = options.get("cutpoints", {})
    cut = "; ".join(
        f"{words.covariate(result, name)}: "
        + (f"{at} bands" if isinstance(at, int) else f"cut at {', '.join(f'{value:g}' for value in at)}")
        for name, at in own.items()
    )
    told = "Numbers are put into bands of equal width"
    yield f"{told}, but for those the study file cuts ({cut})." if cut else f"{told}."


def _counting(result: StudyResult) -> Iterator[str]:
    """How often one person counts."""
    options, kind = result.design.options, result.design.method
    if kind in PAIRED:
        ratio = int(options.get("ratio", 1))
        if options.get("min_ratio"):
            yield (
                f"Each treated person gets {options['min_ratio']} to {options['max_ratio']} untreated people, {ratio} "
                "on average where there are enough: more where many untreated people have scores like theirs."
            )
        elif ratio > 1:
            yield f"Each treated person gets up to {ratio} untreated people."
        yield f"An untreated person can be used {'more than once' if options.get('replace') else 'once only'}."
    if kind == "nearest" and not options.get("replace"):
        yield ORDERS[options["order"]]
    if options.get("moments") == 2:
        yield "Their spreads (variances) are made equal too."
    if options.get("truncate") is not None:
        quantile = format_number(100 * options["truncate"], 1).removesuffix(".0")
        yield f"Weights above the {quantile}% quantile of a group are lowered to it."
    if options.get("sample_weights"):
        yield f"Everybody counts with a weight brought along ({words.covariate(result, options['sample_weights'])})."


def _proved(result: StudyResult) -> Iterator[str]:
    kind = result.design.method
    if kind in PAIRED or kind in CHECKED:
        start = CHECKED.get(kind, "Each pair was")
        yield f"{start} checked again, once made, against every rule it was given; a single breach would be an error."


def _chance(result: StudyResult) -> Iterator[str]:
    """What ties and the order of choosing did."""
    options, matches = result.design.options, len(result.design.pairs())
    if options.get("n_tied_choices") is not None and matches:
        yield ties(result, int(options["n_tied_choices"]), matches)
    gap = options.get("optimality_gap")
    if gap is not None:
        least = format_percent(gap, 1) if gap >= 0.0005 else "hardly any"
        yield f"Paired one after another instead, the pairs would have been {least} further apart in all."


def ties(result: StudyResult, tied: int, choices: int) -> str:
    """Return the sentence on how many choices a tie decided, and by what rule.

    Parameters
    ----------
    result
        For its disclosure rule, and the rule of its design on ties.
    tied, choices
        Decided by a tie, and made.

    Returns
    -------
    str
        A whole percentage, or a bound where so few may not be counted.
    """
    how_settled = TIE_RULES[result.design.options["ties"]]
    if result.rule.protects and is_small(min(tied, choices - tied), result.rule):
        few = f"Fewer than {result.rule.threshold} of the choices, or none,"
        most = f"All of the choices, or all but fewer than {result.rule.threshold},"
        told = few if tied <= choices - tied else most
    elif not tied:
        return "No choice was decided by a tie (two people equally near)."
    else:
        told = f"{format_percent(tied / choices, 0 if tied >= 0.01 * choices else 1)} of the choices"
    return f"{told} were between people equally near; such ties are settled by {how_settled}."


def of_terms(result: StudyResult, term: Any) -> str:
    """Return the words for a covariate term, a square or a product of two, in the study's own labels."""
    name = str(term)
    if " × " in name:
        return " × ".join(of_terms(result, part) for part in name.split(" × "))
    return f"{of_terms(result, name[:-1])} squared" if name.endswith("²") else words.covariate(result, name)
