"""Every number that docs/errata.md calls right, with its computation.

For chapters that exist the numbers come from the course itself: its solution library, its declared answers. For chapters
to come they are computed here, from first principles where that takes a line or two.
"""

import math
import warnings
from dataclasses import dataclass
from itertools import product

import gymnasium as gym
import numpy as np
import torch
from scipy.optimize import brentq, linprog
from scipy.stats import norm

from autograder import marking
from tests.claims import Claim, ch03, ch06
from utils.solutions import ch00, ch04, ch05, ch07, ch09
from utils.solutions import ch02 as ppo
from utils.solutions import ch03 as dpo

LITERATURE = {"82,432", "33,000"}  # numbers of the works cited, which nobody can recompute


@dataclass(frozen=True)
class Correction(Claim):
    """A number of one table; `words` stand in the column *right*."""

    table: str = ""


def answer(exercise_id, position=0):
    """The course's own answer to an exercise."""
    chapters = {chapter.number: chapter for chapter in marking.chapters()}
    chapter = chapters[f"ch{int(exercise_id.split('.')[0]):02d}"]
    return chapter.exercises[exercise_id].questions[position].value


def _overflow():
    """Gap below which exp(-gap) overflows in double precision."""
    return -math.log(np.finfo(float).max)


def _softmax_gradient(loss):
    """Gradient of a loss in the logits of a policy over three outcomes, beside KL in both directions."""
    policy = torch.tensor([0.7, 0.2, 0.1], dtype=torch.float64)
    logits = policy.log().requires_grad_(True)
    loss(policy, torch.log_softmax(logits, 0), torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64).log()).backward()
    return logits.grad


def _k_losses():
    """Gradients of the sampled losses k1, k2, k3 in expectation, and of KL(policy, reference) and KL(reference, policy)."""
    return (
        _softmax_gradient(lambda p, l, q: (p * (l - q)).sum()),
        _softmax_gradient(lambda p, l, q: (p * (l - q) ** 2 / 2).sum()),
        _softmax_gradient(lambda p, l, q: (p * (torch.exp(q - l) - 1 + l - q)).sum()),
        _softmax_gradient(lambda p, l, q: (l.exp() * (l - q)).sum()),
        _softmax_gradient(lambda p, l, q: -(q.exp() * l).sum()),
    )


def _agree(a, b):
    return float(torch.allclose(a, b, atol=1e-9))


def _contraction(n):
    """Ratio of the gaps before and after the n-th optimality backup of two value functions, on a random MDP."""
    rng = np.random.default_rng(0)
    transitions, rewards = rng.dirichlet(np.ones(20), size=(20, 4)), rng.normal(size=(20, 4))
    first, second = rng.normal(size=20) * 10, rng.normal(size=20) * 10
    for _ in range(n):
        gap = np.abs(first - second).max()
        first, second = ((rewards + 0.9 * transitions @ values).max(axis=1) for values in (first, second))
    return np.abs(first - second).max() / gap


def _corner(last, discount=0.99, steps=6):
    """Value of a cell `steps` moves from the goal, at -1 for each move but `last` for the last."""
    return last * discount ** (steps - 1) - (1 - discount ** (steps - 1)) / (1 - discount)


def _sweeps(order, n=20):
    """Sweeps until nothing changes by 1e-6 on an n by n grid with its goal in the last cell."""
    following = np.zeros((n * n, 4), int)
    rewards = -np.ones((n * n, 4))
    for cell, (action, (down, right)) in product(range(n * n), enumerate(((0, 1), (1, 0), (0, -1), (-1, 0)))):
        row, column = cell // n + down, cell % n + right
        target = row * n + column if 0 <= row < n and 0 <= column < n else cell
        following[cell, action] = target
        rewards[cell, action] = 10 if target == n * n - 1 else -1
    following[-1], rewards[-1] = n * n - 1, 0
    values, sweeps = np.zeros(n * n), 0
    while True:
        sweeps += 1
        before = values.copy()
        if order is None:
            values = (rewards + 0.99 * before[following]).max(axis=1)
        else:
            for cell in order:
                values[cell] = (rewards[cell] + 0.99 * values[following[cell]]).max()
        if np.abs(values - before).max() < 1e-6:
            return sweeps


