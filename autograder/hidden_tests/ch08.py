"""Chapter 8, multi-agent RL: what `check` says and what the hidden tests ask."""

import numpy as np

from autograder.marking import Chapter, Fail, Letter, Line, Number, Raises, Slip
from autograder.variants import Variant, different, in_steps, several, shares, table, variants_of
from utils.check import plain
from utils.solutions import ch08 as solutions

chapter = Chapter("ch08_multi_agent_rl")
grade = chapter.grade

# --- 8.1 Pure equilibrium ---------------------------------------------------------------------------------------------

ROW_8_1, COL_8_1 = np.array([[3, 0], [1, 2]]), np.array([[1, 2], [0, 3]])
(CELL_8_1,) = solutions.pure_nash(ROW_8_1, COL_8_1)
ANSWER_8_1 = ROW_8_1[CELL_8_1]

SUM_8_1 = "This is the sum over both players. The row player's payoff is asked."
GO_THROUGH_8_1 = (
    "Not this number. Go through the four cells; in each ask for both players whether the other cell of its own line pays it "
    "more."
)

ex8_1 = chapter.derive(
    "8.1",
    Number(
        "answer_8_1",
        ANSWER_8_1,
        right="(Down, Right) is the only equilibrium. Right strictly dominates Left (2 > 1 and 3 > 0), and against Right "
        "the row player prefers Down (2 > 0). The most the row player can be sure of, whatever the other does, is "
        "only 1.5, by playing Up with probability 1/4.\n\nA popular answer key says that there is no equilibrium, because at "
        "(Down, Right) the column player could get 0 in the place of 3. A change that lowers your payoff is no reason to "
        "change.",
        slips=(
            Slip(
                3.0,
                "3 is what (Up, Left) gives the row player, and a popular answer key accepts it; but there the column "
                "player gains by going Right. It is also the other player's payoff at the equilibrium. The row "
                "player's comes first.",
            ),
            Slip(
                solutions.maximin(ROW_8_1)[0],
                "This is what the row player can be sure of against an enemy. The column player is no enemy here: it "
                "wants its own payoff.",
            ),
            Slip(0.0, "At (Up, Right) the row player gains by going Down, so it is no equilibrium."),
            Slip(1.0, "At (Down, Left) both players gain by changing."),
            Slip(5.0, SUM_8_1),
        ),
        otherwise=GO_THROUGH_8_1,
    ),
)


def _who_leaves(payoff_row, payoff_col, i, j):
    """Hint for a cell that is no equilibrium."""
    place = f"({('Up', 'Down')[i]}, {('Left', 'Right')[j]})"
    row_gains, col_gains = payoff_row[1 - i, j] > payoff_row[i, j], payoff_col[i, 1 - j] > payoff_col[i, j]
    if row_gains and col_gains:
        return f"At {place} both players gain by changing."
    if row_gains:
        return f"At {place} the row player gains by going {('Down', 'Up')[i]}, so it is no equilibrium."
    return f"At {place} the column player gains by going {('Right', 'Left')[j]}, so it is no equilibrium."


@variants_of(ex8_1, row=different(4, in_steps(0, 9, 1)), col=different(4, in_steps(0, 9, 1)))
def _(row, col):
    payoff_row, payoff_col = np.reshape(row, (2, 2)), np.reshape(col, (2, 2))
    equilibria = solutions.pure_nash(payoff_row, payoff_col)
    if len(equilibria) != 1:
        return None
    (cell,) = equilibria
    others = [place for place in np.ndindex(2, 2) if place != cell]
    shown = [f"{r}, {c}" for r, c in zip(row, col, strict=True)]
    return Variant(
        table(("", "Left", "Right"), (("**Up**", *shown[:2]), ("**Down**", *shown[2:])))
        + "\n\nIn each cell the row player's payoff comes first. The game has exactly one equilibrium in pure actions. What does "
        "the row player get there?",
        Number(
            "answer_8_1",
            payoff_row[cell],
            right="It is the largest row payoff of its column, and the column payoff beside it the largest of its row.",
            slips=(
                *(Slip(payoff_row[place], _who_leaves(payoff_row, payoff_col, *place)) for place in others),
                Slip(payoff_col[cell], "This is the column player's payoff there. The row player's is asked."),
                Slip(payoff_row[cell] + payoff_col[cell], SUM_8_1),
            ),
            otherwise=GO_THROUGH_8_1,
        ),
    )


# --- 8.2 Prisoner's dilemma -------------------------------------------------------------------------------------------

ROW_8_2 = np.array([[-1, -3], [0, -2]])
COL_8_2 = ROW_8_2.T


