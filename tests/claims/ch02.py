"""Chapter 2, PPO for RLHF."""

import functools
import inspect
import math

import numpy as np

from tests.chapters import solved_notebook
from tests.claims import Claim
from utils.demos.ch02 import LUCK, _Batch, _first_advantage
from utils.solutions import ch02 as solutions

BATCH_2_3 = ([-1.2, -2.0, -1.0], [-1.5, -1.8, -1.0], [1.0, -0.5, 2.0])

# Mean length of 20 episodes under the best action after `train(seed)`, seeds 0 to 29; `python -m tests.claims.ch02`
# measures it anew in a few minutes.
MEASURED = (
    500.0, 500.0, 500.0, 500.0, 500.0, 500.0, 500.0, 477.75, 500.0, 500.0,
    500.0, 498.3, 500.0, 500.0, 496.3, 494.25, 500.0, 500.0, 500.0, 500.0,
    429.1, 500.0, 500.0, 500.0, 500.0, 500.0, 482.5, 500.0, 500.0, 500.0,
)  # fmt: skip


def default(function, name):
    return inspect.signature(function).parameters[name].default


@functools.cache
def run(seed, clip, epochs=40):
    """True gain, KL and the rest after each epoch of the second demo at its default settings."""
    batch = _Batch(seed)
    reports = [batch.report(0.2)]
    for _ in range(epochs):
        batch.epoch(0.3, 0.2 if clip else None)
        reports.append(batch.report(0.2))
    return np.array(reports)


SURROGATE, GAIN, CLIP_FRACTION, KL, ENTROPY = range(5)


def clip_ends_higher():
    return sum(run(seed, True)[-1, GAIN] > run(seed, False)[-1, GAIN] for seed in range(40))


def estimate(lam, learned=0.5, paid_at_end=False, n_steps=20):
    """Mean and standard deviation of the third demo's estimate."""
    mean, weights = _first_advantage(paid_at_end, n_steps, lam, learned)
    return float(mean), float(LUCK * np.sqrt(np.sum(weights**2)))


def best_lambda(learned):
    grid = np.linspace(0, 1, 101)
    return grid[np.argmin([(mean - 1) ** 2 + sd**2 for mean, sd in (estimate(lam, learned) for lam in grid)])]


def surrogate_slope(ratio, advantage):
    h = 1e-6
    up, down = (solutions.surrogate_terms(ratio + s, advantage, 0.2)[2] for s in (h, -h))
    return (up - down) / (2 * h)


def baseline_variance(with_baseline):
    """Variance of the policy-gradient estimate over three tokens, all coordinates added, by enumeration."""
    pi = np.exp([0.5, 0.0, -1.0]) / np.exp([0.5, 0.0, -1.0]).sum()
    rewards = np.array([1.0, -0.5, 2.0]) + 3.0
    baseline = pi @ rewards if with_baseline else 0.0
    pushes = [(reward - baseline) * (row - pi) for reward, row in zip(rewards, np.eye(3), strict=True)]
    mean = sum(p * push for p, push in zip(pi, pushes, strict=True))
    return sum(p * np.sum((push - mean) ** 2) for p, push in zip(pi, pushes, strict=True))


def blunder(lam):
    notebook = solved_notebook("ch02")
    advantages, _ = solutions.gae(
        notebook["token_rewards"], notebook["critic_values"], notebook["ends"], 0.0, gamma=1.0, lam=lam
    )
    return advantages[6]


def spot_check():
    """One of the measured runs again: whether it balances now as it did then."""
    notebook = solved_notebook("ch02")
    policy, _ = notebook["train"](1, talk=False)
    return (notebook["greedy_length"](policy) >= 475) == (MEASURED[1] >= 475)


