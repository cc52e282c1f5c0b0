"""Methods with their sources, and what was run on what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import release
from dipeval.report.blocks import Block, Points, Section, Table, Text
from dipeval.report.how_beside import beside
from dipeval.report.how_times import of_times

if TYPE_CHECKING:
    from dipeval.study import StudyResult

_LINKAGE = (
    "Record linkage: Fellegi and Sunter (1969), Journal of the American Statistical Association 64, "
    "1183-1210; Splink 5."
)
_EXACT_LINKAGE = "Record linkage: exact agreement on initials or names, date of birth and sex; keys that are unique."
_LINKAGE_ERROR = (
    "Linkage error in the estimate: Goldstein, Harron and Wade (2012), Statistics in Medicine 31, 3481-3493; Gutman, "
    "Afendulis and Zaslavsky (2013), Journal of the American Statistical Association 108, 34-47; pooled by Rubin's "
    "rules (1987) with the degrees of freedom of Barnard and Rubin (1999), Biometrika 86, 948-955."
)
_TIME_VARYING = (
    "Treatment that starts later: Cox model on start-stop rows with treatment as a time-varying covariate; errors by "
    "person after Lin and Wei (1989), Journal of the American Statistical Association 84, 1074-1078."
)
_LANDMARK = (
    "Landmark, against immortal time: Anderson, Cain and Gelber (1983), Journal of Clinical Oncology 1, 710-719."
)
_REOFFENDING = (
    "Proven reoffending: an offence in the follow-up that leads to a caution or conviction within it or in the waiting "
    "period after it (Ministry of Justice, proven reoffending statistics)."
)
_DESIGNS = {
    "nearest": "Propensity score matching: Rosenbaum and Rubin (1983), Biometrika 70, 41-55; caliper: Austin (2011), "
    "Pharmaceutical Statistics 10, 150-161; pair-clustered errors: Abadie and Spiess (2022).",
    "optimal": "Optimal pairs: Rosenbaum (1989), Journal of the American Statistical Association 84, 1024-1032.",
    "radius": "Radius matching: Dehejia and Wahba (2002), Review of Economics and Statistics 84, 151-161.",
    "kernel": "Kernel matching: Heckman, Ichimura and Todd (1997), Review of Economic Studies 64, 605-654.",
    "full": "Full matching: Hansen (2004), Journal of the American Statistical Association 99, 609-618.",
    "subclass": "Subclassification: Rosenbaum and Rubin (1984), Journal of the American Statistical Association 79, "
    "516-524.",
    "cem": "Coarsened exact matching: Iacus, King and Porro (2012), Political Analysis 20, 1-24.",
    "matching_weights": "Matching weights: Li and Greene (2013), International Journal of Biostatistics 9, 215-234.",
    "overlap": "Overlap weights: Li, Morgan and Zaslavsky (2018), Journal of the American Statistical Association 113, "
    "390-400.",
    "entropy": "Entropy balancing: Hainmueller (2012), Political Analysis 20, 25-46.",
    "ipw": "Inverse probability weighting: Robins, Hernan and Brumback (2000), Epidemiology 11, 550-560.",
    "none": "No adjustment.",
}
# option of a design -> the paper behind it, where one asks for it
_OPTIONS = {
    "mahalanobis_ranks": "Rank-based distance: Rosenbaum (2010), Design of Observational Studies, section 8.3.",
    "min_ratio": "Variable ratio: Ming and Rosenbaum (2000), Biometrics 56, 118-124.",
}
_LEARNERS = {
    "probit": "Probit scores: Bliss (1934), Science 79, 38-39.",
    "ridge": "Penalised scores: Hoerl and Kennard (1970), Technometrics 12, 55-67.",
    "lasso": "Penalised scores: Tibshirani (1996), Journal of the Royal Statistical Society B 58, 267-288.",
    "forest": "Scores by random forest: Breiman (2001), Machine Learning 45, 5-32.",
    "boosting": "Scores by boosted trees: Friedman (2001), Annals of Statistics 29, 1189-1232.",
}
_BALANCE = (
    "Balance: Austin (2009), Statistics in Medicine 28, 3083-3107; effective number: Kish (1965), Survey Sampling; "
    "preference score and equipoise: Walker and others (2013), Comparative Effectiveness Research 3, 11-20."
)
_POWER = (
    "Smallest effect found: Cohen (1988), Statistical Power Analysis for the Behavioral Sciences; of a hazard ratio: "
    "Schoenfeld (1983), Biometrics 39, 499-503."
)
_E_VALUE = "Hidden bias: E-value, VanderWeele and Ding (2017), Annals of Internal Medicine 167, 268-274."
_SHARES = "Intervals of shares: Wilson (1927), Journal of the American Statistical Association 22, 209-212."
_COSTS = (
    "Unit costs: Home Office, Economic and social costs of crime, as listed with its status in the unit-cost table."
)
_DRAWS = (
    "Money: HM Treasury, Green Book (2026); distributions of uncertain inputs: Briggs, Claxton and Sculpher (2006), "
    "Decision Modelling for Health Economic Evaluation; draws by Latin hypercube: McKay, Beckman and Conover (1979), "
    "Technometrics 21, 239-245."
)
_ACCEPTABILITY = (
    "What an offence averted would have to be worth: acceptability curves, van Hout, Al, Gordon and Rutten (1994), "
    "Health Economics 3, 309-319; Fenwick, O'Brien and Briggs (2004), Health Economics 13, 405-415. What it would be "
    "worth to know more: Claxton (1999), Journal of Health Economics 18, 341-364."
)


def methods(result: StudyResult) -> Section:
    """Return the methods with their sources.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    used = dict.fromkeys([result.design.method, *(item.design.method for item in result.sensitivity)])
    linkage = _EXACT_LINKAGE if result.spec.linkage.profile == "deterministic" else _LINKAGE
    items = [linkage] if result.spec.from_extracts else []
    items += [_REOFFENDING] if result.spec.from_extracts and result.spec.follow_up.basis == "proven" else []
    items += [_LANDMARK] if result.cohort is not None and result.cohort.rule.landmark_days else []
    items += [_TIME_VARYING] if result.time_varying is not None else [_DESIGNS[name] for name in used]
    items += [words for option, words in _OPTIONS.items() if result.time_varying is None and _asked(result, option)]
    items += _design_stage(result)
    items += of_times(result)
    items += [_LINKAGE_ERROR] if result.linkage_error else []
    items += beside(result)
    items += [_E_VALUE] if result.effects else []
    items += [_COSTS, _DRAWS] if result.roi is not None else []
    items += [_ACCEPTABILITY] if result.money is not None and result.money.acceptability is not None else []
    items += [_SHARES] if any((result.pathway, result.seen, result.testing, result.discharges)) else []
    source = result.spec.data.citation
    blocks: list[Block] = [Points(items=tuple(items))]
    if source:
        blocks.append(Text(paragraphs=(f"Data: {source}.",)))
    return Section(title="How was it done?", anchor="methods", blocks=tuple(blocks))


