"""Chapter 3, direct preference optimisation."""

import functools
import math

import numpy as np
from scipy.special import expit

from tests.chapters import solved_notebook
from tests.claims import Claim
from utils.demos.ch03 import _ThreeResponses
from utils.solutions import ch03 as solutions


@functools.cache
def _displaced(sharing):
    """Probabilities of No, Never and Yes and the loss, after 30 steps of the second demo."""
    log_probs, losses = _ThreeResponses(sharing, beta=0.1).train(30)
    return *np.exp(log_probs[-1]), losses[-1]


def _pair_falls_from_the_first_step():
    log_probs, _ = _ThreeResponses(1.5, beta=0.1).train(30)
    return bool(np.all(np.diff(log_probs[:, :2], axis=0) < 0))


def _gradients(sign):
    """Derivatives of the loss of exercise 3.1's pair in both log-probabilities, with the margin's sign as given."""
    import torch

    logp = torch.tensor([-5.0, -4.5], dtype=torch.float64, requires_grad=True)
    ratios = logp - torch.tensor([-6.0, -4.0], dtype=torch.float64)
    torch.nn.functional.softplus(-0.1 * (ratios[0] + sign * ratios[1])).backward()
    return logp.grad.tolist()


def _largest_finite_log1p_exp():
    """Largest x, to two decimals, at which log1p(exp(x)) is finite."""
    with np.errstate(over="ignore"):
        return max(x / 100 for x in range(70000, 72000) if np.isfinite(np.log1p(np.exp(x / 100))))


def _notebook(name):
    return solved_notebook("ch03")[name]


def _loss_ends_near_the_floor():
    floor = _notebook("floor")
    return max(abs(np.mean(losses[-300:]) - floor) for _, losses in _notebook("runs").values())


def _dpo_slope(margin, beta):
    return -beta * (1 - solutions.preference_probability(margin, beta))