def answer_8_2(payoffs, right, more_slips):
    """The question with the payoffs of any prisoner's dilemma: rows and columns are Cooperate, Defect."""
    (cell,) = solutions.pure_nash(payoffs, payoffs.T)
    total = payoffs[cell] + payoffs.T[cell]
    alone, both_defect = payoffs[0, 1], payoffs[1, 1]
    return Number(
        "answer_8_2",
        total,
        right=right,
        slips=(
            Slip(
                payoffs[0, 1] + payoffs[1, 0],
                f"At (Cooperate, Defect) the player who cooperates gains by changing, from {alone} to {both_defect}.",
            ),
            Slip(-total, "Right size, wrong sign: these payoffs are losses."),
            *more_slips,
        ),
    )


ex8_2 = chapter.derive(
    "8.2",
    answer_8_2(
        ROW_8_2,
        "(Defect, Defect), with -2 for each. Whoever changes alone falls from -2 to -3. (A popular derivation says "
        "from 0 to -2; that is another column of the table.) Both would be better off at (Cooperate, Cooperate), with -1 "
        "each, but there each gains by changing, from -1 to 0.",
        [
            Slip(
                -2.0,
                "-2 is the sum at (Cooperate, Cooperate), where each player gains by changing. It is also what one player "
                "gets at the equilibrium; the sum is asked.",
            ),
            Slip(0.0, "No cell has the sum 0. 0 is what a lone defector gets."),
        ],
    ),
)


@variants_of(ex8_2, years=different(4, in_steps(0, 20, 1)))
def _(years):
    lone_defector, both_cooperate, both_defect, lone_cooperator = (-value for value in sorted(years))
    payoffs = np.array([[both_cooperate, lone_cooperator], [lone_defector, both_defect]])
    cells = [[f"${payoffs[i, j]}$, ${payoffs[j, i]}$" for j in (0, 1)] for i in (0, 1)]
    slips = (
        Slip(2 * both_cooperate, "This is the sum at (Cooperate, Cooperate), where each player gains by changing."),
        Slip(both_defect, "This is what one player gets at the equilibrium. The sum is asked."),
    )
    return Variant(
        "Two suspects are questioned apart. Payoffs are years in prison, as negative numbers; the row player's comes first.\n\n"
        + table(("", "Cooperate", "Defect"), (("**Cooperate**", *cells[0]), ("**Defect**", *cells[1])))
        + "\n\nFind the equilibrium. What is the sum of both players' payoffs there?",
        answer_8_2(payoffs, "Each defects, whatever the other does: twice the payoff of (Defect, Defect).", slips),
    )


# --- 8.3 Matching pennies ---------------------------------------------------------------------------------------------

PENNIES = np.array([[1, -1], [-1, 1]])


def answer_8_3(payoffs, right, more_slips):
    """The question with the row player's payoffs of any zero-sum game in which both players mix."""
    p, q = solutions.mixed_nash_2x2(payoffs, -payoffs)
    return Number(
        "answer_8_3",
        p,
        right=right,
        slips=(
            *more_slips,
            Slip(p * q, "This is the probability that both show Heads. The row player's alone is asked."),
        ),
    )


ex8_3 = chapter.derive(
    "8.3",
    answer_8_3(
        PENNIES,
        "The column player gets 1 - 2p for Heads and 2p - 1 for Tails; equal at p = 0.5. By symmetry the other player "
        "mixes in the same way, and both expect 0. With any other mix one of the two answers would win on average.",
        [
            Slip(1.0, "Always Heads is answered by Tails each time: the column player is not indifferent."),
            Slip(0.0, "Always Tails is answered by Heads each time. (If you mean the expected payoff: p is asked.)"),
            Slip(2.0, "A probability is at most 1. The condition is 1 - 2p = 2p - 1."),
        ],
    ),
)


@variants_of(ex8_3, stakes=several(4, in_steps(1, 9, 1)))
def _(stakes):
    both_heads, heads_tails, tails_heads, both_tails = stakes
    payoffs = np.array([[both_heads, -heads_tails], [-tails_heads, both_tails]])
    p, q = solutions.mixed_nash_2x2(payoffs, -payoffs)
    slips = (
        Slip(q, "This is the column player's mix. The row player's makes the column player indifferent."),
        Slip(1 - p, "This is the probability of Tails. That of Heads is asked."),
        Slip(0.5, "One half is right when all stakes are equal. Set both of the column player's expectations equal."),
        Slip(
            solutions.expected_payoff(payoffs, (p, 1 - p), (q, 1 - q)),
            "This is what the row player expects. Its probability of Heads is asked.",
        ),
    )
    return Variant(
        "Matching pennies with unequal stakes: what one player wins, the other loses. The row player wins\n\n"
        + table(("", "Heads", "Tails"), (("**Heads**", *payoffs[0].tolist()), ("**Tails**", *payoffs[1].tolist())))
        + "\n\nWith which probability $p$ does the row player show Heads in the equilibrium?",
        answer_8_3(payoffs, "With this p Heads and Tails give the column player the same.", slips),
    )


