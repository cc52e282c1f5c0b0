"""`make prove`: every simulation claim in full; figures, sizes, seeds and versions go to docs/evidence/.

python -m tests.simulation.prove [claim ...] renews the claims named only.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.simulation import (
    effect_claims,
    immortal_claims,
    linkage_claims,
    money_claims,
    propagation_claims,
    survival_claims,
)
from tests.simulation.claims import NOMINAL, PROCESSES, faults, figures, many_runs
from tests.simulation.evidence_table import write_table

SEEDS, PEOPLE = 100, 5_000
LINKAGE_SEEDS = (1, 2, 3)
EVIDENCE = Path(__file__).resolve().parents[2] / "docs" / "evidence"
VERSIONS = ("dipeval", "numpy", "scipy", "splink", "duckdb")


def _keep(name: str, claim: dict[str, Any], packages: tuple[str, ...] = VERSIONS) -> None:
    about = {"versions": {package: version(package) for package in packages}, "python": platform.python_version()}
    EVIDENCE.mkdir(parents=True, exist_ok=True)
    (EVIDENCE / f"{name}.json").write_text(json.dumps(claim | about, indent=2) + "\n", encoding="utf-8")


def coverage_risk_difference() -> bool:
    """Run the simulated studies and write them; whether the claim holds."""
    workers = os.cpu_count() or 1
    results = []
    for process in PROCESSES:
        print(f"{process}: {SEEDS} simulated studies of {PEOPLE} people ...", flush=True)
        found = figures(process, many_runs(process, SEEDS, PEOPLE, workers), PEOPLE)
        results.append(found | {"faults": faults(found, SEEDS)})
        print(json.dumps(results[-1], indent=2), flush=True)
    claim = {
        "claim": "The 95% interval of the risk difference covers the true effect among the analysed treated",
        "rule": "lowest_allowed <= coverage <= highest_allowed; the twins (naive, a third of the error) must not cover",
        "nominal": NOMINAL,
        "people": PEOPLE,
        "results": results,
    }
    _keep("coverage_risk_difference", claim)
    return not any(found["faults"] for found in results)


def linkage_accuracy() -> bool:
    """Link the public and the invented files and write the figures; whether every floor is met."""
    peers = [linkage_claims.peer_figures(peer) for peer in linkage_claims.PEERS]
    peers = [found | {"faults": linkage_claims.peer_faults(found)} for found in peers]
    print(json.dumps(peers, indent=2), flush=True)
    files: list[dict[str, Any]] = [{"heaped": False}, {"heaped": True}]
    cuts = [linkage_claims.cut_figures(seed=seed, **file) for file in files for seed in LINKAGE_SEEDS]
    cuts = [found | {"faults": linkage_claims.cut_faults(found)} for found in cuts]
    beside = [linkage_claims.cut_figures(seed=seed, aliases=linkage_claims.ALIASES) for seed in LINKAGE_SEEDS]
    print(json.dumps(cuts + beside, indent=2), flush=True)
    claim = {
        "claim": "dip.link is not below plain Splink on public files, and above the unique-key rule at every cut",
        "rule": (
            f"public files, cut {linkage_claims.CUT} fixed in advance: F1 >= floor and >= plain Splink's; "
            f"invented files: F1 >= {linkage_claims.FLOOR_AT_EVERY_CUT} and >= {linkage_claims.ABOVE_UNIQUE_KEY} above "
            "the unique-key rule at every cut; alias users are reported without a threshold"
        ),
        "public_files": peers,
        "invented_files": cuts,
        "reported_beside": beside,
    }
    _keep("linkage_accuracy", claim, (*VERSIONS, "recordlinkage"))
    write_table(EVIDENCE / "README.md", claim)
    return not any(found["faults"] for found in peers + cuts)


def linkage_propagation() -> bool:
    """Carry linkage error into the effect in simulated cohorts and write them; whether the claim holds."""
    results = []
    for process in propagation_claims.PROCESSES:
        seeds = propagation_claims.SEEDS[process]
        print(f"{process}: {seeds} simulated cohorts of {propagation_claims.PEOPLE} people ...", flush=True)
        runs = propagation_claims.many_runs(process, seeds, os.cpu_count() or 1)
        found = propagation_claims.figures(process, runs)
        results.append(found | {"faults": propagation_claims.faults(found, seeds)})
        print(json.dumps(results[-1], indent=2), flush=True)
    claim = {
        "claim": "Drawing the links with outcome and covariates recovers the effect that wrong and missed links dilute",
        "rule": (
            f"bias against the true status of the same cohorts at most {propagation_claims.LARGEST_BIAS:.0%} of the "
            "effect; lowest_allowed <= coverage <= highest_allowed; the naive difference and the uninformed draws must "
            "be worse, a third of the error must not cover"
        ),
        "nominal": NOMINAL,
        "results": results,
    }
    _keep("linkage_propagation", claim)
    write_table(EVIDENCE / "README.md", claim, "linkage propagation")
    return not any(found["faults"] for found in results)


def immortal_time() -> bool:
    """Analyse invented people whose treatment starts only while unarrested; whether the claim holds."""
    results = []
    for process in immortal_claims.PROCESSES:
        seeds, people = immortal_claims.SEEDS, immortal_claims.PEOPLE
        print(f"{process}: {seeds} invented worlds of {people} people ...", flush=True)
        found = immortal_claims.figures(process, immortal_claims.many_runs(process, seeds, workers=os.cpu_count() or 1))
        results.append(found | {"faults": immortal_claims.faults(found, seeds)})
        print(json.dumps(results[-1], indent=2), flush=True)
    claim = {
        "claim": "Treatment that starts only while unarrested shows no benefit it has not, dated or from a landmark",
        "rule": (
            "lowest_allowed <= coverage <= highest_allowed with treatment dated and, without an effect, from the "
            f"landmark of {immortal_claims.LANDMARK} days; the ever-treated label must show a false benefit, a third "
            "of the error must not cover"
        ),
        "nominal": NOMINAL,
        "results": results,
    }
    _keep("immortal_time", claim)
    write_table(EVIDENCE / "README.md", claim, "immortal time")
    return not any(found["faults"] for found in results)


def coverage_of_estimators() -> bool:
    """Estimate the effect on the treated in several ways on invented people; whether every interval covers it."""
    results = []
    ways = (*effect_claims.WAYS, *effect_claims.BESIDE)
    for process in effect_claims.PROCESSES:
        print(f"{process}: {effect_claims.SEEDS} times {effect_claims.PEOPLE} invented people ...", flush=True)
        runs = effect_claims.many_runs(process, effect_claims.SEEDS, ways, os.cpu_count() or 1)
        found = effect_claims.figures(process, runs)
        results.append(found | {"faults": effect_claims.faults(found, effect_claims.SEEDS)})
        print(json.dumps(results[-1], indent=2), flush=True)
    claim = {
        "claim": "The 95% interval of pairs, radius, entropy balancing and AIPW covers the true effect on the treated",
        "rule": (
            "lowest_allowed <= coverage <= highest_allowed for each of the four, and a true null is rejected at most "
            "as often as that allows; the twins (naive, a third of the error) must not cover; the other ways are "
            "reported beside them"
        ),
        "nominal": NOMINAL,
        "results": results,
    }
    _keep("coverage_of_estimators", claim, ("dipeval", "numpy", "scipy"))
    write_table(EVIDENCE / "README.md", claim, "coverage of estimators")
    return not any(found["faults"] for found in results)


def _survival_figures(question: str, process: str, people: int, seeds: int) -> dict[str, Any]:
    print(f"{question}, {process}: {seeds} times {people} invented people ...", flush=True)
    workers = os.cpu_count() or 1
    runs = survival_claims.many_runs(question, process, seeds, people=people, beside=True, workers=workers)
    found = survival_claims.figures(question, process, runs, people)
    print(json.dumps(found, indent=2), flush=True)
    return found


def coverage_of_survival() -> bool:
    """Estimate hazard ratios, rate ratios and days gained on invented people; whether every interval covers them."""
    results, beside = [], []
    for question, asked in survival_claims.QUESTIONS.items():
        for process in survival_claims.PROCESSES:
            found = _survival_figures(question, process, asked.people, asked.seeds)
            results.append(found | {"faults": survival_claims.faults(found, asked.seeds)})
    for process in survival_claims.PROCESSES:
        beside.append(_survival_figures("repeated", process, survival_claims.MORE, survival_claims.MORE_SEEDS))
    claim = {
        "claim": "The 95% interval of a hazard ratio of pairs, of Andersen-Gill and of days gained covers the truth",
        "rule": (
            "lowest_allowed <= coverage <= highest_allowed for pairs, Andersen-Gill clustered by person and corrected "
            "for few clusters and the weighted difference in restricted means, and a true null is rejected at most as "
            "often as that allows; the twins (naive, a third of the error, plain Andersen-Gill) must not cover; other "
            "ways, Andersen-Gill without the correction and with more people among them, are reported beside them"
        ),
        "nominal": NOMINAL,
        "results": results,
        "reported_beside": beside,
    }
    _keep("coverage_of_survival", claim, ("dipeval", "numpy", "scipy"))
    write_table(EVIDENCE / "README.md", claim, "coverage of survival")
    return not any(found["faults"] for found in results)


def _money_figures(process: str, question: str, seeds: int) -> dict[str, Any]:
    print(f"{question}, {process}: {seeds} times {money_claims.PEOPLE} invented people ...", flush=True)
    runs = money_claims.many_runs(process, question, seeds, beside=True, workers=os.cpu_count() or 1)
    found = money_claims.figures(process, question, runs, beside=True)
    print(json.dumps(found, indent=2), flush=True)
    return found


def coverage_of_net_benefit() -> bool:
    """Turn effects on invented people into money; whether every interval covers the net benefit and none is sold."""
    results, beside = [], []
    for question in money_claims.QUESTIONS:
        for process in money_claims.PROCESSES:
            found = _money_figures(process, question, money_claims.SEEDS)
            results.append(found | {"faults": money_claims.faults(found, money_claims.SEEDS)})
        for process in money_claims.BESIDE:
            beside.append(_money_figures(process, question, money_claims.BESIDE_SEEDS))
    claim = {
        "claim": "The 95% interval of the net benefit covers the truth, and where treatment does nothing none is sold",
        "rule": (
            "lowest_allowed <= coverage <= highest_allowed; the twins (naive, a third of the width, the effect taken "
            "as known) must not cover; without an effect the mean probability of a net benefit is within 3 Monte Carlo "
            "errors of what chance and cost imply, and at most most_headlines_allowed of the headlines say that the "
            "value exceeds the cost; little overlap is reported beside without a threshold"
        ),
        "nominal": NOMINAL,
        "results": results,
        "reported_beside": beside,
    }
    _keep("coverage_of_net_benefit", claim, ("dipeval", "numpy", "scipy"))
    write_table(EVIDENCE / "README.md", claim, "coverage of net benefit")
    return not any(found["faults"] for found in results)


CLAIMS: dict[str, Callable[[], bool]] = {
    "coverage_risk_difference": coverage_risk_difference,
    "coverage_of_estimators": coverage_of_estimators,
    "coverage_of_survival": coverage_of_survival,
    "coverage_of_net_benefit": coverage_of_net_benefit,
    "linkage_accuracy": linkage_accuracy,
    "linkage_propagation": linkage_propagation,
    "immortal_time": immortal_time,
}


def main(names: list[str] | None = None) -> int:
    """Run the claims and write them; end with status 1 if one fails."""
    wanted = names or list(CLAIMS)
    unknown = [name for name in wanted if name not in CLAIMS]
    if unknown:
        print(f"There is no claim {', '.join(unknown)}; there are {', '.join(CLAIMS)}.")
        return 2
    held = [CLAIMS[name]() for name in wanted]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
