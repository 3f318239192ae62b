"""Maps of a maze: where things are, what was tried, which way a table of action values points."""

import numpy as np

from utils.envs.maze import MOVES
from utils.plotting import BLUE, RED


def draw_maze(ax, maze, q_values=None, counts=None, shades=None):
    """Draw a maze, and on it the best action of each cell.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    maze : utils.envs.maze.Maze
    q_values : ndarray, shape (n_states, n_actions), optional
        An arrow shows the action with the largest value; where several tie exactly, each has one. Terminal cells have
        none.
    counts : ndarray, shape (n_states, n_actions), optional
        How often each action was tried. An arrow is blue where its action was tried, red where it never was.
    shades : ndarray, shape (n_states,), optional
        Numbers from 0 to 1 that shade the free cells blue, such as how often a cell was visited.
    """
    from matplotlib.patches import Rectangle

    n_rows, n_columns = maze.shape
    for row, line in enumerate(maze.layout):
        for column, letter in enumerate(line):
            colour = {"#": "#555555", "P": "#222222", "G": "#BFE8DA", "E": "#F8E0B0"}.get(letter, "white")
            ax.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=colour, edgecolor="#BBBBBB", linewidth=0.8)
            )
            if shades is not None and letter in ".SX":
                strength = float(shades[maze.state_at[row, column]])
                ax.add_patch(
                    Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=BLUE, alpha=0.45 * strength, linewidth=0)
                )
            if letter in "PGE":
                ax.text(column, row, letter, ha="center", va="center", color="white" if letter == "P" else "black")
            elif letter in "SX":
                ax.text(column - 0.44, row - 0.4, letter, ha="left", va="top", fontsize=8, weight="bold")
    if q_values is not None:
        best = (q_values == q_values.max(axis=1, keepdims=True)) & ~maze.terminal[:, None]
        states, actions = np.nonzero(best)
        rows, columns = np.array(maze.cells)[states].T
        down, right = np.array(MOVES)[actions].T
        tried = np.ones(len(states), dtype=bool) if counts is None else counts[states, actions] > 0
        ax.quiver(
            columns, rows, 0.42 * right, 0.42 * down, color=np.where(tried, BLUE, RED), angles="xy", scale_units="xy",
            scale=1, width=0.006, headwidth=4.5, headlength=4.5, headaxislength=4,
        )  # fmt: skip
    ax.set(xlim=(-0.5, n_columns - 0.5), ylim=(n_rows - 0.5, -0.5), aspect="equal")
    ax.set_xticks(range(n_columns))
    ax.set_yticks(range(n_rows))
    ax.tick_params(length=0, labelsize=8)
    ax.set(xlabel="column", ylabel="row")
    ax.grid(False)
