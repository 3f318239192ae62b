"""Chapter 0, reward modeling."""

import functools
import math

import numpy as np
from scipy.special import expit

from tests.chapters import solved_notebook
from tests.claims import Claim
from utils.demos.ch00 import _Tournament
from utils.solutions import ch00 as solutions


@functools.cache
def _after_ten_steps():
    """Rewards of the second demo after ten steps of size 1."""
    tournament = _Tournament(seed=5)
    rewards = np.zeros(6)
    for _ in range(10):
        rewards = rewards + 6 * tournament.push(rewards)
    return tournament, rewards


def _fitted_minus_hidden_likelihood():
    tournament, rewards = _after_ten_steps()
    return tournament.log_likelihood(rewards, tournament.fit) - tournament.log_likelihood(
        tournament.truth, tournament.fit
    )


def _held_out_accuracy():
    tournament, rewards = _after_ten_steps()
    winners, losers = tournament.held_out
    return np.mean(rewards[winners] > rewards[losers])


def _explicit_sigmoid_fails(dtype):
    """Largest gap, to two decimals, at which the logarithm of an explicit sigmoid is infinite."""
    with np.errstate(all="ignore"):
        for hundredths in range(8000, 80000):
            gap = dtype(-hundredths / 100)
            if np.isinf(np.log(dtype(1) / (dtype(1) + np.exp(-gap)))):
                return -hundredths / 100
    raise AssertionError("never infinite")


CLAIMS = [
    Claim("pairs, and next week", 499_500, lambda: math.comb(1000, 2), 0),
    Claim(r"$e \approx 2.718$", 2.718, lambda: math.e, 5e-4),
    Claim(r"$400 / \ln 10 \approx 173.7$", 173.7, lambda: solutions.elo_gap(1.0), 0.05),
    Claim("are a probability of 76.0 %", 0.760, lambda: 1 / (1 + 10 ** (-200 / 400)), 5e-4),
    Claim("adds 23.1 percentage points", 23.1, lambda: 100 * (expit(1) - expit(0)), 0.05),
    Claim("from 3 to 4 only 2.9", 2.9, lambda: 100 * (expit(4) - expit(3)), 0.05),
    Claim(r"$-0.693 = \log \tfrac12$", -0.693, lambda: math.log(0.5), 5e-4),
    Claim(r"$3 \log \tfrac12 \approx -2.079$", -2.079, lambda: solutions.log_likelihood([1, 1, 1], [1, 1, 1]), 5e-4),
    Claim(r"$\log \tfrac12 = -0.693$", -0.693, lambda: math.log(0.5), 5e-4),
    Claim("it has passed the dashed line", 1, lambda: _fitted_minus_hidden_likelihood() > 0.01, 0),
    Claim("accuracy stops near 78 %", 0.78, _held_out_accuracy, 0.005),
    Claim("hidden rewards reach only 79.5 %", 0.795, lambda: _Tournament(seed=5).ceiling, 5e-4),
    Claim("| $-1$ | $1.3133$ | $1.3133$ | $1.3133$ |", 1.3133, lambda: solutions.bradley_terry([0], [1]), 5e-5),
    Claim("| $-1000$ | $1000$ |", 1000, lambda: solutions.bradley_terry([0], [1000]), 0),
    Claim(r"| $40$ | $4.248 \cdot 10^{-18}$ |", 4.248e-18, lambda: solutions.bradley_terry([40], [0]), 5e-22),
    Claim("`4.248e-18`, not `0`", 4.248e-18, lambda: solutions.bradley_terry([40], [0]), 5e-22),
    Claim("returns `0.6931...`, the logarithm of 2", 0.6931, lambda: solutions.bradley_terry([1.0], [1.0]), 5e-5),
    Claim("near a gap of $-709.8$", -709.8, lambda: -math.log(np.finfo(float).max), 0.05),
    Claim("near a gap of $37$", 37, lambda: -math.log(np.finfo(float).eps / 2), 0.5),
    Claim("repaired function returns `0.6931...`", 0.6931, lambda: solutions.reward_loss([3.0], [3.0]), 5e-5),
    Claim("gradient of length $g$ means an error of at most $g / \\lambda$. With $\\lambda = 0.01$, a gradient of $10^{-5}$ "
          "(where many optimisers stop by default) may still leave an error of $10^{-3}$", 1e-3, lambda: 1e-5 / 0.01, 1e-12),
    Claim(r"$\log 2 \approx 0.693$", 0.693, lambda: math.log(2), 5e-4),
    Claim("to about 79 %", 0.79, lambda: solved_notebook("ch00")["accuracies"][-1], 0.01),
    Claim("is about 82 %", 0.82, lambda: solved_notebook("ch00")["ceiling"], 0.01),
    Claim("climbs from below one half", 1, lambda: solved_notebook("ch00")["accuracies"][0] < 0.5, 0),
    # messages of `check`
    Claim("A gap of 1.5 wins about 82 times in 100", 0.82, lambda: solutions.preference_probability(2.0, 0.5), 5e-3),
    Claim("that is 261 Elo points", 261, lambda: solutions.elo_gap(1.5), 0.5),
    Claim("The third pair alone costs 1.04 nats", 1.04, lambda: -solutions.log_likelihood([0.2], [0.8]), 5e-3),
    Claim("0.731 of the 1 it can be at most", 0.731, lambda: solutions.winner_gradient(0.5, 1.5), 5e-4),
    Claim("-709.78 in double precision", -709.79, lambda: _explicit_sigmoid_fails(np.float64), 0.011),
    Claim("-88.72 in single", -88.73, lambda: _explicit_sigmoid_fails(np.float32), 0.011),
    Claim("(-0.2014 at a gap of 1.5)", -0.2014, lambda: -np.log(1 + np.exp(-1.5)), 5e-5),
]  # fmt: skip
