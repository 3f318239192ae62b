"""Chapter 8, multi-agent reinforcement learning: equilibria of two-player games, and play that learns them."""

import numpy as np
from scipy.optimize import linprog


def _bimatrix(payoff_row, payoff_col):
    """Both payoff matrices as float arrays of one shape (n_rows, n_cols), none of them 0."""
    payoff_row = np.asarray(payoff_row, dtype=float)
    payoff_col = np.asarray(payoff_col, dtype=float)
    if payoff_row.ndim != 2 or payoff_row.size == 0:
        raise ValueError(f"payoff_row must be a matrix with at least one entry, got shape {payoff_row.shape}")
    if payoff_row.shape != payoff_col.shape:
        raise ValueError(
            f"payoff_row and payoff_col must have one shape, got {payoff_row.shape} and {payoff_col.shape}"
        )
    for name, payoffs in (("payoff_row", payoff_row), ("payoff_col", payoff_col)):
        if not np.all(np.isfinite(payoffs)):
            raise ValueError(f"{name} holds a value that is not finite")
    return payoff_row, payoff_col


def expected_payoff(payoffs, row_mix, col_mix):
    """Mean of a payoff matrix when both players draw their actions independently.

    Parameters
    ----------
    payoffs : array_like, shape (n_rows, n_cols)
    row_mix : array_like, shape (n_rows,)
        Probability of each row.
    col_mix : array_like, shape (n_cols,)
        Probability of each column.

    Returns
    -------
    float
        row_mix @ payoffs @ col_mix, in the unit of the payoffs.
    """
    return float(np.asarray(row_mix, dtype=float) @ np.asarray(payoffs, dtype=float) @ np.asarray(col_mix, dtype=float))


def best_responses(payoff_col, row):
    """The column player's best responses to a pure row.

    Parameters
    ----------
    payoff_col : array_like, shape (n_rows, n_cols)
        What the column player gets.
    row : int
        The row that the row player plays.

    Returns
    -------
    ndarray of int
        Every column with the largest payoff in that row, in ascending order.
    """
    payoffs = np.asarray(payoff_col, dtype=float)[row]
    return np.flatnonzero(payoffs == payoffs.max())


def pure_nash(payoff_row, payoff_col):
    """All equilibria in pure strategies of a two-player game.

    Parameters
    ----------
    payoff_row, payoff_col : array_like, shape (n_rows, n_cols)
        What the row player and the column player get in each cell.

    Returns
    -------
    list of (int, int)
        Cells (row, column) in which neither player gains by changing alone, sorted; a change that leaves the payoff as
        it was is no gain.

    Raises
    ------
    ValueError
        If the arrays are not matrices of one shape, are empty or hold a value that is not finite.

    References
    ----------
    Nash (1950), "Equilibrium points in n-person games", PNAS 36.
    """
    payoff_row, payoff_col = _bimatrix(payoff_row, payoff_col)
    row_is_best = payoff_row == payoff_row.max(axis=0, keepdims=True)
    col_is_best = payoff_col == payoff_col.max(axis=1, keepdims=True)
    return [(int(i), int(j)) for i, j in np.argwhere(row_is_best & col_is_best)]


def mixed_nash_2x2(payoff_row, payoff_col):
    """The equilibrium of a 2x2 game in which both players mix.

    Each player's mix makes the *other* player indifferent between both actions.

    Parameters
    ----------
    payoff_row, payoff_col : array_like, shape (2, 2)
        What the row player and the column player get in each cell.

    Returns
    -------
    p, q : float
        Probability of row 0 and of column 0, both strictly between 0 and 1.

    Raises
    ------
    ValueError
        If there is no such equilibrium; if there is more than one, because a player is indifferent whatever the other
        does; or if the arrays are not of shape (2, 2).

    References
    ----------
    Osborne and Rubinstein (1994), "A course in game theory", section 3.2.
    """
    payoff_row, payoff_col = _bimatrix(payoff_row, payoff_col)
    if payoff_row.shape != (2, 2):
        raise ValueError(f"payoff_row must have shape (2, 2), got {payoff_row.shape}")

    def indifference(gain_0, gain_1):
        """Weight w of the first case at which w * gain_0 + (1 - w) * gain_1 is 0, if it is inside (0, 1)."""
        if gain_0 * gain_1 >= 0:
            raise ValueError("payoff_row, payoff_col: no equilibrium, or more than one, has both players mixing")
        return float(gain_1 / (gain_1 - gain_0))

    gain_of_col = payoff_col[:, 0] - payoff_col[:, 1]  # what column 0 earns the column player over column 1, by row
    gain_of_row = payoff_row[0] - payoff_row[1]  # what row 0 earns the row player over row 1, by column
    return indifference(*gain_of_col), indifference(*gain_of_row)


