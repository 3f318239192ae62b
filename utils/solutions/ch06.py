"""Chapter 6, model-based RL: planning with a learned model, and how far to trust it."""

import numpy as np


def dyna_real_steps(n_updates, planning_steps):
    """Real steps that give a number of updates when every real step is followed by planning.

    Parameters
    ----------
    n_updates : float
        Updates wanted, real and simulated together.
    planning_steps : int
        Simulated updates after each real step, k.

    Returns
    -------
    float
        ``n_updates / (1 + k)``. A heuristic, not a theorem: it assumes that a simulated update teaches as much as a real
        one.

    References
    ----------
    Sutton (1991), "Dyna, an integrated architecture for learning, planning, and reacting".
    """
    return n_updates / (1 + planning_steps)


def rollout_error(step_error, horizon, growth=1.0):
    """Error at the end of a rollout, when each step multiplies the old error and adds a new one.

    Parameters
    ----------
    step_error : float
        Error that the model adds in one step, epsilon.
    horizon : int
        Steps, H.
    growth : float
        Factor by which one step multiplies the error it is given, L; positive.

    Returns
    -------
    float
        Solution of ``e[h + 1] = growth * e[h] + step_error`` with ``e[0] = 0``: ``step_error * (L**H - 1) / (L - 1)``.
        That is ``H * step_error`` for L = 1 and ``(1 + step_error)**H - 1`` for L = 1 + step_error.

    References
    ----------
    Asadi, Misra and Littman (2018), "Lipschitz continuity in model-based reinforcement learning", theorem 1.
    """
    if growth == 1:
        return step_error * horizon
    return step_error * (growth**horizon - 1) / (growth - 1)


def buffer_bytes(n_starts, horizon, state_size, action_size, bytes_per_number=4):
    """Memory of the transitions (s, a, r, s') that branched rollouts produce, in bytes.

    Parameters
    ----------
    n_starts, horizon : int
        Branches, and steps of each; no branch ends early.
    state_size, action_size : int
        Numbers in a state and in an action.
    bytes_per_number : int
        4 for FP32.

    Returns
    -------
    int
    """
    return n_starts * horizon * (2 * state_size + action_size + 1) * bytes_per_number


def planning_updates(q, model, replay, alpha, gamma):
    """Q-learning updates on transitions that a learned tabular model predicts: the planning half of Dyna-Q.

    Parameters
    ----------
    q : ndarray, shape (n_states, n_actions)
        Action values; left as they are.
    model : dict
        From (state, action) to (reward, next state, done), as last seen.
    replay : sequence of (int, int)
        The (state, action) pairs to update, in this order; each update sees those before it.
    alpha : float
        Step size.
    gamma : float
        Discount factor.

    Returns
    -------
    ndarray, shape (n_states, n_actions)
        The new values.

    Raises
    ------
    KeyError
        If a pair of `replay` is not in the model.

    References
    ----------
    Sutton and Barto (2018), "Reinforcement learning: an introduction", section 8.2, tabular Dyna-Q, step (f).
    """
    q = np.array(q, dtype=float)
    for state, action in replay:
        reward, next_state, done = model[state, action]
        target = reward if done else reward + gamma * q[next_state].max()
        q[state, action] += alpha * (target - q[state, action])
    return q


def branched_rollouts(start_states, policy, model, horizon):
    """Short rollouts of a policy in a learned model, one from each start state.

    Parameters
    ----------
    start_states : sequence
        States that were really visited.
    policy : callable
        ``policy(state)`` returns an action; called once for each transition.
    model : callable
        ``model(state, action)`` returns (reward, next state, done); called once for each transition.
    horizon : int
        Most steps of a branch; 0 gives no transition.

    Returns
    -------
    list of tuple
        (state, action, reward, next state, done), branch after branch in the order of the starts. The transition that
        ends an episode is the last of its branch.

    References
    ----------
    Janner et al. (2019), "When to trust your model: model-based policy optimization", algorithm 2.
    """
    transitions = []
    for state in start_states:
        for _ in range(horizon):
            action = policy(state)
            reward, next_state, done = model(state, action)
            transitions.append((state, action, reward, next_state, done))
            if done:
                break
            state = next_state
    return transitions


def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
    """One Q-learning update in a new table: the listing of exercise 6.8 with its one line repaired.

    Parameters
    ----------
    q : ndarray of float, shape (n_states, n_actions)
        Action values; left as they are.
    s, a, s_next : int
        State, action, next state.
    r : float
        Reward.
    done : bool
        Whether the episode ended with this step; then nothing follows, whatever `s_next` says.
    alpha, gamma : float
        Step size and discount factor.

    Returns
    -------
    ndarray, shape (n_states, n_actions)
    """
    q = q.copy()
    target = r if done else r + gamma * q[s_next].max()
    q[s, a] += alpha * (target - q[s, a])
    return q