# --- 8.4 Expected payoff ----------------------------------------------------------------------------------------------


PAYOFFS_8_4, ROW_MIX_8_4, COL_MIX_8_4 = np.array([[4, 1], [2, 3]]), (0.6, 0.4), (0.3, 0.7)


def answer_8_4(payoffs, row_mix, col_mix, right):
    """The question with any payoffs and mixes."""
    up, left = row_mix[0], col_mix[0]
    return Number(
        "answer_8_4",
        solutions.expected_payoff(payoffs, row_mix, col_mix),
        right=right,
        slips=(
            Slip(
                solutions.expected_payoff(payoffs, (1, 0), col_mix),
                f"This is what Up alone earns. Down is played with probability {1 - up:g}.",
            ),
            Slip(
                solutions.expected_payoff(payoffs, (0, 1), col_mix),
                f"This is what Down alone earns. Up is played with probability {up:g}.",
            ),
            Slip(
                solutions.expected_payoff(payoffs, col_mix, row_mix),
                "The two mixes are exchanged (or the matrix is): rows belong to the first player.",
            ),
            Slip(
                np.mean(payoffs),
                "This is the plain mean of the four payoffs. Weigh each with the probability of its cell.",
            ),
            Slip(
                up * left * payoffs[0][0] + (1 - up) * (1 - left) * payoffs[1][1],
                "You counted two of the four cells. The players draw independently: every cell can happen.",
            ),
        ),
    )


ex8_4 = chapter.derive(
    "8.4",
    answer_8_4(
        PAYOFFS_8_4,
        ROW_MIX_8_4,
        COL_MIX_8_4,
        "It is the mean of 1.9 (Up) and 2.7 (Down), weighted 0.6 and 0.4. So the mix is no best response: against "
        "this column player Down alone earns more.",
    ),
)


@variants_of(ex8_4, payoffs=different(4, in_steps(-3, 9, 1)), row_mix=shares(2), col_mix=shares(2))
def _(payoffs, row_mix, col_mix):
    rows = [payoffs[:2], payoffs[2:]]
    return Variant(
        "The row player's payoffs are\n\n"
        + table(("", "Left", "Right"), (("**Up**", *rows[0]), ("**Down**", *rows[1])))
        + f"\n\nIt plays Up with probability ${row_mix[0]:g}$ and Down with ${row_mix[1]:g}$. The column player plays Left with "
        f"${col_mix[0]:g}$ and Right with ${col_mix[1]:g}$. What does the row player expect?",
        answer_8_4(
            rows, row_mix, col_mix, "Each payoff is weighed with the probability of its cell, row times column."
        ),
    )


# --- 8.5 What self-play guarantees ------------------------------------------------------------------------------------

chapter.trace(
    "8.5",
    Letter(
        "answer_8_5",
        "C",
        options={
            "A": "Winning most against each opponent needs a best response to *that* opponent. The equilibrium does not "
            "study its opponent: rock-paper-scissors at one third each wins nothing from someone who always plays rock.",
            "B": "The guarantee needs two players and opposed interests. In chicken each player can play its part of an "
            "equilibrium, and both crash, because they played parts of different ones.",
            "C": "That is the minimax theorem, and it is all. The strategy cannot be exploited; but it does not exploit "
            "weak play, nothing of the kind follows in games that are not zero-sum, and self-play need not arrive there: "
            "naive self-play may cycle for ever.",
            "D": "In a zero-sum game the payoffs of every outcome add up to 0, so no outcome is better for both "
            "together. And in other games an equilibrium may be worse for everyone: see the prisoner's dilemma.",
        },
    ),
)

# --- 8.6 All pure equilibria ------------------------------------------------------------------------------------------


def _cells(chosen):
    return [(int(i), int(j)) for i, j in np.argwhere(chosen)]


def _best(payoffs, axis, close=False):
    payoffs = np.asarray(payoffs, dtype=float)
    top = payoffs.max(axis=axis, keepdims=True)
    return np.isclose(payoffs, top) if close else payoffs == top


def _first_best(payoffs, axis):
    payoffs = np.asarray(payoffs, dtype=float)
    return np.arange(payoffs.shape[axis]).reshape((-1, 1) if axis == 0 else (1, -1)) == np.expand_dims(
        payoffs.argmax(axis=axis), axis
    )


def _only_best(payoffs, axis):
    best = _best(payoffs, axis)
    return best & (best.sum(axis=axis, keepdims=True) == 1)


