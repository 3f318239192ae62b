"""Chapter 0, reward modeling: the Bradley-Terry model of pairwise preferences."""

import numpy as np
from scipy.special import expit, log_expit


def preference_probability(r_a, r_b):
    """Probability that response a is preferred to response b.

    Parameters
    ----------
    r_a, r_b : float or ndarray
        Rewards, in nats of log-odds; shapes that broadcast.

    Returns
    -------
    float or ndarray
        sigmoid(r_a - r_b), strictly between 0 and 1 in exact arithmetic.

    References
    ----------
    Bradley and Terry (1952), "Rank analysis of incomplete block designs", Biometrika 39.
    """
    return expit(np.subtract(r_a, r_b))


def elo_gap(reward_gap):
    """Elo points that give the same odds as a reward gap.

    Elo writes the odds as 10**(points / 400), Bradley-Terry as exp(gap).

    References
    ----------
    Elo (1978), "The rating of chessplayers, past and present", section 1.4.
    """
    return 400 * reward_gap / np.log(10)


def log_likelihood(r_win, r_lose):
    """Log-likelihood of comparisons under the Bradley-Terry model.

    Parameters
    ----------
    r_win, r_lose : array_like, shape (n_pairs,)
        Rewards of the preferred and of the other response of each pair.

    Returns
    -------
    float
        Sum of log sigmoid(r_win - r_lose), in nats; never positive.
    """
    return float(np.sum(log_expit(np.subtract(r_win, r_lose))))


def winner_gradient(r_win, r_lose):
    """Derivative of one pair's log-likelihood with respect to the winner's reward: 1 - sigmoid(r_win - r_lose)."""
    return expit(np.subtract(r_lose, r_win))


def bradley_terry(r_win, r_lose):
    """Mean negative log-likelihood of pairwise preferences, the loss of a reward model.

    Parameters
    ----------
    r_win, r_lose : array_like, shape (n_pairs,)
        Rewards of the preferred and of the other response of each pair.

    Returns
    -------
    float
        Mean of -log sigmoid(r_win - r_lose), in nats per pair. Exact to rounding for every finite gap: about -gap
        where the model is badly wrong, about exp(-gap) where it is surely right.

    Raises
    ------
    ValueError
        If the arrays are empty, differ in shape or hold a value that is not finite.

    References
    ----------
    Christiano et al. (2017), "Deep reinforcement learning from human preferences", equation 1;
    Ouyang et al. (2022), "Training language models to follow instructions with human feedback", equation 1.
    """
    r_win = np.asarray(r_win, dtype=float)
    r_lose = np.asarray(r_lose, dtype=float)
    if r_win.shape != r_lose.shape:
        raise ValueError(f"r_win and r_lose must have one shape, got {r_win.shape} and {r_lose.shape}")
    if r_win.size == 0:
        raise ValueError("r_win is empty: the mean over no pairs is undefined")
    for name, rewards in (("r_win", r_win), ("r_lose", r_lose)):
        if not np.all(np.isfinite(rewards)):
            raise ValueError(f"{name} holds a value that is not finite")
    return float(np.mean(np.logaddexp(0.0, r_lose - r_win)))


def reward_loss(r_win, r_lose):
    """Mean negative log-likelihood, pair by pair: the listing of exercise 0.6 with its one line repaired.

    Parameters
    ----------
    r_win, r_lose : sequence of float, length n_pairs >= 1

    Returns
    -------
    float
        The same value as `bradley_terry`.
    """
    loss = 0.0
    for w, l in zip(r_win, r_lose, strict=True):
        loss += np.logaddexp(0, -(w - l))
    return float(loss / len(r_win))


def fit_bradley_terry(comparisons, n_items, l2=1e-2):
    """Fit one reward for each item to the results of pairwise comparisons.

    Parameters
    ----------
    comparisons : array_like of int, shape (n_comparisons, 2)
        Winner and loser of each comparison.
    n_items : int
        Number of items; indices run from 0 to n_items - 1.
    l2 : float
        Strength of the ridge penalty, positive. It makes the minimum unique, finite and centred.

    Returns
    -------
    ndarray, shape (n_items,)
        Minimiser of sum(-log sigmoid(r_winner - r_loser)) + l2 / 2 * sum(r**2); its mean is zero.

    Raises
    ------
    ValueError
        If `comparisons` is not of shape (n_comparisons, 2) with integers, an index is outside the range, or `l2` is
        not positive.

    Notes
    -----
    Newton's method with backtracking. The objective is convex with curvature at least `l2`, so a gradient of norm g
    means an error of at most g / l2.

    References
    ----------
    Hunter (2004), "MM algorithms for generalized Bradley-Terry models", Annals of Statistics 32, section 2.
    """
    comparisons = np.asarray(comparisons)
    if comparisons.size == 0:
        return np.zeros(n_items)
    if comparisons.ndim != 2 or comparisons.shape[1] != 2 or not np.issubdtype(comparisons.dtype, np.integer):
        raise ValueError("comparisons must be integers of shape (n_comparisons, 2): winner, loser")
    if comparisons.min() < 0 or comparisons.max() >= n_items:
        raise ValueError(f"comparisons holds an index outside 0 to {n_items - 1}")
    if not l2 > 0:
        raise ValueError(f"l2 must be positive, got {l2}")
    winners, losers = comparisons.T

    def objective(rewards):
        return np.sum(np.logaddexp(0.0, rewards[losers] - rewards[winners])) + l2 / 2 * np.sum(rewards**2)

    rewards = np.zeros(n_items)
    for _ in range(100):
        upset = expit(rewards[losers] - rewards[winners])  # probability the model gave to the other outcome
        gradient = l2 * rewards
        np.add.at(gradient, winners, -upset)
        np.add.at(gradient, losers, upset)
        if np.linalg.norm(gradient) < 1e-10 * l2:
            break
        hessian = l2 * np.eye(n_items)
        curvature = upset * (1 - upset)
        for i, j, sign in ((winners, winners, 1), (losers, losers, 1), (winners, losers, -1), (losers, winners, -1)):
            np.add.at(hessian, (i, j), sign * curvature)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-4 and objective(rewards - size * step) > objective(rewards) - 1e-4 * size * gradient @ step:
            size /= 2
        rewards = rewards - size * step
    return rewards - rewards.mean()
