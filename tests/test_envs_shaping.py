"""The maze of chapter 7 keeps Gymnasium's promises, and its model says what its steps do."""

import warnings

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from utils.envs.planning import optimal_values, policy_values
from utils.envs.shaping_maze import POCKET_MAZE, Crowd, ShapingMaze


@pytest.mark.parametrize("options", [{}, {"slip": 0.3}, {"max_steps": 5}, {"layout": ("S..", "##G")}])
def test_gymnasium_accepts_it(options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*not having a `spec`.*|.*render.*|.*was not registered.*")
        check_env(ShapingMaze(render_mode="ansi", **options), skip_render_check=False)


@pytest.mark.parametrize("slip", [0.0, 0.4])
def test_steps_follow_the_model(slip):
    maze = ShapingMaze(layout=("S.#", "..G"), slip=slip)
    transition, reward = maze.model()
    assert np.allclose(transition.sum(axis=2), 1)
    maze.reset(seed=1)
    counts = np.zeros((maze.n_cells, 4, maze.n_cells))
    rng = np.random.default_rng(0)
    for _ in range(20_000):
        cell, action = maze._cell, int(rng.integers(4))
        after, paid, terminated, truncated, _ = maze.step(action)
        counts[cell, action, after] += 1
        assert paid == float(terminated)
        assert not truncated
        if terminated:
            maze.reset()
    visited = counts.sum(axis=2, keepdims=True)
    visited[maze.goal] = 1
    share = counts / visited
    others = np.arange(maze.n_cells) != maze.goal
    standard_error = np.sqrt(transition * (1 - transition) / visited)
    assert np.all((np.abs(share - transition) <= 5 * standard_error + 1e-12)[others])
    assert reward[maze.goal].max() == 0
    assert np.allclose(reward[others], transition[others][:, :, maze.goal])


def test_lengths_and_random_walk():
    maze = ShapingMaze()
    lengths = maze.path_lengths()
    # breadth-first search by hand
    expected = {maze.goal: 0}
    frontier = [maze.goal]
    while frontier:
        cell = frontier.pop(0)
        for other in range(maze.n_cells):
            apart = np.abs(np.subtract(maze.cells[cell], maze.cells[other])).sum()
            if apart == 1 and other not in expected:
                expected[other] = expected[cell] + 1
                frontier.append(other)
    assert [expected[i] for i in range(maze.n_cells)] == lengths.tolist()
    assert np.all(maze.straight_lengths() <= lengths)
    # n steps from the goal, the back wall behind: a walk left and right, bumps counted, needs n (n + 1) steps, and half
    # of all steps go up or down against a wall
    corridor = ShapingMaze(layout=("S...G",))
    n = 4
    assert corridor.random_walk_steps()[corridor.start] == pytest.approx(2 * n * (n + 1))


def test_bad_arguments():
    for options in ({"layout": ("S.", ".")}, {"layout": ("S.", "..")}, {"slip": 1.5}, {"render_mode": "human"}):
        with pytest.raises(ValueError):
            ShapingMaze(**options)
    with pytest.raises(RuntimeError):
        ShapingMaze().step(0)
    with pytest.raises(ValueError):
        Crowd(ShapingMaze(slip=0.5), 0.9)


def test_exact_solution_of_the_maze_is_the_path_length():
    maze = ShapingMaze(POCKET_MAZE)
    values, action_values = optimal_values(*maze.model(), 0.95)
    lengths = maze.path_lengths()
    expected = np.where(lengths == 0, 0.0, 0.95 ** (lengths - 1))
    assert np.allclose(values, expected, atol=1e-10)
    assert np.allclose(action_values.max(axis=1), values, atol=1e-10)


def test_exact_solution_beats_every_policy_of_a_small_process():
    import itertools

    rng = np.random.default_rng(3)
    for _ in range(5):
        transition = rng.dirichlet(np.ones(4), size=(4, 2))
        reward = rng.normal(size=(4, 2))
        best = np.max(
            [
                policy_values(transition, reward, np.array(policy), 0.8)
                for policy in itertools.product(range(2), repeat=4)
            ],
            axis=0,
        )
        assert np.allclose(optimal_values(transition, reward, 0.8)[0], best, atol=1e-9)
    with pytest.raises(ValueError):
        optimal_values(transition, reward, 1.0)
    with pytest.raises(ValueError):
        optimal_values(transition[:, :1], reward, 0.5)


def test_a_crowd_learns_the_shortest_way_and_repeats_itself():
    maze = ShapingMaze()
    runs = []
    for _ in range(2):
        crowd = Crowd(maze, 0.95, start_values=0.95 ** np.maximum(maze.path_lengths() - 1, 0), n_agents=5, seed=4)
        for _ in range(1500):
            crowd.step()
        runs.append(crowd)
    assert runs[0].lengths == runs[1].lengths
    assert np.array_equal(runs[0].values, runs[1].values)
    for agent in range(5):
        cell, steps = maze.start, 0
        while cell != maze.goal and steps < 50:
            cell = maze.destination[cell, runs[0].values[agent, cell].argmax()]
            steps += 1
        assert steps == maze.path_lengths()[maze.start]
