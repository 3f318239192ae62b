"""The solution library of chapter 6 against enumeration, linear programming, simulation and Gymnasium itself."""

import gymnasium
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linprog

from utils.dynamics import PendulumEnsemble
from utils.envs.dyna_maze import DynaMaze
from utils.envs.pendulum import Pendulum, pendulum_reward, pendulum_step
from utils.solutions import ch06 as solutions


def test_real_steps_are_counted_by_simulation():
    for planning in (0, 1, 5, 50):
        updates = steps = 0
        while updates < 10_200:
            steps += 1
            updates += 1 + planning
        assert abs(steps - solutions.dyna_real_steps(10_200, planning)) < 1
    assert solutions.dyna_real_steps(100_000, 5) == pytest.approx(16_666.66667)


@pytest.mark.parametrize("growth", [0.5, 1.0, 1.02, 1.2135])
def test_rollout_error_solves_its_recursion(growth):
    error = 0.0
    for horizon in range(40):
        assert solutions.rollout_error(0.02, horizon, growth) == pytest.approx(error)
        error = growth * error + 0.02


def test_rollout_error_of_the_workbook():
    assert solutions.rollout_error(0.02, 20) == pytest.approx(0.4)
    assert solutions.rollout_error(0.02, 20, 1.02) == pytest.approx(1.02**20 - 1)
    assert solutions.rollout_error(0.02, 20, 1 + 1e-7) == pytest.approx(0.4, rel=1e-5)  # continuous at growth 1
    assert solutions.rollout_error(0.01, 50, 1.01) == pytest.approx(0.6446318218438827)


def test_rollout_error_is_reached_by_an_unstable_system():
    true, model = 1.0, 1.0
    for horizon in range(1, 30):
        true, model = 1.2 * true, 1.2 * model + 0.01
        assert model - true == pytest.approx(solutions.rollout_error(0.01, horizon, 1.2))


def test_buffer_bytes_are_what_numpy_takes():
    transition = np.dtype([("s", "f4", 20), ("a", "f4", 6), ("r", "f4"), ("s_next", "f4", 20)])
    buffer = np.zeros(10_000 * 3, dtype=transition)
    assert solutions.buffer_bytes(10_000, 3, 20, 6) == buffer.nbytes == 5_640_000
    assert solutions.buffer_bytes(7, 2, 3, 1, bytes_per_number=8) == np.zeros((14, 8)).nbytes


def optimal_values(model, n_states, gamma):
    """Optimal state values by linear programming; states without actions are worth 0."""
    rows, limits = [], []
    for (s, _), (r, s_next, done) in model.items():
        row = np.zeros(n_states)
        row[s] -= 1
        if not done:
            row[s_next] += gamma
        rows.append(row)
        limits.append(-r)
    return linprog(np.ones(n_states), rows, limits, bounds=[(-100, 100)] * n_states, method="highs").x


@pytest.mark.parametrize("seed", range(5))
def test_planning_converges_to_the_optimum(seed):
    rng = np.random.default_rng(seed)
    model = {(s, a): (rng.normal(), int(rng.integers(6)), bool(rng.random() < 0.2)) for s in range(6) for a in range(3)}
    q = rng.normal(size=(6, 3))
    for _ in range(400):
        q = solutions.planning_updates(q, model, list(model), 0.7, 0.9)
    assert_allclose(q.max(axis=1), optimal_values(model, 6, 0.9), atol=1e-6)


def test_planning_by_hand():
    chain = {(s, 0): (float(s == 2), s + 1, s == 2) for s in range(3)}
    zeros = np.zeros((4, 1))
    backwards = solutions.planning_updates(zeros, chain, [(2, 0), (1, 0), (0, 0)], 1.0, 0.5)
    forwards = solutions.planning_updates(zeros, chain, [(0, 0), (1, 0), (2, 0)], 1.0, 0.5)
    assert_allclose(backwards[:, 0], [0.25, 0.5, 1, 0])
    assert_allclose(forwards[:, 0], [0, 0, 1, 0])
    assert not zeros.any()
    with pytest.raises(KeyError):
        solutions.planning_updates(zeros, chain, [(3, 0)], 1.0, 0.5)


def test_planning_updates_and_single_backups_are_one_thing():
    rng = np.random.default_rng(7)
    model = {(s, a): (rng.normal(), int(rng.integers(4)), bool(rng.random() < 0.3)) for s in range(4) for a in range(2)}
    replay = [(int(rng.integers(4)), int(rng.integers(2))) for _ in range(50)]
    q = one_by_one = rng.normal(size=(4, 2))
    for s, a in replay:
        one_by_one = solutions.dyna_backup(one_by_one, s, a, *model[s, a], 0.3, 0.9)
    assert_allclose(solutions.planning_updates(q, model, replay, 0.3, 0.9), one_by_one)


