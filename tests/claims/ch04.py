"""Chapter 4, offline RL with CQL."""

import functools
import math

import numpy as np
from scipy.special import softmax

from tests.chapters import solved_notebook
from tests.claims import Claim
from utils.demos import ch04 as demos
from utils.envs.maze import ARRIVAL_REWARD, DOWN, STEP_REWARD, Maze
from utils.envs.offline import GAMMA, two_route_data
from utils.envs.planning import optimal_values
from utils.solutions import ch04 as solutions


@functools.cache
def _record():
    maze = Maze()
    data = two_route_data(maze)
    return maze, data, data.counts(maze.n_states, maze.n_actions)


def _into_pit(counts_too=True):
    """Recorded steps into a pit."""
    maze, data, _ = _record()
    return maze.pits[data.next_states].sum()


def _stitches():
    """Walks in the record from S to G, and recorded pairs that the best way from S lacks."""
    maze, data, counts = _record()
    last = np.flatnonzero(np.diff(data.episodes, append=-1))
    first = np.append(0, last[:-1] + 1)
    walks = np.sum((data.states[first] == maze.starts["S"]) & (data.next_states[last] == maze.exits["G"]))
    recorded = np.where(counts > 0, maze.reward_matrix, -1e6)
    recorded[maze.terminal] = 0.0
    best, _ = optimal_values(maze.transition_matrix, maze.reward_matrix, GAMMA)
    within, _ = optimal_values(maze.transition_matrix, recorded, GAMMA)
    return walks + abs(best - within)[maze.starts["S"]]


def _delivery(alpha, guess=3.0, tries=0):
    return demos._train_delivery(alpha, guess, tries)


def _passes_below(alpha):
    """First sweep after which the shortcut is worth less than the road."""
    history = _delivery(alpha)
    return int(np.argmax((history[:, 1, 1] < history[:, 1, 0]) & (np.arange(len(history)) > 30)))


def _push(form, q=(1.0, 2.0, 1.5, 4.0)):
    return np.array([4, 2, 0, 0]) / 6 - (np.full(4, 0.25) if form == "uniform" else softmax(q))


def _table(name):
    return solved_notebook("ch04")["tables"][name]


CQL, PLAIN = "CQL (α = 1)", "Q-learning (α = 0)"


def _start(letter):
    return _record()[0].starts[letter]


def _red_arrows():
    maze, _, counts = _record()
    q = _table(CQL)
    best = (q == q.max(axis=1, keepdims=True)) & ~maze.terminal[:, None]
    return np.sum(best & (counts == 0))


def _untried_entries():
    maze, _, counts = _record()
    return _table(CQL)[(counts == 0) & ~maze.terminal[:, None]]


def _corner():
    return _record()[0].state_at[0, 7]


def _mean_gap(first, alpha, percent):
    """Mean loss at the share of recorded pairs nearest to `percent`."""
    tried = demos._tried(first)
    covered = 100 * tried.sum(axis=(2, 3)).mean(axis=1) / 116
    at = int(np.argmin(np.abs(covered - percent)))
    assert abs(covered[at] - percent) < 0.5
    return demos._results(first, alpha)[1].mean(axis=1)[at]


def _blind_spot():
    """Share of the lossy records at 48 % in which CQL's way from S enters a cell without any recorded action."""
    maze = Maze()
    tried, (q, gaps) = demos._tried("routes")[2], (part[2] for part in demos._results("routes", 1.0))
    lossy = np.flatnonzero(gaps > 0)
    lands = maze.transition_matrix.argmax(axis=2)
    entered = 0
    for order in lossy:
        state, seen = maze.starts["S"], set()
        while state not in seen and not maze.terminal[state] and tried[order, state].any():
            seen.add(state)
            state = lands[state, q[order, state].argmax()]
        entered += not maze.terminal[state] and not tried[order, state].any()
    assert len(lossy) > 0
    return entered / len(lossy)


def _slope(form, at):
    """Slope of the plotted regulariser in Q of the untried action."""

    def value(q):
        if form == "uniform":
            return solutions.uniform_regularizer([1.0, 2.0, 1.5, q], [0, 1])
        return solutions.cql_regularizer([1.0, 2.0, 1.5, q], [0, 1])

    return (value(at + 1e-4) - value(at - 1e-4)) / 2e-4


