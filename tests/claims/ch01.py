"""Chapter 1, the RLHF objective."""

import functools
import math

import numpy as np
from scipy.special import softmax

from tests.chapters import solved_notebook
from tests.claims import Claim
from utils.demos import ch01 as demos
from utils.solutions import ch01 as solutions

# The example of section 1.3.
POLICY, UNIFORM = np.array([0.5, 0.3, 0.15, 0.05]), np.full(4, 0.25)
LOG_RATIOS = np.log(POLICY / UNIFORM)
MEAN = solutions.kl_divergence(POLICY, UNIFORM)
SPREAD = math.sqrt(POLICY @ (LOG_RATIOS - MEAN) ** 2)


def tilted(beta, reward_of_f=2.5):
    """Best policy of the first demo."""
    return solutions.optimal_policy(demos.TILT_REFERENCE, [*demos.TILT_REWARDS[:-1], reward_of_f], beta)


def slope_error():
    """Largest relative difference between beta and the slope of the first demo's frontier."""
    worst = 0.0
    for beta in np.geomspace(0.1, 30, 25):
        ends = [tilted(beta * factor) for factor in (0.999, 1.001)]
        reward, kl = np.transpose(
            [(p @ demos.TILT_REWARDS, solutions.kl_divergence(p, demos.TILT_REFERENCE)) for p in ends]
        )
        worst = max(worst, abs((reward[1] - reward[0]) / (kl[1] - kl[0]) / beta - 1))
    return worst


def gibberish(rare, beta=1.0):
    """Probability of gibberish under both best policies of the second demo, at a reward of 3."""
    return [policy[-1] for policy in demos._both_directions(rare, 3.0, beta)[1:]]


@functools.cache
def hacking(seen):
    return demos._Hacking(seen)


def end(seen, row):
    """Where a curve of the third demo ends: row 0 is the KL, 1 the proxy, 2 the true reward."""
    return hacking(seen).along[row][-1]


def peak(seen, row):
    world = hacking(seen)
    return world.along[row][world.peak]


def proxy_never_falls():
    return all(np.all(np.diff(hacking(seen).along[1]) > 0) for seen in range(240, 321, 20))


def gap(beta, when):
    return solved_notebook("ch01")["gaps"][beta][when]


def largest_share_left():
    return max(gap(beta, -1) / gap(beta, 0) for beta in (1.0, 0.5, 0.25))


def log_ratio_terms():
    """The three terms of exercise 1.1."""
    policy, reference = np.array([0.7, 0.2, 0.1]), np.array([0.4, 0.4, 0.2])
    return policy * np.log(policy / reference)


ANSWER_1_4 = solutions.optimal_policy([0.5, 0.3, 0.2], [1.0, 0.0, -1.0], 1.0)

