"""The reference functions of chapter 7 against definitions, linear programs, sums over cycles and exact optimal policies."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from utils.envs.planning import optimal_values
from utils.envs.shaping_maze import Crowd, ShapingMaze
from utils.solutions import ch07 as solutions

RNG = np.random.default_rng(7)


def test_one_step_of_exercise_7_1():
    potential = solutions.manhattan_potential
    assert potential((2, 3)) == -5
    for after, expected in (((2, 2), 1.04), ((2, 4), -0.94), ((2, 3), 0.05)):
        assert solutions.shaped_reward(0, potential((2, 3)), potential(after), 0.99) == pytest.approx(expected)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 7, 40])
def test_telescoping(gamma, steps):
    potentials = RNG.normal(size=steps + 1)
    by_hand = sum(gamma**t * (gamma * potentials[t + 1] - potentials[t]) for t in range(steps))
    assert solutions.telescoped(potentials, gamma) == pytest.approx(by_hand)
    terms = solutions.shaping_terms(potentials, np.zeros(steps, bool), gamma)
    assert gamma ** np.arange(steps) @ terms == pytest.approx(by_hand)


def test_telescoping_index():
    """gamma**T * Phi(s_T): with one power more the published worked value would be off."""
    potentials = [5.0, 3, 1, 0.7]
    assert solutions.telescoped(potentials, 0.9) == pytest.approx(-4.4897)
    assert solutions.telescoped([5.0, 3, 1, 0], 1.0) == -5


def test_shaping_terms_step_by_step():
    potentials = RNG.normal(size=31)
    dones = RNG.random(30) < 0.3
    expected = []
    for t in range(30):
        after = 0.0 if dones[t] else potentials[t + 1]
        expected.append(0.8 * after - potentials[t])
    assert np.allclose(solutions.shaping_terms(potentials, dones, 0.8), expected)
    broken = np.where(np.append(False, dones), np.nan, potentials)
    terms = solutions.shaping_terms(broken, dones, 0.8)
    assert np.isnan(terms).sum() == dones[:-1].sum()  # nan only where the nan state is the step's own start
    for bad in (([1.0, 2.0], [False, False]), ([1.0], [False]), ([[1.0, 2.0]], [False])):
        with pytest.raises(ValueError):
            solutions.shaping_terms(*bad, 0.9)


def feasible(shaping, gamma, tol):
    """Smallest worst misfit of any potential, by a linear program."""
    before, after = np.nonzero(~np.isnan(shaping))
    n = len(shaping)
    rows = np.zeros((len(before), n + 1))
    for k, (s, t) in enumerate(zip(before, after, strict=True)):
        rows[k, t] += gamma
        rows[k, s] -= 1
    wanted = shaping[before, after]
    slack = np.ones((len(before), 1))
    a = np.vstack([np.hstack([rows[:, :n], -slack]), np.hstack([-rows[:, :n], -slack])])
    result = linprog(np.append(np.zeros(n), 1.0), A_ub=a, b_ub=np.append(wanted, -wanted), bounds=(None, None))
    return result.fun <= tol


def test_is_potential_based_against_a_linear_program():
    seen = set()
    for _ in range(300):
        n = int(RNG.integers(1, 7))
        gamma = float(RNG.choice([0.5, 0.9, 1.0]))
        potential = RNG.normal(scale=3, size=n)
        shaping = gamma * potential[None, :] - potential[:, None]
        shaping[RNG.random((n, n)) < RNG.uniform(0.2, 0.8)] = np.nan
        if RNG.random() < 0.5:
            shaping = shaping + 0.1 * RNG.normal(size=(n, n)) * (RNG.random((n, n)) < 0.2)
        if np.isnan(shaping).all():
            continue
        verdict = solutions.is_potential_based(shaping, gamma)
        assert verdict == feasible(shaping, gamma, 1e-7)
        seen.add(verdict)
    assert seen == {True, False}


def test_is_potential_based_against_all_cycles():
    """Without discounting, a table is potential-based exactly when every round trip, edges taken either way, sums to 0."""
    for _ in range(200):
        n = 4
        potential = RNG.integers(-3, 4, size=n).astype(float)
        shaping = potential[None, :] - potential[:, None]
        shaping[RNG.random((n, n)) < 0.4] = np.nan
        if RNG.random() < 0.6:
            i, j = RNG.integers(n, size=2)
            shaping[i, j] += 1
        steps = {}  # signed bonus of going from one state to the other, along or against a transition
        for i, j in np.argwhere(~np.isnan(shaping)):
            steps.setdefault((i, j), []).append(shaping[i, j])
            steps.setdefault((j, i), []).append(-shaping[i, j])
        balanced = True
        for length in range(1, n + 1):
            for nodes in itertools.permutations(range(n), length):
                edges = [steps.get((a, b), []) for a, b in zip(nodes, nodes[1:] + nodes[:1], strict=True)]
                balanced &= all(abs(sum(way)) < 1e-12 for way in itertools.product(*edges))
        for way in steps.values():
            balanced &= max(way) == min(way)
        assert solutions.is_potential_based(shaping, 1.0) == balanced


def test_no_transition_at_all():
    assert solutions.is_potential_based(np.full((3, 3), np.nan), 0.9) is True


@pytest.mark.parametrize("gamma", [0.5, 0.9, 0.99])
def test_theorem_on_random_processes(gamma):
    """Q* falls by exactly the potential, so no optimal policy changes."""
    for _ in range(20):
        transition = RNG.dirichlet(np.ones(5), size=(5, 3))
        reward = RNG.normal(size=(5, 3))
        potential = RNG.normal(scale=5, size=5)
        bonus = gamma * transition @ potential - potential[:, None]
        _, plain = optimal_values(transition, reward, gamma)
        _, shaped = optimal_values(transition, reward + bonus, gamma)
        assert np.allclose(shaped, plain - potential[:, None], atol=1e-8)


def test_shaping_equals_another_start():
    """Wiewiora (2003): learning with the bonus from 0 is learning without it from Phi, step by step."""
    maze = ShapingMaze()
    gamma = 0.95
    potential = RNG.normal(size=maze.n_cells)
    potential[maze.goal] = 0
    bonus = np.array(
        [
            [
                solutions.shaping_terms([potential[s], potential[after]], [after == maze.goal], gamma)[0]
                for after in maze.destination[s]
            ]
            for s in range(maze.n_cells)
        ]
    )
    bonus[maze.goal] = 0
    shaped = Crowd(maze, gamma, bonus=bonus, n_agents=10)
    moved = Crowd(maze, gamma, start_values=potential, n_agents=10)
    for _ in range(3000):
        shaped.step()
        moved.step()
        assert np.array_equal(shaped.cell, moved.cell)
    assert np.allclose(shaped.values + potential[None, :, None], moved.values, atol=1e-9)


def test_shaped_rewards():
    rewards, potentials = RNG.normal(size=6), RNG.normal(size=7)
    expected = rewards + solutions.shaping_terms(potentials, np.zeros(6, bool), 0.9)
    assert np.allclose(solutions.shaped_rewards(rewards, potentials, 0.9), expected)
    assert solutions.shaped_rewards([0, 0, 1], [-3, -2, -1, 0], 1.0).tolist() == [1.0, 1.0, 2.0]


def test_the_backward_bonus_is_potential_based_only_without_discount():
    potential = RNG.normal(size=5)
    for gamma, expected in ((1.0, True), (0.9, False)):
        backward = gamma * potential[:, None] - potential[None, :]
        assert solutions.is_potential_based(backward, gamma) is expected
