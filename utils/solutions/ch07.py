"""Chapter 7, reward shaping: potential-based bonuses, and how to tell them from all others."""

import numpy as np


def shaped_reward(reward, potential, next_potential, gamma):
    """Reward of one step with the potential-based bonus added: r + gamma * Phi(s') - Phi(s).

    References
    ----------
    Ng, Harada and Russell (1999), "Policy invariance under reward transformations", ICML, theorem 1.
    """
    return reward + gamma * next_potential - potential


def manhattan_potential(cell, goal=(0, 0)):
    """Minus the number of steps to the goal on an open grid."""
    return -float(abs(cell[0] - goal[0]) + abs(cell[1] - goal[1]))


def shaping_terms(potentials, dones, gamma):
    """Potential-based bonus of every step of a record.

    Parameters
    ----------
    potentials : array_like, shape (T + 1,)
        ``potentials[t]`` is Phi(s_t) and ``potentials[t + 1]`` is Phi of the state that step t led to, in units of
        reward.
    dones : array_like of bool, shape (T,)
        Whether step t led to a terminal state. A record may go on with the next episode.
    gamma : float
        Discount factor, from 0 to 1.

    Returns
    -------
    ndarray, shape (T,)
        gamma * Phi(s_{t+1}) - Phi(s_t), with Phi(s_{t+1}) = 0 where ``dones[t]``, whatever `potentials` holds there.

    Raises
    ------
    ValueError
        If there is not exactly one potential more than there are steps.

    References
    ----------
    Ng, Harada and Russell (1999), theorem 1; Grzes (2017), "Reward shaping in episodic reinforcement learning",
    AAMAS, on the potential of terminal states.
    """
    potentials = np.asarray(potentials, dtype=float)
    dones = np.asarray(dones, dtype=bool)
    if potentials.ndim != 1 or dones.ndim != 1 or len(potentials) != len(dones) + 1:
        raise ValueError(
            f"potentials and dones must have shapes (T + 1,) and (T,), got {potentials.shape} and {dones.shape}"
        )
    after = np.where(dones, 0.0, potentials[1:])
    return gamma * after - potentials[:-1]


def telescoped(potentials, gamma):
    """Discounted sum of the bonuses along one trajectory: gamma**T * Phi(s_T) - Phi(s_0).

    Parameters
    ----------
    potentials : array_like, shape (T + 1,)
        Potentials of s_0 to s_T, 0 for a terminal s_T.
    gamma : float
    """
    steps = len(potentials) - 1
    return gamma**steps * potentials[-1] - potentials[0]


def is_potential_based(shaping, gamma, tol=1e-8):
    """Whether some potential explains a table of bonuses.

    Parameters
    ----------
    shaping : array_like, shape (n, n)
        F(s, s'), nan where the transition does not exist.
    gamma : float
        Discount factor, from 0 to 1.
    tol : float
        How far an entry may be off, in units of reward.

    Returns
    -------
    bool
        Whether a potential phi has gamma * phi(s') - phi(s) = F(s, s') for every entry that is not nan.

    Notes
    -----
    One linear equation for each existing transition; the least-squares solution leaves nothing over exactly when the
    equations have a solution.
    """
    shaping = np.asarray(shaping, dtype=float)
    before, after = np.nonzero(~np.isnan(shaping))
    if len(before) == 0:
        return True
    rows = np.arange(len(before))
    matrix = np.zeros((len(before), len(shaping)))
    np.add.at(matrix, (rows, after), gamma)
    np.add.at(matrix, (rows, before), -1.0)
    wanted = shaping[before, after]
    potential = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    return bool(np.max(np.abs(matrix @ potential - wanted)) <= tol)


def shaped_rewards(rewards, potentials, gamma):
    """Rewards of a trajectory with the bonus added: the listing of exercise 7.8 with its one line repaired.

    Parameters
    ----------
    rewards : array_like, shape (T,)
    potentials : array_like, shape (T + 1,)
        Potentials of s_0 to s_T, 0 for a terminal s_T.
    gamma : float

    Returns
    -------
    ndarray, shape (T,)
    """
    rewards = np.asarray(rewards, dtype=float)
    potentials = np.asarray(potentials, dtype=float)
    bonus = gamma * potentials[1:] - potentials[:-1]
    return rewards + bonus
