"""Chapter 4, offline RL: conservative Q-learning (CQL) for discrete actions."""

import numpy as np


def uniform_regularizer(q_values, dataset_action_indices):
    """The CQL regulariser of one state with a uniform distribution over the actions.

    Parameters
    ----------
    q_values : array_like, shape (n_actions,)
        Q(s, .) of one state.
    dataset_action_indices : sequence of int
        Actions recorded in this state; an action recorded twice stands twice.

    Returns
    -------
    float
        Mean of all Q-values minus the mean of the recorded actions' Q-values. It may have either sign.

    References
    ----------
    Kumar et al. (2020), "Conservative Q-learning for offline reinforcement learning", equation 2 with uniform mu.
    """
    q_values = np.asarray(q_values, dtype=float)
    return float(q_values.mean() - q_values[np.asarray(dataset_action_indices)].mean())


def soft_maximum(q_values):
    """log(sum(exp(Q))) of one state's Q-values, shape (n_actions,): above the largest by at most log(n_actions)."""
    return float(np.logaddexp.reduce(np.asarray(q_values, dtype=float)))


def cql_regularizer(q_values, dataset_action_indices):
    """The CQL(H) regulariser of one state: log-sum-exp of Q minus the mean Q of the recorded actions.

    Parameters
    ----------
    q_values : array_like, shape (n_actions,)
        Q(s, .) of one state, finite. Impossible actions may be masked with -1e9.
    dataset_action_indices : sequence of int
        Actions recorded in this state; an action recorded twice counts twice.

    Returns
    -------
    float
        Never negative. Exact to rounding also for Q-values in the thousands.

    Raises
    ------
    ValueError
        If `dataset_action_indices` is empty: the mean over no actions is undefined.

    References
    ----------
    Kumar et al. (2020), "Conservative Q-learning for offline reinforcement learning", equation 4.
    """
    q_values = np.asarray(q_values, dtype=float)
    recorded = np.asarray(dataset_action_indices, dtype=int)
    if recorded.size == 0:
        raise ValueError("dataset_action_indices is empty: the mean over no actions is undefined")
    return float(np.logaddexp.reduce(q_values) - q_values[recorded].mean())


def td_target(rewards, next_q, dones, gamma):
    """Target of Q-learning: the listing of exercise 4.7 with its one line repaired.

    Parameters
    ----------
    rewards : array_like, shape (batch,)
    next_q : array_like, shape (batch, n_actions)
        Q(s', .), finite. Where the episode ended it has no meaning.
    dones : array_like of bool or 0/1, shape (batch,)
        Whether the step ended its episode.
    gamma : float
        Discount.

    Returns
    -------
    ndarray, shape (batch,)
        r + gamma max Q(s', .) where the episode goes on, r where it ended.

    References
    ----------
    Mnih et al. (2015), "Human-level control through deep reinforcement learning", algorithm 1.
    """
    rewards = np.asarray(rewards, dtype=float)
    best_next = np.max(np.asarray(next_q, dtype=float), axis=1)
    return rewards + gamma * best_next * (1.0 - np.asarray(dones, dtype=float))


def squared_td_error(q_value, reward, gamma, best_next_q):
    """Squared TD error of one step that does not end its episode, without a factor 1/2."""
    return (q_value - (reward + gamma * best_next_q)) ** 2


def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    """Loss of discrete CQL(H) on a batch of recorded steps.

    Parameters
    ----------
    q_values : array_like, shape (batch, n_actions)
        Q(s, .) of the states.
    actions : array_like of int, shape (batch,)
        Recorded actions.
    rewards : array_like, shape (batch,)
    next_q_values : array_like, shape (batch, n_actions)
        Q(s', .) of the next states, from the target table or network.
    dones : array_like of bool or 0/1, shape (batch,)
        Whether the step ended its episode; such a step's target is its reward alone.
    gamma : float
        Discount.
    alpha : float
        Weight of the regulariser.

    Returns
    -------
    float
        Mean over the batch of (Q(s, a) - target)**2 + alpha (logsumexp Q(s, .) - Q(s, a)).

    Notes
    -----
    The paper halves the squared error, which is the same loss with twice the alpha (and half the size).

    References
    ----------
    Kumar et al. (2020), "Conservative Q-learning for offline reinforcement learning", equation 4.
    """
    q_values = np.asarray(q_values, dtype=float)
    taken = q_values[np.arange(len(q_values)), np.asarray(actions, dtype=int)]
    error = taken - td_target(rewards, next_q_values, dones, gamma)
    return float(np.mean(error**2 + alpha * (np.logaddexp.reduce(q_values, axis=1) - taken)))
