"""A formula for the propensity model: which columns it needs, and the terms it makes of them.

A formula may stand in a study file, and a study file is data, not code. `formulaic` takes the formula apart into terms;
every piece of it is then checked against a short list and worked out here, operation by operation: nothing is ever
handed to Python to be run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import DesignError, InputError
from dipeval.matching.doors import Taken
from dipeval.matching.formula_pieces import CATEGORY, evaluate, parse_piece, piece_columns
from dipeval.matching.terms import Terms, encode, refuse_extremes

Floats = NDArray[np.float64]
Column = tuple[str, str, Floats]  # name of the term, the covariate it belongs to, a number a person

OPERATORS = ("+", "-", "*", "/", "**", ":")
LONGEST = 2_000
MOST_TERMS = 500
HIGHEST_POWER = 4
SHOWN = 5
ALLOWED = (
    "column names, + - * / ** : ( ), and the functions I, C, log, sqrt, exp, abs and bs, such as "
    '"age + I(age**2) + log(priors + 1) * C(district)"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Factor:
    """One factor of a term: a category by its column, or a number by its expression."""

    text: str
    category: str | None
    tree: ast.expr | None


def formula_columns(covariates: Sequence[str], formula: str | None) -> Sequence[str]:
    """Return the covariates and the columns a formula names besides.

    Parameters
    ----------
    covariates
        Columns asked for by name.
    formula
        Right-hand side of the model, or None.

    Returns
    -------
    Sequence
        The covariates, then the formula's other columns in the order it names them.

    Raises
    ------
    InputError
        A formula with anything in it but what is allowed, naming the piece.

    Examples
    --------
    >>> formula_columns(["district"], "age + log(priors + 1):C(district)")
    ('district', 'age', 'priors')
    """
    if formula is None or isinstance(covariates, str) or not isinstance(covariates, Iterable):
        return covariates
    named = [name for factors in _terms(formula) for factor in factors for name in _columns(factor)]
    return tuple(dict.fromkeys((*covariates, *named)))


def formula_terms(taken: Taken, formula: str, references: Mapping[str, str] | None = None) -> Terms:
    """Work out the terms of a formula.

    Parameters
    ----------
    taken
        What came through the door: every column of the formula among it.
    formula
        Right-hand side of the model. Words, and numbers in ``C()``, are categories.
    references
        Category -> its reference level (otherwise the most frequent one).

    Returns
    -------
    Terms
        Model terms: reference levels left out wherever a lower term of the formula makes them superfluous.

    Raises
    ------
    InputError
        A formula with anything in it but what is allowed; a term that is not finite for somebody (the log of 0).
    DesignError
        Terms that are the same for everybody.

    Notes
    -----
    A category in a term is coded without its reference level if the term without the category is in the formula too,
    and with all its levels if not (Chambers and Hastie 1992, Statistical Models in S, section 2.4.1).
    """
    terms = _terms(formula)
    levels = {name: _levels(taken.frame[name], name, references) for name in _categories(terms, taken.frame)}
    terms = [tuple(_plain_category(factor, levels) for factor in factors) for factors in terms]
    present: set[frozenset[str]] = {frozenset(factor.text for factor in factors) for factors in terms} | {frozenset()}
    numbers = {
        factor.text: _worked_out(factor, taken) for factors in terms for factor in factors if factor.category is None
    }
    made: list[Column] = []
    for factors in terms:
        made += _columns_of(factors, levels, numbers, present)
    _refuse_constant(made)
    return Terms(
        names=tuple(name for name, _, _ in made),
        columns=tuple(column for _, column, _ in made),
        values=np.column_stack([values for _, _, values in made]),
        reference=np.zeros(len(made), dtype=bool),
    )


def formula_references(taken: Taken, formula: str, references: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the reference level of every category in a formula, numbers in ``C()`` among them.

    Parameters
    ----------
    taken, formula, references
        As in `formula_terms`.

    Returns
    -------
    dict
    """
    found = [_levels(taken.frame[name], name, references) for name in _categories(_terms(formula), taken.frame)]
    return {name: level for levels in found for name, level in levels.references().items()}