def test_backup_at_the_end_of_an_episode():
    q = np.array([[0.0]])
    for _ in range(100):
        q = solutions.dyna_backup(q, 0, 0, 1.0, 0, True, 0.5, 0.99)
    assert_allclose(q, 1.0)
    for _ in range(20_000):  # without the end: the fixed point of v = 1 + 0.99 v
        q = solutions.dyna_backup(q, 0, 0, 1.0, 0, False, 0.5, 0.99)
    assert_allclose(q, 100.0)


def test_branched_rollouts_follow_gymnasium():
    """Branches in a model that is FrozenLake itself, against Gymnasium's own stepping."""
    env = gymnasium.make("FrozenLake-v1", is_slippery=False)
    table = env.unwrapped.P
    rng = np.random.default_rng(0)
    actions = rng.integers(4, size=16)

    def model(s, a):
        [(_, s_next, r, done)] = table[s][a]
        return r, s_next, done

    starts = [0, 4, 6, 10, 14, 0]
    for horizon in (0, 1, 3, 10):
        expected = []
        for start in starts:
            env.reset()
            env.unwrapped.s, done, s = start, False, start
            for _ in range(horizon):
                if done:
                    break
                s_next, r, done, _, _ = env.step(actions[s])
                expected.append((s, actions[s], r, s_next, done))
                s = s_next
        assert solutions.branched_rollouts(starts, lambda s: actions[s], model, horizon) == expected


def test_branched_rollouts_through_the_pendulum_environment():
    env, state = Pendulum(), np.array([2.0, -1.0])
    env.reset(options={"state": state})
    branch = solutions.branched_rollouts(
        [state],
        lambda s: np.clip(s[1], -2, 2),
        lambda s, a: (float(pendulum_reward(s, a)), pendulum_step(s, a), False),
        25,
    )
    assert len(branch) == 25
    for _, action, reward, after, _ in branch:
        _, real_reward, *_ = env.step([action])
        assert real_reward == pytest.approx(reward)
        assert_allclose(env.state, after)


def test_dyna_q_on_the_maze_finds_the_shortest_path():
    rng = np.random.default_rng(0)
    maze, q, model = DynaMaze(), np.zeros((54, 4)), {}
    for _ in range(30):
        s, _ = maze.reset()
        done = False
        while not done:
            a = int(rng.integers(4)) if rng.random() < 0.2 else int(rng.choice(np.flatnonzero(q[s] == q[s].max())))
            s_next, r, done, _, _ = maze.step(a)
            model[s, a] = (r, s_next, done)
            pairs = list(model)
            replay = [(s, a), *(pairs[i] for i in rng.integers(len(pairs), size=30))]
            q = solutions.planning_updates(q, model, replay, 0.5, 0.95)
            s = s_next
    s, _ = maze.reset()
    for _ in range(14):
        s, _, done, _, _ = maze.step(int(q[s].argmax()))
    assert done


def test_the_ensemble_learns_the_pendulum_where_it_has_data():
    rng = np.random.default_rng(0)
    states = rng.uniform([-np.pi, -4], [np.pi, 4], size=(1000, 2))
    torques = rng.uniform(-2, 2, size=1000)
    first, second = (PendulumEnsemble(states, torques, pendulum_step(states, torques)) for _ in range(2))
    inside = rng.uniform([-np.pi, -3], [np.pi, 3], size=(300, 2))
    predicted = first.predict_all(inside, 0.5)
    assert predicted.shape == (5, 300, 2)
    np.testing.assert_array_equal(predicted, second.predict_all(inside, 0.5))  # equal seeds, equal bits
    np.testing.assert_array_equal(predicted[3], first.predict(inside, np.full(300, 0.5), 3))
    truth = pendulum_step(inside, np.full(300, 0.5))
    assert np.abs(predicted - truth).max() < 0.02
    outside = np.stack([rng.uniform(-np.pi, np.pi, 300), rng.uniform(6, 8, 300)], axis=-1)
    assert first.predict_all(outside, 0.5).std(axis=0).mean() > 5 * predicted.std(axis=0).mean()
    with pytest.raises(ValueError, match="at least one transition"):
        PendulumEnsemble(np.zeros((0, 2)), np.zeros(0), np.zeros((0, 2)))