ex8_6 = chapter.build(
    "8.6",
    solutions.pure_nash,
    cases=(
        "pure_nash([[4, 0], [3, 3]], [[4, 3], [0, 3]])",
        "pure_nash([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])",
        "pure_nash([[1, 2, 0], [1, 0, 3]], [[5, 5, 0], [1, 4, 2]])",
    ),
    right="It finds every cell that nobody wants to leave alone, ties included.",
    slips=(
        Slip(
            lambda a, b: _cells(_best(a, 1) & _best(b, 0)),
            "Each player compares the wrong cells: the row player can change the row only, so it compares within a column.",
        ),
        Slip(
            lambda a, b: _cells(_first_best(a, 0) & _first_best(b, 1)),
            "An equilibrium with a tie is missing: argmax names only the first of several best responses.",
        ),
        Slip(
            lambda a, b: _cells(_only_best(a, 0) & _only_best(b, 1)),
            "An equilibrium with a tie is missing: a change that leaves the payoff as it was is no gain.",
        ),
        Slip(
            lambda a, b: _cells(_best(a, 0)), "You asked the row player only. The column player must not gain either."
        ),
        Slip(
            lambda a, b: _cells(_best(b, 1)), "You asked the column player only. The row player must not gain either."
        ),
        Slip(
            lambda a, b: _cells(np.add(a, b) == np.add(a, b).max()),
            "You looked for the largest sum. An equilibrium asks each player alone, and may be bad for both.",
        ),
        Slip(
            lambda a, b: sorted((j, i) for i, j in solutions.pure_nash(a, b)),
            "The pairs are exchanged: first the row, then the column.",
        ),
        Slip(
            lambda a, b: _cells(_best(a, 0) & _best(b, 1))[:1],
            "You stop at the first equilibrium. A game may have several.",
        ),
        Slip(
            lambda a, b: sorted(solutions.pure_nash(a, b), key=lambda cell: cell[::-1]),
            "The cells are right, but not sorted: by row first, then by column.",
        ),
        Slip(
            lambda a, b: _cells(_best(a, 0, close=True) & _best(b, 1, close=True)),
            "A small gain is a gain: compare payoffs exactly, not up to a tolerance.",
        ),
    ),
)


def _in_any_order(student):
    """The student's function with its cells sorted: the order is asked in a group of its own."""
    return lambda *payoffs: sorted(plain(student(*payoffs)))


@ex8_6.group("square games", "In a square game your cells are not the equilibria.", weight=2)
def _(student, rng):
    student = _in_any_order(student)
    ex8_6.compare(student, ROW_8_1, COL_8_1)
    ex8_6.compare(student, ROW_8_2, COL_8_2)
    for n in (2, 2, 2, 3, 3, 4, 6):
        ex8_6.compare(student, *rng.permuted(np.arange(2 * n * n).reshape(2, n, n), axis=1))
        ex8_6.compare(student, *rng.normal(size=(2, n, n)))


@ex8_6.group(
    "other shapes", "With more rows than columns, or more columns than rows, or only one of them, your cells are off."
)
def _(student, rng):
    student = _in_any_order(student)
    for shape in ((2, 5), (5, 2), (3, 4), (4, 3), (1, 4), (4, 1), (1, 1)):
        for _ in range(3):
            ex8_6.compare(student, *rng.normal(size=(2, *shape)))


@ex8_6.group("ties", "Where two actions are equally good, no player gains by changing: both cells can be equilibria.")
def _(student, rng):
    student = _in_any_order(student)
    ex8_6.compare(student, [[0, 0], [0, 0]], [[0, 0], [0, 0]])
    ex8_6.compare(student, [[1, 1], [1, 0]], [[1, 1], [1, 0]])
    for shape in ((2, 2), (3, 3), (3, 5), (4, 2)):
        ex8_6.compare(student, *rng.integers(0, 2, size=(2, *shape)))


@ex8_6.group("games without one", "A game without a pure equilibrium must give an empty list.")
def _(student, rng):
    ex8_6.compare(student, PENNIES, -PENNIES)
    for n in (3, 4, 7):
        wanted, order = np.eye(n), rng.permutation(n)
        ex8_6.compare(student, wanted, np.roll(wanted, 1, axis=1))
        ex8_6.compare(student, wanted[order], np.roll(wanted, 1, axis=1)[order])


@ex8_6.group("small gains", "A gain of a billionth, or of 1 in a million, is a gain: compare payoffs exactly.")
def _(student, rng):
    student = _in_any_order(student)
    level = 1e6 * rng.integers(1, 5)
    ex8_6.compare(student, level + np.array([[1, 0], [0, 1]]), level + np.array([[1, 0], [0, 1]]))
    ex8_6.compare(student, [[0.3, 0.1], [0.3 - 1e-9, 0.1 + 1e-9]], [[0.2, 0.2 - 1e-9], [0.7, 0.7 + 1e-9]])
    ex8_6.compare(student, 1e-9 * rng.permutation(9).reshape(3, 3), 1e-9 * rng.permutation(9).reshape(3, 3))


