"""Exact solution of small decision processes, by linear programming: what a claim about optimal policies is held to."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array


def solve(transition, reward, gamma):
    """Find the optimal values of a finite discounted decision process.

    Parameters
    ----------
    transition : ndarray, shape (n_states, n_actions, n_states)
        Probability of each next state.
    reward : ndarray, shape (n_states, n_actions)
        Expected reward of each action.
    gamma : float
        Discount factor, at least 0 and below 1.

    Returns
    -------
    values : ndarray, shape (n_states,)
        V*, the largest expected discounted return from each state.
    action_values : ndarray, shape (n_states, n_actions)
        Q*.

    Raises
    ------
    ValueError
        If `gamma` is outside [0, 1) or the shapes do not fit.

    Notes
    -----
    V* is the smallest function with V >= r + gamma P V for every action (Puterman 1994, section 6.9). The linear program
    finds it to about eight digits; the greedy policy's own linear equations then give the rest.
    """
    transition = np.asarray(transition, dtype=float)
    reward = np.asarray(reward, dtype=float)
    n_states, n_actions = reward.shape
    if transition.shape != (n_states, n_actions, n_states):
        raise ValueError(f"transition: shape {(n_states, n_actions, n_states)} is needed, got {transition.shape}")
    if not 0 <= gamma < 1:
        raise ValueError(f"gamma: at least 0 and below 1 is needed, got {gamma}")
    rows = (gamma * transition - np.eye(n_states)[:, None, :]).reshape(-1, n_states)
    program = linprog(
        np.ones(n_states), A_ub=csr_array(rows), b_ub=-reward.ravel(), bounds=(None, None), method="highs"
    )
    action_values = reward + gamma * transition @ program.x
    values, _ = policy_values(transition, reward, gamma, action_values.argmax(axis=1))
    action_values = reward + gamma * transition @ values
    return values, action_values


def policy_values(transition, reward, gamma, policy):
    """Values of a fixed policy.

    Parameters
    ----------
    transition, reward, gamma
        As in `solve`.
    policy : ndarray of int, shape (n_states,)
        The action taken in each state.

    Returns
    -------
    values : ndarray, shape (n_states,)
    chain : ndarray, shape (n_states, n_states)
        Transition probabilities under the policy.
    """
    states = np.arange(len(policy))
    chain = np.asarray(transition)[states, policy]
    return np.linalg.solve(np.eye(len(policy)) - gamma * chain, np.asarray(reward)[states, policy]), chain