def _terms(formula: str) -> list[tuple[_Factor, ...]]:
    """Take a formula apart into its terms, each the product of its factors; refuse any other piece."""
    text = _right_hand_side(formula)
    from formulaic.errors import FormulaicError
    from formulaic.parser import DefaultFormulaParser

    parser = DefaultFormulaParser(include_intercept=True)
    try:
        _check_tokens(list(parser.get_tokens(text)))
        found = list(parser.get_terms(text))
    except (FormulaicError, SyntaxError, RecursionError, ValueError, IndexError, AttributeError) as failure:
        if isinstance(failure, InputError):
            raise
        raise InputError(f"The formula cannot be read: {_hint(text)}. It may hold {ALLOWED}.") from None
    if len(found) > MOST_TERMS:
        raise InputError(f"The formula has {len(found)} terms; at most {MOST_TERMS} are allowed. Name fewer.")
    terms = [tuple(str(factor.expr) for factor in term.factors) for term in found]
    if ("1",) not in terms:
        raise InputError("The formula takes the intercept out (0 or -1); a propensity model needs it: leave that out.")
    rest = [tuple(_factor(text) for text in factors) for factors in terms if factors != ("1",)]
    if not any(_columns(factor) for factors in rest for factor in factors):
        raise InputError(f"The formula names no column. It may hold {ALLOWED}.")
    return rest


def _right_hand_side(formula: str) -> str:
    if not isinstance(formula, str) or not formula.strip():
        raise InputError(f"formula must be text with the right-hand side of the model: {ALLOWED}.")
    if len(formula) > LONGEST:
        raise InputError(f"The formula has {len(formula)} characters; at most {LONGEST} are allowed.")
    text = formula.strip()
    text = text[1:].strip() if text.startswith("~") else text
    for mark in "{}[]":  # in formulaic's own language they quote Python
        if mark in text:
            raise InputError(f"The formula holds {mark}, which is not allowed. It may hold {ALLOWED}.")
    if "~" in text:
        raise InputError(
            "The formula has a left-hand side (something before ~). Leave it out: what is modelled is always the "
            "treatment, and no outcome belongs in a design."
        )
    return " ".join(text.split())


def _check_tokens(tokens: list[Any]) -> None:
    """Refuse every piece that is not on the list, before any of them is expanded."""
    before = ""
    for token in tokens:
        kind, text = token.kind.value, str(token.token)
        if kind == "operator" and text not in OPERATORS and not set(text) <= {"+", "-"}:  # 0 becomes "+-"
            raise InputError(f"The formula holds {text!r}, which is not allowed. It may hold {ALLOWED}.")
        if kind == "python":
            parse_piece(text, ALLOWED)
        if kind == "value":
            _check_number(text, before)
        before = text


def _check_number(text: str, before: str) -> None:
    if before == "**":
        if not (text.isdigit() and 1 <= int(text) <= HIGHEST_POWER):
            raise InputError(f"A power in a formula is a whole number from 1 to {HIGHEST_POWER}; it is {text}.")
    elif text not in ("0", "1"):
        raise InputError(
            f"The formula holds {text} by itself. Numbers stand inside a function, as in I(age / 10), or after **."
        )


def _hint(text: str) -> str:
    if text.count("(") != text.count(")"):
        return "its brackets do not pair"
    return "an operator or a name is missing or out of place"


def _factor(text: str) -> _Factor:
    tree = parse_piece(text, ALLOWED) if "(" in text else None
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == CATEGORY:
        return _Factor(text=piece_columns(tree)[0], category=piece_columns(tree)[0], tree=None)
    return _Factor(text=text, category=None, tree=tree)


