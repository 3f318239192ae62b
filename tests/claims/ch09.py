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


def _peak_later_with_more_pairs():
    few, many = (f"best of n, {n}" for n in (measurements.FEW, measurements.MANY))
    return sum(max(row[many]["true"]) > max(row[few]["true"]) for row in _figure())


def _falls(name):
    """Runs in which the true reward rises by 0.2 or more, then falls by 0.2 or more, and the learned one keeps rising."""
    count = 0
    for row in _figure():
        true, learned = (np.array(row[name][key]) for key in ("true", "learned"))
        peak = true.argmax()
        count += bool(true[peak] > 0.2 and true[-1] < true[peak] - 0.2 and learned[-1] > learned[peak])
    return count


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
    Claim("The waiters' mean true reward is 2.7", 2.7, lambda: tinylm.true_reward(_waiters()).mean().item(), 0.06),
    Claim("Equal: imitation copies", 0, lambda: run("imitator").true_reward - run("waiters"), 0.12),
    Claim("The loss settles near 0.85 nats", 0.85, lambda: np.mean(run("sft_losses")[-50:]), 0.03),
    Claim("only one in thirty has three exclamation marks", 1 / 30,
          lambda: _share_with_marks(3) - _share_with_marks(4), 0.012),
    Claim("hardly any has more", 0, lambda: _share_with_marks(4), 0.01),
    Claim("more than four in five", 1, lambda: min(run("reward_accuracy").values()) > 0.8, 0),
    Claim("go on as the data went: one more mark was good", 1,
          lambda: all(scores[6] > scores[2] + 0.2 for scores in run("scores").values()), 0),
    Claim("for $n = 16$ that is 1.84 nats", 1.84, lambda: tinylm.best_of_n_kl(16), 0.005),
    Claim("$n = 1000$ it is 5.91", 5.91, lambda: tinylm.best_of_n_kl(1000), 0.005),
    Claim("rises from 2.7 by more than one", 2.7, lambda: run("measured")["reference"].true_reward, 0.07),
    Claim("by more than one, at a cost of about one nat", 1,
          lambda: run("measured")["DPO"].true_reward - run("measured")["reference"].true_reward > 1, 0),
    Claim("at a cost of about one nat", 1, lambda: run("measured")["DPO"].kl, 0.5),
    Claim("mean true reward | at least 3.4 | 2.7", 3.4, lambda: tinylm.TARGET_REWARD, 0),
    Claim("mean true reward | at least 3.4 | 2.7", 2.7, lambda: _reference().true_reward, 0.05),
    Claim("from 0.05 to 4 nats", 0.05, lambda: KL_LEAST, 0),
    Claim("from 0.05 to 4 nats", 4, lambda: tinylm.KL_BUDGET, 0),
    # messages of `check`
    Claim("less than 2 % of the base model's 6,738,415,616", 0.0195,
          lambda: 32000 * 4096 / solutions.transformer_parameters(4096, 32, 32000, 11008), 5e-4),
    Claim("251.2 GB before a single activation", 251.2,
          lambda: solutions.training_memory_gb([(7e9, True), (7e9, True), (7e9, False), (6.6e9, False)]), 0.05),
    Claim("27.2 GB, or 49 % of the weights", 0.49, lambda: 27.2 / solutions.weight_memory_gb([7, 7, 6.6, 7]), 0.005),
    Claim("DPO needs 126 GB where RLHF needs 251.2 GB", 126, lambda: solutions.training_memory_gb([(7e9, True), (7e9, False)]), 1e-9),
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
