"""Chapter 6, model-based RL."""

import functools
import math

import numpy as np

from tests.chapters import solved_notebook
from tests.claims import Claim
from utils.demos import ch06 as demos
from utils.envs.dyna_maze import DynaMaze
from utils.envs.pendulum import pendulum_step
from utils.solutions import ch06 as solutions


def _informed(planning, episode):
    """Cells with a value in the maze demo's first run."""
    return demos._maze_runs(1).informed(planning, episode)


@functools.cache
def _swing(degrees):
    """Error and disagreement of the pendulum demo as it starts: 300 transitions, 5 members."""
    return demos._error_and_spread(*demos._free_swing(demos._hanging_ensemble(300, 5), degrees))


def _growth_upright():
    """Factor by which the true pendulum multiplies a small error near upright, measured by simulation."""
    states = np.array([[0.0, 0.0], [1e-9, 0.0]])
    sizes = []
    for _ in range(60):
        states = pendulum_step(states, 0.0)
        sizes.append(states[1, 0])
    return sizes[-1] / sizes[-2]


def _mean_error(name, reduce):
    return reduce(solved_notebook("ch06")["rollout_errors"][name])


def _start_value_with_a_forgotten_end():
    """Value of S when the last step is followed by the maze's own start, by value iteration."""
    maze, values = DynaMaze(), np.zeros(54)
    for _ in range(2000):
        for s in np.flatnonzero(~maze.walls).tolist():
            if s != maze.goal:
                after = [maze.neighbour(s, a) for a in range(4)]
                values[s] = max(
                    float(n == maze.goal) + 0.95 * values[maze.start if n == maze.goal else n] for n in after
                )
    return values[maze.start]


def _needed(n):
    return solved_notebook("ch06")["needed"][n]


def _real_steps(n):
    return solved_notebook("ch06")["real_steps"][n]


def _blind_steps():
    return np.mean([table[:, 0].mean() for table in solved_notebook("ch06")["lengths"].values()])


def _horizon(model_error, share=0.8):
    return 100 * demos._horizon_errors(model_error, share)


def _mbpo_length(epoch, low=1, high=15, first=20, last=100):
    return int(min(max(low + (epoch - first) / (last - first) * (high - low), low), high))


WITHIN = "All nine means lie within two standard errors of the reference."