def _unmasked_bandit():
    """What Q-learning without a mask makes of a one-state bandit that pays 1 and ends."""
    value = 0.0
    for _ in range(20000):
        value += 0.1 * (1 + 0.99 * value - value)
    return value


def _cart_pole():
    with gym.make("CartPole-v1") as environment:
        environment.reset(seed=0)
        rewards = {environment.step(0)[1] for _ in range(5)}
        return environment.action_space.n if rewards == {1.0} else math.nan


def _mountain_car_reward():
    with gym.make("MountainCar-v0") as environment:
        environment.reset(seed=0)
        return environment.step(0)[1]


def _td(mark_first):
    """Largest error of TD(0) with traces on the random walk of 19 states."""
    rng = np.random.default_rng(0)
    values = np.zeros(21)
    with np.errstate(all="ignore"):
        for _ in range(400):
            state, trace = 10, np.zeros(21)
            while state not in (0, 20):
                after = state + (1 if rng.random() < 0.5 else -1)
                delta = (after == 20) - (after == 0) + values[after] * (after not in (0, 20)) - values[state]
                if mark_first:
                    trace[state] += 1
                values += 0.05 * delta * trace
                trace *= 0.0
                if not mark_first:
                    trace[state] += 1
                state = after
    return np.abs(values[1:20] - np.arange(-9, 10) / 10).max()


def _group_gradient(n, leave_one_out):
    """Expected gradient of a Bernoulli policy with success 0.3 from groups of n; the truth is 0.21."""
    total = 0.0
    for outcome in product((0, 1), repeat=n):
        rewards = np.array(outcome, dtype=float)
        probability = np.prod(np.where(rewards > 0, 0.3, 0.7))
        others = (rewards.sum() - rewards) / (n - 1)
        advantages = rewards - (others if leave_one_out else rewards.mean())
        total += probability * (np.where(rewards > 0, 0.7, -0.3) * advantages).mean()
    return total


def _chain_rule():
    """Difference between the KL of two-token responses and the expected sum of their tokens' log-ratios."""
    rng = np.random.default_rng(1)
    first, second = rng.dirichlet(np.ones(3), size=2), rng.dirichlet(np.ones(3), size=(2, 3))
    policy, reference = first[0][:, None] * second[0], first[1][:, None] * second[1]
    tokens = np.log(first[0] / first[1])[:, None] + np.log(second[0] / second[1])
    return (policy * np.log(policy / reference)).sum() - (policy * tokens).sum()


def _logsigmoid(stable):
    gap = torch.tensor([-120.0], requires_grad=True)
    loss = -(torch.nn.functional.logsigmoid(gap) if stable else torch.log(torch.sigmoid(gap))).mean()
    loss.backward()
    return loss.item(), gap.grad.item()


def _kto_slope(beta_inside):
    ratio = torch.tensor(3.0, requires_grad=True)
    (1 - torch.sigmoid(0.1 * (0.1 * ratio if beta_inside else ratio))).backward()
    return ratio.grad.item()


def _normal_expectile(level):
    """Share of a normal distribution below its expectile."""
    above = lambda v: norm.pdf(v) - v * norm.sf(v)  # noqa: E731  (expected distance above v)
    return norm.cdf(brentq(lambda v: level * above(v) - (1 - level) * (above(v) + v), -3, 3))


def _refuses_truth_values():
    try:
        1 - torch.tensor([True])
    except RuntimeError:
        return 1.0
    return 0.0


def _log_tanh_error(z):
    exact = 2 * (math.log(2) - z - math.log1p(math.exp(-2 * z)))
    return math.log(1 - math.tanh(z) ** 2 + 1e-6) - exact


