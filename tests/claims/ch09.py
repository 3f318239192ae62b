"""Chapter 9, the capstone."""

import functools
import json

import numpy as np
import torch

from tests.chapters import solved_notebook
from tests.claims import Claim
from tests.measurements import ch09 as measurements
from utils import tinylm
from utils.demos import ch09 as demos
from utils.solutions import ch09 as solutions
from utils.tinylm.exam import KL_LEAST
from utils.tinylm.task import MARKS

RLHF = [(7e9, True), (7e9, True), (7e9, False), (7e9, False)]


def run(name):
    """A name of the solved notebook."""
    return solved_notebook("ch09")[name]


@functools.cache
def _reference():
    policy = tinylm.load_reference()
    return tinylm.measure(policy, policy, n=8000)


@functools.cache
def _waiters():
    return tinylm.demonstrations(20_000, torch.Generator().manual_seed(9))


@functools.cache
def _share_with_marks(least):
    policy = tinylm.load_reference()
    generator = torch.Generator().manual_seed(3)
    counts = tinylm.count_marks(tinylm.sample(policy, tinylm.draw_prompts(8000, generator), generator))
    return (counts >= least).float().mean().item()


@functools.cache
def _figure():
    return json.loads(measurements.FILE.read_text())["figure"]


LEAST = 0.2  # how much a curve must rise, and then fall, to count
CURVES = [f"{name}, {n}" for name, n in (("best of n", 500), ("best of n", 5000), ("policy gradient", 500))]


def _falls(name, least_fall=LEAST):
    """Runs in which the true reward rises and then falls by more than `least_fall` while the learned one keeps rising."""
    count = 0
    for row in _figure():
        true, learned = (np.array(row[name][key]) for key in ("true", "learned"))
        peak = true.argmax()
        count += bool(true[peak] > LEAST and true[-1] < true[peak] - least_fall and learned[-1] > learned[peak])
    return count


def _higher_with_more_pairs():
    return sum(max(row[CURVES[1]]["true"]) > max(row[CURVES[0]]["true"]) for row in _figure())


def _gain(n_pairs):
    """Gain in true reward of best-of-n, by n."""
    true = run("bon")[n_pairs][1]
    return true - true[0]


def _best_n(n_pairs):
    return run("ns")[_gain(n_pairs).argmax()]


def _best_stage():
    """The beta whose last checkpoint has the highest true reward."""
    return run("betas")[int(np.argmax([_at_stage(i).true_reward for i in range(len(run("betas")))]))]


def _at_stage(stage):
    """Measurement of the checkpoint at the end of a stage of the policy gradient."""
    return run("path")[3 * (stage + 1)]


def _hours(passes, speed=300e12):
    return solutions.dpo_gpu_hours(100_000, 512, passes * 7e9, speed)


