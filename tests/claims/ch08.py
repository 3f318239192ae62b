"""Chapter 8, multi-agent RL."""

import functools
import math

import numpy as np

from autograder.hidden_tests.ch08 import COL_8_1, COL_8_2, COL_MIX_8_4, PAYOFFS_8_4, ROW_8_1, ROW_8_2
from tests.chapters import solved_notebook
from tests.claims import Claim
from utils.demos import ch08 as demos
from utils.envs import kuhn_poker
from utils.solutions import ch08 as solutions

HIDE_AND_SEEK = np.array(demos.GAMES_2X2["hide and seek"][0])
LAST_ROUND = 2818  # the right end of the slider of rounds


def gallery(name):
    """Payoff matrices of a game of the gallery."""
    return solved_notebook("ch08")["gallery"][name][:2]


def mixed(game):
    return solutions.mixed_nash_2x2(*game)


def mixed_payoffs(name):
    """What both players of a game of the gallery expect in the mixed equilibrium."""
    p, q = mixed(gallery(name))
    return [solutions.expected_payoff(payoffs, [p, 1 - p], [q, 1 - q]) for payoffs in gallery(name)]


def n_equilibria(name):
    return len(demos._crossings(*demos._response_curves(*demos.GAMES_2X2[name])))


def raised():
    """Hide and seek with the row player's payoff at (Up, Left) raised to 5."""
    payoff_row = HIDE_AND_SEEK.copy()
    payoff_row[0, 0] = 5
    return mixed((payoff_row, -HIDE_AND_SEEK))


def stretch_when_indifferent():
    """Length of the set of equilibria of the stag hunt, when everything the row player gets is the same."""
    row, column = demos._response_curves(((3, 3), (3, 3)), demos.GAMES_2X2["stag hunt"][1])
    return sum((p[1] - p[0]) + (q[1] - q[0]) for p, q in demos._crossings(row, column))


def orbit(start, what):
    _, row, _, row_mean, _ = demos._orbit("matching pennies", start)
    return {"high": row[:, 0].max(), "low": row[:, 0].min(), "average": row_mean[-1, 0]}[what]


def turns(start):
    """Number of times the row player's P(Heads) passes one half."""
    _, row, _, _, _ = demos._orbit("matching pennies", start)
    return np.count_nonzero(np.diff(np.sign(row[:, 0] - 0.5)))


def finite_steps_grow():
    """How far multiplicative weights with steps of 0.1 are from the middle after 1,000 rounds, over the start."""
    pennies, scores, far = demos.PENNIES, np.zeros((2, 2)), []
    scores[0, 0] = math.log(0.7 / 0.3)
    for _ in range(1000):
        x, y = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        far.append(math.hypot(x[0] - 0.5, y[0] - 0.5))
        scores += 0.1 * np.array([pennies @ y, -(x @ pennies)])
    return far[-1] / far[0]


@functools.cache
def history(game, n_rounds):
    """Row player's longest run and what both together could gain, after fictitious play."""
    payoff_row, payoff_col = demos.LEARNING_GAMES[game]
    x, y = solutions.fictitious_play(payoff_row, payoff_col, n_rounds)
    gain = max(payoff_row @ y) - x @ payoff_row @ y + max(x @ payoff_col) - x @ payoff_col @ y
    changes = np.flatnonzero(np.diff(demos._histories(game)[0][:n_rounds])) + 1
    return np.diff([0, *changes, n_rounds]), gain


def run_ratios():
    runs = history("Shapley's game", LAST_ROUND)[0][2:-1]  # the first are too short, the last is not over
    return runs[1:] / runs[:-1]


def kuhn(name):
    return solved_notebook("ch08")[name]


