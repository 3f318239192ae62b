"""The environments of the chapter on model-based RL keep Gymnasium's contract and are what they claim to be."""

import warnings
from collections import deque

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from utils.envs.dyna_maze import LAYOUT, DynaMaze
from utils.envs.pendulum import MAX_SPEED, Pendulum, pendulum_reward, pendulum_step


@pytest.mark.parametrize("make", [DynaMaze, Pendulum])
def test_gymnasium_checker_finds_nothing(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # advice to scale every action to -1 ... 1; our torque is in N m, as in Gymnasium's own pendulum
        warnings.filterwarnings("ignore", message=".*symmetric and normalized space.*")
        check_env(make(), skip_render_check=True)


def shortest_path(maze):
    """Steps from the start to the goal, by breadth-first search through `step`."""
    frontier, seen = deque([((), maze.start)]), {maze.start}
    while frontier:
        actions, _ = frontier.popleft()
        for action in range(4):
            maze.reset()
            for earlier in actions:
                maze.step(earlier)
            cell, reward, terminated, truncated, _ = maze.step(action)
            assert (reward, truncated) == (float(terminated), False)
            if terminated:
                return len(actions) + 1
            if cell not in seen:
                seen.add(cell)
                frontier.append(((*actions, action), cell))
    raise AssertionError("the goal cannot be reached")


def test_the_shortest_path_of_the_dyna_maze_has_14_steps():
    assert shortest_path(DynaMaze()) == 14


def test_walls_and_borders_stop_the_agent():
    maze = DynaMaze()
    assert maze.walls.sum() == 7
    cell, _ = maze.reset()
    assert divmod(cell, 9) == (2, 0)
    assert maze.step(2)[0] == cell  # the border
    assert maze.step(3)[0] == cell + 1
    assert maze.step(3)[0] == cell + 1  # the wall


def test_the_maze_refuses_what_makes_no_sense():
    maze = DynaMaze(("SG",))
    with pytest.raises(ValueError, match="reset"):
        maze.step(0)
    maze.reset()
    with pytest.raises(ValueError, match="action"):
        maze.step(4)
    assert maze.step(3)[:3] == (1, 1.0, True)
    with pytest.raises(ValueError, match="reset"):
        maze.step(3)
    with pytest.raises(ValueError, match="length"):
        DynaMaze((*LAYOUT, "..."))
    with pytest.raises(ValueError, match="exactly one G"):
        DynaMaze(("S..",))


def test_pendulum_is_gymnasiums_pendulum():
    theirs, ours = gymnasium.make("Pendulum-v1"), Pendulum()
    rng = np.random.default_rng(0)
    for _ in range(10):
        theirs.reset(seed=int(rng.integers(1000)))
        ours.reset(options={"state": theirs.unwrapped.state})
        for _ in range(100):
            action = rng.uniform(-3, 3, size=1)
            observation, reward, *_ = theirs.step(action)
            mine, my_reward, *_ = ours.step(action)
            np.testing.assert_allclose(mine, observation, rtol=1e-5, atol=1e-5)
            assert my_reward == pytest.approx(reward, rel=1e-6)


def test_pendulum_functions_take_batches():
    rng = np.random.default_rng(1)
    states, torques = rng.normal(scale=3, size=(4, 5, 2)), rng.normal(scale=2, size=(4, 5))
    batch, rewards = pendulum_step(states, torques), pendulum_reward(states, torques)
    for index in np.ndindex(4, 5):
        np.testing.assert_array_equal(batch[index], pendulum_step(states[index], torques[index]))
        assert rewards[index] == pendulum_reward(states[index], torques[index])
    assert np.abs(batch[..., 1]).max() <= MAX_SPEED


def test_equal_seeds_give_equal_episodes():
    first, second = Pendulum(), Pendulum()
    np.testing.assert_array_equal(first.reset(seed=3)[0], second.reset(seed=3)[0])
    assert not np.array_equal(first.reset(seed=3)[0], second.reset(seed=4)[0])
    with pytest.raises(ValueError, match="reset"):
        Pendulum().step([0.0])
