"""Chapter 1, the RLHF objective: reward minus beta times KL, and the policy that maximises it."""

import numpy as np
from scipy.special import logsumexp, softmax


def kl_divergence(p, q):
    """Kullback-Leibler divergence of p from q: the listing of exercise 1.8 with its one line repaired.

    Parameters
    ----------
    p, q : array_like, shape (n_outcomes,)
        Two distributions over the same outcomes.

    Returns
    -------
    float
        Sum of p * log(p / q), in nats; never negative. Outcomes with p = 0 count 0; an outcome with q = 0 < p makes
        it infinite.

    References
    ----------
    Kullback and Leibler (1951), "On information and sufficiency", Annals of Mathematical Statistics 22.
    """
    p = np.asarray(p, dtype=float)
    q = np.asarray(q, dtype=float)
    support = p > 0
    with np.errstate(divide="ignore"):  # q = 0 < p: infinite, as it should be
        ratio = p[support] / q[support]
    return float(np.sum(p[support] * np.log(ratio)))


def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    """Penalised reward of one sampled response: its reward minus beta times its summed log-ratio.

    Parameters
    ----------
    reward : float
        Reward of the response.
    log_probs, ref_log_probs : array_like, shape (n_tokens,)
        Log-probability, in nats, of each token of the response under the policy and under the reference.
    beta : float
        Price of one nat, in units of reward.

    Returns
    -------
    float
        reward - beta * sum(log_probs - ref_log_probs). For responses sampled from the policy its mean is the expected
        reward minus beta times KL(policy || reference). A single log-ratio may be negative.

    Raises
    ------
    ValueError
        If the shapes differ, or the result is undefined (a token with log-probability -inf under both, or a NaN).

    References
    ----------
    Ziegler et al. (2019), "Fine-tuning language models from human preferences", equation 2;
    Ouyang et al. (2022), "Training language models to follow instructions with human feedback", equation 2.
    """
    log_probs = np.asarray(log_probs, dtype=float)
    ref_log_probs = np.asarray(ref_log_probs, dtype=float)
    if log_probs.shape != ref_log_probs.shape:
        raise ValueError(
            f"log_probs and ref_log_probs must have one shape, got {log_probs.shape} and {ref_log_probs.shape}"
        )
    with np.errstate(invalid="ignore"):  # -inf minus -inf: refused below
        value = float(reward - beta * np.sum(log_probs - ref_log_probs))
    if np.isnan(value):
        raise ValueError("log_probs and ref_log_probs: the log-ratio is undefined (-inf under both, or a NaN)")
    return value


def optimal_policy(ref_probs, rewards, beta):
    """Policy with the largest expected reward minus beta times KL(policy || reference).

    Parameters
    ----------
    ref_probs : array_like, shape (n_responses,)
        The reference: a distribution over the responses.
    rewards : array_like, shape (n_responses,)
        Reward of each response, finite.
    beta : float
        Price of one nat, in units of reward; positive.

    Returns
    -------
    ndarray, shape (n_responses,)
        ref_probs * exp(rewards / beta), normalised. Responses that the reference never gives stay at exactly 0.

    Raises
    ------
    ValueError
        If `beta` is not positive, the shapes differ, `ref_probs` is not a distribution (an entry is negative, or the
        sum is off 1 by more than 1e-6) or a reward is not finite.

    Notes
    -----
    Rewards are measured from the largest one that the reference can reach, so no exponential overflows and the largest
    weight does not vanish, however small `beta` is.

    References
    ----------
    Peters, Muelling and Altun (2010), "Relative entropy policy search"; Rafailov et al. (2023), "Direct preference
    optimization", equation 4 and appendix A.1.
    """
    ref_probs = np.asarray(ref_probs, dtype=float)
    rewards = np.asarray(rewards, dtype=float)
    if not beta > 0:
        raise ValueError(f"beta must be positive, got {beta}")
    if ref_probs.ndim != 1 or ref_probs.shape != rewards.shape:
        raise ValueError(f"ref_probs and rewards must have one length, got shapes {ref_probs.shape}, {rewards.shape}")
    if not (np.all(ref_probs >= 0) and abs(ref_probs.sum() - 1) <= 1e-6):
        raise ValueError("ref_probs is not a distribution: its entries must be at least 0 and sum to 1")
    if not np.all(np.isfinite(rewards)):
        raise ValueError("rewards holds a value that is not finite")
    possible = ref_probs > 0
    policy = np.zeros_like(ref_probs)
    below_best = (rewards[possible] - rewards[possible].max()) / beta
    policy[possible] = softmax(np.log(ref_probs[possible]) + below_best)
    return policy


def optimal_value(ref_probs, rewards, beta):
    """Expected reward minus beta KL of the optimal policy: beta * log Z, Z = sum(ref_probs * exp(rewards / beta)).

    References
    ----------
    Donsker and Varadhan (1975): log Z is the largest value of E[rewards / beta] - KL over all policies.
    """
    return float(beta * logsumexp(np.divide(rewards, beta), b=ref_probs))


def expected_objective(policy, ref_probs, rewards, beta):
    """Expected reward minus beta times KL(policy || reference), all of shape (n_responses,)."""
    return float(np.dot(policy, rewards) - beta * kl_divergence(policy, ref_probs))