CLAIMS = [
    Claim("best response to Stag is Stag (4 against 3)", 0,
          lambda: solutions.best_responses(demos.GAMES_2X2["stag hunt"][1], 0)[0], 0),
    Claim("both hunt the stag (4 each), or both hunt hares (3 each)", 2,
          lambda: len(solutions.pure_nash(*demos.GAMES_2X2["stag hunt"])), 0),
    Claim("about 37 % of large random games have none", 0.37, lambda: math.exp(-1), 5e-3),
    # the first demo
    Claim("(1) Three times: both pure equilibria, and a mixed one at $p = q = 0.75$", 3, lambda: n_equilibria("stag hunt"), 0),
    Claim("a mixed one at $p = q = 0.75$", 0.75, lambda: mixed(demos.GAMES_2X2["stag hunt"])[0], 1e-9),
    Claim("In chicken and the battle of the sexes they meet three times too", 6,
          lambda: n_equilibria("chicken") + n_equilibria("battle of the sexes"), 0),
    Claim("in the dilemma, once", 1, lambda: n_equilibria("a dilemma"), 0),
    Claim("with probability 0.143 in the place of 0.25", 0.143, lambda: raised()[1], 5e-4),
    Claim("with probability 0.143 in the place of 0.25", 0.25, lambda: mixed((HIDE_AND_SEEK, -HIDE_AND_SEEK))[1], 1e-9),
    Claim("The row player still plays Up with probability 0.25", 0.25, lambda: raised()[0], 1e-9),
    Claim("points of the orange curve are equilibria then", 2, stretch_when_indifferent, 1e-9),
    # the gallery
    Claim("In chicken the mixed equilibrium, with $-0.2$ each", -0.2, lambda: mixed_payoffs("chicken")[0], 1e-9),
    Claim("In the battle of the sexes it gives 1.2 each", 1.2,
          lambda: mixed_payoffs("battle of the sexes")[0], 1e-9),
    Claim("In the battle of the sexes it gives 1.2 each", 1.2, lambda: mixed_payoffs("battle of the sexes")[1], 1e-9),
    Claim("the kicker for 38.5 % to his other side", 0.385, lambda: mixed(gallery("penalty kick"))[0], 5e-4),
    Claim("the keeper to be there in 42.0 %", 0.420, lambda: mixed(gallery("penalty kick"))[1], 5e-4),
    # zero-sum
    Claim("With Up in one case of four the row player is sure of $-0.25$", -0.25,
          lambda: solutions.maximin(HIDE_AND_SEEK)[0], 1e-9),
    Claim("With Up in one case of four", 0.25, lambda: solutions.maximin(HIDE_AND_SEEK)[1][0], 1e-9),
    Claim("where each pure action risks $-1$", -1, lambda: HIDE_AND_SEEK.min(axis=1).max(), 0),
    Claim("holds the row player down to the same $-0.25$", -0.25, lambda: max(HIDE_AND_SEEK @ [0.25, 0.75]), 1e-9),
    # learning
    Claim("after three generations training is back where it began", 0,
          lambda: kuhn("latest")[3] - kuhn("latest")[0], 0),
    Claim("From a start at 0.7 the probability of Heads swings between 0.7 and 0.3", 0.7, lambda: orbit(0.7, "high"), 5e-3),
    Claim("swings between 0.7 and 0.3", 0.3, lambda: orbit(0.7, "low"), 5e-3),
    Claim("simultaneous steps of finite size it spirals *outward*", 1, lambda: finite_steps_grow() > 1.5, 0),
    Claim("at time 60 it is 0.503", 0.503, lambda: orbit(0.7, "average"), 5e-4),
    Claim("From 0.95 the swing is wider, 0.95 to 0.05, and slower", 0.95, lambda: orbit(0.95, "high"), 5e-3),
    Claim("0.95 to 0.05, and slower", 0.05, lambda: orbit(0.95, "low"), 5e-3),
    Claim("0.95 to 0.05, and slower", 1, lambda: turns(0.95) < turns(0.7), 0),
    Claim("the average still goes to the middle, 0.495 at time 60", 0.495, lambda: orbit(0.95, "average"), 5e-4),
    Claim("in 20 rounds the longest has 10", 10, lambda: history("matching pennies", 20)[0].max(), 0),
    Claim("in 2,818 rounds it has 147", 147, lambda: history("matching pennies", LAST_ROUND)[0].max(), 0),
    Claim("in 2,818 rounds", 2818, lambda: round(10 ** demos.play_against_history().children[0].children[1].max), 0),
    Claim("falls from 0.300 to 0.027 a round", 0.300, lambda: history("matching pennies", 20)[1], 5e-4),
    Claim("falls from 0.300 to 0.027 a round", 0.027, lambda: history("matching pennies", LAST_ROUND)[1], 5e-4),
    Claim("a little more than twice as long as the one before", 2.3, lambda: run_ratios().min(), 0.3),
    Claim("a little more than twice as long as the one before", 2.3, lambda: run_ratios().max(), 0.3),
    Claim("after 2,818 rounds 0.28 could still be gained", 0.28, lambda: history("Shapley's game", LAST_ROUND)[1], 5e-3),
    # poker
    Claim("Player 1 has 27 of them and player 2 has 64", 27 * 64, lambda: kuhn_poker.payoff_matrix().size, 0),
    Claim(r"$-\frac{1}{18} \approx -0.0556$ chips", -0.0556,
          lambda: solutions.maximin(kuhn_poker.payoff_matrix() / 6)[0], 5e-5),
    Claim("a cycle of four generations", 4,
          lambda: next(k for k in range(1, 20) if np.allclose(kuhn("latest_gaps")[-40:-k], kuhn("latest_gaps")[-40 + k:])), 0),
    Claim("even at its best a third of a chip per deal can be won from the pair", 1 / 3, lambda: min(kuhn("latest_gaps")), 1e-9),
    Claim("ends below a hundredth of a chip after 3,000 rounds", 0.0078, lambda: kuhn("gaps")[-1], 0.002),
    Claim("after 3,000 rounds", 3000, lambda: kuhn("lengths")[-1], 0),
    Claim("Player 1 loses 0.055 chips per deal", -0.055, lambda: kuhn("values")[-1], 1e-3),
    Claim("each in about 34 % of the cases", 0.34, lambda: kuhn("bluffs")[-1], 0.01),
    Claim("each in about 34 % of the cases", 0.34, lambda: kuhn("calls")[-1], 0.01),
    Claim("Player 1 bluffs in about 19 %", 0.19, lambda: kuhn("first_bluffs")[-1], 0.01),
    # messages of `check`
    Claim("sure of, whatever the other does, is only 1.5, by playing Up with probability 1/4", 1.5,
          lambda: solutions.maximin(ROW_8_1)[0], 1e-9),
    Claim("by playing Up with probability 1/4", 0.25, lambda: solutions.maximin(ROW_8_1)[1][0], 1e-9),
    Claim("(Down, Right) is the only equilibrium", 1, lambda: solutions.pure_nash(ROW_8_1, COL_8_1) == [(1, 1)], 0),
    Claim("(Defect, Defect), with -2 for each", 1, lambda: solutions.pure_nash(ROW_8_2, COL_8_2) == [(1, 1)], 0),
    Claim("It is the mean of 1.9 (Up) and 2.7 (Down)", 1.9, lambda: (PAYOFFS_8_4 @ COL_MIX_8_4)[0], 1e-9),
    Claim("It is the mean of 1.9 (Up) and 2.7 (Down)", 2.7, lambda: (PAYOFFS_8_4 @ COL_MIX_8_4)[1], 1e-9),
]  # fmt: skip