def _columns(factor: _Factor) -> tuple[str, ...]:
    return (factor.text,) if factor.tree is None else piece_columns(factor.tree)


def _categories(terms: list[tuple[_Factor, ...]], frame: pd.DataFrame) -> list[str]:
    """Name the columns used as categories: those in C(), and those that hold words."""
    named = [factor.category for factors in terms for factor in factors if factor.category is not None]
    plain = [factor.text for factors in terms for factor in factors if factor.tree is None]
    return list(dict.fromkeys((*named, *(name for name in plain if not _is_number(frame[name])))))


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype)


def _levels(column: pd.Series, name: str, references: Mapping[str, str] | None) -> Terms:
    words = column.map(str) if _is_number(column) else column
    own = {name: references[name]} if references is not None and name in references else None
    return encode(pd.DataFrame({name: words}), references=own)


def _plain_category(factor: _Factor, levels: Mapping[str, Terms]) -> _Factor:
    if factor.tree is None and factor.text in levels:
        return _Factor(text=factor.text, category=factor.text, tree=None)
    return factor


def _worked_out(factor: _Factor, taken: Taken) -> Floats:
    """Work out a number for everybody, in the order of ids; one column, or several for a spline."""
    named = {name: _numbers(taken.frame[name], name, factor.text) for name in _columns(factor)}
    ordered = {name: values[taken.order] for name, values in named.items()}
    with np.errstate(all="ignore"):
        found = ordered[factor.text] if factor.tree is None else evaluate(factor.tree, ordered)
    found = np.broadcast_to(found, (len(taken.order), *np.shape(found)[1:]))
    bad = int((~np.isfinite(found)).reshape(len(found), -1).any(axis=1).sum())
    if bad:
        raise InputError(
            f"The term {factor.text} is not a finite number for {bad} of {len(found)} people (the log of 0 or less, a "
            "root of less than 0, or a division by 0): change it, as log(priors + 1) does."
        )
    refuse_extremes(factor.text, float(found.min()), float(found.max()))
    values = np.empty(found.shape)
    values[taken.order] = found
    return values


def _numbers(column: pd.Series, name: str, text: str) -> Floats:
    if not _is_number(column):
        raise InputError(f"The formula calculates with '{name}' in {text}, and that column holds no numbers.")
    return column.to_numpy(dtype=np.float64)


def _columns_of(
    factors: tuple[_Factor, ...],
    levels: Mapping[str, Terms],
    numbers: Mapping[str, Floats],
    present: set[frozenset[str]],
) -> list[Column]:
    """Return name, covariate and values of each column a term stands for: the products of its factors' columns."""
    whole = frozenset(factor.text for factor in factors)
    made: list[Column] = []
    for factor in {factor.text: factor for factor in factors}.values():
        if factor.category is not None:
            found = levels[factor.category]
            found = found.model() if whole - {factor.text} in present else found
            own = [(name, factor.text, found.values[:, place]) for place, name in enumerate(found.names)]
        elif numbers[factor.text].ndim == 2:
            spline = numbers[factor.text]
            own = [(f"{factor.text}[{place + 1}]", factor.text, spline[:, place]) for place in range(spline.shape[1])]
        else:
            own = [(factor.text, factor.text, numbers[factor.text])]
        made = own if not made else _products(made, own)
    return made


def _products(left: list[Column], right: list[Column]) -> list[Column]:
    return [
        (f"{name}:{other}", f"{column}:{its}", values * more)
        for other, its, more in right
        for name, column, values in left
    ]


def _refuse_constant(made: list[Column]) -> None:
    constant = [name for name, _, values in made if values.min() == values.max()]
    if constant:
        more = f" and {len(constant) - SHOWN} more" if len(constant) > SHOWN else ""
        raise DesignError(
            f"Terms of the formula that are the same for everybody: {', '.join(constant[:SHOWN])}{more} (a combination "
            "of levels that nobody has, for example). Take them out, or merge levels."
        )