@ex8_6.group(
    "order", "The cells must be pairs (row, column), sorted by row, then by column; and the payoffs must stay."
)
def _(student, rng):
    ex8_6.compare(student, [[0, 1], [1, 0]], [[0, 1], [1, 0]])
    ex8_6.compare(student, np.zeros((3, 2)), np.zeros((3, 2)))
    payoffs = rng.integers(0, 3, size=(2, 4, 5)).astype(float)
    before = payoffs.copy()
    ex8_6.compare(student, payoffs[0], payoffs[1])
    student(payoffs[0], payoffs[1])
    if not np.array_equal(payoffs, before):
        raise Fail("Your function changed the arrays it was given. Work on a copy.")


# --- 8.7 The mixed equilibrium of a 2x2 game --------------------------------------------------------------------------


def _both_from(payoffs):
    """Both probabilities from one player's payoffs, as if the game were symmetric."""
    (a, b), (c, d) = np.asarray(payoffs, dtype=float)
    return float((d - c) / (a - b - c + d)), float((d - b) / (a - b - c + d))


def _unguarded(payoff_row, payoff_col):
    return _both_from(payoff_col)[0], _both_from(payoff_row)[1]


ex8_7 = chapter.build(
    "8.7",
    solutions.mixed_nash_2x2,
    cases=(
        "mixed_nash_2x2([[3, 0], [0, 2]], [[2, 0], [0, 3]])",
        "mixed_nash_2x2([[5, -1], [-1, 0]], [[-2, 1], [1, 0]])",
        Raises("mixed_nash_2x2([[3, 0], [5, 1]], [[3, 5], [0, 1]])"),
    ),
    right="Each mix is set by the other player's payoffs, and it is refused where it would not be a mix.",
    slips=(
        Slip(
            lambda a, b: solutions.mixed_nash_2x2(a, b)[::-1],
            "p and q are exchanged: the row player's mix must make the *column* player indifferent.",
        ),
        Slip(
            lambda a, b: _both_from(a),
            "You took both from payoff_row. Whose indifference fixes the row player's mix?",
        ),
        Slip(
            lambda a, b: _both_from(b),
            "You took both from payoff_col. Whose indifference fixes the column player's mix?",
        ),
        Slip(
            lambda a, b: tuple(1 - x for x in solutions.mixed_nash_2x2(a, b)),
            "These are the probabilities of row 1 and column 1. Row 0 and column 0 are asked.",
        ),
        Slip(
            lambda a, b: (0.5, 0.5),
            "Half and half is right for matching pennies only.",
        ),
        Slip(
            lambda a, b: tuple(np.clip(_unguarded(a, b), 0, 1)),
            "You cut the solution of the equations off at 0 or 1. Outside (0, 1) it is no mix: ValueError.",
        ),
    ),
)


def _mixing_game(rng, scale=5.0):
    """A random 2x2 game in which both players mix in exactly one equilibrium."""
    gain_of_col = rng.uniform(0.2, scale, size=2) * np.array([1, -1]) * rng.choice([-1, 1])
    gain_of_row = rng.uniform(0.2, scale, size=2) * np.array([1, -1]) * rng.choice([-1, 1])
    payoff_row, payoff_col = rng.normal(scale=scale, size=(2, 2, 2))
    payoff_row[0] = payoff_row[1] + gain_of_row
    payoff_col[:, 0] = payoff_col[:, 1] + gain_of_col
    return payoff_row, payoff_col


@ex8_7.group("the two mixes", "Your p and q are not the equilibrium. Whose payoffs decide whose mix?", weight=2)
def _(student, rng):
    ex8_7.compare(student, [[0, -1], [1, -5]], [[0, 1], [-1, -4]])
    for _ in range(12):
        ex8_7.compare(student, *_mixing_game(rng))


@ex8_7.group(
    "zero-sum games", "In a zero-sum game without a pure equilibrium your p and q do not make both players indifferent."
)
def _(student, rng):
    ex8_7.compare(student, PENNIES, -PENNIES)
    for _ in range(6):
        payoffs = np.diag(rng.integers(1, 9, size=2)) - np.diag(rng.integers(1, 9, size=2))[::-1]
        payoffs = payoffs[:: rng.choice([-1, 1])] + rng.integers(-5, 6)
        ex8_7.compare(student, payoffs, -payoffs)
        p, q = student(payoffs, -payoffs)
        (left, right), (up, down) = [p, 1 - p] @ payoffs, payoffs @ [q, 1 - q]
        assert abs(left - right) < 1e-6 and abs(up - down) < 1e-6


