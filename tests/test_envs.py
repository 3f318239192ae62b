"""The course's own environments: Gymnasium's checker, the model against what is played, exact values, data sets."""

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from utils.envs import maze as mazes
from utils.envs import offline, planning
from utils.envs.maze import DOWN, LEFT, RIGHT, UP, Maze

GAMMA = offline.GAMMA


@pytest.mark.parametrize("slip", [0.0, 0.3])
def test_gymnasiums_checker_finds_nothing(slip):
    name = f"course/Maze{int(10 * slip)}-v0"
    gymnasium.register(name, entry_point=Maze, kwargs={"slip": slip})  # the checker tries all render modes by name
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(name, render_mode="ansi").unwrapped, skip_render_check=False)


def test_equal_seeds_give_equal_episodes():
    def play():
        maze = Maze(slip=0.5)
        maze.action_space.seed(3)
        seen = [maze.reset(seed=7)]
        for _ in range(50):
            seen.append(maze.step(maze.action_space.sample()))
            if seen[-1][2]:
                maze.reset()
        return seen

    assert play() == play()


@pytest.mark.parametrize("slip", [0.0, 0.4])
def test_the_model_is_what_is_played(slip):
    maze = Maze(slip=slip)
    assert np.allclose(maze.transition_matrix.sum(axis=2), 1)
    maze.reset(seed=0)
    n = 400 if slip else 2
    for state in np.flatnonzero(~maze.terminal)[::5]:
        for action in range(4):
            seen, rewards = np.zeros(maze.n_states), 0.0
            for _ in range(n):
                maze.reset(options={"state": state})
                next_state, reward, terminated, truncated, _ = maze.step(action)
                seen[next_state] += 1 / n
                rewards += reward / n
                assert terminated == maze.terminal[next_state] and not truncated
            assert np.abs(seen - maze.transition_matrix[state, action]).max() < (0.15 if slip else 1e-12)
            assert abs(rewards - maze.reward_matrix[state, action]) < (8 if slip else 1e-12)


def test_walls_pits_exits_and_the_time_limit():
    maze = Maze(max_steps=2)
    maze.reset(seed=0)
    assert maze.step(UP)[:3] == (maze.starts["S"], -1.0, False)
    assert maze.step(LEFT)[3], "truncated after max_steps"
    maze.reset(options={"state": maze.state_at[0, 2]})
    assert maze.step(RIGHT)[1:3] == (-51.0, True)
    with pytest.raises(RuntimeError):
        maze.step(RIGHT)
    maze.reset(options={"state": maze.state_at[1, 8]})
    assert maze.step(UP)[1:3] == (-11.0, True)
    maze.reset(options={"state": maze.state_at[3, 8]})
    assert maze.step(DOWN)[1:3] == (-1.0, True)
    with pytest.raises(ValueError):
        Maze(layout=("S.", "."))
    with pytest.raises(ValueError):
        Maze(slip=1.5)


def test_optimal_values_are_those_of_repeated_backups():
    for slip in (0.0, 0.2):
        maze = Maze(slip=slip)
        values = np.zeros(maze.n_states)
        for _ in range(2000):
            values = (maze.reward_matrix + GAMMA * maze.transition_matrix @ values).max(axis=1)
        best, q_values = planning.optimal_values(maze.transition_matrix, maze.reward_matrix, GAMMA)
        assert np.allclose(best, values, atol=1e-9)
        assert np.allclose(q_values.max(axis=1), best, atol=1e-9)
        policy = planning.greedy_policy(q_values)
        assert np.allclose(
            planning.policy_values(maze.transition_matrix, maze.reward_matrix, policy, GAMMA), best, atol=1e-8
        )


def test_the_shortest_way_has_twelve_steps():
    maze = Maze()
    best, _ = planning.optimal_values(maze.transition_matrix, maze.reward_matrix, GAMMA)
    assert best[maze.starts["S"]] == pytest.approx(-sum(GAMMA**t for t in range(12)))


def test_policy_values_are_the_mean_of_many_returns():
    maze = Maze()
    policy = offline.route_policy(maze, "E", carelessness=0.4)
    data = offline.record(maze, policy, maze.starts["S"], 1500, np.random.default_rng(1))
    exact = planning.policy_values(maze.transition_matrix, maze.reward_matrix, policy, GAMMA)[maze.starts["S"]]
    returns = data.returns(GAMMA)
    assert abs(returns.mean() - exact) < 4 * returns.std() / np.sqrt(len(returns))


