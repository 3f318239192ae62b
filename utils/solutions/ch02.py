"""Chapter 2, PPO for RLHF: probability ratio, clipped surrogate, advantages."""

import numpy as np


def probability_ratio(logp_new, logp_old):
    """How many times more probable the new policy makes an action.

    Parameters
    ----------
    logp_new, logp_old : float or ndarray
        Log-probabilities of the actions taken, in nats; shapes that broadcast.

    Returns
    -------
    float or ndarray
        pi_new(a|s) / pi_old(a|s), from the difference of the logarithms: the probabilities themselves may underflow.
    """
    return np.exp(np.subtract(logp_new, logp_old))


def surrogate_terms(ratio, advantage, eps=0.2):
    """Both terms of the clipped surrogate and the one that counts.

    Parameters
    ----------
    ratio, advantage : float or ndarray
        Probability ratio and advantage; shapes that broadcast.
    eps : float
        Half the width of the clip range.

    Returns
    -------
    unclipped, clipped, objective : float or ndarray
        ratio * A, clip(ratio, 1 - eps, 1 + eps) * A, and the smaller of the two: an objective, to be maximised.

    References
    ----------
    Schulman et al. (2017), "Proximal policy optimization algorithms", equation 7.
    """
    unclipped = np.multiply(ratio, advantage)
    clipped = np.clip(ratio, 1 - eps, 1 + eps) * advantage
    return unclipped, clipped, np.minimum(unclipped, clipped)


def ppo_objective(logp_new, logp_old, advantages, eps):
    """Clipped surrogate objective, to be maximised: the listing of exercise 2.8 with its one line repaired.

    Parameters
    ----------
    logp_new, logp_old, advantages : array_like, shape (n_samples,)
    eps : float
        Half the width of the clip range.

    Returns
    -------
    float
        Mean over the samples of min(ratio * A, clip(ratio, 1 - eps, 1 + eps) * A).
    """
    ratio = np.exp(np.asarray(logp_new) - np.asarray(logp_old))
    advantages = np.asarray(advantages, dtype=float)
    unclipped = ratio * advantages
    clipped = np.clip(ratio, 1 - eps, 1 + eps) * advantages
    return float(np.mean(np.minimum(unclipped, clipped)))


def ppo_clip_loss(logp_new, logp_old, advantages, eps=0.2):
    """PPO's clipped loss, to be minimised.

    Parameters
    ----------
    logp_new, logp_old : array_like, shape (n_samples,)
        Log-probabilities, in nats, that the policy in training and the policy that sampled give to the actions taken.
    advantages : array_like, shape (n_samples,)
        Advantages of these actions, in units of return.
    eps : float
        Half the width of the clip range, not negative.

    Returns
    -------
    float
        Minus the mean of min(ratio * A, clip(ratio, 1 - eps, 1 + eps) * A).

    Raises
    ------
    ValueError
        If the arrays are empty or differ in shape, or `eps` is negative.

    References
    ----------
    Schulman et al. (2017), "Proximal policy optimization algorithms", equation 7; the sign is that of a loss.
    """
    logp_new, logp_old, advantages = (np.asarray(x, dtype=float) for x in (logp_new, logp_old, advantages))
    if not logp_new.shape == logp_old.shape == advantages.shape:
        raise ValueError(
            "logp_new, logp_old and advantages must have one shape, got "
            f"{logp_new.shape}, {logp_old.shape} and {advantages.shape}"
        )
    if logp_new.size == 0:
        raise ValueError("logp_new is empty: the mean over no samples is undefined")
    if not eps >= 0:
        raise ValueError(f"eps must not be negative, got {eps}")
    with np.errstate(over="ignore"):  # an overflowing ratio is infinite, and the minimum picks what is right
        ratio = probability_ratio(logp_new, logp_old)
    _, _, objective = surrogate_terms(ratio, advantages, eps)
    return float(-np.mean(objective))


def response_advantage(reward, log_ratio, beta, value):
    """Advantage of a whole response in RLHF: reward less KL charge less baseline.

    Parameters
    ----------
    reward : float
        Score of the reward model.
    log_ratio : float
        log pi(y|x) - log pi_ref(y|x) of this response, in nats: one sample of the KL divergence.
    beta : float
        Reward charged for each nat.
    value : float
        Baseline V(x), the charged reward expected for this prompt.

    Returns
    -------
    float

    References
    ----------
    Ouyang et al. (2022), "Training language models to follow instructions with human feedback", equation 2.
    """
    return reward - beta * log_ratio - value


def gae(rewards, values, dones, last_value, gamma=0.99, lam=0.95):
    """Generalised advantage estimation over one trajectory, which may span several episodes.

    Parameters
    ----------
    rewards : array_like, shape (T,)
        Reward of each step.
    values : array_like, shape (T,)
        The critic's value of the state that each step started from.
    dones : array_like of bool, shape (T,)
        Whether the episode ended with this step.
    last_value : float
        The critic's value of the state after the last step; without effect if that step ended an episode.
    gamma, lam : float
        Discount and the weight of longer looks ahead, both between 0 and 1.

    Returns
    -------
    advantages, returns : ndarray, shape (T,)
        Advantages, and advantages + values: what the critic is trained towards.

    Raises
    ------
    ValueError
        If the arrays are not of one shape (T,).

    References
    ----------
    Schulman et al. (2016), "High-dimensional continuous control using generalized advantage estimation", equation 16.
    """
    rewards, values, dones = (np.asarray(x, dtype=float) for x in (rewards, values, dones))
    for name, array in (("rewards", rewards), ("values", values), ("dones", dones)):
        if array.ndim != 1:
            raise ValueError(f"{name} must have shape (T,), got {array.shape}")
    if not len(rewards) == len(values) == len(dones):
        raise ValueError(
            f"rewards, values and dones must have one length, got {len(rewards)}, {len(values)} and {len(dones)}"
        )
    going_on = 1.0 - dones
    next_values = np.append(values[1:], last_value)
    td_errors = rewards + gamma * going_on * next_values - values
    advantages = np.zeros(len(rewards))
    following = 0.0
    for t in reversed(range(len(rewards))):
        following = td_errors[t] + gamma * lam * going_on[t] * following
        advantages[t] = following
    return advantages, advantages + values


def training_memory(n_parameters, trained):
    """Memory of one model during mixed-precision training, in GB (10**9 bytes), without activations.

    Parameters
    ----------
    n_parameters : float
    trained : bool
        A frozen model needs its 16-bit weights only. A trained one needs 16-bit gradients, a 32-bit copy of the weights
        and Adam's two 32-bit averages besides.

    Returns
    -------
    float

    References
    ----------
    Rajbhandari et al. (2020), "ZeRO: memory optimizations toward training trillion parameter models", section 3.1.
    """
    bytes_per_parameter = 2 + (2 + 4 + 4 + 4 if trained else 0)
    return n_parameters * bytes_per_parameter / 1e9