CLAIMS = [
    # 3.2
    Claim("all 81 responses of four tokens", 81, lambda: 3**4, 0),
    Claim("the same for all 81 responses, to twelve decimals", 0,
          lambda: np.ptp(_notebook("offsets")), 1e-12),
    # 3.3
    Claim(r"$\log 2 \approx 0.693$", 0.693, lambda: solutions.dpo_loss([-3], [-3], [-9], [-9], 0.1), 5e-4),
    Claim("the margin is 2, and at $\\beta = 0.1$ the loss is $0.598$", 0.598,
          lambda: solutions.dpo_loss([-5], [-6], [-5], [-4], 0.1), 5e-4),
    # 3.4
    Claim("In the demo $\\beta$ is 0.1 (dashed)", 0.1, lambda: 0.1, 0),
    Claim("At margin 0 both weights are one half, and $\\beta = 1$ pushes ten times as hard", 10,
          lambda: _dpo_slope(0, 1.0) / _dpo_slope(0, 0.1), 1e-12),
    Claim("The weight for $\\beta = 0.1$ is still $0.269$", 0.269, lambda: expit(-0.1 * 10), 5e-4),
    Claim(r"has fallen to $4.5 \cdot 10^{-5}$", 4.5e-5, lambda: expit(-10), 5e-7),
    Claim("where only $0.0067$ was left", 0.0067, lambda: expit(-5), 5e-5),
    # 3.5
    Claim(r"overflows where $-\beta \Delta$ is above $709.8$", 709.78, _largest_finite_log1p_exp, 0.011),
    Claim(r"rounds to zero where $\beta \Delta$ is above $37$", 37, lambda: -math.log(np.finfo(float).eps / 2), 0.5),
    Claim("$e^{-2000}$, which a computer rounds to 0", 0, lambda: math.exp(-2000), 0),
    Claim("`4.248e-18`, not `0`", 4.248e-18, lambda: solutions.dpo_loss([-100], [-300], [-400], [-200], 0.1), 5e-22),
    Claim("returns `0.6931...`, since policy and reference agree", 0.6931,
          lambda: solutions.dpo_loss([-7], [-7], [-9], [-9], 0.1), 5e-5),
    Claim("the optimiser's rounding, some $10^{-5}$ or less", 1, lambda: _notebook("largest") < 1e-5, 0),
    # 3.6
    Claim("returns `0.6931...` before the repair and after it", 0.6931,
          lambda: solutions.debugged_dpo_loss([-7.0], [-7.0], [-9.0], [-9.0], 0.1), 5e-5),
    # 3.7
    Claim(r"at the start $P(\text{No}) = 0.6$", 0.6, lambda: _ThreeResponses.reference[0], 0),
    Claim('In the table "No" rises from $0.6$ to $0.958$', 0.958, lambda: _displaced(0.0)[0], 5e-4),
    Claim("and the loss falls from $0.693$ to $0.466$", 0.466, lambda: _displaced(0.0)[3], 5e-4),
    Claim("Then set $k$ to 1.5", 1.5, lambda: 1.5, 0),
    Claim("At $k = 1.5$ the loss falls further, to $0.324$", 0.324, lambda: _displaced(1.5)[3], 5e-4),
    Claim('"No" has sunk to $0.092$', 0.092, lambda: _displaced(1.5)[0], 5e-4),
    Claim('"Never" is all but gone', 0, lambda: _displaced(1.5)[1], 1e-5),
    Claim("has $0.908$", 0.908, lambda: _displaced(1.5)[2], 5e-4),
    Claim("Both log-probabilities of the pair fall from the first step on", 1, _pair_falls_from_the_first_step, 0),
    # 3.8
    Claim("With nine raters of ten for $a$ and $\\beta = 0.1$, IPO stops at a margin of $4$ nats", 4,
          lambda: solutions.ipo_fitted_margin(0.9, 0.1), 1e-9),
    Claim("nats and DPO at $22.0$", 22.0, lambda: solutions.dpo_fitted_margin(0.9, 0.1), 0.05),
    Claim("With ten of ten, IPO stops at $5$", 5, lambda: solutions.ipo_fitted_margin(1.0, 0.1), 1e-9),
    Claim("the slope of the DPO loss is $-0.088$", -0.088, lambda: _dpo_slope(-20, 0.1), 5e-4),
    Claim("and that of the IPO loss $-50$", -50, lambda: 2 * (-20 - 1 / (2 * 0.1)), 1e-9),
    Claim("Your two losses side by side at $\\beta = 0.1$", 0.1, lambda: 0.1, 0),
    Claim('returns `25.0`: the margin is 0 and the target 5', 25.0,
          lambda: solutions.ipo_loss([-7.0], [-7.0], [-9.0], [-9.0], 0.1), 1e-9),
    # 3.9
    Claim("64 words", 64, lambda: len(_notebook("words")), 0),
    Claim("So *tes* has reward 2", 2, lambda: float(_notebook("word_reward")[_notebook("words").index("tes")]), 0),
    Claim("and *ttt* has $-2$", -2, lambda: float(_notebook("word_reward")[_notebook("words").index("ttt")]), 0),
    Claim("once at $\\beta = 0.5$", 1, lambda: set(_notebook("runs")) == {1.0, 0.5}, 0),
    Claim("the dashed line at about $0.47$", 0.47, lambda: _notebook("floor"), 0.005),
    Claim("It ends within $0.03$ of the dashed line", 0, _loss_ends_near_the_floor, 0.03),
    Claim("the KL to it falls from $0.74$ to", 0.74, lambda: _notebook("misses")[1.0][0], 0.006),
    Claim("to about $0.01$ at $\\beta = 1$", 0.01, lambda: _notebook("misses")[1.0][1], 0.01),
    Claim("and from $2.3$ to", 2.3, lambda: _notebook("misses")[0.5][0], 0.05),
    Claim("to below $0.1$ at $\\beta = 0.5$", 1, lambda: _notebook("misses")[0.5][1] < 0.1, 0),
    Claim("from about $-4.0$ to", -4.0, lambda: _notebook("mean_logp")[0.5, "winners"][0], 0.05),
    Claim("to $-4.9$, while", -4.9, lambda: _notebook("mean_logp")[0.5, "winners"][1], 0.15),
    Claim("the losers fall to about $-6.7$", -6.7, lambda: _notebook("mean_logp")[0.5, "losers"][1], 0.2),
    Claim("the closed form itself puts the winners at about $-5.2$", -5.2,
          lambda: _notebook("mean_logp")[0.5, "winners"][2], 0.05),
    # messages of `check`
    Claim("The winner gained 1.0 nat on the reference", 1.0, lambda: -5.0 - -6.0, 0),
    Claim("the loser lost 0.5", 0.5, lambda: -4.0 - -4.5, 0),
    Claim("a gap in implicit reward of only 0.15", 0.15, lambda: solutions.implicit_reward(-5.0, -6.0, 0.1)
          - solutions.implicit_reward(-4.5, -4.0, 0.1), 1e-12),
    Claim("has 0.622, because it rounds the sigmoid to 0.537", 0.622, lambda: -math.log(0.537), 5e-4),
    Claim("A tenth of the 0.5 that the pair had at the start", 0.1,
          lambda: solutions.gradient_weight(0.95) / solutions.gradient_weight(0.5), 1e-12),
    Claim("both are -0.0488", -0.0488, lambda: _gradients(+1)[0], 5e-5),
    Claim("both are -0.0488", -0.0488, lambda: _gradients(+1)[1], 5e-5),
    Claim("-0.0463 for the winner", -0.0463, lambda: _gradients(-1)[0], 5e-5),
    Claim("+0.0463 for the loser", 0.0463, lambda: _gradients(-1)[1], 5e-5),
    Claim("overflows for x above 709.78", 709.78, _largest_finite_log1p_exp, 0.011),
]  # fmt: skip