def fictitious_play(payoff_row, payoff_col, n_rounds):
    """Empirical frequencies of play when each player answers the other's history.

    In round 0 both play action 0. In every later round each plays a best response to the other's frequencies of all
    rounds before; both choose at the same time, and of several best responses the lowest index is played.

    Parameters
    ----------
    payoff_row, payoff_col : array_like, shape (n_rows, n_cols)
        What the row player and the column player get in each cell.
    n_rounds : int
        Number of rounds, round 0 included; at least 1.

    Returns
    -------
    row_freq : ndarray, shape (n_rows,)
    col_freq : ndarray, shape (n_cols,)
        Share of the rounds in which each action was played.

    Raises
    ------
    ValueError
        If the arrays are not matrices of one shape, or `n_rounds` is below 1.

    Notes
    -----
    The payoffs are summed over the counts, not averaged over the frequencies: whole numbers add up exactly, so that
    ties of whole-number payoffs are ties on the computer too.

    References
    ----------
    Brown (1951), "Iterative solution of games by fictitious play"; Robinson (1951), "An iterative method of solving a
    game", Annals of Mathematics 54.
    """
    payoff_row, payoff_col = _bimatrix(payoff_row, payoff_col)
    if n_rounds < 1:
        raise ValueError(f"n_rounds must be at least 1, got {n_rounds}")
    row_counts, col_counts = (np.zeros(n) for n in payoff_row.shape)
    row, col = 0, 0
    for _ in range(n_rounds):
        row_counts[row] += 1
        col_counts[col] += 1
        row, col = np.argmax(payoff_row @ col_counts), np.argmax(row_counts @ payoff_col)
    return row_counts / n_rounds, col_counts / n_rounds


def maximin(payoffs):
    """The most that the row player can be sure of, and a mix that secures it.

    Parameters
    ----------
    payoffs : array_like, shape (n_rows, n_cols)
        What the row player gets in each cell.

    Returns
    -------
    value : float
        Largest guaranteed expected payoff; in a zero-sum game, the value of the game.
    row_mix : ndarray, shape (n_rows,)

    References
    ----------
    von Neumann (1928), "Zur Theorie der Gesellschaftsspiele", Mathematische Annalen 100.
    """
    payoffs = np.asarray(payoffs, dtype=float)
    n_rows, n_cols = payoffs.shape
    found = linprog(
        np.append(np.zeros(n_rows), -1.0),
        A_ub=np.hstack([-payoffs.T, np.ones((n_cols, 1))]),
        b_ub=np.zeros(n_cols),
        A_eq=np.append(np.ones(n_rows), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * n_rows + [(None, None)],
    )
    return float(found.x[-1]), found.x[:-1]


def exploitability(payoffs, row_mix, col_mix):
    """What both players of a zero-sum game together could gain by changing alone.

    Parameters
    ----------
    payoffs : array_like, shape (n_rows, n_cols)
        What the row player gets, and the column player pays.
    row_mix, col_mix : array_like, shapes (n_rows,) and (n_cols,)

    Returns
    -------
    float
        The best row against `col_mix` minus what the best column leaves to `row_mix`; 0 in an equilibrium, else positive.
    """
    payoffs = np.asarray(payoffs, dtype=float)
    return float(np.max(payoffs @ np.asarray(col_mix)) - np.min(np.asarray(row_mix) @ payoffs))