@ex8_7.group(
    "one action is better", "Where one action is better whatever the other does, nobody mixes there: ValueError."
)
def _(student, rng):
    ex8_7.expect_error(student, ValueError, ROW_8_2, COL_8_2)
    ex8_7.expect_error(student, ValueError, ROW_8_1, COL_8_1)
    for _ in range(6):
        payoff_row, payoff_col = _mixing_game(rng)
        dominant_row, dominant_col = payoff_row.copy(), payoff_col.copy()
        dominant_row[0] = dominant_row[1] + rng.uniform(0.2, 5, size=2) * rng.choice([-1, 1])
        dominant_col[:, 0] = dominant_col[:, 1] + rng.uniform(0.2, 5, size=2) * rng.choice([-1, 1])
        ex8_7.expect_error(student, ValueError, dominant_row, payoff_col)
        ex8_7.expect_error(student, ValueError, payoff_row, dominant_col)
        ex8_7.expect_error(student, ValueError, dominant_row, dominant_col)


@ex8_7.group(
    "the border",
    "Where a probability comes out as exactly 0 or 1, or every mix would do, there is no one answer inside (0, 1): "
    "ValueError, not a division by zero.",
)
def _(student, rng):
    mixing = [[3, 0], [0, 2]]
    for tied in ([[1, 1], [0, 1]], [[1, 1], [2, 1]], [[0, 1], [1, 1]], [[4, 4], [7, 7]], [[0, 0], [0, 0]]):
        tied = np.array(tied) + int(rng.integers(-3, 4))
        ex8_7.expect_error(student, ValueError, mixing, tied)
        ex8_7.expect_error(student, ValueError, tied.T, mixing)
        ex8_7.expect_error(student, ValueError, tied.T.tolist(), tied.tolist())


@ex8_7.group(
    "level and scale",
    "A constant added to what a player gets, or a player's payoffs in another unit, changes no mix; and a rare action "
    "is still an action.",
)
def _(student, rng):
    for _ in range(4):
        payoff_row, payoff_col = _mixing_game(rng)
        ex8_7.compare(student, payoff_row + 1e4 * rng.normal(size=(1, 2)), payoff_col + 1e4 * rng.normal(size=(2, 1)))
        ex8_7.compare(student, payoff_row * 1e-8, payoff_col * 1e6)
    ex8_7.compare(student, [[1_000_000, 0], [0, 1]], [[1, 0], [0, 1_000_000]], absolute=1e-12)
    ex8_7.compare(student, [[1, 0], [0, 100_000]], [[100_000, 0], [0, 1]], absolute=1e-12)


@ex8_7.group("lists and integers", "Lists and integer arrays must work as well as float arrays, and stay as they were.")
def _(student, rng):
    gains = [int(gain) for gain in rng.integers(1, 9, size=4)]
    ex8_7.compare(student, [[gains[0], 0], [0, gains[1]]], [[gains[2], 0], [0, gains[3]]])
    payoff_row = np.array([[gains[0], 0], [0, gains[1]]])
    payoff_col = np.array([[0, gains[2]], [gains[3], 0]])
    before = payoff_row.copy(), payoff_col.copy()
    ex8_7.compare(student, payoff_row, payoff_col)
    student(payoff_row, payoff_col)
    if not (np.array_equal(payoff_row, before[0]) and np.array_equal(payoff_col, before[1])):
        raise Fail("Your function changed the arrays it was given. Work on a copy.")


# --- 8.8 Fictitious play ----------------------------------------------------------------------------------------------


def _play(
    payoff_row,
    payoff_col,
    n_rounds,
    *,
    answer_row=None,
    answer_col=None,
    alternate=False,
    last_tie=False,
    extra=0,
    drop=0,
):
    """Counts of play like fictitious play's, with one thing done wrongly."""
    a, b = np.asarray(payoff_row, dtype=float), np.asarray(payoff_col, dtype=float)
    rows, cols = [0], [0]

    def best(payoffs):
        return len(payoffs) - 1 - int(np.argmax(payoffs[::-1])) if last_tie else int(np.argmax(payoffs))

    def counts(actions, n):
        return np.bincount(actions, minlength=n).astype(float)

    for _ in range(n_rounds + extra - 1):
        history = counts(rows, a.shape[0]), counts(cols, a.shape[1])
        row = best(answer_row(a, *history, cols) if answer_row else a @ history[1])
        if alternate:
            history = counts([*rows, row], a.shape[0]), history[1]
        col = best(answer_col(a, b, *history, rows) if answer_col else history[0] @ b)
        rows.append(row)
        cols.append(col)
    return counts(rows[drop:], a.shape[0]), counts(cols[drop:], a.shape[1])


def _frequencies(**mistake):
    def play(payoff_row, payoff_col, n_rounds):
        counts = _play(payoff_row, payoff_col, n_rounds, **mistake)
        return tuple(count / max(count.sum(), 1) for count in counts)

    return play


