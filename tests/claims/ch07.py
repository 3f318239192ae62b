"""Chapter 7, reward shaping."""

import functools
import itertools

import numpy as np

from tests.chapters import solved_notebook
from tests.claims import Claim
from utils.demos import ch07 as demos
from utils.envs.planning import optimal_values
from utils.envs.shaping_maze import Crowd, ShapingMaze
from utils.solutions import ch07 as solutions

MAZE = ShapingMaze()


def _notebook(name):
    return solved_notebook("ch07")[name]


def _mean_steps(kind, episode):
    """Mean steps of an episode (the first is 1) in the second demo."""
    return demos._maze_training(kind)[0].mean(axis=0)[episode - 1]


def _share_in_the_pocket(kind):
    """Share of the first 400 steps of the first episode that are spent in the pocket."""
    crowd = Crowd(MAZE, demos.MAZE_GAMMA, start_values=demos._maze_potential(MAZE, kind))
    pocket = np.array([2 <= row <= 4 and 1 <= column <= 5 for row, column in MAZE.cells])
    inside = total = 0
    for _ in range(400):
        crowd.step()
        first = np.array([not lengths for lengths in crowd.lengths])
        inside += pocket[crowd.cell][first].sum()
        total += first.sum()
    return inside / total


def _way_after_training(kind):
    return demos._greedy_way(MAZE, demos._maze_training(kind)[1][25])


def _brightest_of_the_pocket():
    """Whether the straight line's potential is larger at the pocket's end than anywhere else left of the wall."""
    potential = demos._maze_potential(MAZE, "straight")
    left = [i for i, (_, column) in enumerate(MAZE.cells) if column < 6]
    return MAZE.cells[max(left, key=lambda i: potential[i])] == demos.POCKET_END


def _exits(phi, reset=False):
    _, left, right, seeming = demos._exits(phi, reset)
    goes_left = seeming > right
    lost = np.where(goes_left & (left < right), right - left, 0.0)
    return goes_left.sum(), lost.max()


def _reset_agrees():
    return max(np.abs(demos._exits(phi, True)[3] - demos._exits(phi, True)[1]).max() for phi in np.linspace(0, 4, 9))


@functools.cache
def _robot_ways(gamma):
    robot = demos._robot()
    return robot, robot.plain, robot.circling(gamma)


def _circle_share():
    robot, _, circle = _robot_ways(0.95)
    states = robot.drive(circle, 60)
    cells = [robot.states[s][:2] for s in states]
    return sum(a != b for a, b in itertools.pairwise(cells)) / 60


def _gain(which, b=1.0):
    """What the potential-based bonus adds to the return of a way."""
    robot, *ways = _robot_ways(0.95)
    bonus = robot.bonus("potential", b, 0.95)
    return robot.worth(ways[which], bonus, 0.95)


def _never_arrives(b, gamma=0.95):
    robot = demos._robot()
    return robot.end not in robot.drive(demos._robot_policy("forward", b, gamma), 500)


WRITER = demos._Writer()
BBA = WRITER.responses.index("bba")


def _wiewiora():
    crowds = _notebook("crowds")
    return crowds["bonus from γ^(ℓ − 1)"].lengths == crowds["no bonus, values start at γ^(ℓ − 1)"].lengths


def _goals(name):
    return _notebook("goals_reached")[name]


def _verdicts_agree():
    verdicts, losses = _notebook("verdicts"), _notebook("losses")
    return sum(verdicts[name] == (max(losses[name]) < 1e-6) for name in verdicts)


