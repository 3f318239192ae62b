"""A gridworld with walls, pits and two exits, as a Gymnasium environment with its exact model."""

import gymnasium
import numpy as np

# S and X are starts, G is the goal, E a costly side exit, P a pit, # a wall. A bridge, between pits, joins two rooms.
BRIDGE = (
    "S..P#P..E",
    "...P#P...",
    ".P.....P.",
    "...P#P...",
    "X..P#P..G",
)

UP, RIGHT, DOWN, LEFT = range(4)
ACTION_NAMES = ("up", "right", "down", "left")
ARROWS = "↑→↓←"
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))  # row, column; rows count downwards

STEP_REWARD = -1.0  # for every step, whatever it leads to
ARRIVAL_REWARD = {"G": 0.0, "E": -10.0, "P": -50.0}  # besides, on arrival; each of these cells ends the episode


class Maze(gymnasium.Env):
    """Walk from a start to an exit of a gridworld.

    An observation is the number of a cell; cells that are no walls are numbered row by row. Actions are 0 up, 1 right,
    2 down, 3 left. A step into a wall or over the border leaves the walker where it is. Every step has reward -1;
    arriving at E has 10 less and falling into a pit 50 less. G, E and pits end the episode.

    Parameters
    ----------
    layout : sequence of str
        Rows of equal length with the letters of `BRIDGE`; a dot is a free cell.
    slip : float
        Probability that a step goes to one of the two sides instead, half of it to each.
    max_steps : int
        After so many steps an episode is truncated.
    render_mode : {None, "ansi"}
        With "ansi", `render` returns the map as text with the walker as @.

    Attributes
    ----------
    n_states, n_actions : int
    cells : list of (int, int)
        Row and column of each state.
    state_at : dict
        From (row, column) to the state.
    starts : dict
        From "S" and "X", where the layout has them, to the state.
    exits : dict
        From "G" and "E" to the state.
    pits : ndarray of bool, shape (n_states,)
    terminal : ndarray of bool, shape (n_states,)
        Pits and exits.
    transition_matrix : ndarray, shape (n_states, n_actions, n_states)
        P(s' | s, a); a terminal state leads to itself.
    reward_matrix : ndarray, shape (n_states, n_actions)
        Expected reward; 0 in terminal states.

    Examples
    --------
    >>> maze = Maze()
    >>> state, _ = maze.reset(seed=0)
    >>> state, reward, terminated, truncated, _ = maze.step(RIGHT)
    >>> state, reward, terminated
    (1, -1.0, False)
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012 - Gymnasium's own convention

    def __init__(self, layout=BRIDGE, slip=0.0, max_steps=200, render_mode=None):
        if len({len(row) for row in layout}) != 1:
            raise ValueError("layout must have rows of one length")
        if not 0 <= slip <= 1:
            raise ValueError(f"slip must lie in [0, 1], got {slip}")
        self.layout, self.slip, self.max_steps, self.render_mode = tuple(layout), slip, max_steps, render_mode
        self.shape = len(layout), len(layout[0])
        letters = {(i, j): letter for i, row in enumerate(layout) for j, letter in enumerate(row) if letter != "#"}
        self.cells = list(letters)
        self.state_at = {cell: state for state, cell in enumerate(self.cells)}
        self.starts = {letter: self.state_at[cell] for cell, letter in letters.items() if letter in "SX"}
        self.exits = {letter: self.state_at[cell] for cell, letter in letters.items() if letter in "GE"}
        self.pits = np.array([letter == "P" for letter in letters.values()])
        self.terminal = np.array([letter in ARRIVAL_REWARD for letter in letters.values()])
        self.n_states, self.n_actions = len(self.cells), len(MOVES)
        self._arrival = STEP_REWARD + np.array([ARRIVAL_REWARD.get(letter, 0.0) for letter in letters.values()])
        self._build_model()
        self.observation_space = gymnasium.spaces.Discrete(self.n_states)
        self.action_space = gymnasium.spaces.Discrete(self.n_actions)
        self.state = self._n_steps = None

    def _build_model(self):
        transition = np.zeros((self.n_states, self.n_actions, self.n_states))
        for state, (row, column) in enumerate(self.cells):
            for action in range(self.n_actions):
                if self.terminal[state]:
                    transition[state, action, state] = 1.0
                    continue
                for direction, probability in (
                    (action, 1 - self.slip),
                    ((action + 1) % 4, self.slip / 2),
                    ((action - 1) % 4, self.slip / 2),
                ):
                    cell = row + MOVES[direction][0], column + MOVES[direction][1]
                    transition[state, action, self.state_at.get(cell, state)] += probability
        self.transition_matrix = transition
        self.reward_matrix = np.where(self.terminal[:, None], 0.0, transition @ self._arrival)

    def reset(self, *, seed=None, options=None):
        """Begin an episode at S, or at the state ``options["state"]``."""
        super().reset(seed=seed)
        self.state = int((options or {}).get("state", self.starts["S"]))
        self._n_steps = 0
        return self.state, {}

    def step(self, action):
        """Take one step; see the class for the rewards."""
        if self.state is None or self.terminal[self.state]:
            raise RuntimeError("the episode is over: call reset first")
        self.state = int(self.np_random.choice(self.n_states, p=self.transition_matrix[self.state, action]))
        self._n_steps += 1
        reward = float(self._arrival[self.state])
        terminated = bool(self.terminal[self.state])
        return self.state, reward, terminated, not terminated and self._n_steps >= self.max_steps, {}

    def render(self):
        """The map as text, or None without a render mode."""
        if self.render_mode != "ansi":
            return None
        rows = [list(row) for row in self.layout]
        if self.state is not None:
            row, column = self.cells[self.state]
            rows[row][column] = "@"
        return "\n".join("".join(row) for row in rows)
