"""Train a table of action values with a loss that knows nothing of tables."""

import numpy as np


def train_table(loss, data, n_states, n_actions, n_sweeps=150, learning_rate=0.5, first_guess=0.0, report=None):
    """Descend a loss over recorded steps in the entries of a table Q(s, a).

    Parameters
    ----------
    loss : callable
        ``loss(q_values, actions, rewards, next_q_values, dones)`` returns the mean over a batch of steps, as a float;
        the arrays have shapes (batch, n_actions), (batch,), (batch,), (batch, n_actions), (batch,).
    data : utils.envs.offline.OfflineData
    n_states, n_actions : int
    n_sweeps : int
        How often every recorded step is looked at.
    learning_rate : float
    first_guess : float
        Every entry before the training.
    report : callable, optional
        Called with the number of sweeps done, ten times during the training.

    Returns
    -------
    ndarray, shape (n_states, n_actions)

    Notes
    -----
    In each sweep the next states' values are frozen, as a target network's are, and each state's entries take a step
    down the mean loss of the steps recorded in that state. Equal steps are looked at once and weighed by their number.
    The slopes are central differences: 2 n_actions calls of `loss`, with a batch of one, for each different step.
    """
    steps, n_recorded = data.distinct()
    weights = n_recorded / np.bincount(steps.states, n_recorded, n_states)[steps.states]
    width = 1e-3
    q = np.full((n_states, n_actions), float(first_guess))
    for sweep in range(1, n_sweeps + 1):
        slope = np.zeros_like(q)
        for i, (state, weight) in enumerate(zip(steps.states, weights, strict=True)):
            rest = (
                steps.actions[i : i + 1],
                steps.rewards[i : i + 1],
                q[steps.next_states[i : i + 1]],
                steps.dones[i : i + 1],
            )
            for action in range(n_actions):
                row = q[state : state + 1].copy()
                row[0, action] += width
                above = loss(row, *rest)
                row = q[state : state + 1].copy()
                row[0, action] -= width
                slope[state, action] += weight * (above - loss(row, *rest)) / (2 * width)
        q = q - learning_rate * slope
        if report is not None and sweep % max(1, n_sweeps // 10) == 0:
            report(sweep)
    return q
