"""Chapter 3, direct preference optimisation: implicit rewards, the DPO loss and its gradient, IPO."""

import numpy as np
from scipy.special import expit


def log_ratio_margin(logp_win, ref_win, logp_lose, ref_lose):
    """How much further the policy moved towards the winner than towards the loser, seen from the reference.

    Parameters
    ----------
    logp_win, logp_lose : float or array_like, shape (n_pairs,)
        Log-probability that the policy gives to the whole preferred and to the whole other response, in nats.
    ref_win, ref_lose : float or array_like, shape (n_pairs,)
        The same under the frozen reference.

    Returns
    -------
    float or ndarray, shape (n_pairs,)
        log(pi(w) / ref(w)) - log(pi(l) / ref(l)), in nats. Zero where policy and reference agree.

    References
    ----------
    Rafailov et al. (2023), "Direct preference optimization: your language model is secretly a reward model",
    equation 7.
    """
    return np.subtract(np.subtract(logp_win, ref_win), np.subtract(logp_lose, ref_lose))


def implicit_reward(logp, ref, beta):
    """Reward for which a policy is optimal, up to a constant of the prompt: beta * log(pi(y) / ref(y)).

    Parameters
    ----------
    logp, ref : float or array_like
        Log-probabilities of responses to one prompt under the policy and under the reference, in nats.
    beta : float
        Weight of the KL penalty, positive.

    Returns
    -------
    float or ndarray
        The reward minus beta * log Z of the prompt, in the unit of the reward.

    References
    ----------
    Rafailov et al. (2023), equation 5.
    """
    return np.multiply(beta, np.subtract(logp, ref))


def gradient_weight(preference):
    """Weight of one pair in the DPO gradient.

    Parameters
    ----------
    preference : float or ndarray
        sigmoid(beta * margin): probability that the policy's implicit reward gives to the choice that was made.

    Returns
    -------
    float or ndarray
        1 - preference. The gradient of the pair's loss is -beta * weight * (grad log pi(w) - grad log pi(l)).

    References
    ----------
    Rafailov et al. (2023), section 4, "What does the DPO update do?".
    """
    return np.subtract(1.0, preference)


def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    """Mean DPO loss of a batch of preferences.

    Parameters
    ----------
    logp_win, ref_win : array_like, shape (n_pairs,)
        Log-probability of the preferred responses under the policy and under the reference, in nats.
    logp_lose, ref_lose : array_like, shape (n_pairs,)
        The same for the other responses.
    beta : float
        Weight of the KL penalty in the objective that the loss stands for, positive.

    Returns
    -------
    float
        Mean of -log sigmoid(beta * margin), in nats per pair. Exact to rounding for every finite margin.

    Raises
    ------
    ValueError
        If the arrays are empty, differ in shape or hold a value that is not finite, or `beta` is not positive.

    References
    ----------
    Rafailov et al. (2023), equation 7.
    """
    margins = _margins(logp_win, ref_win, logp_lose, ref_lose, beta)
    return float(np.mean(np.logaddexp(0.0, -beta * margins)))


def debugged_dpo_loss(lp_win, ref_win, lp_lose, ref_lose, beta):
    """Mean DPO loss, pair by pair: the listing of exercise 3.6 with lines 6 and 7 repaired.

    Parameters
    ----------
    lp_win, ref_win, lp_lose, ref_lose : sequence of float, length n_pairs >= 1
    beta : float

    Returns
    -------
    float
        The same value as `dpo_loss`.
    """
    loss = 0.0
    for i in range(len(lp_win)):
        ratio_win = lp_win[i] - ref_win[i]
        ratio_lose = lp_lose[i] - ref_lose[i]
        delta = ratio_win - ratio_lose
        loss += np.logaddexp(0, -beta * delta)
    return float(loss / len(lp_win))


def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    """Mean IPO loss of a batch of preferences: a squared distance of the margin from its target.

    Parameters
    ----------
    logp_win, ref_win, logp_lose, ref_lose : array_like, shape (n_pairs,)
        As in `dpo_loss`: log-probabilities of whole responses, summed over tokens.
    beta : float
        Weight of the KL penalty, positive; called tau in the paper.

    Returns
    -------
    float
        Mean of (margin - 1 / (2 * beta))**2, in nats squared.

    Raises
    ------
    ValueError
        As in `dpo_loss`.

    References
    ----------
    Azar et al. (2023), "A general theoretical paradigm to understand learning from human preferences", equation 17.
    """
    margins = _margins(logp_win, ref_win, logp_lose, ref_lose, beta)
    return float(np.mean((margins - 1 / (2 * beta)) ** 2))


def dpo_fitted_margin(share, beta):
    """Margin that minimises the mean DPO loss when a share of the votes goes to the winner: logit(share) / beta."""
    return np.log(np.divide(share, np.subtract(1.0, share))) / beta


def ipo_fitted_margin(share, beta):
    """Margin that minimises the mean IPO loss when a share of the votes goes to the winner: (share - 1/2) / beta."""
    return np.subtract(share, 0.5) / beta


def displacement_rate(probs, sharing):
    """Whether a DPO step raises the winner's log-probability in the three-response policy of section 3.7.

    Parameters
    ----------
    probs : array_like, shape (3,)
        Probabilities of winner, loser and third response.
    sharing : float
        Strength k of the parameter that winner, loser and third response share with weights 1, 2 and 0.

    Returns
    -------
    float
        Derivative of log pi(winner) along the step, per unit of eta * beta * weight; negative where it falls.
    """
    moves = np.array([1 - sharing**2, -1 - 2 * sharing**2, 0.0])
    return float(moves[0] - np.dot(probs, moves))


def _margins(logp_win, ref_win, logp_lose, ref_lose, beta):
    """Margins of a checked batch."""
    named = {"logp_win": logp_win, "ref_win": ref_win, "logp_lose": logp_lose, "ref_lose": ref_lose}
    arrays = {name: np.asarray(values, dtype=float) for name, values in named.items()}
    shapes = {name: values.shape for name, values in arrays.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"the four arrays must have one shape, got {shapes}")
    if arrays["logp_win"].size == 0:
        raise ValueError("logp_win is empty: the mean over no pairs is undefined")
    for name, values in arrays.items():
        if not np.all(np.isfinite(values)):
            raise ValueError(f"{name} holds a value that is not finite")
    if not beta > 0:
        raise ValueError(f"beta must be positive, got {beta}")
    return log_ratio_margin(*arrays.values())


def preference_probability(margin, beta):
    """Probability that the implicit reward gives to the winner: sigmoid(beta * margin)."""
    return expit(np.multiply(beta, margin))
