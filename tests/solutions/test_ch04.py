"""Reference functions of chapter 4 against SciPy, torch, enumeration and worked values of others."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from utils.solutions import ch04 as solutions


def random_steps(seed, n_steps=20, n_actions=4):
    rng = np.random.default_rng(seed)
    return (
        rng.normal(scale=3, size=(n_steps, n_actions)), rng.integers(n_actions, size=n_steps), rng.normal(size=n_steps),
        rng.normal(scale=3, size=(n_steps, n_actions)), rng.random(n_steps) < 0.3,
    )  # fmt: skip


def test_worked_values():
    assert solutions.uniform_regularizer([3, 5, 2, 4], [1, 3]) == -1.0
    assert solutions.soft_maximum([1, 3, 2]) == pytest.approx(3.4076059644, abs=1e-10)
    assert solutions.cql_regularizer([1, 3, 2], [1]) == pytest.approx(0.4076059644, abs=1e-10)
    assert solutions.cql_regularizer([3, 5, 2, 4], [1, 3]) == pytest.approx(0.9401896986, abs=1e-10)
    assert solutions.cql_regularizer([1000, 1000], [0]) == pytest.approx(0.6931471806, abs=1e-10)
    # the penalty of d3rlpy's discrete CQL on the same values
    assert solutions.cql_regularizer([1, 2, 3], [0]) == pytest.approx(2.4076060, abs=1e-7)
    assert solutions.cql_regularizer([1, 2, 3], [2]) == pytest.approx(0.4076060, abs=1e-7)
    assert solutions.squared_td_error(5.0, 1.0, 0.99, 4.0) == pytest.approx(0.0016)


def test_the_soft_maximum_is_scipys_and_the_best_mean_plus_entropy():
    rng = np.random.default_rng(0)
    for _ in range(5):
        q = rng.normal(scale=3, size=4)
        value = solutions.soft_maximum(q)
        assert value == pytest.approx(logsumexp(q))
        assert q.max() < value < q.max() + np.log(4)

        def negative(logits, q=q):
            mu = softmax(logits)
            return -(mu @ q - mu @ np.log(mu))

        found = minimize(negative, np.zeros(4), tol=1e-10)
        assert -found.fun == pytest.approx(value, abs=1e-6)
        assert np.allclose(softmax(found.x), softmax(q), atol=1e-4)


def test_the_regulariser_is_the_naive_formula_never_negative_and_ignores_a_shift():
    rng = np.random.default_rng(1)
    for _ in range(20):
        q, recorded = rng.normal(size=5), rng.integers(5, size=7)
        value = solutions.cql_regularizer(q, recorded)
        assert value == pytest.approx(np.log(sum(np.exp(q))) - sum(q[i] for i in recorded) / 7)
        assert value >= 0
        assert solutions.cql_regularizer(q + 123.0, recorded) == pytest.approx(value)


def test_delicate_regularisers():
    assert solutions.cql_regularizer([1.0, -1e9, 3.0], [0]) == pytest.approx(np.logaddexp(0, 2.0))
    assert solutions.cql_regularizer([-1e5, -1e5 + 1], [0]) == pytest.approx(np.log(1 + np.e))
    assert solutions.cql_regularizer([7.0], [0, 0]) == 0.0
    assert solutions.cql_regularizer([0.0, 3.0], [0, 0, 1]) == pytest.approx(logsumexp([0, 3]) - 1.0)
    with pytest.raises(ValueError, match="dataset_action_indices"):
        solutions.cql_regularizer([1.0, 2.0], [])


def test_the_gradients_are_mu_minus_the_share_in_the_data():
    q = torch.tensor([3.0, 5.0, 2.0, 4.0], dtype=torch.float64, requires_grad=True)
    (q.mean() - q[[1, 3]].mean()).backward()
    assert q.grad.tolist() == [0.25, -0.25, 0.25, -0.25]
    values, recorded, step = np.array([1.0, 2.0, 1.5, 4.0]), [0, 0, 0, 0, 1, 1], 1e-5
    share = np.bincount(recorded, minlength=4) / 6
    for action in range(4):
        move = step * np.eye(4)[action]
        slope = solutions.cql_regularizer(values + move, recorded) - solutions.cql_regularizer(values - move, recorded)
        assert slope / (2 * step) == pytest.approx(softmax(values)[action] - share[action], abs=1e-8)


def test_the_loss_is_d3rlpys_on_the_same_arrays():
    """alpha mean(logsumexp Q - Q(s, a)) beside a mean squared error, as d3rlpy's discrete CQL; slopes by autograd."""
    for seed in range(4):
        q, actions, rewards, next_q, dones = random_steps(seed)
        tensor = torch.tensor(q, requires_grad=True)
        one_hot = torch.nn.functional.one_hot(torch.tensor(actions), 4)
        taken = (one_hot * tensor).sum(dim=1)
        target = torch.tensor(rewards) + 0.9 * torch.tensor(next_q).max(dim=1).values * (
            1 - torch.tensor(dones).double()
        )
        penalty = (torch.logsumexp(tensor, dim=1) - taken).mean()
        loss = torch.nn.functional.mse_loss(taken, target) + 0.7 * penalty
        assert solutions.cql_loss(q, actions, rewards, next_q, dones, 0.9, 0.7) == pytest.approx(loss.item())
        loss.backward()
        for i, j in ((0, 0), (3, 2), (19, 3)):
            ends = []
            for sign in (1, -1):
                moved = q.copy()
                moved[i, j] += sign * 1e-5
                ends.append(solutions.cql_loss(moved, actions, rewards, next_q, dones, 0.9, 0.7))
            assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(tensor.grad[i, j].item(), abs=1e-7)


def test_the_loss_is_the_mean_of_single_steps():
    q, actions, rewards, next_q, dones = random_steps(7)
    single = [
        (q[i, actions[i]] - rewards[i] - (0 if dones[i] else 0.95 * max(next_q[i]))) ** 2
        + 2.0 * solutions.cql_regularizer(q[i], [actions[i]])
        for i in range(20)
    ]
    assert solutions.cql_loss(q, actions, rewards, next_q, dones, 0.95, 2.0) == pytest.approx(np.mean(single))


def test_targets_at_and_before_the_end():
    targets = solutions.td_target([1.0, 1.0], [[0.0, 4.0], [0.0, 4.0]], [False, True], 0.99)
    assert targets.tolist() == [4.96, 1.0]
    assert solutions.td_target([2, 3], [[1e12, 0], [5, 6]], [1, 0], 1.0).tolist() == [2.0, 9.0]


def test_without_regulariser_and_with_every_action_tried_training_finds_the_optimal_values():
    from utils.envs.maze import Maze
    from utils.envs.offline import GAMMA, OfflineData
    from utils.envs.planning import optimal_values
    from utils.tabular import train_table

    maze = Maze()
    states, actions = map(np.ravel, np.meshgrid(np.flatnonzero(~maze.terminal), range(4), indexing="ij"))
    lands = maze.transition_matrix.argmax(axis=2)[states, actions]
    rewards = maze.reward_matrix[states, actions]
    data = OfflineData(states, actions, rewards, lands, maze.terminal[lands], np.arange(len(states)))
    q = train_table(lambda *steps: solutions.cql_loss(*steps, GAMMA, 0.0), data, maze.n_states, 4, n_sweeps=120)
    _, exact = optimal_values(maze.transition_matrix, maze.reward_matrix, GAMMA)
    assert np.abs(q - exact)[~maze.terminal].max() < 1e-3
