"""A maze with one reward at its end, the places a potential is read from, and a crowd of agents that learn in it."""

import gymnasium as gym
import numpy as np
from scipy.sparse.csgraph import shortest_path

# S start, G goal, # wall. A pocket opens towards the start and ends close to the goal, as the crow flies.
POCKET_MAZE = (
    "..........",
    ".######.#.",
    "......#.#.",
    "S.....#.#G",
    "......#.#.",
    ".######.#.",
    "....#.....",
)
MOVES = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)}


class ShapingMaze(gym.Env):
    """A maze of square cells; only entering the goal is rewarded, and it ends the episode.

    Actions are 0 up, 1 right, 2 down, 3 left. A move into a wall or off the map leaves the agent where it is. The
    observation is the number of the cell, counted over the free cells row by row.

    Parameters
    ----------
    layout : sequence of str
        The map: ``S`` start (exactly one), ``G`` goal (exactly one), ``#`` wall, any other character a free cell.
    slip : float
        Probability, from 0 to 1, that the move is replaced by one of the four, drawn uniformly.
    max_steps : int, optional
        Steps after which an episode is cut off (truncated, not terminated); without it an episode ends at the goal.
    render_mode : {None, "ansi"}

    Raises
    ------
    ValueError
        If the layout is not a rectangle with one start and one goal, or `slip` is not a probability.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012  (Gymnasium's own convention)

    def __init__(self, layout=POCKET_MAZE, slip=0.0, max_steps=None, render_mode=None):
        layout = tuple(layout)
        if len({len(row) for row in layout}) != 1:
            raise ValueError("layout: all rows must have one length")
        text = "".join(layout)
        if text.count("S") != 1 or text.count("G") != 1:
            raise ValueError("layout: exactly one S and one G are needed")
        if not 0 <= slip <= 1:
            raise ValueError(f"slip: a probability is needed, got {slip}")
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(f"render_mode: unknown mode {render_mode!r}")
        self.layout = layout
        self.slip = slip
        self.max_steps = max_steps
        self.render_mode = render_mode
        self.cells = [(r, c) for r, row in enumerate(layout) for c, mark in enumerate(row) if mark != "#"]
        self.number = {cell: i for i, cell in enumerate(self.cells)}
        self.start = next(i for i, (r, c) in enumerate(self.cells) if layout[r][c] == "S")
        self.goal = next(i for i, (r, c) in enumerate(self.cells) if layout[r][c] == "G")
        # shape (n_cells, 4): where each move leads; nothing leads out of the goal
        self.destination = np.array(
            [[self.number.get((r + dr, c + dc), i) for dr, dc in MOVES.values()] for i, (r, c) in enumerate(self.cells)]
        )
        self.destination[self.goal] = self.goal
        self.observation_space = gym.spaces.Discrete(self.n_cells)
        self.action_space = gym.spaces.Discrete(len(MOVES))
        self._cell = None
        self._steps = 0

    @property
    def n_cells(self):
        """Number of free cells."""
        return len(self.cells)

    def reset(self, *, seed=None, options=None):
        """Put the agent on the start cell."""
        super().reset(seed=seed)
        self._cell = self.start
        self._steps = 0
        return self._cell, {}

    def step(self, action):
        """Move; the reward is 1 on entering the goal and 0 otherwise."""
        if self._cell is None:
            raise RuntimeError("call reset before step")
        if not self.action_space.contains(action):
            raise ValueError(f"action: 0, 1, 2 or 3 is needed, got {action!r}")
        if self.slip and self.np_random.random() < self.slip:
            action = self.np_random.integers(len(MOVES))
        was_at_goal = self._cell == self.goal
        self._cell = int(self.destination[self._cell, action])
        self._steps += 1
        terminated = self._cell == self.goal
        truncated = not terminated and self.max_steps is not None and self._steps >= self.max_steps
        return self._cell, float(terminated and not was_at_goal), terminated, truncated, {}

    def render(self):
        """The map as text with ``@`` for the agent, in render mode "ansi"; nothing otherwise."""
        if self.render_mode != "ansi":
            return None
        rows = [list(row) for row in self.layout]
        if self._cell is not None:
            r, c = self.cells[self._cell]
            rows[r][c] = "@"
        return "\n".join("".join(row) for row in rows)

    def path_lengths(self, target=None):
        """Steps of the shortest way from each cell to a target, around the walls.

        Parameters
        ----------
        target : int, optional
            Number of a cell; the goal unless given.

        Returns
        -------
        ndarray, shape (n_cells,)
            In steps; infinite where no way leads.
        """
        target = self.goal if target is None else target
        free = np.array([[self.number.get((r + dr, c + dc), i) for dr, dc in MOVES.values()]
                         for i, (r, c) in enumerate(self.cells)])  # fmt: skip
        neighbour = np.zeros((self.n_cells, self.n_cells))
        neighbour[np.arange(self.n_cells)[:, None], free] = 1
        np.fill_diagonal(neighbour, 0)
        return shortest_path(neighbour, unweighted=True, indices=target)

    def straight_lengths(self, target=None):
        """Euclidean distance from each cell to a target, through the walls; otherwise as `path_lengths`."""
        target = self.goal if target is None else target
        return np.hypot(*np.subtract(self.cells, self.cells[target]).T)

    def model(self):
        """Transition probabilities and expected rewards; the goal is absorbing and pays nothing.

        Returns
        -------
        transition : ndarray, shape (n_cells, 4, n_cells)
        reward : ndarray, shape (n_cells, 4)
        """
        moves = np.eye(self.n_cells)[self.destination]
        transition = (1 - self.slip) * moves + self.slip * moves.mean(axis=1, keepdims=True)
        reward = transition[:, :, self.goal].copy()
        reward[self.goal] = 0.0
        return transition, reward

    def random_walk_steps(self):
        """Expected number of steps to the goal from each cell when every action is equally likely.

        Returns
        -------
        ndarray, shape (n_cells,)
        """
        transition, _ = self.model()
        others = np.delete(np.arange(self.n_cells), self.goal)
        walk = transition.mean(axis=1)[np.ix_(others, others)]
        steps = np.zeros(self.n_cells)
        steps[others] = np.linalg.solve(np.eye(len(others)) - walk, np.ones(len(others)))
        return steps


class Crowd:
    """Q-learners, each in its own copy of a maze without slip, moved together so that many cost little more than one.

    Parameters
    ----------
    maze : ShapingMaze
        Its `slip` must be 0.
    gamma : float
        Discount factor.
    bonus : ndarray, shape (n_cells, 4), optional
        Added to the reward of each action; nothing unless given.
    start_values : ndarray, shape (n_cells,), optional
        What all four action values of a cell start at; 0 unless given. The goal's value is always 0.
    n_agents : int
    rate, explore : float
        Step size of the updates, and probability of a random action.
    seed : int
        Two crowds of equal seed and size draw equal random numbers.
    """

    def __init__(
        self, maze, gamma, bonus=None, start_values=None, n_agents=20, rate=0.5, explore=0.1, seed=0
    ):  # fmt: skip
        if maze.slip:
            raise ValueError(f"maze: a crowd moves without slip, got slip {maze.slip}")
        self.maze, self.gamma, self.rate, self.explore = maze, gamma, rate, explore
        reward = maze.model()[1]
        self.reward = reward if bonus is None else reward + np.asarray(bonus, dtype=float)
        values = np.zeros(maze.n_cells) if start_values is None else np.array(start_values, dtype=float)
        values[maze.goal] = 0.0
        self.values = np.repeat(np.repeat(values[None, :, None], 4, axis=2), n_agents, axis=0)
        self.rng = np.random.default_rng(seed)
        self.agents = np.arange(n_agents)
        self.cell = np.full(n_agents, maze.start)
        self.steps_now = np.zeros(n_agents, dtype=int)
        self.lengths = [[] for _ in range(n_agents)]  # steps of each finished episode, agent by agent

    def step(self):
        """Let every agent act and learn once."""
        agents, cell = self.agents, self.cell
        lottery = self.rng.random((len(agents), 5))
        here = self.values[agents, cell]
        # actions within 1e-9 of the best count as tied: rounding must not decide
        tied = here >= here.max(axis=1, keepdims=True) - 1e-9
        tied[lottery[:, 4] < self.explore] = True
        action = np.where(tied, lottery[:, :4], -1.0).argmax(axis=1)
        after = self.maze.destination[cell, action]
        target = self.reward[cell, action] + self.gamma * self.values[agents, after].max(axis=1)
        self.values[agents, cell, action] += self.rate * (target - self.values[agents, cell, action])
        self.steps_now += 1
        arrived = after == self.maze.goal
        for agent in np.flatnonzero(arrived):
            self.lengths[agent].append(int(self.steps_now[agent]))
        self.steps_now[arrived] = 0
        self.cell = np.where(arrived, self.maze.start, after)
        return arrived
