"""The linkage benchmark: two files of invented people with the error rates of the linkage facts, section 4.1.

Kept fixed here, apart from the simulator of the package, so that figures stay comparable from version to version.
The police file is exact. The other file: forename typo 6%, surname typo 5%, another surname 3%, another forename 3%,
names swapped 1%, date of birth off by 1-9 days 2% or 1-5 years 1%, sex wrongly female 0.5%, another address 25%, no
postcode 8%; errors independent. With `heaped`, ages are clipped at 18, which puts about 3% on one date.

Not in those figures: `aliases`, a share of people in the other file who use an alias, with three or all four of
forename, surname, date of birth and postcode wrong at once. It is drawn last, from random numbers of its own.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from dipeval.linkage.example import SmallExtracts


def _words(text: str) -> list[str]:
    return text.split()


MEN = _words(
    "OLIVER JACK HARRY GEORGE NOAH CHARLIE JACOB ALFIE FREDDIE OSCAR LEO LOGAN ARCHIE THEO THOMAS JAMES JOSHUA HENRY "
    "WILLIAM MAX LUCAS ETHAN ARTHUR MASON ISAAC HARRISON DANIEL RILEY EDWARD JOSEPH ALEX ADAM SAMUEL SEBASTIAN ELIJAH "
    "MICHAEL PAUL DAVID MARK ANDREW STEPHEN CHRISTOPHER PETER ROBERT RICHARD SIMON LEE CRAIG DARREN GARY WAYNE SHAUN "
    "JASON KEVIN IAN GRAHAM NEIL ANTHONY MARTIN BARRY CARL DEAN GAVIN SCOTT STUART MOHAMMED IMRAN ASIF"
)
WOMEN = _words(
    "OLIVIA AMELIA ISLA AVA EMILY ISABELLA MIA POPPY ELLA LILY JESSICA SOPHIE GRACE EVIE SCARLETT RUBY CHLOE DAISY "
    "ALICE PHOEBE SARAH NICOLA KAREN TRACEY SHARON MICHELLE LISA JULIE DONNA JOANNE CLAIRE LOUISE SAMANTHA ANGELA"
)
SURNAMES = _words(
    "SMITH JONES WILLIAMS TAYLOR BROWN DAVIES EVANS WILSON THOMAS JOHNSON ROBERTS ROBINSON THOMPSON WRIGHT WALKER "
    "WHITE EDWARDS HUGHES GREEN HALL LEWIS HARRIS CLARKE PATEL JACKSON WOOD TURNER MARTIN COOPER HILL WARD MORRIS "
    "MOORE CLARK LEE KING BAKER HARRISON MORGAN ALLEN JAMES SCOTT PHILLIPS WATSON DAVIS PARKER PRICE BENNETT YOUNG "
    "GRIFFITHS MITCHELL KELLY COOK CARTER RICHARDSON BAILEY COLLINS BELL SHAW MURPHY MILLER COX RICHARDS KHAN "
    "MARSHALL ANDERSON SIMPSON ELLIS ADAMS SINGH BEGUM WILKINSON FOSTER CHAPMAN POWELL WEBB ROGERS GRAY ALI HUNT"
)
_STARTS = _words("ASH BAR CAL DEN ELM FAR GAR HAL ING KEN LAN MAR NOR OAK PEN QUIN RAD SED TOR UP VAN WIN YEL ZAN")
_MIDDLES = _words("A E I O U BER DEN FOR LING MOR")
_ENDS = _words("TON LEY FORD WORTH BY HAM WELL SON MAN STEAD")
_TAIL = [a + b + c + d for a in _STARTS for b in _MIDDLES for c in _ENDS for d in ("", "S", "E", "ER", "TT", "Y", "IE")]
_AREAS = np.array(["BD", "LS", "HX", "HD", "WF", "OL", "BB", "PR", "WN", "M"], dtype=object)
_UNITS = np.array(["AB", "DE", "FG", "HJ", "LN", "QQ"], dtype=object)
EXTRACT_DATE = dt.date(2019, 12, 31)
Rng = np.random.Generator


def _pick(rng: Rng, names: list[str], n: int) -> np.ndarray:
    weights = 1 / np.arange(1, len(names) + 1) ** 0.7
    return np.array(names, dtype=object)[rng.choice(len(names), n, p=weights / weights.sum())]


def _surnames(rng: Rng, n: int) -> np.ndarray:
    tail = np.array(_TAIL, dtype=object)[rng.integers(len(_TAIL), size=n)]
    return np.where(rng.random(n) < 0.55, _pick(rng, SURNAMES, n), tail)


def _forenames(rng: Rng, female: np.ndarray) -> np.ndarray:
    return np.where(female, _pick(rng, WOMEN, len(female)), _pick(rng, MEN, len(female)))


def _with_typo(rng: Rng, name: str) -> str:
    letters, place, kind = list(name), int(rng.integers(len(name))), int(rng.integers(4))
    other = chr(65 + int(rng.integers(26)))
    if kind == 0:
        letters[place] = other
    elif kind == 1 and len(letters) > 2:
        del letters[place]
    elif kind == 2 or place + 1 == len(letters):
        letters.insert(place, other)
    else:
        letters[place], letters[place + 1] = letters[place + 1], letters[place]
    return "".join(letters)


def _typos(rng: Rng, names: pd.Series, rate: float) -> pd.Series:
    hit = rng.random(len(names)) < rate
    return names.where(~hit, [_with_typo(rng, name) if h else name for name, h in zip(names, hit, strict=True)])


def _postcodes(rng: Rng, n: int, weights: np.ndarray) -> pd.Series:
    district = rng.choice(300, n, p=weights)
    outward = pd.Series(_AREAS[district % 10]) + pd.Series(district // 10 + 1).astype(str)
    return outward + " " + pd.Series(rng.integers(1, 10, n)).astype(str) + pd.Series(_UNITS[rng.integers(6, size=n)])


def _people(rng: Rng, n: int, heaped: bool, weights: np.ndarray) -> pd.DataFrame:
    female = rng.random(n) < 0.2
    age = rng.normal(37, 10, n)
    age = np.clip(age, 18, 75) if heaped else np.where((age < 18) | (age > 75), rng.uniform(18, 60, n), age)
    born = pd.Timestamp(EXTRACT_DATE) - pd.to_timedelta(np.round(age * 365.25), unit="D")
    names = {"forename": _forenames(rng, female), "surname": _surnames(rng, n)}
    return pd.DataFrame({**names, "born": born, "female": female, "postcode": _postcodes(rng, n, weights)})


def _spoil(rng: Rng, people: pd.DataFrame, weights: np.ndarray) -> pd.DataFrame:
    n = len(people)
    forename, surname = _typos(rng, people["forename"], 0.06), _typos(rng, people["surname"], 0.05)
    surname = surname.where(rng.random(n) >= 0.03, _surnames(rng, n))
    forename = forename.where(rng.random(n) >= 0.03, _forenames(rng, people["female"].to_numpy()))
    swapped = rng.random(n) < 0.01
    days = np.where(rng.random(n) < 0.02, rng.choice([-1, 1], n) * rng.integers(1, 10, n), 0)
    years = np.where(rng.random(n) < 0.01, rng.choice([-1, 1], n) * rng.integers(1, 6, n), 0)
    born = people["born"] + pd.to_timedelta(days, unit="D")
    moved = pd.to_datetime(
        {"year": born.dt.year - years, "month": born.dt.month, "day": born.dt.day.clip(upper=28)}, errors="coerce"
    )
    address = rng.random(n)
    postcode = people["postcode"].where(address >= 0.25, _postcodes(rng, n, weights).to_numpy())
    return people.assign(
        forename=forename.where(~swapped, surname),
        surname=surname.where(~swapped, forename),
        born=born.where(years == 0, moved),
        female=people["female"] | (rng.random(n) < 0.005),
        postcode=postcode.where((address < 0.25) | (address >= 0.33), None),
    )


_ALIAS_FIELDS = ("forename", "surname", "born", "postcode")


def _with_aliases(people: pd.DataFrame, share: float, seed: int, weights: np.ndarray) -> pd.DataFrame:
    """A share of the people with three or four fields wrong at once; the others as they were."""
    rng, n = np.random.default_rng([seed, 5]), len(people)
    user = rng.random(n) < share
    kept = rng.integers(len(_ALIAS_FIELDS) + 1, size=n)  # the one field that is right; the last number: none is
    years = rng.choice([-1, 1], n) * rng.integers(1, 6, n)
    moved = people["born"] + pd.to_timedelta(years * 365 + rng.integers(1, 300, n), unit="D")
    other = {
        "forename": _forenames(rng, people["female"].to_numpy()),
        "surname": _surnames(rng, n),
        "born": moved,
        "postcode": _postcodes(rng, n, weights),
    }
    wrong = {name: user & (kept != place) for place, name in enumerate(_ALIAS_FIELDS)}
    return people.assign(**{name: people[name].where(~wrong[name], other[name]) for name in _ALIAS_FIELDS})


def benchmark_files(
    n: int, overlap: int, *, seed: int = 1, heaped: bool = False, aliases: float = 0.0
) -> SmallExtracts:
    """Return drug_tests (exact), treatment (initials) and offences (names, the same errors), ``overlap`` in common."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(300, 2.0))
    people = _people(rng, 2 * n - overlap, heaped, weights)
    left = people.iloc[:n].reset_index(drop=True)
    right = _spoil(rng, people.iloc[n - overlap :].reset_index(drop=True), weights)
    if aliases:
        right = _with_aliases(right, aliases, seed, weights)
    right["true_person"] = np.arange(n - overlap, 2 * n - overlap)
    right = right.iloc[rng.permutation(n)].reset_index(drop=True)
    number = pd.Series(range(n)).astype(str)

    def shared(frame: pd.DataFrame, prefix: str) -> dict[str, pd.Series | np.ndarray]:
        sex = np.where(frame["female"], "female", "male")
        return {"record_id": prefix + number, "date_of_birth": frame["born"], "sex": sex}

    names = ["forename", "surname", "postcode"]
    tests = pd.DataFrame(shared(left, "t") | {"person_ref": number, "test_date": pd.Timestamp(2018, 1, 1)})
    treatment = pd.DataFrame(
        shared(right, "n")
        | {"client_ref": number, "start_date": pd.Timestamp(2018, 2, 1)}
        | {"forename_initial": right["forename"].str[0], "surname_initial": right["surname"].str[0]}
        | {"postcode_sector": right["postcode"].str[:-2]}
    )
    offences = pd.DataFrame(shared(right, "o") | {"pnc_id": number, "offence_date": pd.Timestamp(2018, 3, 1)})
    tables = {"drug_tests": tests.join(left[names]), "treatment": treatment, "offences": offences.join(right[names])}
    truth = [pd.DataFrame({"table": "drug_tests", "record_id": "t" + number, "true_person": range(n)})]
    truth += [
        pd.DataFrame({"table": name, "record_id": prefix + number, "true_person": right["true_person"]})
        for name, prefix in (("treatment", "n"), ("offences", "o"))
    ]
    return SmallExtracts(tables=tables, extract_date=EXTRACT_DATE, truth=pd.concat(truth, ignore_index=True))
