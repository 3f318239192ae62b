"""Training a table with a loss that returns only its value."""

import numpy as np

from utils.envs.offline import OfflineData
from utils.tabular import train_table


def squared_error(q_values, actions, rewards, next_q_values, dones):
    """Squared TD error at a discount of 0.5, a batch of any size."""
    target = rewards + 0.5 * next_q_values.max(axis=1) * ~dones
    return np.mean((q_values[np.arange(len(actions)), actions] - target) ** 2)


def test_each_sweep_is_a_step_down_the_mean_loss_of_each_state():
    data = OfflineData(
        np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), np.array([1.0, 1.0, 3.0, 2.0]), np.array([1, 1, 0, 0]),
        np.array([False, False, False, True]), np.arange(4),
    )  # fmt: skip
    heard = []
    q = train_table(squared_error, data, 2, 2, n_sweeps=40, learning_rate=0.3, first_guess=0.5, report=heard.append)
    by_hand = np.full((2, 2), 0.5)
    for _ in range(40):
        best = by_hand.max(axis=1)
        by_hand = by_hand - 0.3 * np.array(
            [
                [2 / 3 * 2 * (by_hand[0, 0] - (1 + 0.5 * best[1])), 1 / 3 * 2 * (by_hand[0, 1] - (3 + 0.5 * best[0]))],
                [0.0, 2 * (by_hand[1, 1] - 2.0)],
            ]
        )
    assert np.allclose(q, by_hand, atol=1e-9)
    assert q[1, 0] == 0.5, "nothing moves an entry that nobody tried"
    assert heard == list(range(4, 41, 4))