def _asked(result: StudyResult, option: str) -> bool:
    """Whether the primary design, or one beside it, asks for an option."""
    designs = [result.design, *(item.design for item in result.sensitivity)]
    return any(design.options.get(option) for design in designs)


def _design_stage(result: StudyResult) -> list[str]:
    """What the scores, the balance and the smallest effect are taken from; a model has none of them."""
    if result.spec.time_varying:
        return []
    learners = dict.fromkeys([result.spec.design.learner, *(item.learner for item in result.spec.sensitivity)])
    return [*(_LEARNERS[name] for name in learners if name in _LEARNERS), _BALANCE, _POWER]


def provenance(result: StudyResult) -> Section:
    """Return what was run on what: files, versions, seed.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    known = result.provenance()
    rows = [("Study file (SHA-256)", str(known["study"]["sha256"])), ("Seed", str(known["seed"]))]
    rows += [(name, str(version)) for name, version in known["versions"].items()]
    table = release(
        pd.DataFrame(rows, columns=["what", "value"]),
        rule=result.rule,
        caption="What was run",
        labels={"what": "What", "value": "Value"},
        notes=("Hashes of the input files and row counts are in run.json.",),
    )
    return Section(title="Where do these figures come from?", anchor="provenance", blocks=(Table(released=table),))
