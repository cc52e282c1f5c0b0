"""Where a quarterly result came from: study file, inputs, how it was counted, versions. No clock time stands in it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

from dipeval.study.provenance import shown_count, versions

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult


def provenance(result: QuarterlyResult) -> dict[str, Any]:
    """Return the record of a run, ready to be written as JSON.

    Parameters
    ----------
    result
        Of the run, or the view of a district.

    Returns
    -------
    dict
        study, inputs, linkage, counting (every option of the rule), told (periods, districts, indicators), not_told,
        versions, seed, disclosure.
    """
    from dipeval.study.quarterly.counting import counting_rule

    spec, rule = result.spec, result.rule
    counting = dataclasses.asdict(counting_rule(spec.indicators))
    counting = {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in counting.items()}
    return {
        "study": {
            "kind": spec.kind,
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
        "linkage": _linkage(result),
        "counting": counting,
        "told": {
            "district": result.district,
            "extract_date": result.extract_date.isoformat(),
            "period": result.period,
            "periods": list(result.periods),
            "districts": list(result.districts),
            "indicators": list(result.indicators.names),
        },
        "not_told": dict(result.not_told),
        "versions": versions(),
        "seed": spec.seed,
        "disclosure": {"profile": rule.profile, "data_status": rule.data_status, "in_words": rule.in_words()},
    }


def _linkage(result: QuarterlyResult) -> dict[str, Any]:
    if result.spec.simulated:
        return {"rule": "every link is known: the records are simulated"}
    linkage = result.linkage
    # Rounded: the last bits of what is learnt differ between machines.
    learnt = "".join(model.weights_frame().round(6).to_csv(lineterminator="\n") for model in linkage.models)
    return {
        "rule": linkage.rule.to_dict(),
        "models_sha256": hashlib.sha256(learnt.encode()).hexdigest() if linkage.models else None,
        "key_fingerprints": sorted({item.key_fingerprint for item in result.files if item.key_fingerprint}),
    }
