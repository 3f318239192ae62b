"""Chapter 5, offline RL: expectiles and implicit Q-learning (IQL)."""

import numpy as np


def _checked(values, tau, name):
    """The values as a float array; ValueError when there are none or tau is outside (0, 1)."""
    if not 0 < tau < 1:
        raise ValueError(f"tau must lie strictly between 0 and 1, got {tau}")
    values = np.asarray(values, dtype=float)
    if values.size == 0:
        raise ValueError(f"{name} is empty: an expectile of nothing is undefined")
    return values


def expectile_loss(q_values, v_values, tau):
    """Mean expectile loss of a batch: squared errors, weighed by tau where Q is above V and by 1 - tau elsewhere.

    Parameters
    ----------
    q_values, v_values : array_like, shape (n,)
        Q(s, a) of the recorded actions and V(s) of their states.
    tau : float
        Level, strictly between 0 and 1.

    Returns
    -------
    float
        In squared units of Q.

    Raises
    ------
    ValueError
        If tau is outside (0, 1) or the arrays are empty.

    References
    ----------
    Kostrikov, Nair and Levine (2022), "Offline reinforcement learning with implicit Q-learning", equation 5.
    """
    diff = _checked(q_values, tau, "q_values") - np.asarray(v_values, dtype=float)
    return float(np.mean(np.where(diff > 0, tau, 1 - tau) * diff**2))


def expectile_gradient(q_values, v, tau):
    """Derivative of the mean expectile loss of one V: the listing of exercise 5.7 with its one line repaired.

    Parameters
    ----------
    q_values : array_like, shape (n,)
    v : float
        The one value that all of them are compared with.
    tau : float
        Level, strictly between 0 and 1.

    Returns
    -------
    float
        Negative where V is too low. In units of Q.
    """
    diff = np.asarray(q_values, dtype=float) - v
    weight = np.where(diff > 0, tau, 1 - tau)
    return float(-2 * np.mean(weight * diff))


def condition_sides(q_values, v, tau):
    """Both sides of the condition that the expectile satisfies.

    Parameters
    ----------
    q_values : array_like, shape (n,)
    v : float
        Candidate.
    tau : float
        Level, strictly between 0 and 1.

    Returns
    -------
    left, right : float
        tau times the sum of Q - v over the values above v, and 1 - tau times the sum of v - Q over the others. They are
        equal at the expectile; the right one is larger where v is too high.

    References
    ----------
    Newey and Powell (1987), "Asymmetric least squares estimation and testing", equation 2.7.
    """
    diff = np.asarray(q_values, dtype=float) - v
    return float(tau * diff[diff > 0].sum()), float((1 - tau) * -diff[diff <= 0].sum())


def expectile(values, tau):
    """The tau-expectile of a sample, exact up to rounding.

    Parameters
    ----------
    values : array_like, shape (n,)
        Finite numbers.
    tau : float
        Level, strictly between 0 and 1: 0.5 gives the mean, towards 1 it tends to the largest value.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If tau is outside (0, 1) or `values` is empty.

    Notes
    -----
    Between two neighbouring values the condition of `condition_sides` is linear. With the k smallest values below it,
    its solution is a weighted mean: 1 - tau for each of these k, tau for each of the others. The weighted mean that does
    lie between its neighbours is the expectile.

    References
    ----------
    Newey and Powell (1987), "Asymmetric least squares estimation and testing".
    """
    ordered = np.sort(_checked(values, tau, "values"), axis=None)
    n_below = np.arange(1, ordered.size + 1)
    sum_below = np.cumsum(ordered)
    sum_above = np.append(np.cumsum(ordered[::-1])[::-1][1:], 0.0)
    candidates = (tau * sum_above + (1 - tau) * sum_below) / (tau * (ordered.size - n_below) + (1 - tau) * n_below)
    upper = np.append(ordered[1:], np.inf)
    found = candidates[np.argmax(candidates <= upper)]  # the first that does not reach beyond its upper neighbour
    return float(np.clip(found, ordered[0], ordered[-1]))  # rounding must not leave the sample