ex8_8 = chapter.build(
    "8.8",
    solutions.fictitious_play,
    cases=(
        "fictitious_play([[2, 0, 1], [0, 3, 1]], [[1, 2, 0], [0, 1, 3]], 1)",
        "fictitious_play([[2, 0, 1], [0, 3, 1]], [[1, 2, 0], [0, 1, 3]], 7)",
        "fictitious_play([[1, -1], [-1, 1]], [[-1, 1], [1, -1]], 10)",
        "fictitious_play([[0, 2, 1], [1, 0, 2], [2, 1, 0]], [[0, 1, 2], [2, 0, 1], [1, 2, 0]], 25)",
    ),
    right="Both players answer the whole history, at the same time, and the first round counts.",
    slips=(
        Slip(_play, "You returned counts. Divide by the number of rounds."),
        Slip(
            _frequencies(alternate=True),
            "The column player already knows the row player's new action. Both must choose before either is counted.",
        ),
        Slip(
            _frequencies(
                answer_row=lambda a, rows, cols, history: a[:, history[-1]],
                answer_col=lambda a, b, rows, cols, history: b[history[-1]],
            ),
            "Both answer the other's last action only. Fictitious play answers all rounds so far.",
        ),
        Slip(
            _frequencies(answer_col=lambda a, b, rows, cols, history: rows @ a),
            "The column player looks at payoff_row. It wants its own payoff.",
        ),
        Slip(
            _frequencies(answer_col=lambda a, b, rows, cols, history: -(rows @ a)),
            "Your column player makes the row player's payoff small. That is right in zero-sum games only.",
        ),
        Slip(_frequencies(last_tie=True), "A tie goes to the lowest index; yours goes to the highest."),
        Slip(_frequencies(drop=1), "Round 0 is missing in the frequencies."),
        Slip(_frequencies(extra=1), "You played one round too many: round 0 is one of the n_rounds."),
        Slip(
            _frequencies(extra=1, drop=1),
            "Round 0 must count, and it is one of the n_rounds; yours is left out and replaced by one more at the end.",
        ),
        Slip(
            lambda a, b, n: solutions.fictitious_play(a, b, n)[::-1],
            "Row and column player are exchanged in the result.",
        ),
        Slip(
            lambda a, b, n: tuple(np.eye(len(f))[0] for f in solutions.fictitious_play(a, b, n)),
            "Nobody ever changes the action. Is the best response computed anew in each round?",
        ),
    ),
)


@ex8_8.group("the first rounds", "After one, two or three rounds your frequencies are off. What is played in round 0?")
def _(student, rng):
    ex8_8.compare(student, *rng.normal(size=(2, 3, 3)), 1)
    for n_rounds in (1, 2, 2, 3, 3):
        ex8_8.compare(student, *rng.normal(size=(2, 4, 4)), n_rounds)
    ex8_8.compare(student, [[0, 1], [1, 0]], [[0, 1], [1, 0]], 2)


@ex8_8.group(
    "many rounds", "On square games your frequencies drift away from the right ones after some rounds.", weight=2
)
def _(student, rng):
    for n in (2, 3, 5):
        ex8_8.compare(student, *rng.normal(size=(2, n, n)), 60)
        payoffs = rng.normal(size=(n, n))
        ex8_8.compare(student, payoffs, -payoffs, 150)
    turn = np.eye(3) + 0.01 * rng.random((3, 3))
    ex8_8.compare(student, turn, np.roll(np.eye(3), 1, axis=1) + 0.01 * rng.random((3, 3)), 150)


@ex8_8.group("other shapes", "With more rows than columns, or more columns than rows, your frequencies are off.")
def _(student, rng):
    for shape in ((2, 5), (5, 2), (3, 4), (4, 3)):
        payoffs = rng.normal(size=shape)
        ex8_8.compare(student, payoffs, -payoffs, 80)
        ex8_8.compare(student, *rng.normal(size=(2, *shape)), 20)
    payoffs = np.array([[2.0, -1.0, 0.6], [-1.0, 1.0, 0.1]]) + 0.01 * rng.random((2, 3))
    ex8_8.compare(student, payoffs, -payoffs, 80)


@ex8_8.group(
    "ties",
    "With whole-number payoffs ties occur, and the lowest index must be played. Compare payoffs summed over counts: sums "
    "of whole numbers are exact, sums of fractions such as 1/3 are not.",
)
def _(student, rng):
    ex8_8.compare(student, PENNIES, -PENNIES, 40)
    rock_paper_scissors = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    for n_rounds in (3, 50, 400):
        ex8_8.compare(student, rock_paper_scissors, -rock_paper_scissors, n_rounds)
    ex8_8.compare(student, np.ones((2, 3), dtype=int), np.ones((2, 3), dtype=int), 5)
    ex8_8.compare(student, *rng.integers(-2, 3, size=(2, 4, 5)), 60)


