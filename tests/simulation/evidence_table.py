"""The reader's tables of the figures in docs/evidence/README.md, written from the JSON between two markers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WAYS = ("naive", "cut_50", "cut_90", "cut_99", "uninformed", "without_covariates", "informed")
SETTINGS = {
    "treatment_link": "treatment link, 30% treated",
    "treatment_link_heaped_births": "the same, 3% on one default date of birth",
    "treatment_link_half_treated": "half treated, default dates",
    "treatment_link_few_treated": "8% treated, default dates",
    "treatment_link_no_effect": "no effect, default dates",
    "outcome_link": "outcome link",
}
MONEY_QUESTIONS = {"alike": "all groups alike", "by_group": "some groups"}
MONEY_PROCESSES = {
    "null": "does nothing",
    "beneficial_strong_confounding": "fewer offences, strong confounding",
    "few_treated": "fewer offences, few treated",
    "poor_overlap": "fewer offences, little overlap (not judged)",
}
WORLDS = {
    "null": "no effect, everybody alike",
    "null_prone_and_unprone": "no effect, some far more prone to offend",
    "null_custody_death_confounding": "no effect, a known common cause, custody, deaths",
    "beneficial_custody_death_confounding": "rate 30% lower once treated, the same",
}
EFFECT_PROCESSES = {
    "null": "no effect",
    "beneficial_strong_confounding": "odds of reoffending cut by 40%, strong confounding",
    "few_treated": "odds of reoffending cut by 40%, 9% treated",
}
SURVIVAL_PROCESSES = {
    "null": "no effect",
    "beneficial_strong_confounding": "everybody's rate cut by 39%, strong confounding",
    "few_treated": "everybody's rate cut by 39%, 9% treated",
}
SURVIVAL_QUESTIONS = {
    "pairs": "hazard ratio (log)",
    "repeated": "ratio of rates of all reoffences (log)",
    "days": "days free of reoffending within 300",
}
KINDS = {"clean": "clean", "heaped dates of birth": "about 3% of people on one default date of birth"}


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def linkage_table(claim: dict[str, Any]) -> str:
    """The text between the markers."""
    lines = [
        "## Linkage: how often are the links right?",
        "",
        "Figures: [linkage_accuracy.json](linkage_accuracy.json). F1 is the harmonic mean of precision (of the links",
        "made, how many are right) and recall (of the true links, how many are found); all links are one to one.",
        "Public files, cut 0.5 fixed in advance, plain Splink with the same fields in the same run:",
        "",
        _row("Public file and fields", "dipeval precision", "recall", "F1", "plain Splink F1", "floor", "holds"),
        _row(*["---"] * 7),
    ]
    for found in claim["public_files"]:
        ours = found["dipeval"]
        figures = [f"{ours[name]:.4f}" for name in ("precision", "recall", "f1")]
        holds = "no" if found["faults"] else "yes"
        peer = f"{found['plain_splink']['f1']:.4f}"
        lines.append(_row(found["file"], *figures, peer, f"{found['floor']:g}", holds))
    lines += [
        "",
        "Invented files of 20,000 people each, 12,000 in common, initials only, at every cut from 0.3 to 0.9. The rule",
        "in common use links exact initials, date of birth and sex where that key is unique on both sides:",
        "",
        _row("Invented file", "seed", "lowest F1", "highest F1", "rule in common use F1", "holds"),
        _row(*["---"] * 6),
    ]
    for found in [*claim["invented_files"], *claim["reported_beside"]]:
        f1 = [row["f1"] for row in found["cuts"]]
        holds = "no floor" if "faults" not in found else "no" if found["faults"] else "yes"
        kind = KINDS.get(found["file"], f"{found['file']}: three or four fields wrong at once")
        key = f"{found['unique_key']['f1']:.4f}"
        lines.append(_row(kind, found["seed"], f"{min(f1):.4f}", f"{max(f1):.4f}", key, holds))
    return "\n".join(lines)


def propagation_table(claim: dict[str, Any]) -> str:
    """The text between the markers on linkage error in the effect."""
    lines = [
        "## Linkage error: is the effect recovered?",
        "",
        "Figures: [linkage_propagation.json](linkage_propagation.json). Simulated cohorts of 10,000 people, linked by",
        "initials; treatment depends on what drives reoffending. By how much of the effect (0.12) the estimate falls",
        "short of the one from the true status of the same cohorts (in parts of 0.12 where there is none): for the",
        "naive difference, links cut at 0.5, 0.9 and 0.99, links drawn without the outcome, with it but without the",
        "covariates, and with both (`dip.propagate_linkage`). Then how often the 95% interval of the latter covers the",
        "true effect, beside the interval from the true status.",
        "",
        _row("Setting", "cohorts", "naive", "0.5", "0.9", "0.99", "no outcome", "no covariates", "both", "covers",
             "true status covers"),
        _row(*["---"] * 11),
    ]  # fmt: skip
    for found in claim["results"]:
        short = [f"{found[f'{way}_short_by']:.1%}" for way in WAYS]
        cover = [f"{found[name]:.1%}" for name in ("informed_covers", "true_status_covers")]
        lines.append(_row(SETTINGS[found["process"]], found["seeds"].rpartition("-")[2], *short, *cover))
    return "\n".join(lines)


def immortal_table(claim: dict[str, Any]) -> str:
    """The text between the markers on immortal time."""
    lines = [
        "## Immortal time: is treatment credited with days that nobody could have reoffended in?",
        "",
        "Figures: [immortal_time.json](immortal_time.json). Invented cohorts of 3,000 people in which treatment starts",
        "only while unarrested, and half start within the year. Hazard ratio of the first reoffence (mean over the",
        "cohorts), and how often its 95% interval covers the true one: with treatment from the day it starts",
        "(`dip.episodes`, `dip.time_varying_effect`), from a landmark of 42 days among those not yet arrested, and by",
        "the ever-treated label. Where treatment works, those who start after the landmark dilute what it compares, so",
        "that it is not judged by the ratio from the day of the start.",
        "",
        _row("World", "cohorts", "true ratio", "dated", "covers", "landmark", "covers", "ever treated", "covers"),
        _row(*["---"] * 9),
    ]
    for found in claim["results"]:
        cells = [found["seeds"].rpartition("-")[2], f"{found['true_hazard_ratio']:.2f}"]
        for way in ("time_varying", "landmark", "ever_treated"):
            cells += [f"{found[way]['mean_hazard_ratio']:.3f}", f"{found[way]['coverage']:.1%}"]
        lines.append(_row(WORLDS[found["process"]], *cells))
    return "\n".join(lines)


def estimators_table(claim: dict[str, Any]) -> str:
    """The text between the markers on the intervals of the estimators."""
    lines = [
        "## Estimators: does the interval cover the effect on the treated?",
        "",
        "Figures: [coverage_of_estimators.json](coverage_of_estimators.json). 1,500 invented people a time, five facts",
        "behind both treatment and reoffending; difference in shares. The first four ways are judged by the rule, the",
        "others are reported beside them. Spread is the standard deviation of the estimates, error the mean standard",
        "error: an interval is honest where the two agree.",
        "",
        _row("Process", "way", "bias", "spread", "error", "covers", "a third of it covers", "rejects a true null"),
        _row(*["---"] * 8),
    ]  # fmt: skip
    for found in claim["results"]:
        lines += _ways(found, EFFECT_PROCESSES[found["process"]])
    return "\n".join(lines)


def _ways(found: dict[str, Any], name: str) -> list[str]:
    lines = []
    for place, (way, figures) in enumerate(found["ways"].items()):
        numbers = [f"{figures[name]:.4f}" for name in ("bias", "spread_of_the_estimates", "mean_std_error")]
        shares = [f"{figures[name]:.1%}" for name in ("coverage", "third_error_coverage")]
        rejects = f"{figures['rejects_the_true_null']:.1%}" if "rejects_the_true_null" in figures else ""
        lines.append(_row(name if place == 0 else "", way, *numbers, *shares, rejects))
    return lines


def survival_table(claim: dict[str, Any]) -> str:
    """The text between the markers on the intervals of figures on times."""
    lines = [
        "## Times: does the interval cover the true ratio, and the true number of days?",
        "",
        "Figures: [coverage_of_survival.json](coverage_of_survival.json). Invented people in whole days, five facts",
        "behind treatment and reoffending. The truth of the pairs is the *marginal* hazard ratio of their own treated",
        "people, worked out from their chances (a hazard ratio of a group is not that of each person in it); of all",
        "reoffences the ratio of the rates, some people being far more prone by a factor no model is told of; of days",
        "the mean gain in closed form; 1,500 people a time. Judged by the rule: pairs, days by weights, and",
        "Andersen-Gill clustered by person with `small_sample=True` (limits of Student's t: further than 1.96 errors).",
        "Must fail: naive, a third of the error, and the plain Andersen-Gill error (`robust=False`). Beside them, not",
        "judged: Andersen-Gill clustered by person without the correction, too narrow where few are treated and offend",
        "at very different rates.",
        "",
        _row("Figure and process", "way", "bias", "spread", "error", "covers", "a third of it covers",
             "rejects a true null"),
        _row(*["---"] * 8),
    ]  # fmt: skip
    for found in claim["results"]:
        times = f"{int(found['seeds'].rpartition('-')[2]):,} times"
        name = f"{SURVIVAL_QUESTIONS[found['question']]}: {SURVIVAL_PROCESSES[found['process']]}; {times}"
        lines += _ways(found, name)
    lines += [
        "",
        "Not judged: the same with more people, where the correction no longer matters and the plain error fails as",
        "before.",
        "",
        _row("People, process", "bias", "spread", "error", "covers", "corrected error", "covers", "plain covers"),
        _row(*["---"] * 8),
    ]
    for found in claim["reported_beside"]:
        names = ("andersen_gill", "andersen_gill, small_sample", "plain")
        ours, corrected, plain = (found["ways"][name] for name in names)
        numbers = [f"{ours[name]:.4f}" for name in ("bias", "spread_of_the_estimates", "mean_std_error")]
        numbers += [f"{ours['coverage']:.1%}", f"{corrected['mean_std_error']:.4f}", f"{corrected['coverage']:.1%}"]
        times = f"{int(found['seeds'].rpartition('-')[2]):,} times"
        name = f"{found['people']:,}, {SURVIVAL_PROCESSES[found['process']]}; {times}"
        lines.append(_row(name, *numbers, f"{plain['coverage']:.1%}"))
    return "\n".join(lines)


def money_table(claim: dict[str, Any]) -> str:
    """The text between the markers on the net benefit."""
    lines = [
        "## Money: does the interval cover the true net benefit, and is a null effect sold?",
        "",
        "Figures: [coverage_of_net_benefit.json](coverage_of_net_benefit.json). 3,000 invented people a time, a few of",
        "whom commit many offences of six groups, from nothing to thousands of pounds each; entropy balancing; pounds",
        "per treated person. The kinds of offence averted are those of the comparison people where treatment acts on",
        "all alike, and are estimated group by group (`dip.offences_averted`) where it acts on some. Must fail: naive,",
        "a third of the width, and the interval that takes the effect as known. Beside them, not judged: the way of",
        "the other question, and people so unlike that a few carry most of the weight.",
        "",
        _row("Treatment acts on, process", "true net", "bias", "covers", "naive", "a third", "effect known",
             "other way"),
        _row(*["---"] * 8),
    ]  # fmt: skip
    for found in [*claim["results"], *claim["reported_beside"]]:
        times = f"{int(found['seeds'].rpartition('-')[2]):,} times"
        name = f"{MONEY_QUESTIONS[found['question']]}: {MONEY_PROCESSES[found['process']]}; {times}"
        pounds = [f"{found[name]:,.0f}" for name in ("mean_true_net_benefit_each", "bias")]
        names = ("coverage", "naive_coverage", "third_width_coverage", "effect_taken_as_known_coverage",
                 "coverage_by_the_other_way")  # fmt: skip
        lines.append(_row(name, *pounds, *(f"{found[name]:.1%}" if name in found else "" for name in names)))
    lines += [
        "",
        "Where treatment does nothing: the mean probability of a net benefit that is reported, what chance and cost",
        "imply (Monte Carlo error of the difference), and how many headlines say that the value exceeds the cost.",
        "",
        _row("Offences averted are", "reported", "implied", "headlines", "at most"),
        _row(*["---"] * 5),
    ]
    for found in claim["results"]:
        if "probability_apart" not in found:
            continue
        error = f"{found['probability_apart_monte_carlo_error']:.1%}"
        implied = f"{found['probability_that_chance_and_cost_imply']:.1%} ({error})"
        shown = [f"{found[name]:.1%}" for name in ("headline_claims_value_above_cost", "most_headlines_allowed")]
        name = {"alike": "of the comparison people's kinds", "by_group": "estimated by group"}[found["question"]]
        lines.append(_row(name, f"{found['mean_probability_of_net_benefit']:.1%}", implied, *shown))
    return "\n".join(lines)


TABLES = {
    "linkage accuracy": linkage_table,
    "linkage propagation": propagation_table,
    "immortal time": immortal_table,
    "coverage of estimators": estimators_table,
    "coverage of survival": survival_table,
    "coverage of net benefit": money_table,
}


def write_table(readme: Path, claim: dict[str, Any], name: str = "linkage accuracy") -> None:
    """Renew the table in place, or add it at the end."""
    start, end = f"<!-- {name}: written by make prove -->", f"<!-- end of {name} -->"
    text = readme.read_text(encoding="utf-8")
    before, found, rest = text.partition(start)
    after = rest.partition(end)[2] if found else "\n"
    body = f"{start}\n{TABLES[name](claim)}\n{end}"
    readme.write_text(before.rstrip("\n") + "\n\n" + body + after, encoding="utf-8")