CLAIMS = [
    Claim("A step costs 1", -1, lambda: STEP_REWARD, 0),
    Claim("with a fee of 10", -10, lambda: ARRIVAL_REWARD["E"], 0),
    Claim("with a loss of 50 on top", -50, lambda: ARRIVAL_REWARD["P"], 0),
    Claim(r"The discount is $\gamma = 0.95$", 0.95, lambda: GAMMA, 0),
    Claim("The 120 walkers of the first group", 120, lambda: np.sum(
        _record()[1].states[np.append(True, np.diff(_record()[1].episodes) > 0)] == _start("S")), 0),
    Claim("The 80 walkers of the second", 80, lambda: np.sum(
        _record()[1].states[np.append(True, np.diff(_record()[1].episodes) > 0)] == _start("X")), 0),
    Claim("nobody ever stepped into a pit", 0, _into_pit, 0),
    Claim("Nobody walked from S to G, although that is the best way from S: it avoids the fee. Yet every step of it stands "
          "in the record", 0, _stitches, 1e-9),
    Claim("28 of the 116 pairs", 28, lambda: np.sum((_record()[2] == 0) & ~_record()[0].terminal[:, None]), 0),
    Claim("it may stay (reward 0.5, end)", 0.5, lambda: demos.STAY, 0),
    Claim("The discount is 0.9.", 0.9, lambda: demos.DELIVERY_GAMMA, 0),
    Claim("never returned more than 0.9?", 0.9, lambda: demos.DELIVERY_GAMMA * demos.ROAD, 1e-12),
    Claim(r"With $\alpha = 0$ the shortcut stays at 3 for ever", 3, lambda: _delivery(0.0)[-1, 1, 1], 0),
    Claim("so *deliver* climbs to 2.7", 2.7, lambda: _delivery(0.0)[-1, 0, 1], 1e-6),
    Claim("The robot believes in 2.7 and earns $-0.9$", -0.9, lambda: demos._delivery_return(_delivery(0.0)[-1]), 1e-9),
    Claim("One recorded try is enough", 0.9, lambda: demos._delivery_return(_delivery(0.0, tries=1)[-1]), 1e-9),
    Claim(r"With $\alpha = 0.2$ and no try, the shortcut sinks, and after about 140 sweeps", 140,
          lambda: _passes_below(0.2), 10),
    Claim("robot delivers by the road and earns 0.9", 0.9, lambda: demos._delivery_return(_delivery(0.2)[-1]), 1e-9),
    Claim("Lower the first guess to $-2$ and plain Q-learning is right", 0.9,
          lambda: demos._delivery_return(_delivery(0.0, guess=-2.0)[-1]), 1e-9),
    Claim(r"answer would be $\log 2 = 0.693$", 0.693, lambda: solutions.soft_maximum([0, 0]), 5e-4),
    Claim("for four equal values $q$ the average is $q$, and log-sum-exp is $q + \\log 4$", math.log(4),
          lambda: solutions.soft_maximum([5.0] * 4) - 5.0, 1e-12),
    Claim("$+0.42$, $+0.08$, $-0.25$, $-0.25$", 0.42, lambda: _push("uniform")[0], 5e-3),
    Claim("$+0.42$, $+0.08$, $-0.25$, $-0.25$", 0.08, lambda: _push("uniform")[1], 5e-3),
    Claim("$+0.42$, $+0.08$, $-0.25$, $-0.25$", -0.25, lambda: _push("uniform")[3], 1e-12),
    Claim("action 3 alone takes $-0.79$", -0.79, lambda: _push("soft")[3], 5e-3),
    Claim("which threatens nobody, only $-0.06$", -0.06, lambda: _push("soft")[2], 5e-3),
    Claim("its softmax weight, 0.86", 0.86, lambda: softmax([6.0, 2.0, 1.5, 4.0])[0], 5e-3),
    Claim("larger than its share of 0.67", 0.67, lambda: 4 / 6, 5e-3),
    Claim("gives `0.6931...`, not `inf`", 0.6931, lambda: solutions.cql_regularizer([1000.0, 1000.0], [0]), 5e-5),
    Claim("returns `0.2413...`", 0.2413, lambda: solutions.cql_regularizer([0.5, 2.0, -1.0], [1]), 5e-5),
    Claim("The dashed line has slope one quarter everywhere", 0.25, lambda: _slope("uniform", -3.0), 1e-9),
    Claim("Your curve is flat there", 0, lambda: _slope("soft", -6.0), 1e-3),
    Claim("reaches slope 1 on the right", 1, lambda: _slope("soft", 8.0), 0.01),
    Claim("$0.96^2 = 0.9216$", 0.9216, lambda: solutions.squared_td_error(5.0, 2.0, 0.99, 4.0), 1e-12),
    Claim("returns `[3.7, 1.0]`", 3.7, lambda: solutions.td_target([1.0], [[0.0, 3.0]], [False], 0.9)[0], 1e-12),
    Claim("returns `3.5831...`", 3.5831, lambda: solutions.cql_loss(
        [[2.0, 2.0]], [0], [1.0], [[3.0, 0.0]], [False], gamma=0.9, alpha=1.0), 5e-5),
    Claim("$1.7^2 = 2.89$", 2.89, lambda: solutions.squared_td_error(2.0, 1.0, 0.9, 3.0), 1e-12),
    # the training run
    Claim("it believes in $-1.95$ from S", -1.95, lambda: _table(PLAIN)[_start("S")].max(), 5e-3),
    Claim("earns $-46.65$", -46.65, lambda: solved_notebook("ch04")["earned"][PLAIN][0], 5e-3),
    Claim("0 is more than any recorded action is truly worth", 1, lambda: optimal_values(
        _record()[0].transition_matrix, _record()[0].reward_matrix, GAMMA)[1][~_record()[0].terminal].max() < 0, 0),
    Claim("pays the fee at E: $-14.88$ from S", -14.88, lambda: solved_notebook("ch04")["earned"]["imitation"][0], 5e-3),
    Claim("and also from X", -14.88, lambda: solved_notebook("ch04")["earned"]["imitation"][1], 5e-3),
    Claim("CQL's map has no red arrow", 0, _red_arrows, 0),
    Claim("earns $-9.19$ from both starts", -9.19, lambda: solved_notebook("ch04")["earned"][CQL][0], 5e-3),
    Claim("earns $-9.19$ from both starts", -9.19, lambda: solved_notebook("ch04")["earned"][CQL][1], 5e-3),
    Claim("the best that anyone can do in this maze", 0, lambda: np.abs(
        solved_notebook("ch04")["earned"][CQL] - solved_notebook("ch04")["best"][[_start("S"), _start("X")]]).max(), 1e-9),
    Claim("no walk from S in the record does it", 1,
          lambda: _record()[1].returns(GAMMA)[:120].max() < solved_notebook("ch04")["best"][_start("S")] - 1, 0),
    Claim("A step into one is truly worth $-51$", -51, lambda: STEP_REWARD + ARRIVAL_REWARD["P"], 0),
    Claim("lie between $-13.5$ and $-5.3$", -13.5, lambda: _untried_entries().min(), 0.05),
    Claim("lie between $-13.5$ and $-5.3$", -5.3, lambda: _untried_entries().max(), 0.05),
    Claim("It believes in $-8.84$ and earns $-9.19$", -8.84, lambda: _table(CQL)[_start("S")].max(), 5e-3),
    Claim("makes up 53 % of the record at S", 0.53, lambda: (
        _record()[2][_start("S")] / _record()[2][_start("S")].sum())[_table(CQL)[_start("S")].argmax()], 5e-3),
    Claim("only 41 % of the softmax", 0.41, lambda: softmax(_table(CQL)[_start("S")]).max(), 5e-3),
    Claim("the record holds 100 steps", 100, lambda: _record()[2][_corner()].sum(), 0),
    Claim("only 2 of them go down", 2, lambda: _record()[2][_corner(), DOWN], 0),
    Claim("step is worth $-4.52$", -4.52, lambda: optimal_values(
        _record()[0].transition_matrix, _record()[0].reward_matrix, GAMMA)[1][_corner(), DOWN], 5e-3),
    Claim("the table says $-11.97$", -11.97, lambda: _table(CQL)[_corner(), DOWN], 5e-3),
    # coverage
    Claim("With the two ways alone, 31 % of all pairs, CQL loses nothing", 0, lambda: _mean_gap("routes", 1.0, 31), 1e-9),
    Claim("and Q-learning 10.8", 10.8, lambda: _mean_gap("routes", 0.0, 31), 0.05),
    Claim("at 91 % it loses 15.6", 15.6, lambda: _mean_gap("routes", 0.0, 91), 0.05),
    Claim("Only at 100 % is it perfect", 0, lambda: _mean_gap("routes", 0.0, 100), 1e-9),
    Claim("at half of the pairs it loses 12.3 against 21.1", 12.3, lambda: _mean_gap("anything", 1.0, 50), 0.05),
    Claim("at half of the pairs it loses 12.3 against 21.1", 21.1, lambda: _mean_gap("anything", 0.0, 50), 0.05),
    Claim("at 48 %, it loses 3.3", 3.3, lambda: _mean_gap("routes", 1.0, 48), 0.05),
    Claim("an action was recorded that leads into a cell in which *nothing* was recorded", 1, _blind_spot, 0),
    # messages of `check`
    Claim("its gradient is (+0.25, -0.25, +0.25, -0.25)", -0.25, lambda: (
        solutions.uniform_regularizer([3, 5 + 1e-6, 2, 4], [1, 3]) + 1.0) / 1e-6, 1e-6),
    Claim("The target is 4.96", 4.96, lambda: solutions.td_target([1.0], [[4.0]], [0], 0.99)[0], 1e-12),
    Claim("The paper halves the square (0.0008)", 0.0008, lambda: solutions.squared_td_error(5, 1, 0.99, 4) / 2, 1e-12),
    Claim("1250 times the squared error", 1250, lambda: 2.0 / solutions.squared_td_error(5, 1, 0.99, 4), 1e-6),
    Claim("It lies 0.41 above the largest Q-value, 3", 0.41, lambda: solutions.soft_maximum([1, 3, 2]) - 3, 5e-3),
    Claim("here log 3 = 1.10", 1.10, lambda: math.log(3), 5e-3),
]  # fmt: skip