CLAIMS = [
    Claim("The sum is 6,738,415,616", 6_738_415_616, lambda: solutions.transformer_parameters(4096, 32, 32000, 11008), 0),
    Claim("Two thirds of it stand in the feed-forward matrices", 2 / 3,
          lambda: 32 * 3 * 4096 * 11008 / solutions.transformer_parameters(4096, 32, 32000, 11008), 0.03),
    Claim("a trained weight costs eight times as much as a frozen one", 8,
          lambda: solutions.training_memory_gb([(1e9, True)]) / solutions.training_memory_gb([(1e9, False)]), 1e-9),
    Claim("Less than 4.5 billion weights", 4.5, lambda: 80 / 18, 0.06),
    Claim("that can *hold* 40 billion", 40, lambda: 80 / solutions.training_memory_gb([(1e9, False)]), 1e-9),
    Claim("300 would be 96 % of it", 0.96, lambda: 300 / 312, 0.005),
    Claim("about 165,000 dollars at 2 dollars an hour", 165_000, lambda: 82_432 * 2, 500),
    Claim("Adam: 112 of 252 GB", 252, lambda: solutions.training_memory_gb(RLHF), 1e-9),
    Claim("Adam: 112 of 252 GB", 112, lambda: 2 * 7 * 8, 0),
    Claim("the hours double, from 11.3 to 22.7", 11.3, lambda: _hours(8, 0.45 * demos.GPU_PEAK), 0.05),
    Claim("the hours double, from 11.3 to 22.7", 22.7, lambda: 2 * _hours(8, 0.45 * demos.GPU_PEAK), 0.05),
    Claim("At 80 / 18, a little above 4.4 billion weights", 4.4, lambda: 80 / 18, 0.05),
    Claim("plus 0.5 for the second", 0.5, lambda: _mark_is_worth(2), 1e-6),
    Claim("three dishes with two marks and is worth 4.5", 4.5, lambda: 3 + _mark_is_worth(1) + _mark_is_worth(2), 1e-6),
    Claim("102,528 weights", 102_528, lambda: tinylm.n_parameters(tinylm.TinyLM()), 0),
    Claim("they forget each dish with probability 0.2", 0.2, lambda: _forgotten(), 0.01),
    Claim("with probability 0.2 they add a dish", 0.2, lambda: _added(), 0.01),
    Claim("with probabilities 0.50, 0.34, 0.13 and 0.03", 0.50, lambda: MARKS[0], 0),
    Claim("with probabilities 0.50, 0.34, 0.13 and 0.03", 0.34, lambda: MARKS[1], 0),
    Claim("with probabilities 0.50, 0.34, 0.13 and 0.03", 0.13, lambda: MARKS[2], 0),
    Claim("with probabilities 0.50, 0.34, 0.13 and 0.03", 0.03, lambda: MARKS[3], 0),
    Claim("The waiters' mean true reward is 2.78", 2.78, lambda: tinylm.true_reward(_waiters()).mean().item(), 0.02),
    Claim("A little worse, about 2.7", 2.7, lambda: run("imitator").true_reward, 0.07),
    Claim("The loss settles near 0.85 nats", 0.85, lambda: np.mean(run("sft_losses")[-50:]), 0.03),
    Claim("only one in thirty has three exclamation marks", 1 / 30,
          lambda: _share_with_marks(3) - _share_with_marks(4), 0.012),
    Claim("hardly any has more", 0, lambda: _share_with_marks(4), 0.01),
    Claim("about three in four and more than four in five", 0.75, lambda: run("reward_accuracy")[500], 0.05),
    Claim("about three in four and more than four in five", 1, lambda: run("reward_accuracy")[5000] > 0.8, 0),
    Claim("to learn that warmth turns", 1, lambda: run("scores")[5000][6] < run("scores")[5000][2] - 0.3, 0),
    Claim("With 500 pairs there were about thirty", 30, lambda: 1000 * _share_with_marks(3), 12),
    Claim("so six must be very good", 1, lambda: run("scores")[500][6] > run("scores")[500][2] + 0.5, 0),
    Claim("*both* log-probabilities fell, the winners' too", 1,
          lambda: all(after < before - 0.3 for before, after in run("log_probs").values()), 0),
    Claim("the losers' fell about twice as far", 2.3,
          lambda: np.diff(run("log_probs")["losers"])[0] / np.diff(run("log_probs")["winners"])[0], 0.6),
    Claim("is at its best at $n = 4$", 4, lambda: _best_n(500), 4),
    Claim("where it has gained about 0.4", 0.4, lambda: _gain(500).max(), 0.1),
    Claim("far below the reference", 1, lambda: _gain(500)[-1] < -0.5, 0),
    Claim("goes on to $n = 16$", 16, lambda: _best_n(5000), 16),
    Claim("gains about 1.0", 1.0, lambda: _gain(5000).max(), 0.15),
    Claim("moves the turning point out, and up", 1,
          lambda: _best_n(5000) > _best_n(500) and _gain(5000).max() > _gain(500).max() + 0.2, 0),
    Claim("ends more than 2 below where it began", 1, lambda: run("rl_true").max() > 0.3 and run("rl_true")[-1] < -2, 0),
    Claim("rises to the end", 1, lambda: run("rl_learned").max() - run("rl_learned")[-1] < 0.1, 0),
    Claim("so we made ten", 10, lambda: len(_figure()), 0),
    Claim("rose by more than 0.2 and then fell by more than 0.2", 0.2, lambda: LEAST, 0),
    Claim("in all ten, for both reward models", 10, functools.partial(_falls, CURVES[0]), 0),
    Claim("in all ten, for both reward models", 10, functools.partial(_falls, CURVES[1]), 0),
    Claim("the peak was higher with 5,000 pairs", 10, _higher_with_more_pairs, 0),
    Claim("The policy gradient did the same in nine", 9, functools.partial(_falls, CURVES[2]), 0),
    Claim("had lost less than 0.2 when the run ended", 10, functools.partial(_falls, CURVES[2], least_fall=0.1), 0),
    Claim("you would stop near $\\beta = 0.2$", 0.2, lambda: _best_stage(), 0.31),
    Claim("At $\\beta = 0.01$ a response holds about six marks", 6, lambda: _at_stage(6).marks, 1.2),
    Claim("At $\\beta = 0.01$ a response holds about six marks", 0.01, lambda: run("betas")[-1], 0),
    Claim("true reward is below 0", 1, lambda: _at_stage(6).true_reward < 0, 0),
    Claim("for $n = 16$ that is 1.84 nats", 1.84, lambda: tinylm.best_of_n_kl(16), 0.005),
    Claim("$n = 1000$ it is 5.91", 5.91, lambda: tinylm.best_of_n_kl(1000), 0.005),
    Claim("rises from 2.7 by more than one", 2.7, lambda: run("measured")["reference"].true_reward, 0.07),
    Claim("by more than one, at a cost of about one nat", 1,
          lambda: run("measured")["DPO"].true_reward - run("measured")["reference"].true_reward > 1, 0),
    Claim("at a cost of about one nat", 1, lambda: run("measured")["DPO"].kl, 0.5),
    Claim("mean true reward | at least 3.2 | 2.7", 3.2, lambda: tinylm.TARGET_REWARD, 0),
    Claim("mean true reward | at least 3.2 | 2.7", 2.7, lambda: _reference().true_reward, 0.05),
    Claim("from 0.05 to 4 nats", 0.05, lambda: KL_LEAST, 0),
    Claim("from 0.05 to 4 nats", 4, lambda: tinylm.KL_BUDGET, 0),
    # messages of `check`
    Claim("less than 2 % of the base model's 6,738,415,616", 0.0195,
          lambda: 32000 * 4096 / solutions.transformer_parameters(4096, 32, 32000, 11008), 5e-4),
    Claim("251.2 GB before a single activation", 251.2,
          lambda: solutions.training_memory_gb([(7e9, True), (7e9, True), (7e9, False), (6.6e9, False)]), 0.05),
    Claim("27.2 GB, or 49 % of the weights", 0.49, lambda: 27.2 / solutions.weight_memory_gb([7, 7, 6.6, 7]), 0.005),
    Claim("DPO needs 126 GB where RLHF needs 251.2 GB", 126,
          lambda: solutions.training_memory_gb([(7e9, True), (7e9, False)]), 1e-9),
    Claim("102.4 million tokens", 102.4e6, lambda: 100_000 * 2 * 512, 0),
    Claim("the same epoch takes 11.3 hours", 11.3, lambda: _hours(8, 0.45 * 312e12), 0.05),
    Claim("30 nats at 0.133 reward each cost 4", 4, lambda: 30 * solutions.break_even_beta(4, 0.15, 200), 1e-9),
]  # fmt: skip


def _mark_is_worth(k):
    """Gain in true reward by the k-th exclamation mark."""

    def ending(marks):
        row = [0, 1, 2, 9, *[8] * marks, 10]
        return tinylm.true_reward(torch.tensor([row + [11] * (14 - len(row))])).item()

    return ending(k) - ending(k - 1)


def _dishes():
    tokens = _waiters()
    counts = torch.stack([(tokens[:, 4:] == dish).sum(1) for dish in range(8)], dim=1)
    ordered = torch.zeros_like(counts).scatter(1, tokens[:, :3], 1)
    return counts, ordered


def _added():
    """Probability of a dish more: those outside the order, in proportion to the five of eight that are outside."""
    counts, ordered = _dishes()
    return (counts * (1 - ordered)).sum(1).float().mean().item() * 8 / 5


def _forgotten():
    counts, ordered = _dishes()
    return 1 - ((counts * ordered).sum(1).float().mean().item() - 0.2 * 3 / 8) / 3