CLAIMS = [
    Claim(r"1 \cdot \log 2 \approx 0.693", 0.693, lambda: solutions.kl_divergence([1, 0], [0.5, 0.5]), 5e-4),
    Claim("The other way round it is infinite", 1, lambda: np.isinf(solutions.kl_divergence([0.5, 0.5], [1, 0])), 0),
    Claim("vocabulary of 50,000 make about $10^{470}$", 470, lambda: 100 * math.log10(50_000), 0.5),
    Claim(r"Take $\pi = (0.5,\, 0.3,\, 0.15,\, 0.05)$", 1, lambda: POLICY.sum(), 1e-12),
    Claim("| 1 | 0.50 | $+0.693$ |", 0.693, lambda: LOG_RATIOS[0], 5e-4),
    Claim("| 2 | 0.30 | $+0.182$ |", 0.182, lambda: LOG_RATIOS[1], 5e-4),
    Claim("| 3 | 0.15 | $-0.511$ |", -0.511, lambda: LOG_RATIOS[2], 5e-4),
    Claim("| 4 | 0.05 | $-1.609$ |", -1.609, lambda: LOG_RATIOS[3], 5e-4),
    Claim(r"The mean under $\pi$ is $0.244$ nats", 0.244, lambda: MEAN, 5e-4),
    Claim("one draw in five is negative", 1 / 5, lambda: POLICY[LOG_RATIOS < 0].sum(), 1e-12),
    Claim("the standard deviation, $0.599$, is more than twice the mean", 0.599, lambda: SPREAD, 5e-4),
    Claim("is more than twice the mean", 1, lambda: SPREAD > 2 * MEAN, 0),
    Claim("ref_log_probs, beta)`, the penalised reward", 0.7,
          lambda: solutions.rlhf_objective(1.0, [-1.0, -2.0], [-2.0, -2.5], beta=0.2), 1e-12),
    Claim("beta=1.0)` returns `[0.75, 0.25]`", 0.75,
          lambda: solutions.optimal_policy([0.5, 0.5], [math.log(3), 0.0], beta=1.0)[0], 1e-12),
    Claim("`kl_divergence([1.0, 0.0], [0.5, 0.5])` returns `0.6931...`", 0.6931,
          lambda: solutions.kl_divergence([1.0, 0.0], [0.5, 0.5]), 5e-5),
    Claim("in all 84 logits", 84, lambda: solved_notebook("ch01")["reference_logits"].size, 0),
    Claim("64 responses. A policy", 64, lambda: len(solved_notebook("ch01")["responses"]), 0),
    # the tilt
    Claim(r"At $\beta = 30$ no bar is more than 0.8 percentage points off", 0.8,
          lambda: 100 * np.abs(tilted(30) - demos.TILT_REFERENCE).max(), 0.05),
    Claim("from 5 % to 29.6 %", 0.296, lambda: tilted(1)[-1], 5e-4),
    Claim("and at $0.1$ it has 99.99 %", 0.9999, lambda: tilted(0.1)[-1], 5e-5),
    Claim("That costs 2.99 nats", 2.99, lambda: solutions.kl_divergence(tilted(0.1), demos.TILT_REFERENCE), 5e-3),
    Claim(r"costs $\log 20 \approx 3.00$", 3.00, lambda: math.log(20), 5e-3),
    Claim("E, with 99.0 %", 0.990, lambda: tilted(0.1, -1.0)[-2], 5e-4),
    Claim(r"Set $\beta$ to 0.1 and the reward of F to $-1$", 4, lambda: np.argmax(tilted(0.1, -1.0)), 0),
    Claim(r"Its slope at the orange mark is $\beta$ itself", 0, slope_error, 1e-4),
    # the direction
    Claim("blue writes gibberish in 11.2 %", 0.112, lambda: gibberish(1e-2)[0], 5e-4),
    Claim("and red in 61.3 %", 0.613, lambda: gibberish(1e-2)[1], 5e-4),
    Claim("down to 0.13 %", 0.0013, lambda: gibberish(1e-4)[0], 5e-5),
    Claim("Red stays at 60.7 %", 0.607, lambda: gibberish(1e-12)[1], 5e-4),
    Claim(r"$\beta = 0.2$ and a reference probability of $10^{-4}$ blue gives in too, with 90 % gibberish", 0.90,
          lambda: gibberish(1e-4, 0.2)[0], 5e-3),
    Claim("a factor of three million", 3e6, lambda: math.exp(3 / 0.2), 5e5),
    # reward hacking
    Claim("The reference writes about 120", 120, lambda: hacking(240).ref_probs @ hacking(240).words, 2),
    Claim(r"Take $\beta$ slowly from 10 down to 0.01", 0.01, lambda: hacking(240).betas[-1], 1e-9),
    Claim("The proxy never falls", 1, proxy_never_falls, 0),
    Claim("it climbs from $-0.12$ to 2.55", -0.12, lambda: hacking(240).along[1][0], 5e-3),
    Claim("it climbs from $-0.12$ to 2.55", 2.55, lambda: end(240, 1), 5e-3),
    Claim("climbs along with it to 0.79", 0.79, lambda: peak(240, 2), 5e-3),
    Claim(r"at $\beta$ near 0.21", 0.21, lambda: hacking(240).betas[hacking(240).peak], 5e-3),
    Claim("and 1.46 nats", 1.46, lambda: peak(240, 0), 5e-3),
    Claim("ends at $-2.22$", -2.22, lambda: end(240, 2), 5e-3),
    Claim("The policy has moved to 400 words", 400, lambda: hacking(240).policy(0.01) @ hacking(240).words, 1),
    Claim("at 1.88 nats, and higher, at 0.92", 1.88, lambda: peak(280, 0), 5e-3),
    Claim("at 1.88 nats, and higher, at 0.92", 0.92, lambda: peak(280, 2), 5e-3),
    Claim("Right up to 320 words, it does not come at all in this range", 1,
          lambda: np.all(np.diff(hacking(320).along[2]) > 0), 0),
    Claim("the blind spot now promises less than the honest best", 1,
          lambda: hacking(320).proxy[-1] < hacking(320).true.max(), 0),
    Claim("between 0.01 and 0.2: one unit of reward then buys between 100 and 5 nats", 100, lambda: 1 / 0.01, 1e-9),
    Claim("buys between 100 and 5 nats", 5, lambda: 1 / 0.2, 1e-9),
    Claim("At 0.5 it buys 2", 2, lambda: 1 / 0.5, 1e-9),
    # the run
    Claim(r"Three runs, at $\beta = 1$, $0.5$ and $0.25$", 3, lambda: len(solved_notebook("ch01")["gaps"]), 0),
    Claim("| $1$ | 0.376 | about 0.0003 |", 0.376, lambda: gap(1.0, 0), 5e-4),
    Claim("| $1$ | 0.376 | about 0.0003 |", 0.0003, lambda: gap(1.0, -1), 1e-4),
    Claim("| $0.5$ | 0.802 | about 0.002 |", 0.802, lambda: gap(0.5, 0), 5e-4),
    Claim("| $0.5$ | 0.802 | about 0.002 |", 0.002, lambda: gap(0.5, -1), 6e-4),
    Claim("| $0.25$ | 1.466 | about 0.004 |", 1.466, lambda: gap(0.25, 0), 5e-4),
    Claim("| $0.25$ | 1.466 | about 0.004 |", 0.004, lambda: gap(0.25, -1), 1.2e-3),
    Claim("So less than half a percent of the way is left", 1, lambda: largest_share_left() < 0.005, 0),
    Claim("The printed spread of the scores in a batch shrinks accordingly", 1,
          lambda: all(last < 0.3 * first for first, last in solved_notebook("ch01")["spread"].values()), 0),
    # messages of `check`
    Claim("Token 1 alone contributes +0.392", 0.392, lambda: log_ratio_terms()[0], 5e-4),
    Claim("take 0.208 of it back", 0.208, lambda: -log_ratio_terms()[1:].sum(), 5e-4),
    Claim("The other direction would give 0.192", 0.192,
          lambda: solutions.kl_divergence([0.4, 0.4, 0.2], [0.7, 0.2, 0.1]), 5e-4),
    Claim("it would pay 4.0 and end at -1.0", -1.0, lambda: solutions.rlhf_objective(3, [0.0], [-8.0], 0.5), 1e-9),
    Claim("Z is 1.7327, and the share grows from 0.5 to 0.784", 1.7327,
          lambda: math.exp(solutions.optimal_value([0.5, 0.3, 0.2], [1.0, 0.0, -1.0], 1.0)), 5e-5),
    Claim("Z is 1.7327, and the share grows from 0.5 to 0.784", 0.784, lambda: ANSWER_1_4[0], 5e-4),
    Claim("alive, at 0.173 and 0.042", 0.173, lambda: ANSWER_1_4[1], 5e-4),
    Claim("alive, at 0.173 and 0.042", 0.042, lambda: ANSWER_1_4[2], 5e-4),
    Claim("softmax of the rewards alone, rounded up", 0.665, lambda: softmax([1.0, 0.0, -1.0])[0], 5e-4),
]  # fmt: skip
