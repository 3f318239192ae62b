"""Exact values in a small Markov decision process whose model is known.

Everywhere `transition_matrix` has shape (n_states, n_actions, n_states) and holds P(s' | s, a), `reward_matrix` has
shape (n_states, n_actions) and holds the expected reward of (s, a), and terminal states lead to themselves with reward
0. A policy is an array of probabilities of shape (n_states, n_actions).
"""

import numpy as np


def policy_values(transition_matrix, reward_matrix, policy, gamma):
    """Exact state values of a policy, by solving the linear Bellman equation.

    Parameters
    ----------
    transition_matrix : ndarray, shape (n_states, n_actions, n_states)
    reward_matrix : ndarray, shape (n_states, n_actions)
    policy : ndarray of float, shape (n_states, n_actions), or of int, shape (n_states,)
        Probabilities of the actions in each state, or the one action taken there.
    gamma : float
        Discount, at least 0 and below 1.

    Returns
    -------
    ndarray, shape (n_states,)
        V of the policy.

    Raises
    ------
    ValueError
        If `gamma` is outside [0, 1), the shapes do not fit or the rows of `policy` are no distributions.

    References
    ----------
    Puterman (1994), "Markov Decision Processes", theorem 6.1.1.
    """
    if not 0 <= gamma < 1:
        raise ValueError(f"gamma must lie in [0, 1), got {gamma}")
    n_states, n_actions = reward_matrix.shape
    if transition_matrix.shape != (n_states, n_actions, n_states):
        raise ValueError(
            f"transition_matrix must have shape {(n_states, n_actions, n_states)}, got {transition_matrix.shape}"
        )
    policy = np.asarray(policy)
    policy = np.eye(n_actions)[policy] if policy.ndim == 1 else policy.astype(float)
    if policy.shape != reward_matrix.shape or np.any(policy < 0) or not np.allclose(policy.sum(axis=1), 1):
        raise ValueError(f"policy must hold a distribution over actions for each state, shape {reward_matrix.shape}")
    step = np.einsum("sa,sat->st", policy, transition_matrix)
    reward = np.sum(policy * reward_matrix, axis=1)
    return np.linalg.solve(np.eye(len(reward)) - gamma * step, reward)


def action_values(transition_matrix, reward_matrix, state_values, gamma):
    """One look ahead: reward plus discounted value of the next state.

    Returns
    -------
    ndarray, shape (n_states, n_actions)
        With V of a policy this is its Q, with the optimal V the optimal Q.
    """
    return reward_matrix + gamma * transition_matrix @ state_values


def greedy_policy(q_values):
    """The policy that takes the best action, and shares equally between actions that tie exactly.

    Parameters
    ----------
    q_values : ndarray, shape (n_states, n_actions)

    Returns
    -------
    ndarray, shape (n_states, n_actions)
        Probabilities.
    """
    best = q_values == q_values.max(axis=1, keepdims=True)
    return best / best.sum(axis=1, keepdims=True)


def optimal_values(transition_matrix, reward_matrix, gamma):
    """Exact optimal values, by policy iteration: it ends after finitely many policies.

    Parameters
    ----------
    transition_matrix : ndarray, shape (n_states, n_actions, n_states)
    reward_matrix : ndarray, shape (n_states, n_actions)
    gamma : float
        Discount, at least 0 and below 1.

    Returns
    -------
    state_values : ndarray, shape (n_states,)
        Optimal V.
    q_values : ndarray, shape (n_states, n_actions)
        Optimal Q.

    References
    ----------
    Howard (1960), "Dynamic Programming and Markov Processes".
    """
    states = np.arange(len(reward_matrix))
    chosen = np.zeros(len(states), dtype=int)
    while True:
        values = policy_values(transition_matrix, reward_matrix, chosen, gamma)
        q_values = action_values(transition_matrix, reward_matrix, values, gamma)
        better = q_values.max(axis=1) > q_values[states, chosen] + 1e-10  # keep the old action where nothing is gained
        if not better.any():
            return values, q_values
        chosen = np.where(better, q_values.argmax(axis=1), chosen)


def discounted_visits(transition_matrix, policy, start, gamma):
    """Expected discounted number of visits to each state from a start state; the sum is 1 / (1 - gamma).

    Parameters
    ----------
    start : int
        Index of the start state.

    Returns
    -------
    ndarray, shape (n_states,)
    """
    step = np.einsum("sa,sat->st", policy, transition_matrix)
    return np.linalg.solve(np.eye(len(step)) - gamma * step.T, np.eye(len(step))[start])