def _sampled_path(reparameterised):
    mean = torch.tensor(0.0, requires_grad=True)
    normal = torch.distributions.Normal(mean, 1.0)
    return (normal.rsample() if reparameterised else normal.sample()).requires_grad


def _spread_of_one_is_nan():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ones(1).std().isnan().item()


def _uniform_push():
    """Gradient of chapter 4's uniform regulariser in the four values of exercise 4.1."""
    values = torch.tensor([3.0, 5.0, 2.0, 4.0], requires_grad=True)
    (values.mean() - values[[1, 3]].mean()).backward()
    return values.grad.tolist()


REGISTERED = {"CliffWalking-v1", "LunarLander-v3"}
MAXIMIN = ([0, 0, -1], [[-3, -1, 1], [0, -2, 1]], [0, 0], [[1, 1, 0]], [1], [(0, 1), (0, 1), (None, None)])
P = math.exp(0.2) / (1 + math.exp(0.2))  # probability of the first action in the two-step example of 3.1

TABLES = {
    "Chapter 0": [
        ("260.6 points", 260.6, lambda: 400 * 1.5 / math.log(10), 0.05),
        ("200 points are a probability of 0.760", 0.760, lambda: 1 / (1 + 10 ** (-200 / 400)), 5e-4),
        ("-1.642087", -1.642087, lambda: answer("0.2"), 5e-7),
        ("the loss has -0.731059", -0.731059, lambda: -answer("0.4"), 5e-7),
        ("below a gap of -709.78", -709.78, _overflow, 0.005),
        ("0 above 36.74", 36.74, lambda: -math.log(np.finfo(float).eps / 2), 0.005),
        ("returns -0.2014", -0.2014, lambda: -np.log(1 + np.exp(-1.5)), 5e-5),
        ("at a gap of 1.5 the repaired", 0.2014, lambda: ch00.bradley_terry([1.5], [0.0]), 5e-5),
        ("the loss is 0.2014", 0.2014, lambda: ch00.reward_loss([1.5], [0.0]), 5e-5),
        ("as the old one, below -709.78", -709.78, _overflow, 0.005),
    ],
    "Chapter 1": [
        ("two of three are -0.693", -0.693, lambda: math.log(0.2 / 0.4), 5e-4),
        ("the mean is 0.183787", 0.183787, lambda: answer("1.1"), 5e-7),
        ("0.183787; the range holds", 0.183787, lambda: answer("1.1"), 5e-7),
        ("holds 0.192042", 0.192042, lambda: np.dot([0.4, 0.4, 0.2], np.log(np.divide([4, 4, 2], [7, 2, 1]))), 5e-7),
        ("0.784399", 0.784399, lambda: answer("1.4"), 5e-7),
        ("0.665241 rounded up", 0.665241, lambda: math.e / (math.e + 1 + 1 / math.e), 5e-7),
    ],
    "Chapter 2": [
        ("-2.4 in 2.2", -2.4, lambda: -answer("2.2", 2), 1e-12),
        ("-0.930212 in 2.3", -0.930212, lambda: -answer("2.3"), 5e-7),
        ("the ratio 0.818731", 0.818731, lambda: math.exp(-2.0 + 1.8), 5e-7),
        ("both terms are -0.409365", -0.409365, lambda: -0.5 * math.exp(-2.0 + 1.8), 5e-7),
        ("0.930212; the range", 0.930212,
         lambda: -ppo.ppo_clip_loss([-1.2, -2.0, -1.0], [-1.5, -1.8, -1.0], [1.0, -0.5, 2.0]), 5e-7),
        ("0.980164 (nothing clipped)", 0.980164,
         lambda: -ppo.ppo_clip_loss([-1.2, -2.0, -1.0], [-1.5, -1.8, -1.0], [1.0, -0.5, 2.0], eps=9.0), 5e-7),
        ("0.933333 (the second row clipped", 0.933333, lambda: (1.2 - 0.8 * 0.5 + 2) / 3, 5e-7),
    ],
    "Chapter 3": [
        ("the margin is 1.5", 1.5, lambda: answer("3.1"), 1e-12),
        ("beta times that, 0.15", 0.15, lambda: 0.1 * answer("3.1"), 1e-12),
        ("0.620957", 0.620957, lambda: answer("3.2"), 5e-7),
        ("an untrained policy has 0.5", 0.5, lambda: dpo.preference_probability(0.0, 0.1), 0),
        ("is -1000 the loss is 1000", 1000, lambda: dpo.dpo_loss([-1000.0], [0.0], [0.0], [0.0], 1.0), 0),
        ("it is 0.693147", 0.693147, lambda: dpo.dpo_loss([-5.0], [-5.0], [-9.0], [-9.0], 0.1), 5e-7),
        ("-0.048750 like the winner's", -0.048750, lambda: ch03._gradients(+1)[1], 5e-7),
        ("the right loss has 0.046257", 0.046257, lambda: ch03._gradients(-1)[1], 5e-7),
    ],
    "Chapter 4": [
        ("(0.25, -0.25, 0.25, -0.25)", 0.25, lambda: _uniform_push()[0], 1e-9),
        ("(0.25, -0.25, 0.25, -0.25)", -0.25, lambda: _uniform_push()[1], 1e-9),
        ("form is 0.940190", 0.940190, lambda: ch04.cql_regularizer([3, 5, 2, 4], [1, 3]), 5e-7),
        ("2.0016 without", 2.0016, lambda: answer("4.2", 1), 1e-9),
        ("2.0008 with", 2.0008, lambda: answer("4.2", 0) / 2 + 2.0, 1e-9),
        ("3.407606", 3.407606, lambda: answer("4.4"), 5e-7),
        ("0.41 above the maximum", 0.41, lambda: answer("4.4") - 3, 5e-3),
    ],
    "Chapter 5": [
        ("63.2 % of a normal", 63.2, lambda: 100 * _normal_expectile(0.7), 0.05),
        ("80.6 % below", 80.6, lambda: 100 * _normal_expectile(0.9), 0.05),
        ("a mean, 2.0", 2.0, lambda: ch05.expectile_loss([5.0, 1.0], [3.0, 3.0], 0.7), 1e-12),
        ("give 1.55", 1.55, lambda: answer("5.1"), 1e-12),
        ("exchanged weights give 0.95", 0.95, lambda: ch05.expectile_loss([5.0, 2.0], [3.0, 3.0], 0.3), 1e-12),
        ("left 0.45", 0.45, lambda: answer("5.2", 0), 1e-12),
        ("right 0.50", 0.50, lambda: answer("5.2", 1), 1e-12),
        ("the expectile is 5.454545", 5.454545, lambda: ch05.expectile([2, 4, 6], 0.9), 5e-7),
        ("7.692308", 7.692308, lambda: answer("5.5", 1), 5e-7),
        ("at level 0.883", 0.883, lambda: brentq(lambda t: ch05.expectile([1, 2, 3, 4, 10], t) - 7.4, 0.5, 0.99), 5e-4),
    ],
    "Chapter 6": [
        ("16,667 is right", 16667, lambda: answer("6.1"), 0.5),
        ("a factor of 8 in episodes", 8, lambda: ch06_factor(), 0),
        ("0.4 and 0.485947", 0.4, lambda: answer("6.2", 0), 1e-12),
        ("0.485947 are right", 0.485947, lambda: answer("6.2", 1), 5e-7),
        ("5.64 MB", 5.64, lambda: answer("6.4"), 1e-12),
        ("5.378723 MiB", 5.378723, lambda: answer("6.4") * 1e6 / 2**20, 5e-7),
        ("30,000: one member", 30000, lambda: 10_000 * 3, 0),
    ],
    "Chapter 7": [
        ("a step nearer pays 1.04", 1.04, lambda: answer("7.1"), 1e-9),
        ("a step away -0.94", -0.94, lambda: 0.99 * -6 + 5, 1e-9),
        ("standing still 0.05", 0.05, lambda: 0.99 * -5 + 5, 1e-9),
        ("the sum is -4.4897", -4.4897,
         lambda: np.dot(0.9 ** np.arange(3), ch07.shaping_terms([5, 3, 1, 0.7], [False] * 3, 0.9)), 5e-8),
        ("in exercise 1.4 from 1 to 0.784", 0.784, lambda: answer("1.4"), 5e-4),
    ],
    "Chapter 8": [
        ("where the row player gets 2", 2, lambda: answer("8.1"), 0),
        ("it guarantees 1.5", 1.5, lambda: linprog(*MAXIMIN).x[2], 1e-9),
        ("the total -4 is right", -4, lambda: answer("8.2"), 0),
        ("2.22", 2.22, lambda: answer("8.4"), 1e-12),
    ],
    "Chapter 9": [
        ("6,738,415,616 weights", 6738415616,
         lambda: 2 * 32000 * 4096 + 32 * (4 * 4096**2 + 3 * 4096 * 11008 + 2 * 4096) + 4096, 0),
        ("has 6.607348 billion", 6.607348, lambda: answer("9.1"), 5e-7),
        ("112 GB: 8 bytes", 112, lambda: 8 * 14, 0),
        ("251.2 GB before activations", 251.2,
         lambda: ch09.training_memory_gb([(7e9, True), (7e9, True), (7e9, False), (6.6e9, False)]), 1e-9),
        ("126 GB with gradients", 126, lambda: ch09.training_memory_gb([(7e9, True), (7e9, False)]), 1e-9),
        ("the saving of 27.2 GB", 27.2, lambda: answer("9.3"), 1e-9),
        ("42 GFLOP", 42, lambda: 6 * 7, 0),
        ("3.982222 hours", 3.982222, lambda: answer("9.6", 0), 5e-7),
        ("5.309630 with the reference", 5.309630, lambda: answer("9.6", 1), 5e-7),
        ("that is 96 %", 96, lambda: 100 * 300 / 312, 0.5),
        ("it takes 11.3 hours", 11.3, lambda: answer("9.6", 1) * 300 / (312 * 0.45), 0.05),
        ("about 165,000 dollars", 165000, lambda: 82432 * 2, 500),
        ("0.133333", 0.133333, lambda: answer("9.7"), 5e-7),
    ],
    "Handbook, foundations": [
        ("CliffWalking-v1 and LunarLander-v3", 1, lambda: set(gym.registry) >= REGISTERED, 0),
        ("a tensor of truth values refuses it", 1, _refuses_truth_values, 0),
        ("cuts every update to 0", 0, lambda: np.full_like(np.array([0, 0]), 0.7).max(), 0),
        ("with discount 0.9 the first ratio is 0.1297", 0.1297, lambda: _contraction(1), 5e-5),
        ("the eighth 0.8999", 0.8999, lambda: _contraction(8), 5e-5),
        ("worth 2.0 and wins", 2.0, lambda: -0.5 + 10 * 0.5**2, 0),
        ("it is worth 0.75", 0.75, lambda: -0.5 + 10 * 0.5**3, 0),
        ("theta times 99", 99, lambda: 0.99 / (1 - 0.99), 1e-9),
        ("the corner has 4.608905", 4.608905, lambda: _corner(10), 5e-7),
        ("with 10 - 1 it has 3.657915", 3.657915, lambda: _corner(9), 5e-7),
        ("39, 39 in forward", 39, lambda: _sweeps(None), 0),
        ("39 in forward order", 39, lambda: _sweeps(range(400)), 0),
        ("29 in reverse", 29, lambda: _sweeps(range(399, -1, -1)), 0),
    ],
    "Handbook, temporal differences": [
        ("is learned as 100", 100, _unmasked_bandit, 0.01),
        ("1/k squared is 1.645", 1.645, lambda: math.pi**2 / 6, 5e-4),
        ("the spread is 0.577", 0.577, lambda: 1 / math.sqrt(3), 5e-4),
        ("against 0.157", 0.157, lambda: math.hypot(0.1, 0.09, 0.081), 5e-4),
        ("at most 100", 100, lambda: 1 / (1 - 0.99), 1e-9),
        ("500 steps are worth 99.34", 99.34, lambda: (1 - 0.99**500) / 0.01, 5e-3),
    ],
    "Handbook, policy gradients": [
        ("0.1238 is right", 0.1238, lambda: (-1 + 0.5 * 3) * P * (1 - P), 5e-5),
        ("the formula gives 0.4950", 0.4950, lambda: (-1 + 3) * P * (1 - P), 5e-5),
        ("of one step gives NaN", 1, _spread_of_one_is_nan, 0),
        ("the gradient is 0.9 of the right one", 0.9, lambda: _baseline_gradient(0.1) / _baseline_gradient(0.0), 1e-9),
        ("has no spread and gives NaN", 1, _spread_of_one_is_nan, 0),
    ],
    "Handbook, continuous control": [
        ("its spread at 0.15 and 0.2 is 0.365", 0.365, lambda: 0.2 / math.sqrt(2 * 0.15), 5e-4),
        ("wrong by 2.86 nats", 2.86, lambda: _log_tanh_error(9.0), 5e-3),
        ("by 8.80 at z = 12", 8.80, lambda: _log_tanh_error(12.0), 5e-3),
        ("for 4 actions it is 1.3586", 1.3586, lambda: 0.98 * math.log(4), 5e-5),
        ("of at most 1.3863", 1.3863, lambda: math.log(4), 5e-5),
    ],
    "Handbook, planning and models": [
        ("for -1 to 1 it is 2.828", 2.828, lambda: 2 * math.sqrt(2), 5e-4),
        ("a variance of 0.04 is a spread of 0.2", 0.2, lambda: math.sqrt(0.04), 1e-12),
        ("at discount 0.99, k = 5 and errors of 0.01 the theorem gives 224.2", 224.2,
         lambda: 2 * (0.99**6 * 0.01 / 0.01**2 + (0.99**5 + 2) * 0.01 / 0.01 + 5 * 3 * 0.01 / 0.01), 0.05),
        ("the source 1188.0", 1188.0, lambda: 2 * 0.99 / 0.01**2 * (0.01 + 5 * 0.01), 0.05),
        ("64.5 % compounded", 64.5, lambda: 100 * (1.01**50 - 1), 0.05),
        ("39.5 % is what is lost", 39.5, lambda: 100 * (1 - 0.99**50), 0.05),
        ("on Hopper 8 in epoch 60", 8, lambda: 1 + (60 - 20) / (100 - 20) * (15 - 1), 0),
        ("pathwise through reparameterised samples", 1, lambda: _sampled_path(True) and not _sampled_path(False), 0),
        ("its 2 actions are discrete", 2, _cart_pole, 0),
    ],
    "Handbook, traces": [
        ("is not TD(0), and diverges", 1, lambda: not _td(False) < 1 and _td(True) < 0.2, 0),
        ("the full return takes the rest of the weight", 1,
         lambda: (1 - 0.7) * sum(0.7 ** (n - 1) for n in range(1, 15)) + 0.7**14, 1e-12),
        ("every step pays -1", -1, _mountain_car_reward, 0),
        ("have 648 features", 648, lambda: 8 * 9 * 9, 0),
        ("one in 4.44", 4.44, lambda: 1 / (0.3 * 3 / 4), 5e-3),
    ],
    "Handbook, post-training": [
        ("the loss is infinite and its gradient NaN", 1,
         lambda: math.isinf(_logsigmoid(False)[0]) and math.isnan(_logsigmoid(False)[1]), 0),
        ("a gap of -120", -1, lambda: _logsigmoid(True)[1], 0),
        ("logsigmoid gives 120", 120, lambda: _logsigmoid(True)[0], 0),
        ("with 6 to 36 comparisons", 36, lambda: math.comb(9, 2), 0),
        ("scales the loss", 0, lambda: max(0, 2 - 4 * 0.2) - 4 * max(0, 0.5 - 0.2), 1e-12),
        ("always, in expectation", 0, _chain_rule, 1e-12),
        ("280 GB in FP32", 280, lambda: 4 * 28 + 2 * (28 + 56), 0),
        ("112 for the weights", 112, lambda: 4 * 28, 0),
        ("168 for gradients and Adam", 168, lambda: 2 * (28 + 56), 0),
        ("it is 50 nats", 50, lambda: 5 / 0.1, 1e-9),
        ("-0.0881 against", -0.0881, lambda: ch03._dpo_slope(-20, 0.1), 5e-5),
        ("against -50", -50, lambda: 2 * (-20 - 1 / (2 * 0.1)), 1e-9),
        ("9.8 times too small", 9.8, lambda: _kto_slope(False) / _kto_slope(True), 0.05),
        ("exact gradients 0 for k1", 0, lambda: _k_losses()[0].abs().max().item(), 1e-12),
        ("those of the KL for k2", 1, lambda: _agree(_k_losses()[1], _k_losses()[3]), 0),
        ("the mean 0.635", 0.635, lambda: _k3(-1), 5e-4),
        ("the source's has 0.968", 0.968, lambda: _k3(+1), 5e-4),
        ("k3 the other direction", 1, lambda: _agree(_k_losses()[2], _k_losses()[4]), 0),
        ("0.105 in place of 0.21", 0.105, lambda: _group_gradient(2, False), 1e-9),
        ("0.21 for K = 2; leaving one out does not", 0.21, lambda: _group_gradient(2, True), 1e-9),
        ("from 0.6562 (4)", 0.6562, lambda: 0.9**4 + 0.1**4, 5e-5),
        ("to 0.0343 (32)", 0.0343, lambda: 0.9**32 + 0.1**32, 5e-5),
        ("is 1.5 with K - 1", 1.5, lambda: _first_of_four(True), 1e-6),
        ("1.732 with K", 1.732, lambda: _first_of_four(False), 5e-4),
        ("72.4 % of groups", 72.4, lambda: 100 * (0.98**16 + 0.02**16), 0.05),
    ],
    "Solutions": [
        ("every positive reward pushes its sample up", 1, lambda: 0.1 * (1 - 0.5) > 0, 0),
        ("from 0 to 25", 25, lambda: np.var([(1 - 0.5) * -10, (0 - 0.5) * -10]), 1e-12),
    ],
}  # fmt: skip


def _k3(sign):
    policy, reference = np.array([0.7, 0.2, 0.1]), np.array([0.2, 0.3, 0.5])
    log_ratio = np.log(policy / reference)
    return np.dot(policy, np.exp(sign * log_ratio) - 1 - sign * log_ratio)


def _first_of_four(unbiased):
    rewards = torch.tensor([1.0, 0, 0, 0])
    return ((rewards - rewards.mean()) / rewards.std(unbiased=unbiased))[0].item()


def _baseline_gradient(share):
    """Expected gradient on a two-armed bandit whose baseline holds a share of the sample's own reward."""
    probabilities, rewards = (0.62, 0.38), (1.0, 3.0)
    slopes = (1 - 0.62, -0.62)
    return sum(
        p * slope * (r - ((1 - share) * 1.7 + share * r))
        for p, slope, r in zip(probabilities, slopes, rewards, strict=True)
    )


def ch06_factor():
    """How many times fewer episodes chapter 6 counts with 50 planning steps; its claims run the experiment."""
    claim = next(claim for claim in ch06.CLAIMS if "save a factor of 8 in episodes" in claim.words)
    return claim.stated


CORRECTIONS = [Correction(*row, table=table) for table, rows in TABLES.items() for row in rows]