CLAIMS = [
    # 2.2 and 2.3
    Claim(r"\varepsilon = 0.2 \text{ as a rule", 0.2, lambda: default(solutions.ppo_clip_loss, "eps"), 0),
    Claim("beyond the bend: 1, 1.2 or 0", 0, lambda: surrogate_slope(1.5, 1.0), 1e-6),
    Claim("And at a ratio of 0.5, which lies outside", 1, lambda: not 0.8 <= 0.5 <= 1.2, 0),
    Claim("bends at $1.2$ and the slope beyond is exactly 0", 0, lambda: surrogate_slope(1.2001, 1.0), 1e-6),
    Claim("as if its ratio were 1.2", 1.2, lambda: solutions.surrogate_terms(1.65, 1.0)[1], 1e-12),
    Claim("At a ratio of 0.5 the slope is 1", 1, lambda: surrogate_slope(0.5, 1.0), 1e-6),
    Claim("would be the mean advantage, $0.833$", 0.833, lambda: np.mean(BATCH_2_3[2]), 5e-4),
    Claim("which is near $e^{-744}$", -744, lambda: math.log(5e-324), 0.5),
    Claim("so `np.exp(-1000.0)` is exactly 0", 0, lambda: np.exp(-1000.0), 0),
    Claim("ordinary number like 0.9", 0.9, lambda: solutions.probability_ratio(-1000 + math.log(0.9), -1000), 1e-9),
    Claim("returns `-2.0`", -2.0, lambda: solutions.ppo_clip_loss([-1.0, -2.0], [-1.0, -2.0], [1.0, 3.0]), 1e-12),
    # 2.4
    Claim("bring a true gain of $+0.046$", 0.046, lambda: run(4, True)[10, GAIN], 5e-4),
    Claim("forty bring $+0.077$", 0.077, lambda: run(4, True)[40, GAIN], 5e-4),
    Claim("KL reaches $0.063$ nats", 0.063, lambda: run(4, True)[40, KL], 5e-4),
    Claim("falls from $0.985$ to", 0.985, lambda: run(4, True)[0, ENTROPY], 5e-4),
    Claim("to $0.854$", 0.854, lambda: run(4, True)[40, ENTROPY], 5e-4),
    Claim("climbs to $0.51$", 0.51, lambda: run(4, False)[40, SURROGATE], 5e-3),
    Claim("peaks after three epochs", 3, lambda: np.argmax(run(4, False)[:, GAIN]), 0),
    Claim("negative from the seventh on", 7, lambda: np.flatnonzero(run(4, False)[:, GAIN] > 0)[-1] + 1, 0),
    Claim("ends at $-0.256$", -0.256, lambda: run(4, False)[40, GAIN], 5e-4),
    Claim("with a KL of $1.03$ nats", 1.03, lambda: run(4, False)[40, KL], 5e-3),
    Claim("the run with the clip ended higher in about 35", 35, clip_ends_higher, 1),
    Claim("*With* the clip it still reaches 45 %", 0.45, lambda: run(4, True)[40, CLIP_FRACTION], 5e-3),
    # 2.5
    Claim("| yes | 112 GB |", 112, lambda: solutions.training_memory(7e9, trained=True), 1e-9),
    Claim("| no | 14 GB |", 14, lambda: solutions.training_memory(7e9, trained=False), 1e-9),
    Claim("That makes 252 GB", 252, lambda: sum(2 * solutions.training_memory(7e9, t) for t in (True, False)), 1e-9),
    Claim("falls from $7.85$ to", 7.85, lambda: baseline_variance(False), 5e-3),
    Claim("to $0.41$", 0.41, lambda: baseline_variance(True), 5e-3),
    Claim("about one nineteenth", 19, lambda: baseline_variance(False) / baseline_variance(True), 0.5),
    # 2.6
    Claim("standard deviation of 0.3 points in each step", 0.3, lambda: LUCK, 0),
    Claim("a standard deviation of $1.34$", 1.34, lambda: estimate(1.0)[1], 5e-3),
    Claim(r"At $\lambda = 1$ there is no bias", 1.0, lambda: estimate(1.0)[0], 1e-9),
    Claim("it is only $0.30$", 0.30, lambda: estimate(0.0)[1], 5e-3),
    Claim("the estimate is $0.42$ too low", 0.42, lambda: 1 - estimate(0.0)[0], 5e-3),
    Claim("lies between, at $0.46$", 0.46, lambda: best_lambda(0.5), 1e-9),
    Claim("moves up to $0.82$", 0.82, lambda: best_lambda(0.0), 1e-9),
    Claim(r"with a useless critic and $\lambda = 0.95$", 0.377, lambda: estimate(0.95, 0.0, True)[0], 5e-4),
    Claim(r"$0.95^{19} \approx 0.38$", 0.38, lambda: estimate(0.95, 0.0, True)[0], 5e-3),
    Claim(r"$0.95^{59} \approx 0.05$", 0.05, lambda: estimate(0.95, 0.0, True, 60)[0], 5e-3),
    Claim(r"$\gamma = 0.99$ and", 0.99, lambda: default(solutions.gae, "gamma"), 0),
    Claim(r"$\lambda = 0.95$ are common", 0.95, lambda: default(solutions.gae, "lam"), 0),
    Claim("returns the advantage `0.75`", 0.75, lambda: solutions.gae([1.0], [0.25], [1], 9.0)[0][0], 1e-12),
    Claim("and the return `1.0`", 1.0, lambda: solutions.gae([1.0], [0.25], [1], 9.0)[1][0], 1e-12),
    Claim("drops by half a point", -0.5, lambda: np.diff(solved_notebook("ch02")["critic_values"])[6], 1e-12),
    Claim("the blunder gets $-0.51$", -0.51, lambda: blunder(0.0), 5e-3),
    Claim("the same token gets $+0.24$", 0.24, lambda: blunder(1.0), 5e-3),
    # 2.7
    Claim("falls after about 25 steps", 25, lambda: solved_notebook("ch02")["history"][0, 0], 8),
    Claim("for all 500 steps or nearly so", 500, lambda: solved_notebook("ch02")["balanced"], 25),
    Claim("serves 64 gradient steps", 64, lambda: 4 * 1024 / 64, 0),
    Claim("within 0.05 nats", 1, lambda: np.max(np.abs(solved_notebook("ch02")["history"][:, 2])) < 0.05, 0),
    Claim("less than 35 %", 1, lambda: np.max(solved_notebook("ch02")["history"][:, 1]) < 0.35, 0),
    Claim("29 reached 475 steps", 29, lambda: sum(length >= 475 for length in MEASURED), 0),
    Claim("runs with the seeds 0 to 29", 1, spot_check, 0),
    # messages of `check`
    Claim("about 65 % more probable", 0.65, lambda: solutions.probability_ratio(-1.8, -2.3) - 1, 5e-3),
    Claim("PPO keeps 2.40", 2.40, lambda: solutions.surrogate_terms(1.65, 2.0)[2], 1e-9),
    Claim("loss to minimise is its negative, -2.40", -2.40, lambda: solutions.ppo_clip_loss([0.5], [0.0], [2.0]), 1e-9),
    Claim("clipped, from 1.35 to 1.2", 1.35, lambda: solutions.probability_ratio(-1.2, -1.5), 5e-3),
    Claim("The second ratio, 0.819", 0.819, lambda: solutions.probability_ratio(-2.0, -1.8), 5e-4),
    Claim("both its terms are -0.409", -0.409, lambda: -0.5 * solutions.probability_ratio(-2.0, -1.8), 5e-4),
    Claim("admits the result of never clipping", 0.980, lambda: np.mean(np.exp([0.3, -0.2, 0]) * BATCH_2_3[2]), 5e-4),
    Claim("still worth 1.5 A", 1.5, lambda: max(1.5, solutions.surrogate_terms(1.5, 1.0)[1]), 1e-12),
    Claim("is flat at 1.2 A", -1.2, lambda: max(-1.5, solutions.surrogate_terms(1.5, -1.0)[1]), 1e-12),
    Claim("flat at 0.8 A", -0.8, lambda: solutions.surrogate_terms(0.5, -1.0)[2], 1e-12),
]

if __name__ == "__main__":
    notebook = solved_notebook("ch02")
    for seed in range(30):
        policy, _ = notebook["train"](seed, talk=False)
        print(seed, notebook["greedy_length"](policy), flush=True)