@ex8_8.group(
    "form", "Two arrays must come back, each summing to 1, from lists too; and the payoffs must stay as they were."
)
def _(student, rng):
    for _ in range(4):
        ex8_8.compare(student, *rng.normal(size=(2, 3, 3)).tolist(), 9)
        pennies = PENNIES + 0.2 * rng.random((2, 2))
        ex8_8.compare(student, pennies.tolist(), (-pennies).tolist(), 9)
    payoff_row, payoff_col = rng.normal(size=(2, 3, 4))
    before = payoff_row.copy(), payoff_col.copy()
    row_freq, col_freq = plain(student(payoff_row, payoff_col, 12))
    assert len(row_freq) == 3 and len(col_freq) == 4
    assert abs(sum(row_freq) - 1) < 1e-6 and abs(sum(col_freq) - 1) < 1e-6
    if not (np.array_equal(payoff_row, before[0]) and np.array_equal(payoff_col, before[1])):
        raise Fail("Your function changed the arrays it was given. Work on a copy.")


# --- 8.9 Answering the wrong player -----------------------------------------------------------------------------------


def _listing(payoff_col, row):
    payoffs = np.asarray(payoff_col, dtype=float)[:, row]
    return np.flatnonzero(payoffs == payoffs.max())


ex8_9 = chapter.debug(
    "8.9",
    solutions.best_responses,
    Line(
        "buggy_line_8_9",
        2,
        right="Line 2 takes a column of the matrix: what the column player would get for one fixed column, row by row. But the "
        "row is fixed, and the column player chooses among the columns: `[row]`, or `[row, :]`. On a symmetric matrix, as "
        "many textbook games have it, nobody notices.",
        slips={
            1: "Line 1 only names the function.",
            3: "Line 3 is right: it keeps the places of every largest payoff. Of which payoffs?",
        },
        otherwise="The listing has three lines.",
    ),
    cases=(
        "best_responses([[1, 0, 4], [3, 2, 2]], 0)",
        "best_responses([[0, 2, 2], [1, 1, 0], [3, 0, 1]], 0)",
        "best_responses([[2, 1], [0, 5], [3, 3]], 2)",
    ),
    right="The row is given, and every best column comes back.",
    slips=(
        Slip(_listing, "This is still the old value: it compares the payoffs of one column, not of one row."),
        Slip(
            lambda b, row: int(np.argmax(np.asarray(b)[row])),
            "You return one number. An array with every best column is asked.",
        ),
        Slip(
            lambda b, row: np.array([np.argmax(np.asarray(b)[row])]),
            "Of several best columns you name only the first.",
        ),
        Slip(
            lambda b, row: np.flatnonzero(np.asarray(b)[row] == np.min(np.asarray(b)[row])),
            "These are the worst columns. The largest payoff is wanted.",
        ),
        Slip(
            lambda b, row: np.asarray(b)[row][np.asarray(b)[row] == np.max(np.asarray(b)[row])],
            "You return payoffs. The indices of the columns are asked.",
        ),
        Slip(
            lambda b, row: np.flatnonzero(np.asarray(b)[row] == np.max(b)),
            "The largest payoff of the whole matrix need not stand in this row: take the maximum within the row.",
        ),
    ),
)


@ex8_9.group("square games", "In a square game your columns are not the best answers to the row.")
def _(student, rng):
    ex8_9.compare(student, [[-1, 0], [-3, -2]], 0)
    for n in (2, 3, 5, 8):
        payoffs = rng.normal(size=(n, n))
        for row in range(n):
            ex8_9.compare(student, payoffs, row)


@ex8_9.group("more columns than rows", "With two rows and five columns, any of the five can be best.")
def _(student, rng):
    for best in (2, 3, 4):
        payoffs = rng.normal(size=(2, 5))
        payoffs[:, best] = 9.0
        for row in (0, 1):
            ex8_9.compare(student, payoffs, row)


@ex8_9.group("more rows than columns", "With five rows and two columns, each of the five rows must be answered.")
def _(student, rng):
    payoffs = rng.normal(size=(5, 2))
    for row in (4, 0, 3, 2, 1):
        ex8_9.compare(student, payoffs, row)


@ex8_9.group("ties", "Where several columns are equally good, all of them must come back, in ascending order.")
def _(student, rng):
    ex8_9.compare(student, [[0, 2, 2], [1, 1, 0], [3, 0, 1]], 0)
    ex8_9.compare(student, [[7, 7, 7, 7]], 0)
    for _ in range(5):
        payoffs = rng.integers(0, 2, size=(4, 6))
        for row in range(4):
            ex8_9.compare(student, payoffs, row)