CLAIMS = [
    Claim("In how many of the 46 cells", 46, lambda: (~DynaMaze().walls).sum() - 1, 0),
    Claim("each agent in this run has one informed cell", 1, lambda: max(_informed(n, 1) for n in (0, 5, 50)), 0),
    Claim("Without planning one more cell is informed: 2.", 2, lambda: _informed(0, 2), 0),
    Claim("With 5 planning steps it is 13 cells", 13, lambda: _informed(5, 2), 0),
    Claim("with 50 all 46", 46, lambda: _informed(50, 2), 0),
    Claim("gives `0.75` at `[0, 1]`", 0.75, lambda: solutions.planning_updates(
        np.zeros((3, 2)), {(0, 1): (1.0, 2, True)}, [(0, 1), (0, 1)], 0.5, 0.9)[0, 1], 1e-12),
    Claim(r"$\alpha = 0.1$, $\gamma = 0.95$, and one action in ten", 9, lambda: len(solved_notebook("ch06")["distances"]), 0),
    Claim(WITHIN, 2, lambda: 2 * (np.abs(solved_notebook("ch06")["distances"]).max() <= 2), 0),
    Claim("in episode 24, 5 and 3", 24, lambda: _needed(0), 0),
    Claim("in episode 24, 5 and 3", 5, lambda: _needed(5), 0),
    Claim("in episode 24, 5 and 3", 3, lambda: _needed(50), 0),
    Claim("save a factor of 8 in episodes, not 51", 8, lambda: _needed(0) / _needed(50), 0),
    Claim("Counted in real steps it is about 4", 4, lambda: _real_steps(0) / _real_steps(50), 0.5),
    Claim("5 planning steps do as well as 50", 1, lambda: _real_steps(5) / _real_steps(50), 0.15),
    Claim("some 900 steps on average", 900, _blind_steps, 50),
    Claim(r"$\gamma^{13} \approx 0.513$", 0.513, lambda: 0.95**13, 5e-4),
    Claim(r"$\gamma^{13} / (1 - \gamma^{14}) \approx 1.002$ instead of 0.513", 1.002, _start_value_with_a_forgotten_end, 5e-4),
    Claim("A repaired function gives 0.513 twice", 0.513, lambda: max(
        abs(values[-1] - 0.95**13) for values in solved_notebook("ch06")["start_values"].values()) + 0.513, 1e-9),
    Claim("the first step is off by about 0.002 degrees and the 60th by 0.13: 60 steps, about 65 times the error",
          0.002, lambda: _swing(40)[0][1], 5e-4),
    Claim("the 60th by 0.13", 0.13, lambda: _swing(40)[0][60], 5e-3),
    Claim("about 65 times the error", 65, lambda: _swing(40)[0][60] / _swing(40)[0][1], 3),
    Claim("From 170 degrees the first step is off by 0.78 degrees", 0.78, lambda: _swing(170)[0][1], 5e-3),
    Claim("the 20th by about 80", 80, lambda: _swing(170)[0][20], 2),
    Claim("Linear growth would give 16", 16, lambda: 20 * _swing(170)[0][1], 0.5),
    Claim("multiplies every error by about 1.21", 1.21, _growth_upright, 5e-3),
    Claim("0.11 against 0.13 degrees, 87 against 80", 0.11, lambda: _swing(40)[1][60], 5e-3),
    Claim("87 against 80", 87, lambda: _swing(170)[1][20], 2),
    Claim("its median error is about 5 degrees", 5, lambda: _mean_error("1 rollout of 60 steps", np.median), 0.5),
    Claim("its largest about 50", 50, lambda: _mean_error("1 rollout of 60 steps", np.max), 3),
    Claim("have a median error of about 0.15 degrees", 0.15, lambda: _mean_error("20 branches of 3 steps", np.median), 0.02),
    Claim("some thirty times less", 30, lambda: _mean_error("1 rollout of 60 steps", np.median)
          / _mean_error("20 branches of 3 steps", np.median), 4),
    Claim("with $\\gamma = 0.9$ and 100 start states", 0.9, lambda: demos.DISCOUNT, 0),
    Claim("reports 80 % of the value, so with $H = 0$ the error is 20 %", 20, lambda: _horizon(0.1)[0], 1e-9),
    Claim("At a model error of 0.1 rad/s in each step the best horizon is 14", 14, lambda: _horizon(0.1).argmin(), 0),
    Claim("with an error of 8.3 %", 8.3, lambda: _horizon(0.1).min(), 0.05),
    Claim("(9.8 % at $H = 40$)", 9.8, lambda: _horizon(0.1)[40], 0.05),
    Claim("between horizons of 10 and 20 it stays below 10 %", 1, lambda: _horizon(0.1)[10:21].max() < 10, 0),
    # messages of `check`
    Claim("is off by 40 % after 20", 0.4, lambda: solutions.rollout_error(0.02, 20), 1e-12),
    Claim("a sixth of the steps", 1 / 6, lambda: solutions.dyna_real_steps(1, 5), 1e-12),
    Claim("5.64 MB, which is 5.38 MiB", 5.38, lambda: solutions.buffer_bytes(10_000, 3, 20, 6) / 2**20, 5e-3),
    Claim("at 0.4 rad/s is 3", 3, lambda: _horizon(0.4).argmin(), 0),
    Claim("at 0.02 it is 40", 40, lambda: _horizon(0.02).argmin(), 0),
    Claim("so 8 in epoch 60", 8, lambda: _mbpo_length(60), 0),
    Claim("v = 1 + 0.99 v has the solution 100", 100, lambda: 1 / (1 - 0.99), 1e-9),
    Claim("with L = 1.02 the exponential has hardly begun after 20 steps", 1.2, lambda: (1.02**20 - 1) / 0.4, 0.02),
    Claim("30,000 model predictions, one for each", 30_000, lambda: math.prod((10_000, 3)), 0),
]  # fmt: skip