CLAIMS = [
    Claim("a small maze: 49 cells", 49, lambda: MAZE.n_cells, 0),
    Claim("The shortest way has 15 steps", 15, lambda: MAZE.path_lengths()[MAZE.start], 0),
    Claim("the answer is 1,565 steps", 1565, lambda: MAZE.random_walk_steps()[MAZE.start], 0.5),
    Claim(r"$0.729 \cdot 0.7 - 5 = -4.4897$", -4.4897, lambda: solutions.telescoped([5, 3, 1, 0.7], 0.9), 1e-9),
    Claim("For the potentials $5, 3, 1, 0.7$ and $\\gamma = 0.9$ there are three steps", 0.729, lambda: 0.9**3, 1e-9),
    Claim("All 3,600 dots", 3600, lambda: np.size(_notebook("shaped")), 0),
    Claim("to within rounding", 0, lambda: _notebook("worst"), 1e-9),
    Claim("not one policy changed", 0, lambda: _notebook("changed")["potential"], 0),
    Claim("191 of 200 changed the best policy", 191, lambda: _notebook("changed")["other bonus"], 0),
    Claim("and $\\gamma = 0.9$. Someone gave", 0.9, lambda: demos.EXITS_GAMMA, 0),
    Claim("in how many of the 11 cells", 11, lambda: demos.CORRIDOR, 0),
    Claim("Left is right in 2 cells", 2, lambda: _exits(0.0)[0], 0),
    Claim("With a potential of 1.5 that is not reset the learner goes left in 6", 6, lambda: _exits(1.5)[0], 0),
    Claim("And with $\\Phi = 1.5$ at the left exit", 6, lambda: _exits(1.5)[0], 0),
    Claim("in the worst of them it loses 0.59 of return", 0.59, lambda: _exits(1.5)[1], 5e-3),
    Claim("With $\\Phi = 4$ it goes left in 9", 9, lambda: _exits(4.0)[0], 0),
    Claim("the dashed curve lies on the solid one", 0, _reset_agrees, 1e-12),
    Claim("with step size 0.5, 10 % random actions", 0.5, lambda: _notebook("crowds")["no bonus"].rate, 0),
    Claim("10 % random actions and $\\gamma = 0.95$", 0.95, lambda: _notebook("maze_gamma"), 0),
    Claim("In this maze it is $V^*$ itself", 0,
          lambda: np.abs(optimal_values(*MAZE.model(), 0.95)[0] - _notebook("path_value")).max(), 1e-9),
    Claim("reaches the goal about 4 times", 4, lambda: _goals("no bonus"), 0.5),
    Claim("it does so about 350 times", 350, lambda: _goals("bonus from γ^(ℓ − 1)"), 5),
    Claim("With $-\\ell$ it arrives about once", 1, lambda: _goals("bonus from −ℓ"), 0.5),
    Claim(r"it earns $(\gamma - 1) \cdot (-\ell) = 0.05\, \ell$", 0.05, lambda: (0.95 - 1) * -1, 1e-12),
    Claim("at the start $0.75$ per step", 0.75, lambda: 0.05 * MAZE.path_lengths()[MAZE.start], 1e-9),
    Claim("the fourth crowd took the same steps as the second", 1, _wiewiora, 0),
    Claim("a dead end four columns from the goal", 4, lambda: MAZE.cells[MAZE.goal][1] - demos.POCKET_END[1], 0),
    Claim("1,617 steps without a potential", 1617, lambda: _mean_steps("none", 1), 0.5),
    Claim("773 with the straight line", 773, lambda: _mean_steps("straight", 1), 0.5),
    Claim("81 with the shortest path", 81, lambda: _mean_steps("path", 1), 0.5),
    Claim("3,384 with the bad one", 3384, lambda: _mean_steps("lure", 1), 0.5),
    Claim("brightest inside the pocket next to the wall", 1, _brightest_of_the_pocket, 0),
    Claim("Of their first 400 steps the agents spend 94 % in there", 0.94, lambda: _share_in_the_pocket("straight"), 5e-3),
    Claim("without a potential it is 51 %", 0.51, lambda: _share_in_the_pocket("none"), 5e-3),
    Claim("best moves lead from S to G in 15 steps", 15, lambda: _way_after_training("lure"), 0),
    Claim("it still needs 60 steps on average", 60, lambda: _mean_steps("straight", 25), 0.5),
    Claim("no potential only 19", 19, lambda: _mean_steps("none", 25), 0.5),
    Claim("the quickest way has 11 steps", 11, lambda: len(demos._robot().drive(demos._robot().plain, 60)) - 1, 0),
    Claim("From $b = 0.67$ on", 0.67, lambda: demos._break_even(0.95), 5e-3),
    Claim("the best policy drives round the hall for ever", 1, lambda: _never_arrives(0.7) and not _never_arrives(0.6), 0),
    Claim("With $\\gamma = 0.95$, how large may $b$ be before the best policy never reaches the goal: 0.1, 0.7, 5", 0.7,
          lambda: demos._break_even(0.95), 0.05),
    Claim("5 of 6 steps go forward", 5 / 6, _circle_share, 1e-9),
    Claim("At $\\gamma = 0.99$ the limit falls to 0.12", 0.12, lambda: demos._break_even(0.99), 5e-3),
    Claim("Then raise $\\gamma$ to 0.99", 0.99, lambda: 0.99, 0),
    Claim("both ways gain the same, $10\\, b$", 10, lambda: _gain(0), 1e-9),
    Claim("both ways gain the same", 10, lambda: _gain(1), 1e-9),
    Claim("the distance between them stays 5.99", 5.99, lambda: 10 * 0.95**10, 5e-3),
    Claim("Eight bonuses for a map of 11 cells with a goal, $\\gamma = 0.9$", 11, lambda: _notebook("field").n_cells, 0),
    Claim("A step costs 1.5 on average", -1.5,
          lambda: _notebook("tasks")[:, _notebook("outside")].mean(), 0.1),
    Claim("agree in all eight", 8, _verdicts_agree, 0),
    Claim("Three are safe", 3, lambda: sum(_notebook("verdicts").values()), 0),
    Claim("At $\\beta = 0.3$ and with the charges, the best policy writes bba with probability 0.419", 0.419,
          lambda: WRITER.optimum(0.3)[BBA], 5e-4),
    Claim("along bba they sum to $-0.528$", -0.528, lambda: WRITER.charges(0.3, "bba")[-1], 5e-4),
    Claim("At $\\beta = 10$ it is 0.078", 0.078, lambda: WRITER.optimum(10.0)[BBA], 5e-4),
    Claim("the reference model's 0.072", 0.072, lambda: WRITER.reference[BBA], 5e-4),
    # messages of `check`
    Claim("One step nearer pays 1.04", 1.04, lambda: solutions.shaped_reward(0, -5, -4, 0.99), 1e-9),
    Claim("One step away would cost 0.94", -0.94, lambda: solutions.shaped_reward(0, -5, -6, 0.99), 1e-9),
    Claim("would pay 0.05", 0.05, lambda: solutions.shaped_reward(0, -5, -5, 0.99), 1e-9),
    Claim("Standing still for ever would collect 0.05 / 0.01 = 5", 5, lambda: 0.05 / (1 - 0.99), 1e-9),
    Claim("walking to the goal collects 5 as well", 5, lambda: solutions.telescoped([-5, -4, -3, -2, -1, 0], 0.99), 1e-9),
    Claim("adds up to 100", 100, lambda: 1 / (1 - 0.99), 1e-9),
]  # fmt: skip