def test_visits_agree_with_values():
    maze = Maze(slip=0.1)
    policy = offline.route_policy(maze, "G")
    start = maze.starts["X"]
    visits = planning.discounted_visits(maze.transition_matrix, policy, start, GAMMA)
    assert visits.sum() == pytest.approx(1 / (1 - GAMMA))
    values = planning.policy_values(maze.transition_matrix, maze.reward_matrix, policy, GAMMA)
    assert visits @ np.sum(policy * maze.reward_matrix, axis=1) == pytest.approx(values[start])


def test_bad_discounts_and_policies_are_refused():
    maze = Maze()
    even = np.full((maze.n_states, 4), 0.25)
    for policy, gamma in ((even, 1.0), (even, -0.1), (even * 2, 0.9), (even[:3], 0.9)):
        with pytest.raises(ValueError):
            planning.policy_values(maze.transition_matrix, maze.reward_matrix, policy, gamma)


def test_the_data_of_two_routes():
    maze, data = Maze(), offline.two_route_data()
    again = offline.two_route_data(seed=0)
    assert all(np.array_equal(getattr(data, name), getattr(again, name)) for name in data.__dataclass_fields__)
    assert not np.array_equal(data.states[:500], offline.two_route_data(seed=1).states[:500])

    last = np.flatnonzero(np.diff(data.episodes, append=-1))
    first = np.append(0, last[:-1] + 1)
    assert len(last) == 200 and data.dones[last].all() and data.dones.sum() == 200
    ends = {(int(s), int(e)) for s, e in zip(data.states[first], data.next_states[last], strict=True)}
    assert ends == {(maze.starts["S"], maze.exits["E"]), (maze.starts["X"], maze.exits["G"])}, "nobody stitches"
    assert not maze.pits[data.next_states].any(), "nobody falls"
    inside = ~data.dones
    assert np.array_equal(data.next_states[inside], data.states[1:][inside[:-1]]), (
        "steps of an episode follow each other"
    )

    counts = data.counts(maze.n_states, maze.n_actions)
    assert counts.sum() == len(data)
    into_pit = maze.transition_matrix[:, :, maze.pits].sum(axis=2) > 0
    assert counts[into_pit & ~maze.terminal[:, None]].sum() == 0

    # Stitched, the data hold the best way from S: in the part of the maze they show, it is as good as anywhere.
    tried = np.where(counts > 0, maze.reward_matrix, -1e6)
    tried[maze.terminal] = 0.0
    values, _ = planning.optimal_values(maze.transition_matrix, tried, GAMMA)
    best, _ = planning.optimal_values(maze.transition_matrix, maze.reward_matrix, GAMMA)
    assert values[maze.starts["S"]] == pytest.approx(best[maze.starts["S"]])
    assert data.returns(GAMMA)[:120].max() < best[maze.starts["S"]] - 5


def test_parts_of_a_data_set():
    data = offline.two_route_data(n_to_exit=3, n_to_goal=2)
    parts = [data.of_episodes([0, 1, 2]), data.of_episodes([3, 4])]
    assert np.array_equal(offline.join(*parts).states, data.states)
    by_hand = [sum(GAMMA**t * r for t, r in enumerate(data.rewards[data.episodes == episode])) for episode in range(5)]
    assert np.allclose(data.returns(GAMMA), by_hand)


def test_distinct_steps_hold_every_step_once():
    data = offline.record(Maze(slip=0.3), np.full((41, 4), 0.25), Maze().starts["S"], 40, np.random.default_rng(0))
    steps, n_recorded = data.distinct()
    assert n_recorded.sum() == len(data)
    names = ("states", "actions", "rewards", "next_states", "dones")
    listed = list(zip(*(getattr(data, name).tolist() for name in names), strict=True))
    once = list(zip(*(getattr(steps, name).tolist() for name in names), strict=True))
    assert len(set(once)) == len(once)
    assert [listed.count(step) for step in once] == n_recorded.tolist()


def test_the_map_shows_the_walker():
    maze = Maze(render_mode="ansi")
    maze.reset(seed=0)
    assert maze.render().splitlines()[0] == "@..P#P..E"
    assert Maze().render() is None
    assert len(mazes.ACTION_NAMES) == len(mazes.ARROWS) == maze.n_actions
