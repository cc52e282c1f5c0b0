"""Pydantic's findings in plain words: what was found, what is needed."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

from dipeval.study.spec import StudySpec

_NEEDED = {
    "string_type": "words in double quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false (no quotes)",
    "date_type": "a date such as 2021-04-01 (no quotes)",
    "list_type": "a list in square brackets",
    "dict_type": 'a table such as {name = "words"}',
    "model_type": "a section of its own",
    "model_attributes_type": "a section of its own",
}

# How `dipeval.extracts` tells a remedy (a Python argument), and which key of the study file it is.
_KEYS = {"files": "file", "columns": "columns", "codes": "codes", "encodings": "encoding", "header_rows": "header_row"}
_ARGUMENT = re.compile(rf"\b({'|'.join(_KEYS)})=(\{{(?:[^{{}}]|\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}})*\}})")

_BARE = re.compile(r"[a-z][a-z_]*")

# How `dipeval.matching` and `dipeval.effects` tell a remedy, and what it is in a study file.
_REMEDIES = {
    "replace=True": "replace = true",
    "learner=None": 'learner = "logit"',
    "use measure='mean_difference'": 'say kind = "count"',
    " (dip.weight)": ' (method = "entropy" or "ipw")',
    "treated by 'treated'": "treated by people.treated",
    "; None means no limit": "",
}
_OPTION = re.compile(r"\b([a-z_]+)=(?:'([a-z_]+)'|(?=[\s,.;)]))")


def in_words(item: Mapping[str, Any]) -> str:
    """Turn one pydantic error into what was found and what is needed.

    Parameters
    ----------
    item
        An entry of ``ValidationError.errors()``.

    Returns
    -------
    str
    """
    kind, context = item["type"], item.get("ctx", {})
    if kind == "missing":
        return "this is missing and is needed."
    if kind == "literal_error":
        return f"{_found(item)}; needed is one of {context['expected']}."
    if kind in _NEEDED:
        return f"{_found(item)}; needed is {_NEEDED[kind]}."
    limits = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}
    if kind in limits:
        phrase = kind.replace("_equal", " or equal").replace("_", " ")
        return f"{_found(item)}; needed is a number {phrase} {'to' if 'equal' in kind else ''} ".rstrip() + (
            f" {context[limits[kind]]:g}."
        )
    if kind in ("string_too_short", "too_short"):
        return "this is empty; say something here or leave the key out."
    if kind == "value_error":
        return f"{_found(item)}; {context['error']}."
    return f"{_found(item)}; {item['msg'][0].lower()}{item['msg'][1:]}."


def as_study_keys(sentence: str) -> str:
    """Rewrite the remedies of a fault in the extracts, which are Python arguments, as keys of the study file.

    Examples
    --------
    >>> as_study_keys("Say header_rows={'deaths': 3}, or delete the rows above.")
    'Say header_row = 3 under [data.tables.deaths], or delete the rows above.'
    >>> as_study_keys("Map theirs: codes={'deaths': {'sex': {'1': 'male'}}}.")
    'Map theirs: codes = { sex = { "1" = "male" } } under [data.tables.deaths].'
    """
    return _ARGUMENT.sub(_as_key, sentence)


def as_design_keys(sentence: str) -> str:
    """Rewrite the remedies of a design that cannot be made, which are Python arguments, as keys of the study file.

    Examples
    --------
    >>> as_design_keys("Lower the ratio, allow replace=True, or weight instead (dip.weight).")
    'Lower the ratio, allow replace = true, or weight instead (method = "entropy" or "ipw").'
    >>> as_design_keys("Nobody meets trim='crump': leave it out of mahalanobis=.")
    'Nobody meets trim = "crump": leave it out of mahalanobis.'
    """
    for python, key in _REMEDIES.items():
        sentence = sentence.replace(python, key)
    return _OPTION.sub(lambda found: f'{found[1]} = "{found[2]}"' if found[2] else found[1], sentence)


def _as_key(found: re.Match[str]) -> str:
    try:
        ((table, value),) = ast.literal_eval(found[2]).items()
    except (ValueError, SyntaxError):  # a heading with a quotation mark in it: better as it was
        return found[0]
    name, sheet = (value[0], f' and sheet = "{value[1]}"') if isinstance(value, tuple) else (value, "")
    return f"{_KEYS[found[1]]} = {_as_toml(name)}{sheet} under [data.tables.{table}]"


def _as_toml(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{key if _BARE.fullmatch(key) else _as_toml(key)} = {_as_toml(v)}" for key, v in value.items())
        return f"{{ {', '.join(pairs)} }}"
    return str(value) if isinstance(value, int) else f'"{value}"'


def _found(item: Mapping[str, Any]) -> str:
    value = item.get("input")
    if isinstance(value, bool):
        return f"found {'true' if value else 'false'}"
    if isinstance(value, (int, float)):
        return f"found {value:g}"
    if isinstance(value, str):
        return f'found "{value[:40]}{"..." if len(value) > 40 else ""}"'
    return f"found a {'list' if isinstance(value, list) else 'table' if isinstance(value, dict) else 'date or time'}"


def key_path(location: tuple[str | int, ...]) -> str:
    """Write a location as it is said: ``outcomes[2].kind`` is the second outcome's kind.

    Examples
    --------
    >>> key_path(("outcomes", 1, "kind"))
    'outcomes[2].kind'
    """
    words = ""
    for part in location:
        words += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if words else part
    return words


def known_keys(location: tuple[str | int, ...], root: type[BaseModel] = StudySpec) -> list[str]:
    """Return the keys allowed in the section at a location.

    Parameters
    ----------
    location
        Of the section; a number is the place in a list.
    root
        The whole file; default that of an evaluation.

    Returns
    -------
    list of str
    """
    model: type[BaseModel] | None = root
    for part in location:
        if isinstance(part, int) or model is None:
            continue
        field = model.model_fields.get(part)
        # A part that is no field is the name of a mapped table: its section has the same model as the mapping's.
        model = _model_in(field.annotation) if field is not None else model
    return sorted(model.model_fields) if model is not None else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := _model_in(inner)) is not None), None)
