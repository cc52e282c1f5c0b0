"""Each family against its closed form, and every range that a family cannot have."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from dipeval.errors import InputError
from dipeval.roi.uncertain import FAMILIES, Uncertain, certain

Z = stats.norm.ppf(0.975)
SHARES = np.linspace(0, 1, 20_001)[1:-1]

EVERY = [
    Uncertain(0.8, 0.6, 0.9),
    Uncertain(2.0, 2.0, 5.0),
    Uncertain(3.0, 1.0, 3.0, "triangular"),
    Uncertain(0.3, 0.1, 0.8, "uniform"),
    Uncertain(-0.5, -1.5, 0.5, "normal"),
    Uncertain(2.0, 1.0, 4.0, "lognormal"),
    Uncertain(100.0, 60.0, 150.0, "gamma"),
    Uncertain(0.2, 0.1, 0.35, "beta"),
]
IDS = [f"{figure.family} {figure.value:g}" for figure in EVERY]


def mean_of(figure: Uncertain) -> float:
    """The mean by integrating the quantile function."""
    return float(integrate.quad(lambda share: float(figure.quantile(np.array(share))), 0, 1, limit=200)[0])


def spread_of(figure: Uncertain) -> float:
    mean = mean_of(figure)
    square = integrate.quad(lambda share: float(figure.quantile(np.array(share)) - mean) ** 2, 0, 1, limit=200)[0]
    return math.sqrt(square)


def test_the_mean_of_a_pert_is_a_sixth_of_its_ends_and_four_times_its_value() -> None:
    assert mean_of(Uncertain(0.8, 0.6, 0.9)) == pytest.approx((0.6 + 4 * 0.8 + 0.9) / 6, rel=1e-7)


def test_the_mean_of_a_triangle_is_that_of_its_corners() -> None:
    assert mean_of(Uncertain(2.0, 1.0, 6.0, "triangular")) == pytest.approx((1 + 2 + 6) / 3, rel=1e-7)
    # The share below the corner is its distance from the low end over the width.
    assert Uncertain(2.0, 1.0, 6.0, "triangular").quantile(np.array(0.2)) == pytest.approx(2.0)


def test_a_uniform_figure_is_read_off_a_straight_line() -> None:
    drawn = Uncertain(0.3, 0.1, 0.8, "uniform").quantile(np.array([0, 0.25, 0.5, 1]))
    assert drawn == pytest.approx([0.1, 0.275, 0.45, 0.8])


def test_a_normal_figure_has_its_range_as_95_percent_interval() -> None:
    figure = Uncertain(-0.5, -1.5, 0.5, "normal")
    assert figure.quantile(np.array([0.025, 0.5, 0.975])) == pytest.approx([-1.5, -0.5, 0.5])
    assert (mean_of(figure), spread_of(figure)) == pytest.approx((-0.5, 1 / Z), rel=1e-5)


def test_a_lognormal_figure_has_its_value_as_median_and_the_textbook_mean() -> None:
    figure, spread = Uncertain(2.0, 1.0, 4.0, "lognormal"), math.log(2) / Z
    assert figure.quantile(np.array([0.025, 0.5, 0.975])) == pytest.approx([1, 2, 4])
    assert mean_of(figure) == pytest.approx(2 * math.exp(spread**2 / 2), rel=1e-5)


@pytest.mark.parametrize("family", ["normal", "lognormal"])
def test_a_range_that_is_not_even_is_kept_at_both_ends(family: str) -> None:
    figure = Uncertain(2.0, 1.5, 6.0, family)
    assert figure.quantile(np.array([0.025, 0.5, 0.975])) == pytest.approx([1.5, 2.0, 6.0])


@pytest.mark.parametrize("figure", [Uncertain(100.0, 60.0, 150.0, "gamma"), Uncertain(0.2, 0.1, 0.35, "beta")])
def test_gamma_and_beta_have_the_value_as_mean_and_the_width_as_spread(figure: Uncertain) -> None:
    assert mean_of(figure) == pytest.approx(figure.value, rel=1e-6)
    assert spread_of(figure) == pytest.approx((figure.high - figure.low) / (2 * Z), rel=1e-4)


@pytest.mark.parametrize("figure", EVERY, ids=IDS)
def test_quantiles_rise_and_the_ends_of_a_bounded_family_are_its_own(figure: Uncertain) -> None:
    drawn = figure.quantile(SHARES)
    assert (np.diff(drawn) >= 0).all() and np.isfinite(drawn).all()
    if figure.family in ("pert", "triangular", "uniform"):
        assert figure.quantile(np.array([0.0, 1.0])).tolist() == [figure.low, figure.high]


@pytest.mark.parametrize("figure", EVERY, ids=IDS)
def test_cutting_off_is_conditioning_on_what_is_left(figure: Uncertain) -> None:
    inside = figure.quantile(SHARES)
    least, most = np.quantile(inside, [0.3, 0.8])
    kept = inside[(inside >= least) & (inside <= most)]
    drawn = figure.quantile(np.array([0.1, 0.5, 0.9]), least=float(least), most=float(most))
    assert drawn == pytest.approx(np.quantile(kept, [0.1, 0.5, 0.9]), rel=1e-3)


def test_a_share_that_is_normal_never_leaves_0_to_1() -> None:
    share = Uncertain(0.9, 0.8, 1.0, "normal")
    assert share.quantile(SHARES).max() > 1
    cut = share.quantile(SHARES, least=0.0, most=1.0)
    assert cut.min() >= 0 and cut.max() <= 1
    # The closed form of the truncated normal distribution.
    spread = 0.1 / Z
    known = stats.truncnorm.ppf([0.05, 0.5, 0.95], -0.9 / spread, 0.1 / spread, loc=0.9, scale=spread)
    assert share.quantile(np.array([0.05, 0.5, 0.95]), least=0.0, most=1.0) == pytest.approx(known)


def test_bounds_outside_the_range_change_nothing() -> None:
    figure = Uncertain(0.8, 0.6, 0.9)
    assert (figure.quantile(SHARES, least=0.0, most=1.0) == figure.quantile(SHARES)).all()


def test_a_figure_taken_as_known_is_the_number_itself() -> None:
    for known in (Uncertain.exactly(3), Uncertain(3, 3, 3), certain(3)):
        assert known.is_fixed and isinstance(known.value, float)
        assert known.quantile(np.array([0.0, 0.2, 1.0])).tolist() == [3.0, 3.0, 3.0]
    figure = Uncertain(0.8, 0.6, 0.9)
    assert certain(figure) is figure


@pytest.mark.parametrize("family", FAMILIES)
def test_no_family_minds_a_range_of_no_width(family: str) -> None:
    assert Uncertain(0.5, 0.5, 0.5, family).quantile(np.array([0.1])).tolist() == [0.5]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((0.5, 0.2, 0.8, "cauchy"), "There is no distribution 'cauchy'"),
        ((0.9, 0.2, 0.8), "lies outside its own range"),
        ((0.5, 0.8, 0.2), "lies outside its own range"),
        ((math.nan, 0.2, 0.8), "finite"),
        ((0.5, 0.2, math.inf), "finite"),
        (("0.5", 0.2, 0.8), "made of numbers; it holds a str"),
        ((True, 0.2, 1.8), "made of numbers; it holds a bool"),
        ((None, 0.2, 0.8), "made of numbers; it holds a NoneType"),
        ((0.5, 0.2, 0.8, "fixed"), "no range"),
        ((0.5, 0.0, 0.8, "lognormal"), "must lie above 0"),
        ((0.5, -0.1, 0.8, "gamma"), "must lie above 0"),
        ((0.5, 0.2, 1.1, "beta"), "a share"),
        ((0.5, -0.2, 0.9, "beta"), "a share"),
        ((0.2, 0.2, 0.8, "normal"), "not at an end"),
        ((0.8, 0.2, 0.8, "lognormal"), "not at an end"),
        ((1.0, 0.1, 20.0, "gamma"), "pile up at 0"),
        ((0.05, 0.0, 1.0, "beta"), "pile up at 0 or 1"),
        ((0.1, 0.0, 0.9, "beta"), "pile up at 0 or 1"),
        ((0.0, 0.0, 0.9, "beta"), "pile up at 0 or 1"),
        ((0.001, 0.0, 0.06, "beta"), "pile up at 0 or 1"),
        ((1.0, 0.5, 1.0, "beta"), "pile up at 0 or 1"),
    ],
)
def test_what_no_distribution_is_says_so(given: tuple, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Uncertain(*given)


@pytest.mark.parametrize("shares", [[-0.1, 0.5], [0.5, 1.1], [math.nan]])
def test_a_share_of_a_distribution_lies_between_0_and_1(shares: list[float]) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        EVERY[0].quantile(np.array(shares))


@pytest.mark.parametrize("figure", EVERY, ids=IDS)
def test_the_quantiles_are_those_of_scipy(figure: Uncertain) -> None:
    width, spread = figure.high - figure.low, (figure.high - figure.low) / (2 * Z)
    along = (figure.value - figure.low) / width
    sure = figure.value * (1 - figure.value) / spread**2 - 1
    shape = max(figure.value / spread, 1e-9) ** 2
    frozen = {
        "pert": stats.beta(1 + 4 * along, 5 - 4 * along, loc=figure.low, scale=width),
        "triangular": stats.triang(along, loc=figure.low, scale=width),
        "uniform": stats.uniform(figure.low, width),
        "normal": stats.norm(figure.value, spread),
        "lognormal": stats.lognorm(math.log(2) / Z, scale=2.0),
        "gamma": stats.gamma(shape, scale=spread**2 / abs(figure.value)),
        "beta": stats.beta(figure.value * sure, (1 - figure.value) * sure) if sure > 0 else None,
    }[figure.family]
    assert frozen is not None
    shares = np.array([1e-9, 0.01, 0.3, 0.5, 0.9, 0.999])
    assert figure.quantile(shares) == pytest.approx(frozen.ppf(shares), rel=1e-9)


def test_a_plain_value_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="made of numbers"):
        certain("half")  # type: ignore[arg-type]
