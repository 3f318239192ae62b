"""The Dyna maze: the gridworld on which planning with a learned model was first shown to pay."""

from typing import ClassVar

import gymnasium
import numpy as np

# S start, G goal, # wall. Sutton and Barto (2018), figure 8.2.
LAYOUT = (
    ".......#G",
    "..#....#.",
    "S.#....#.",
    "..#......",
    ".....#...",
    ".........",
)
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))  # up, down, left, right, as changes of (row, column)


class DynaMaze(gymnasium.Env):
    """A maze of 6 x 9 cells; every move is certain, and reaching the goal pays 1 and ends the episode.

    The observation is the cell's number, ``9 * row + column``, from 0 to 53. The actions are 0 up, 1 down, 2 left,
    3 right; a move into a wall or out of the maze leaves the agent where it is. Every reward but the goal's is 0.

    Parameters
    ----------
    layout : sequence of str
        One text for each row: ``S`` start, ``G`` goal, ``#`` wall, anything else a free cell.

    Raises
    ------
    ValueError
        If the rows differ in length, or there is not exactly one start and one goal.

    References
    ----------
    Sutton (1990), "Integrated architectures for learning, planning, and reacting based on approximating dynamic
    programming"; Sutton and Barto (2018), "Reinforcement learning: an introduction", example 8.1.
    """

    metadata: ClassVar = {"render_modes": []}

    def __init__(self, layout=LAYOUT):
        if len({len(row) for row in layout}) != 1:
            raise ValueError("layout: its rows differ in length")
        cells = "".join(layout)
        for letter in "SG":
            if cells.count(letter) != 1:
                raise ValueError(f"layout: needs exactly one {letter}, got {cells.count(letter)}")
        self.shape = (len(layout), len(layout[0]))
        self.walls = np.array([cell == "#" for cell in cells])
        self.start, self.goal = cells.index("S"), cells.index("G")
        self.observation_space = gymnasium.spaces.Discrete(len(cells))
        self.action_space = gymnasium.spaces.Discrete(len(MOVES))
        self._next = [[self._move(cell, move) for move in MOVES] for cell in range(len(cells))]
        self._cell = None

    def _move(self, cell, move):
        row, column = np.add(divmod(cell, self.shape[1]), move).tolist()
        if not (0 <= row < self.shape[0] and 0 <= column < self.shape[1]):
            return cell
        target = row * self.shape[1] + column
        return cell if self.walls[target] else target

    def neighbour(self, cell, action):
        """The cell that an action leads to, without moving the agent."""
        return self._next[cell][action]

    def reset(self, *, seed=None, options=None):
        """Put the agent on the start.

        Returns
        -------
        observation : int
        info : dict
        """
        super().reset(seed=seed)
        self._cell = self.start
        return self._cell, {}

    def step(self, action):
        """Move.

        Parameters
        ----------
        action : int
            0 up, 1 down, 2 left, 3 right.

        Returns
        -------
        observation : int
        reward : float
        terminated : bool
            Whether the goal is reached.
        truncated : bool
            Always False: wrap the maze in `gymnasium.wrappers.TimeLimit` for a limit.
        info : dict

        Raises
        ------
        ValueError
            If `reset` was not called first, the episode is over or there is no such action.
        """
        if self._cell is None:
            raise ValueError("step: call reset first; the episode has not begun or is over")
        if not 0 <= action < len(MOVES):
            raise ValueError(f"action: must be 0, 1, 2 or 3, got {action}")
        cell = self._next[self._cell][action]
        terminated = cell == self.goal
        self._cell = None if terminated else cell
        return cell, float(terminated), terminated, False, {}
