"""In-sample learning in a table, the policy extracted from it, and the conservative table beside it."""

import numpy as np
from scipy import stats
from scipy.optimize import minimize

from utils.envs.maze import Maze
from utils.envs.offline import GAMMA, OfflineData, two_route_data
from utils.envs.planning import policy_values
from utils.in_sample import conservative_table, train_in_sample, weighted_policy
from utils.solutions import ch04, ch05
from utils.tabular import train_table


def small_record():
    """State 0 leads to state 1 by either action; in state 1 action 0 ends with 0 or 10, action 1 with 4."""
    return OfflineData(
        np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 0, 0, 1]), np.array([1.0, 1.0, 2.0, 0.0, 10.0, 4.0]),
        np.array([1, 1, 1, 2, 2, 2]), np.array([0, 0, 0, 1, 1, 1], dtype=bool), np.arange(6),
    )  # fmt: skip


def test_values_are_expectiles_of_mean_targets():
    heard = []
    v, q = train_in_sample(
        ch05.expectile_loss,
        small_record(),
        3,
        3,
        gamma=0.5,
        tau=0.8,
        n_sweeps=200,
        first_guess=-3.0,
        report=heard.append,
    )
    v1 = stats.expectile([5.0, 5.0, 4.0], 0.8)  # luck is averaged before the expectile is taken
    assert np.allclose(q[1, :2], [5.0, 4.0])
    assert np.allclose(v[1], v1)
    assert np.allclose(q[0, :2], [1 + 0.5 * v1, 2 + 0.5 * v1])
    assert np.allclose(v[0], stats.expectile([*[1 + 0.5 * v1] * 2, 2 + 0.5 * v1], 0.8))
    assert v[2] == -3.0 and np.isnan(q[:, 2]).all() and np.isnan(q[2]).all()
    assert heard == list(range(20, 201, 20))


def test_at_one_half_v_is_the_value_of_the_record():
    maze = Maze()
    data = two_route_data(maze)
    counts = data.counts(maze.n_states, maze.n_actions)
    v, q = train_in_sample(ch05.expectile_loss, data, maze.n_states, maze.n_actions, GAMMA, 0.5, n_sweeps=200)
    behaviour = weighted_policy(q, v, counts, beta=0.0)
    exact = policy_values(maze.transition_matrix, maze.reward_matrix, behaviour, GAMMA)
    recorded = counts.sum(axis=1) > 0
    assert np.allclose(behaviour[recorded], (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))[recorded])
    assert np.allclose(v[recorded], exact[recorded], atol=1e-8)


def test_the_policy_minimises_the_weighted_loss():
    q, v, counts = np.array([[1.0, 2.0, np.nan, 0.5]]), np.array([1.2]), np.array([[5, 2, 0, 3]])
    policy = weighted_policy(q, v, counts, beta=1.5)
    assert policy[0, 2] == 0
    weights = np.minimum(np.exp(1.5 * (q[0, [0, 1, 3]] - 1.2)), 100) * counts[0, [0, 1, 3]]

    def loss(logits):
        return -weights @ (logits - np.log(np.exp(logits).sum()))

    logits = minimize(loss, np.zeros(3), tol=1e-10).x
    assert np.allclose(policy[0, [0, 1, 3]], np.exp(logits) / np.exp(logits).sum(), atol=1e-5)


def test_weights_are_capped_and_unrecorded_states_get_even_probabilities():
    q, v = np.array([[1000.0, 0.0], [np.nan, np.nan]]), np.array([0.0, 7.0])
    policy = weighted_policy(q, v, np.array([[1, 1], [0, 0]]), beta=3.0)
    assert np.allclose(policy, [[100 / 101, 1 / 101], [0.5, 0.5]])


def test_the_conservative_table_is_chapter_fours():
    maze = Maze()
    data = two_route_data(maze, n_to_exit=15, n_to_goal=10)

    def loss(*steps):
        return ch04.cql_loss(*steps, gamma=GAMMA, alpha=0.7)

    slow = train_table(loss, data, maze.n_states, maze.n_actions, n_sweeps=40)
    fast = conservative_table(data, maze.n_states, maze.n_actions, GAMMA, 0.7, n_sweeps=40)
    assert np.allclose(slow, fast, atol=1e-5)
