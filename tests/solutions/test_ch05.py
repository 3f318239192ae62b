"""Reference functions of chapter 5 against SciPy, torch autograd, brute force and the formula of others' code."""

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.optimize import brentq, minimize_scalar

from utils.solutions import ch05 as solutions


def random_sample(seed):
    rng = np.random.default_rng(seed)
    return rng.normal(scale=3.0, size=rng.integers(2, 40)), float(rng.uniform(0.02, 0.98))


def test_worked_values():
    assert solutions.expectile_loss([5, 2], [3, 3], 0.7) == pytest.approx(1.55)
    assert solutions.expectile_loss([5, 1], [3, 3], 0.7) == pytest.approx(2.0)
    assert solutions.expectile_loss([5, 2], [3, 3], 0.9) == pytest.approx(1.85)
    assert solutions.condition_sides([2, 4, 6], 5.5, 0.9) == pytest.approx((0.45, 0.5))
    assert solutions.expectile([2, 4, 6], 0.9) == pytest.approx(60 / 11, abs=1e-12)
    assert solutions.expectile([1, 2, 3, 4, 10], 0.5) == pytest.approx(4.0, abs=1e-12)
    assert solutions.expectile([1, 2, 3, 4, 10], 0.9) == pytest.approx(100 / 13, abs=1e-12)
    assert brentq(lambda tau: solutions.expectile([1, 2, 3, 4, 10], tau) - 7.4, 0.5, 0.99) == pytest.approx(
        0.8828828829
    )
    for tau in (0.1, 0.5, 0.83):
        assert solutions.expectile([0, 1], tau) == pytest.approx(tau, abs=1e-12), "a fair 0 or 1"


@pytest.mark.parametrize("seed", range(5))
def test_the_loss_is_the_published_formula(seed):
    rng = np.random.default_rng(seed)
    q, v = rng.normal(size=20), rng.normal(size=20)
    for tau in (0.5, 0.7, 0.9):
        u = torch.tensor(q) - torch.tensor(v)
        weight = torch.abs(tau - (u < 0).double())  # |tau - 1(u < 0)| u**2, as equation 5 and d3rlpy have it
        assert solutions.expectile_loss(q, v, tau) == pytest.approx((weight * u**2).mean().item())
    assert solutions.expectile_loss(q, v, 0.5) == pytest.approx(0.5 * np.mean((q - v) ** 2))
    assert solutions.expectile_loss(q, q, 0.7) == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_is_autograds(seed):
    values, tau = random_sample(seed)
    v = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    u = torch.tensor(values) - v
    (torch.abs(tau - (u < 0).double()) * u**2).mean().backward()
    assert solutions.expectile_gradient(values, 0.3, tau) == pytest.approx(v.grad.item())


@pytest.mark.parametrize("seed", range(20))
def test_the_expectile_is_scipys_and_minimises_the_loss(seed):
    values, tau = random_sample(seed)
    found = solutions.expectile(values, tau)
    assert found == pytest.approx(stats.expectile(values, tau), abs=1e-9)
    lowest = minimize_scalar(
        lambda v: solutions.expectile_loss(values, np.full(len(values), v), tau), bounds=(-20, 20), method="bounded",
        options={"xatol": 1e-9},
    )  # fmt: skip
    assert found == pytest.approx(lowest.x, abs=1e-5)
    assert solutions.expectile_gradient(values, found, tau) == pytest.approx(0.0, abs=1e-12)
    left, right = solutions.condition_sides(values, found, tau)
    assert left == pytest.approx(right)


def test_expectiles_are_exact_where_searches_are_not():
    rng = np.random.default_rng(0)
    for scale, shift in ((1, 0), (1e-6, 0), (1e6, 0), (1, 1e8)):
        for tau in (1e-12, 1e-5, 0.5, 1 - 1e-5, 1 - 1e-12):
            values = np.round(scale * rng.normal(size=30), 7) + shift
            found = solutions.expectile(values, tau)
            brute = [  # the one division into lower and upper values that is consistent
                v
                for k in range(31)
                for v in [np.average(np.sort(values), weights=np.where(np.arange(30) < k, 1 - tau, tau))]
                if np.array_equal(np.sort(values) <= v, np.arange(30) < k)
            ]
            assert values.min() <= found <= values.max()
            assert min(abs(found - v) for v in brute or [found]) <= 1e-13 * np.abs(values).max()
            assert brute or shift, "only rounding at a large shift may hide the division"


def test_expectiles_of_small_samples():
    assert solutions.expectile([6.0], 0.3) == 6.0
    assert solutions.expectile([2.0] * 5, 0.99) == 2.0
    assert solutions.expectile([7, 1, 3], 0.8) == pytest.approx(stats.expectile([7.0, 1.0, 3.0], 0.8))


def test_the_limits_are_mean_and_extremes():
    values = np.array([3.0, -1.0, 8.0, 2.0])
    assert solutions.expectile(values, 0.5) == pytest.approx(values.mean())
    assert solutions.expectile(values, 1 - 1e-9) == pytest.approx(8.0, abs=1e-6)
    assert solutions.expectile(values, 1e-9) == pytest.approx(-1.0, abs=1e-6)


@pytest.mark.parametrize("tau", [0.0, 1.0, -0.1, 1.1, float("nan")])
def test_levels_outside_the_open_interval_are_refused(tau):
    with pytest.raises(ValueError, match="tau"):
        solutions.expectile([1.0], tau)
    with pytest.raises(ValueError, match="tau"):
        solutions.expectile_loss([1.0], [0.0], tau)


def test_empty_samples_are_refused():
    with pytest.raises(ValueError, match="values is empty"):
        solutions.expectile([], 0.5)
    with pytest.raises(ValueError, match="q_values is empty"):
        solutions.expectile_loss([], [], 0.5)
