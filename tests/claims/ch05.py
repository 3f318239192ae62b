"""Chapter 5, offline RL with IQL."""

import functools

import numpy as np
from scipy import optimize, stats

from tests.chapters import solved_notebook
from tests.claims import Claim
from utils.demos import ch05 as demos
from utils.envs import planning
from utils.envs.maze import ARRIVAL_REWARD, DOWN, RIGHT, UP
from utils.envs.offline import GAMMA
from utils.solutions import ch05 as solutions

SAMPLE = [2.0, 3.0, 3.5, 4.5, 5.0, 9.0]


def _sample(tau):
    """Expectile of the six values, by SciPy."""
    return stats.expectile(np.array(SAMPLE), tau)


def _descended(tau):
    """V after 30 steps of size 0.5 down the gradient, from 0."""
    v = 0.0
    for _ in range(30):
        v -= 0.5 * solutions.expectile_gradient(SAMPLE, v, tau)
    return v


def _moved(what, to):
    """Mean, expectile, quantile or maximum of the demo's sample at 0.9 with its sixth value at `to`."""
    return demos._summaries(0.9, to)[("mean", "expectile", "quantile", "maximum").index(what)]


def _normal_share(tau):
    """Per cent of the normal distribution below its expectile, from the condition and closed-form partial means."""

    def balance(v):
        above = stats.norm.pdf(v) - v * stats.norm.sf(v)
        below = stats.norm.pdf(v) + v * stats.norm.cdf(v)
        return tau * above - (1 - tau) * below

    return 100 * stats.norm.cdf(optimize.brentq(balance, -3, 3))


def _plotted_share(tau):
    notebook = solved_notebook("ch05")
    return 100 * stats.norm.cdf(notebook["expectile"](notebook["normal_values"], tau))


# --- the maze with the tempting exit ---


def _stitched(tau, beta=3.0, n_to_goal=80):
    """What the demo's policy earns from S."""
    return demos._learned(n_to_goal, beta)[1][int(np.argmin(np.abs(demos.TAUS - tau)))]


def _near_exit_share():
    """Share of the walks from S that end at the near exit, for tau 0.5 and beta 3."""
    maze = demos._maze()
    step = np.einsum("sa,sat->st", demos._learned(80, 3.0)[0][0], maze.transition_matrix)
    return np.linalg.matrix_power(step, 5000)[maze.starts["S"], maze.state_at[0, 3]]


def _to_far_exit_share():
    """Share of the recorded walkers over the bridge who had the far exit as their aim."""
    return demos.N_FAR / (demos.N_FAR + 80)


def _best_in(row, column):
    """Best value at S if the exit in this cell were the only place where one may arrive."""
    maze = demos._maze()
    lands = maze.transition_matrix.argmax(axis=2)
    elsewhere = maze.terminal[lands] & (lands != maze.state_at[row, column]) & ~maze.terminal[:, None]
    rewards = np.where(elsewhere, -1e6, maze.reward_matrix)
    return planning.optimal_values(maze.transition_matrix, rewards, GAMMA)[0][maze.starts["S"]]


def _tempting_best():
    maze = demos._maze()
    return planning.optimal_values(maze.transition_matrix, maze.reward_matrix, GAMMA)[0][maze.starts["S"]]


# --- the training run ---


def _earned(name, place):
    notebook = solved_notebook("ch05")
    return notebook["earned"][name][notebook["places"][place]]


def _v(tau):
    notebook = solved_notebook("ch05")
    return notebook["learned"][f"IQL (τ = {tau})"][0][notebook["places"]["S"]]


def _corner_q(tau, action):
    notebook = solved_notebook("ch05")
    return notebook["learned"][f"IQL (τ = {tau})"][1][notebook["places"]["the corner"], action]


def _corner_weight(tau, action):
    notebook = solved_notebook("ch05")
    v, q = notebook["learned"][f"IQL (τ = {tau})"]
    corner = notebook["places"]["the corner"]
    return min(np.exp(3.0 * (q[corner, action] - v[corner])), 100.0)


