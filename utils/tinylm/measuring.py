"""How good a policy is, and how far from the reference it went."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import gammaln

from utils.tinylm.bars import steps
from utils.tinylm.sampling import response_kl, sample
from utils.tinylm.task import count_marks, draw_prompts, true_reward


@dataclass(frozen=True)
class Measurement:
    """Means over sampled responses; `reward_error` is the standard error of the true reward's mean."""

    true_reward: float
    reward_error: float
    learned_reward: float
    kl: float
    marks: float


def measure(policy, reference, reward_model=None, n=512, seed=0):
    """Sample from a policy and measure it.

    Parameters
    ----------
    policy, reference : callable
    reward_model : callable, optional
        Without it the learned reward is NaN.
    n : int
        Responses, each to its own prompt.
    seed : int

    Returns
    -------
    Measurement
    """
    generator = torch.Generator().manual_seed(seed)
    tokens = sample(policy, draw_prompts(n, generator), generator)
    rewards = true_reward(tokens)
    return Measurement(
        true_reward=rewards.mean().item(),
        reward_error=rewards.std().item() / n**0.5,
        learned_reward=float("nan") if reward_model is None else reward_model(tokens).mean().item(),
        kl=response_kl(policy, reference, tokens).mean().item(),
        marks=count_marks(tokens).float().mean().item(),
    )


def accuracy(reward_model, reference, n_pairs=1000, seed=1000):
    """Share of new pairs in which the reward model prefers the truly better response; ties in truth are left out.

    Parameters
    ----------
    reward_model : callable
    reference : callable
        Both responses of a pair are drawn from it.
    n_pairs, seed : int

    Returns
    -------
    float
    """
    generator = torch.Generator().manual_seed(seed)
    prompts = draw_prompts(n_pairs, generator)
    first, second = sample(reference, torch.cat([prompts, prompts]), generator).chunk(2)
    gap = true_reward(first) - true_reward(second)
    agrees = (reward_model(first) > reward_model(second)) == (gap > 0)
    return agrees[gap != 0].float().mean().item()


def draw_candidates(reference, n_prompts=24, n_each=512, seed=0):
    """Draw many responses of the reference to each of a few prompts.

    Returns
    -------
    torch.Tensor of int64, shape (n_prompts, n_each, LENGTH)
    """
    generator = torch.Generator().manual_seed(seed)
    prompts = draw_prompts(n_prompts, generator)
    rows = [sample(reference, prompts[[i]].expand(n_each, -1), generator) for i in steps(n_prompts, "candidates")]
    return torch.stack(rows)


def best_of_n(candidates, reward_model, ns):
    """Expected rewards of the response that the reward model likes best among n.

    Parameters
    ----------
    candidates : torch.Tensor of int64, shape (n_prompts, n_each, LENGTH)
    reward_model : callable
    ns : sequence of int
        Each at most n_each.

    Returns
    -------
    learned, true : ndarray, shape (len(ns),)
        Means over the prompts, and over all subsets of n of a prompt's candidates: with the candidates in order of the
        learned reward, the j-th is the best of a subset with probability C(j - 1, n - 1) / C(n_each, n).

    References
    ----------
    Nakano et al. (2021), "WebGPT", appendix I.
    """
    n_each = candidates.shape[1]
    with torch.no_grad():
        learned = np.stack([reward_model(rows).numpy() for rows in candidates]).astype(float)
    true = np.stack([true_reward(rows).numpy() for rows in candidates]).astype(float)
    order = np.argsort(learned, axis=1, kind="stable")
    learned, true = np.take_along_axis(learned, order, 1), np.take_along_axis(true, order, 1)
    weights = np.stack([_weights_of_the_best(n_each, n) for n in ns])
    return (weights @ learned.T).mean(axis=1), (weights @ true.T).mean(axis=1)


def _weights_of_the_best(n_each, n):
    """Probability that the j-th smallest of n_each is the largest of a random n of them, for j = 1 ... n_each."""
    j = np.arange(1, n_each + 1)
    with np.errstate(invalid="ignore"):
        log_count = gammaln(j) - gammaln(n) - gammaln(np.maximum(j - n + 1, 1))
    log_all = gammaln(n_each + 1) - gammaln(n + 1) - gammaln(n_each - n + 1)
    return np.where(j >= n, np.exp(log_count - log_all), 0.0)


def best_of_n_kl(n):
    """Divergence of best-of-n from the policy it draws from: log n - (n - 1) / n nats (an upper bound with ties)."""
    n = np.asarray(n, dtype=float)
    return np.log(n) - (n - 1) / n
