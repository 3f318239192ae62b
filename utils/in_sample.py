"""In-sample learning in a table: values and a policy from recorded actions alone; and conservative Q-learning beside it."""

import numpy as np


def train_in_sample(
    loss, data, n_states, n_actions, gamma, tau, n_sweeps=300, learning_rate=0.5, first_guess=0.0, report=None
):
    """Learn V and Q from recorded steps without ever asking for the value of an action that was not recorded.

    Parameters
    ----------
    loss : callable
        ``loss(q_values, v_values, tau)`` returns the mean over a batch, as a float; both arrays have shape (batch,).
    data : utils.envs.offline.OfflineData
    n_states, n_actions : int
    gamma : float
        Discount.
    tau : float
        Handed to `loss`.
    n_sweeps : int
        How often every recorded step is looked at.
    learning_rate : float
        Step size of V.
    first_guess : float
        Every V before the training.
    report : callable, optional
        Called with the number of sweeps done, ten times during the training.

    Returns
    -------
    v : ndarray, shape (n_states,)
        A state that the record does not hold keeps the first guess.
    q : ndarray, shape (n_states, n_actions)
        NaN where the record does not hold the action.

    Notes
    -----
    In each sweep Q(s, a) becomes the mean of r + gamma V(s') over the steps recorded for it, with V(s') = 0 where the
    episode ended. Then every recorded state's V takes one step down the loss of its recorded actions' Q-values, each as
    often as it was recorded. The slope is a central difference: two calls of `loss` for each state.

    References
    ----------
    Kostrikov, Nair and Levine (2022), "Offline reinforcement learning with implicit Q-learning", equations 5 and 6.
    """
    steps, n_recorded = data.distinct()
    counts = data.counts(n_states, n_actions)
    pair = steps.states * n_actions + steps.actions
    share = n_recorded / counts.ravel()[pair]  # of each outcome among the steps recorded for its pair
    recorded = counts > 0
    states = np.flatnonzero(recorded.any(axis=1))
    v = np.full(n_states, float(first_guess))
    width = 1e-3
    for sweep in range(1, n_sweeps + 1):
        q = _action_values(steps, pair, share, v, gamma, recorded)
        slope = np.zeros(n_states)
        for state in states:
            batch = np.repeat(q[state], counts[state])
            above = loss(batch, np.full(len(batch), v[state] + width), tau)
            slope[state] = (above - loss(batch, np.full(len(batch), v[state] - width), tau)) / (2 * width)
        v = v - learning_rate * slope
        if report is not None and sweep % max(1, n_sweeps // 10) == 0:
            report(sweep)
    return v, _action_values(steps, pair, share, v, gamma, recorded)


def _action_values(steps, pair, share, v, gamma, recorded):
    """Mean target of each recorded pair, NaN elsewhere."""
    targets = steps.rewards + gamma * v[steps.next_states] * ~steps.dones
    means = np.bincount(pair, share * targets, recorded.size).reshape(recorded.shape)
    return np.where(recorded, means, np.nan)


def weighted_policy(q, v, counts, beta, cap=100.0):
    """Imitate the recorded actions, the good ones more: advantage-weighted regression, solved exactly for a table.

    Parameters
    ----------
    q : ndarray, shape (n_states, n_actions)
        May be NaN where nothing was recorded: those entries are not used.
    v : ndarray, shape (n_states,)
    counts : ndarray, shape (n_states, n_actions)
        How often each action was recorded.
    beta : float
        Inverse temperature; 0 imitates the record as it is.
    cap : float
        Largest weight.

    Returns
    -------
    ndarray, shape (n_states, n_actions)
        Probabilities. An action that was not recorded has 0; a state that was not recorded has even ones.

    References
    ----------
    Kostrikov, Nair and Levine (2022), equation 7; Peng et al. (2019), "Advantage-weighted regression".
    """
    advantage = np.where(counts > 0, np.nan_to_num(q), v[:, None]) - v[:, None]
    weight = np.exp(np.minimum(beta * advantage, np.log(cap)))
    preference = counts * weight
    preference[preference.sum(axis=1) == 0] = 1.0
    return preference / preference.sum(axis=1, keepdims=True)


def conservative_table(data, n_states, n_actions, gamma, alpha, n_sweeps=150, learning_rate=0.5):
    """Chapter 4's training run: a table, from 0, by descent of the CQL loss; alpha = 0 is Q-learning.

    Parameters
    ----------
    data : utils.envs.offline.OfflineData
    n_states, n_actions : int
    gamma : float
        Discount.
    alpha : float
        Weight of the regulariser.
    n_sweeps : int
    learning_rate : float

    Returns
    -------
    ndarray, shape (n_states, n_actions)

    References
    ----------
    Kumar et al. (2020), "Conservative Q-learning for offline reinforcement learning", equation 4.
    """
    from scipy.special import softmax

    counts = data.counts(n_states, n_actions)
    n_visits = counts.sum(axis=1, keepdims=True)
    frequency = counts / np.maximum(n_visits, 1)
    q = np.zeros((n_states, n_actions))
    for _ in range(n_sweeps):
        targets = data.rewards + gamma * q[data.next_states].max(axis=1) * ~data.dones
        slope = np.zeros_like(q)
        np.add.at(slope, (data.states, data.actions), 2 * (q[data.states, data.actions] - targets))
        slope = slope / np.maximum(n_visits, 1) + alpha * (n_visits > 0) * (softmax(q, axis=1) - frequency)
        q = q - learning_rate * slope
    return q