def _counts(row, column):
    notebook = solved_notebook("ch05")
    return notebook["counts"][notebook["maze"].state_at[row, column]]


@functools.cache
def _behaviour_at_s():
    """Exact value at S of walking on as the record does."""
    notebook = solved_notebook("ch05")
    maze, counts = notebook["maze"], notebook["counts"]
    policy = np.where(counts.sum(axis=1, keepdims=True) > 0, counts, 1)
    policy = policy / policy.sum(axis=1, keepdims=True)
    return planning.policy_values(maze.transition_matrix, maze.reward_matrix, policy, GAMMA)[maze.starts["S"]]


def _red_arrows():
    notebook = solved_notebook("ch05")
    found = 0
    for name in ("CQL (α = 1)", "IQL (τ = 0.5)", "IQL (τ = 0.9)"):
        table = notebook["tables"][name]
        best = (table == table.max(axis=1, keepdims=True)) & ~notebook["maze"].terminal[:, None]
        found += np.sum(best & (notebook["counts"] == 0))
    return found


def _best_step_down():
    notebook = solved_notebook("ch05")
    maze = notebook["maze"]
    _, q = planning.optimal_values(maze.transition_matrix, maze.reward_matrix, GAMMA)
    return q[notebook["places"]["the corner"], DOWN]


def _above_the_possible():
    """Largest V minus the optimal value over recorded states and the three levels."""
    notebook = solved_notebook("ch05")
    seen = notebook["counts"].sum(axis=1) > 0
    return max((v - notebook["best"])[seen].max() for v, _ in notebook["learned"].values())


