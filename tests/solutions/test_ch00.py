"""Chapter 0's references against closed forms, torch, SciPy and exact arithmetic."""

import itertools
from decimal import Decimal, getcontext

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from utils.solutions import ch00 as solutions

gaps = st.floats(min_value=-1e5, max_value=1e5, allow_nan=False)


def exact_loss(gap):
    """-log sigmoid(gap) with sixty digits."""
    getcontext().prec = 60
    odds_against = (-Decimal(gap)).exp()
    if odds_against < Decimal("1e-20"):  # log(1 + x) is x to twenty digits, and 1 + x would lose it
        return float(odds_against)
    return float((1 + odds_against).ln())


@given(gaps)
def test_loss_of_one_pair_is_exact_for_every_gap(gap):
    assert solutions.bradley_terry([gap], [0.0]) == pytest.approx(exact_loss(gap), rel=1e-12, abs=5e-324)


def test_loss_agrees_with_torch():
    rng = np.random.default_rng(0)
    r_win, r_lose = rng.normal(scale=5, size=(2, 200))
    theirs = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor(r_win - r_lose), torch.ones(200).double()
    )
    assert solutions.bradley_terry(r_win, r_lose) == pytest.approx(theirs.item(), rel=1e-12)
    assert solutions.reward_loss(r_win, r_lose) == pytest.approx(theirs.item(), rel=1e-12)
    assert solutions.log_likelihood(r_win, r_lose) == pytest.approx(-200 * theirs.item(), rel=1e-12)


def test_loss_agrees_with_the_reward_loss_of_a_widely_used_library():
    """-logsigmoid(chosen - rejected).mean(), as preference trainers compute it."""
    chosen, rejected = torch.tensor([[1.0, 2.5, 0.2], [0.3, 1.0, 0.8]], dtype=torch.float64)
    theirs = -torch.nn.functional.logsigmoid(chosen - rejected).mean().item()
    assert solutions.bradley_terry(chosen, rejected) == pytest.approx(theirs, rel=1e-14)
    assert theirs == pytest.approx(0.5473624258, abs=1e-10)


def test_winner_gradient_agrees_with_autograd():
    reward = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    torch.nn.functional.logsigmoid(reward - 1.5).backward()
    assert solutions.winner_gradient(0.5, 1.5) == pytest.approx(reward.grad.item(), rel=1e-14)


def test_probabilities_of_both_outcomes_add_up():
    rng = np.random.default_rng(1)
    a, b = rng.normal(scale=3, size=(2, 50))
    total = solutions.preference_probability(a, b) + solutions.preference_probability(b, a)
    np.testing.assert_allclose(total, 1.0, rtol=1e-15)


def test_elo_and_bradley_terry_give_the_same_odds():
    for gap in (-2.0, 0.0, 1.5):
        elo = 1 / (1 + 10 ** (-solutions.elo_gap(gap) / 400))
        assert elo == pytest.approx(solutions.preference_probability(gap, 0.0), rel=1e-14)


@pytest.mark.parametrize(
    ("r_win", "r_lose", "argument"),
    [
        ([], [], "r_win"),
        ([1.0], [1.0, 2.0], "r_win and r_lose"),
        ([np.nan], [0.0], "r_win"),
        ([0.0], [np.inf], "r_lose"),
    ],
)
def test_bad_rewards_are_named(r_win, r_lose, argument):
    with pytest.raises(ValueError, match=argument):
        solutions.bradley_terry(r_win, r_lose)


def test_fit_of_two_items_solves_the_one_equation_that_is_left():
    """With w wins against l, r = (x, -x) where w (1 - s(2x)) - l s(2x) = l2 x; bisection finds x."""
    wins, losses, l2 = 7, 3, 0.05
    comparisons = [[0, 1]] * wins + [[1, 0]] * losses

    def equation(x):
        s = 1 / (1 + np.exp(-2 * x))
        return wins * (1 - s) - losses * s - l2 * x

    low, high = 0.0, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if equation(middle) > 0 else (low, middle)
    np.testing.assert_allclose(solutions.fit_bradley_terry(comparisons, 2, l2), [low, -low], atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_fit_agrees_with_scipy(seed):
    rng = np.random.default_rng(seed)
    comparisons = np.array([rng.choice(6, size=2, replace=False) for _ in range(50)])
    winners, losers = comparisons.T

    def objective(r):
        return np.logaddexp(0, r[losers] - r[winners]).sum() + 0.005 * r @ r

    found = minimize(
        objective, np.zeros(6), method="Nelder-Mead", options={"maxiter": 40000, "xatol": 1e-9, "fatol": 1e-13}
    )
    found = minimize(objective, found.x, method="Powell", options={"xtol": 1e-10, "ftol": 1e-15})
    ours = solutions.fit_bradley_terry(comparisons, 6)
    assert objective(ours) <= found.fun + 1e-10
    np.testing.assert_allclose(ours, found.x, atol=1e-4)  # as near as a method without gradients comes


def test_fit_has_zero_gradient_and_zero_mean():
    rng = np.random.default_rng(9)
    comparisons = np.array([rng.choice(8, size=2, replace=False) for _ in range(100)])
    rewards = torch.tensor(solutions.fit_bradley_terry(comparisons, 8), requires_grad=True)
    gap = rewards[comparisons[:, 0]] - rewards[comparisons[:, 1]]
    (torch.nn.functional.softplus(-gap).sum() + 0.005 * (rewards**2).sum()).backward()
    assert rewards.grad.abs().max() < 1e-9
    assert abs(rewards.mean().item()) < 1e-12


def test_fit_ranks_a_round_robin_by_wins():
    results = [(i, j) for i, j in itertools.combinations(range(5), 2)]  # the lower index always wins
    rewards = solutions.fit_bradley_terry(results, 5)
    assert np.all(np.diff(rewards) < 0)
    assert np.all(np.isfinite(rewards))


@pytest.mark.parametrize(
    ("comparisons", "l2", "argument"),
    [([[0, 3]], 0.1, "comparisons"), ([[-1, 0]], 0.1, "comparisons"), ([[0.0, 1.0]], 0.1, "comparisons"),
     ([0, 1], 0.1, "comparisons"), ([[0, 1]], 0.0, "l2")],
)  # fmt: skip
def test_bad_comparisons_are_named(comparisons, l2, argument):
    with pytest.raises(ValueError, match=argument):
        solutions.fit_bradley_terry(comparisons, 3, l2)


def test_no_comparisons_leave_all_rewards_at_zero():
    np.testing.assert_array_equal(solutions.fit_bradley_terry([], 4), np.zeros(4))