CLAIMS = [
    Claim(r"With $\tau = 0.9$ it costs nine times as much", 9, lambda: solutions.expectile_loss([1.0], [0.0], 0.9)
          / solutions.expectile_loss([0.0], [1.0], 0.9), 1e-9),
    Claim(r"With $\tau = 0.5$ both weights are one half", 0.5, lambda: solutions.expectile_loss([1.0], [0.0], 0.5), 0),
    Claim(r"$\tfrac12 (0.7 \cdot 1 + 0.3 \cdot 0) = 0.35$", 0.35,
          lambda: solutions.expectile_loss([4.0, 3.0], [3.0, 3.0], 0.7), 1e-12),
    Claim("returns `1.85`", 1.85, lambda: solutions.expectile_loss([5.0, 2.0], [3.0, 3.0], 0.9), 1e-12),
    Claim(r"six recorded Q-values: 2, 3, 3.5, 4.5, 5 and 9", 0, lambda: np.abs(
        np.subtract([*demos.SAMPLE, 9.0], SAMPLE)).max(), 0),
    Claim(r"Where is the lowest point at $\tau = 0.5$?", 4.5, lambda: _sample(0.5), 1e-9),
    Claim("At one half the lowest point is the mean, 4.5", 4.5, lambda: _sample(0.5), 1e-9),
    Claim(r"At $\tau = 0.7$ it has moved up to 5.32", 5.32, lambda: _sample(0.7), 5e-3),
    Claim(r"at $\tau = 0.9$ to 7.07", 7.07, lambda: _sample(0.9), 5e-3),
    Claim(r"at $\tau = 0.1$ down to 3.05", 3.05, lambda: _sample(0.1), 5e-3),
    # the demo of the sample
    Claim("the maximum moves by 3", 3, lambda: _moved("maximum", 12.0) - _moved("maximum", 9.0), 0),
    Claim("and the mean by 0.5", 0.5, lambda: _moved("mean", 12.0) - _moved("mean", 9.0), 1e-9),
    Claim("The expectile moves from 7.07 to 9.00, by 1.93", 7.07, lambda: _moved("expectile", 9.0), 5e-3),
    Claim("The expectile moves from 7.07 to 9.00, by 1.93", 9.00, lambda: _moved("expectile", 12.0), 5e-3),
    Claim("The expectile moves from 7.07 to 9.00, by 1.93", 1.93, lambda: _moved("expectile", 12.0) - _moved("expectile", 9.0),
          5e-3),
    Claim("the expectile is 4.27, not far below the maximum, 5", 4.27, lambda: _moved("expectile", 0.0), 5e-3),
    Claim("the expectile is 4.27, not far below the maximum, 5", 5, lambda: _moved("maximum", 0.0), 0),
    Claim(r"at $\tau = 0.9$ it is simply the maximum, 9", 9, lambda: _moved("quantile", 9.0), 0),
    Claim("the left side would be $0.9 \\cdot 1 = 0.9$ and the right side $0.1 \\cdot (3 + 1) = 0.4$", 0.9,
          lambda: solutions.condition_sides([2, 4, 6], 5, 0.9)[0], 1e-12),
    Claim("the left side would be $0.9 \\cdot 1 = 0.9$ and the right side $0.1 \\cdot (3 + 1) = 0.4$", 0.4,
          lambda: solutions.condition_sides([2, 4, 6], 5, 0.9)[1], 1e-12),
    Claim("`expectile_gradient([0.0, 4.0, 8.0], 6.0, 0.8)` returns `0.0`", 0.0,
          lambda: solutions.expectile_gradient([0, 4, 8], 6, 0.8), 1e-12),
    Claim("with steps of size 0.5, from 0", 7.07, lambda: _descended(0.9), 0.01),
    Claim("Each curve ends on its dotted line", 0, lambda: max(abs(_descended(t) - _sample(t)) for t in (0.5, 0.7, 0.9)), 0.01),
    Claim("since every value lies above V and has the weight 0.9", 6, lambda: np.sum(np.array(SAMPLE) > 0), 0),
    Claim("five of six values lie below and have the weight 0.1", 5, lambda: np.sum(np.array(SAMPLE) < _sample(0.9)), 0),
    Claim("the 0.9-expectile solves $0.9 (1 - V) = 0.1 V$, so it would be $0.9$", 0.9,
          lambda: solutions.expectile([0, 1], 0.9), 1e-12),
    Claim("returns `0.8`", 0.8, lambda: solutions.expectile([0.0, 1.0], 0.8), 1e-12),
    # expectiles of normal values
    Claim("about 63 % and 81 %", 63, lambda: _plotted_share(0.7), 0.5),
    Claim("about 63 % and 81 %", 81, lambda: _plotted_share(0.9), 0.5),
    Claim("63.2 % lies below the 0.7-expectile and 80.6 % below the 0.9-expectile", 63.2, lambda: _normal_share(0.7), 0.05),
    Claim("63.2 % lies below the 0.7-expectile and 80.6 % below the 0.9-expectile", 80.6, lambda: _normal_share(0.9), 0.05),
    # luck and choice
    Claim("The 0.9-expectile of the *payments* is 9", 9, lambda: stats.expectile([0.0, 10.0], 0.9), 1e-6),
    Claim("It is worth 5", 5, lambda: np.mean([0, 10]), 0),
    # weighted imitation
    Claim("They were recorded 12, 6, 2 and 0 times", 0, lambda: np.abs(demos.RECORDED[0] - [12, 6, 2, 0]).sum(), 0),
    Claim(r"At $\beta = 0$ the policy is the record, 10 %", 0.10, lambda: demos._extracted(0.0, 3.0)[2][2], 1e-9),
    Claim("action 2 has a weight of 41 and a probability of 86 %", 41, lambda: demos._extracted(3.0, 3.0)[1][2], 0.5),
    Claim("action 2 has a weight of 41 and a probability of 86 %", 0.86, lambda: demos._extracted(3.0, 3.0)[2][2], 5e-3),
    Claim("its share is 0, and a weight only multiplies", 0, lambda: demos._extracted(10.0, 4.0)[2][3], 0),
    Claim("Its weight stops at the cap of 100, and its probability at 93 %", 100, lambda: demos._extracted(10.0, 4.0)[1][2], 0),
    Claim("Its weight stops at the cap of 100, and its probability at 93 %", 0.93, lambda: demos._extracted(10.0, 4.0)[2][2],
          5e-3),
    # stitching
    Claim("same fee of 10", -10, lambda: ARRIVAL_REWARD["E"], 0),
    Claim("40 people from S to the near E, 120 from S over the bridge", 40, lambda: demos.N_NEAR, 0),
    Claim("40 people from S to the near E, 120 from S over the bridge", 120, lambda: demos.N_FAR, 0),
    Claim(r"at $\gamma = 0.95$", 0.95, lambda: GAMMA, 0),
    Claim("the near E $-11.88$, the far E $-14.88$, and G $-9.19$", -11.88, lambda: _best_in(0, 3), 5e-3),
    Claim("the near E $-11.88$, the far E $-14.88$, and G $-9.19$", -14.88, lambda: _best_in(0, 8), 5e-3),
    Claim("the near E $-11.88$, the far E $-14.88$, and G $-9.19$", -9.19, lambda: _best_in(4, 8), 5e-3),
    Claim("most people behind the bridge go to the far exit", 0.6, _to_far_exit_share, 1e-9),
    Claim("turns to the near exit in 79 % of its walks and earns $-11.36$", 0.79, _near_exit_share, 5e-3),
    Claim("turns to the near exit in 79 % of its walks and earns $-11.36$", -11.36, lambda: _stitched(0.5), 5e-3),
    Claim("the policy earns $-9.24$ of the possible $-9.19$", -9.24, lambda: _stitched(0.9), 5e-3),
    Claim("the policy earns $-9.24$ of the possible $-9.19$", -9.19, _tempting_best, 5e-3),
    Claim(r"With 5 walks to G, $\tau = 0.8$ still gives $-11.84$, and $\tau = 0.9$ gives $-9.64$", -11.84,
          lambda: _stitched(0.8, n_to_goal=5), 5e-3),
    Claim(r"With 5 walks to G, $\tau = 0.8$ still gives $-11.84$, and $\tau = 0.9$ gives $-9.64$", -9.64,
          lambda: _stitched(0.9, n_to_goal=5), 5e-3),
    Claim(r"from $\tau = 0.95$ to $0.99$ the policy falls from $-9.88$ to $-12.26$", -9.88,
          lambda: _stitched(0.95, 1.0, 5), 5e-3),
    Claim(r"from $\tau = 0.95$ to $0.99$ the policy falls from $-9.88$ to $-12.26$", -12.26,
          lambda: _stitched(0.99, 1.0, 5), 5e-3),
    # the training run
    Claim("CQL and IQL earn $-9.19$ from S and from X", -9.19, lambda: _earned("CQL (α = 1)", "S"), 5e-3),
    *(
        Claim("CQL and IQL earn $-9.19$ from S and from X", -9.19, lambda t=tau, p=place: _earned(f"IQL (τ = {t})", p), 5e-3)
        for tau in (0.5, 0.7, 0.9) for place in ("S", "X")
    ),
    Claim("where Q-learning earns $-46.65$ and imitation $-14.88$", -46.65, lambda: _earned("Q-learning", "S"), 5e-3),
    Claim("where Q-learning earns $-46.65$ and imitation $-14.88$", -14.88, lambda: _earned("imitation", "S"), 5e-3),
    Claim("Q-learning believes in $-1.95$ at S", -1.95, lambda: solved_notebook("ch05")["tables"]["Q-learning"][0].max(), 5e-3),
    Claim("CQL believes in $-8.84$", -8.84, lambda: solved_notebook("ch05")["tables"]["CQL (α = 1)"][0].max(), 5e-3),
    Claim(r"$-13.35$ at $\tau = 0.5$, exactly the value of walking on at random as the record does", -13.35, lambda: _v(0.5),
          5e-3),
    Claim(r"$-13.35$ at $\tau = 0.5$, exactly the value of walking on at random as the record does", 0,
          lambda: _v(0.5) - _behaviour_at_s(), 1e-4),
    Claim("$-11.54$ at $0.7$ and $-9.72$ at $0.9$", -11.54, lambda: _v(0.7), 5e-3),
    Claim("$-11.54$ at $0.7$ and $-9.72$ at $0.9$", -9.72, lambda: _v(0.9), 5e-3),
    Claim("V can therefore not rise above what is possible", 1, lambda: _above_the_possible() <= 0, 0),
    Claim("There 100 steps were recorded, and only 2 of them go down", 100, lambda: _counts(0, 7).sum(), 0),
    Claim("There 100 steps were recorded, and only 2 of them go down", 2, lambda: _counts(0, 7)[DOWN], 0),
    Claim("The step down is truly worth $-4.52$", -4.52, _best_step_down, 5e-3),
    Claim("of the 61 steps recorded in the cell below, 31 go straight back up", 61, lambda: _counts(1, 7).sum(), 0),
    Claim("of the 61 steps recorded in the cell below, 31 go straight back up", 31, lambda: _counts(1, 7)[UP], 0),
    Claim(r"At $\tau = 0.5$ its Q is $-11.81$, worse than the exit's $-11$", -11.81, lambda: _corner_q(0.5, DOWN), 5e-3),
    Claim(r"At $\tau = 0.5$ its Q is $-11.81$, worse than the exit's $-11$", -11, lambda: _corner_q(0.5, RIGHT), 1e-9),
    Claim(r"at $\tau = 0.7$ it is $-11.05$, and still loses", -11.05, lambda: _corner_q(0.7, DOWN), 5e-3),
    Claim(r"At $\tau = 0.9$ it is $-8.16$: the weight reaches the cap of 100, and 2 steps outweigh 93", -8.16,
          lambda: _corner_q(0.9, DOWN), 5e-3),
    Claim(r"At $\tau = 0.9$ it is $-8.16$: the weight reaches the cap of 100, and 2 steps outweigh 93", 100,
          lambda: _corner_weight(0.9, DOWN), 0),
    Claim(r"At $\tau = 0.9$ it is $-8.16$: the weight reaches the cap of 100, and 2 steps outweigh 93", 93,
          lambda: _counts(0, 7)[RIGHT], 0),
    Claim("IQL leaves the corner for G and earns $-4.52$, CQL pays the fee and earns $-11$", -4.52,
          lambda: _earned("IQL (τ = 0.9)", "the corner"), 5e-3),
    Claim("IQL leaves the corner for G and earns $-4.52$, CQL pays the fee and earns $-11$", -11,
          lambda: _earned("CQL (α = 1)", "the corner"), 5e-3),
    Claim("No map has a red arrow", 0, _red_arrows, 0),
    # messages of `check`
    Claim("Here the exchange would give 0.95", 0.95, lambda: solutions.expectile_loss([5, 2], [3, 3], 0.3), 1e-12),
    Claim("Solving for equality gives 60/11 = 5.4545", 60 / 11, lambda: solutions.expectile([2, 4, 6], 0.9), 1e-12),
    Claim("The 10 alone moved it from 2.5 to 4", 2.5, lambda: solutions.expectile([1, 2, 3, 4], 0.5), 1e-12),
    Claim(r"which is the expectile at τ = 0.883", 0.883, lambda: optimize.brentq(
        lambda tau: solutions.expectile([1, 2, 3, 4, 10], tau) - 7.4, 0.5, 0.99), 5e-4),
    Claim("Of a fair 0 or 1 the expectile is τ itself", 0.37, lambda: solutions.expectile([0, 1], 0.37), 1e-12),
]  # fmt: skip
