"""Offline data: steps that somebody recorded, and no way to try anything else."""

from dataclasses import dataclass

import numpy as np

from utils.envs.maze import Maze

GAMMA = 0.95  # the discount that the chapters on offline learning use in the maze


@dataclass(frozen=True)
class OfflineData:
    """Recorded steps, in the order in which they happened.

    Attributes
    ----------
    states, actions : ndarray of int, shape (n_steps,)
    rewards : ndarray of float, shape (n_steps,)
    next_states : ndarray of int, shape (n_steps,)
    dones : ndarray of bool, shape (n_steps,)
        True where the step ended its episode for good; a truncated episode's last step is not done.
    episodes : ndarray of int, shape (n_steps,)
        Number of the episode each step belongs to, from 0.
    """

    states: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    next_states: np.ndarray
    dones: np.ndarray
    episodes: np.ndarray

    def __len__(self):
        return len(self.states)

    def counts(self, n_states, n_actions):
        """How often each action was tried in each state, shape (n_states, n_actions)."""
        counts = np.zeros((n_states, n_actions), dtype=int)
        np.add.at(counts, (self.states, self.actions), 1)
        return counts

    def returns(self, gamma):
        """Discounted return of each episode from its first step, shape (n_episodes,)."""
        first = np.searchsorted(self.episodes, self.episodes)  # position of each step's episode
        return np.bincount(self.episodes, gamma ** (np.arange(len(self)) - first) * self.rewards)

    def distinct(self):
        """The different steps, and how often each was recorded.

        Returns
        -------
        OfflineData
            Each combination of state, action, reward, next state and done once, ordered by state and action; its
            `episodes` are all -1.
        n_recorded : ndarray of int, shape (n_distinct,)
        """
        rows = np.column_stack([self.states, self.actions, self.rewards, self.next_states, self.dones])
        rows, n_recorded = np.unique(rows, axis=0, return_counts=True)
        states, actions, rewards, next_states, dones = rows.T
        whole = [column.astype(int) for column in (states, actions, next_states)]
        return (
            OfflineData(whole[0], whole[1], rewards, whole[2], dones.astype(bool), np.full(len(rows), -1)),
            n_recorded,
        )

    def of_episodes(self, which):
        """The steps of the episodes that `which`, a sequence of numbers, names; they keep their numbers."""
        chosen = np.isin(self.episodes, which)
        return OfflineData(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def route_policy(maze, destination, carelessness=0.15):
    """A person who knows the way to one exit, strays now and then, and never steps into a pit.

    Parameters
    ----------
    maze : Maze
    destination : {"G", "E"}
        The exit they walk to.
    carelessness : float
        Probability that a step is drawn evenly from all actions that lead neither into a pit nor to the other exit,
        instead of from those that shorten the way.

    Returns
    -------
    ndarray, shape (n_states, n_actions)
        Probabilities of the actions. Terminal states get even ones, which nothing uses.
    """
    target = maze.exits[destination]
    lands = maze.transition_matrix.argmax(axis=2)  # the intended next cell; slipping is not the walker's choice
    forbidden = maze.terminal & (np.arange(maze.n_states) != target)
    distance = np.full(maze.n_states, np.inf)
    distance[target] = 0
    for _ in range(maze.n_states):  # a cell's distance is one more than its best neighbour's
        through = np.where(forbidden[lands], np.inf, distance[lands])
        distance = np.where(maze.terminal, distance, np.minimum(distance, 1 + through.min(axis=1)))
    through = np.where(forbidden[lands], np.inf, distance[lands])
    shortest = (through == through.min(axis=1, keepdims=True)).astype(float)
    safe = (~forbidden[lands]).astype(float)
    shortest, safe = (choices / choices.sum(axis=1, keepdims=True) for choices in (shortest, np.maximum(safe, 1e-300)))
    policy = (1 - carelessness) * shortest + carelessness * safe
    policy[maze.terminal] = 1 / maze.n_actions
    return policy


def record(maze, policy, start, n_episodes, rng, first_episode=0):
    """Let a policy walk and write down every step.

    Parameters
    ----------
    maze : Maze
    policy : ndarray, shape (n_states, n_actions)
        Probabilities of the actions.
    start : int
        State in which each episode begins.
    n_episodes : int
    rng : numpy.random.Generator
    first_episode : int
        Number of the first episode.

    Returns
    -------
    OfflineData
    """
    rows = []
    maze.reset(seed=int(rng.integers(2**31)))
    for episode in range(first_episode, first_episode + n_episodes):
        state, _ = maze.reset(options={"state": start})
        over = False
        while not over:
            action = int(rng.choice(maze.n_actions, p=policy[state]))
            next_state, reward, done, truncated, _ = maze.step(action)
            rows.append((state, action, reward, next_state, done, episode))
            state, over = next_state, done or truncated
    return _data(rows)


def _data(rows):
    states, actions, rewards, next_states, dones, episodes = zip(*rows, strict=True)
    return OfflineData(
        np.array(states), np.array(actions), np.array(rewards, dtype=float),
        np.array(next_states), np.array(dones, dtype=bool), np.array(episodes),
    )  # fmt: skip


def join(*parts):
    """One data set of several, in the order given; episode numbers must not overlap."""
    return OfflineData(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in OfflineData.__dataclass_fields__)
    )


def two_route_data(maze=None, n_to_exit=120, n_to_goal=80, carelessness=0.15, seed=0):
    """The data set of chapters 4 and 5: two groups of walkers who share nothing but the bridge.

    The larger group walks from S to the costly exit E, the smaller from X to the goal G. Nobody walks from S to G: who
    wants to do best from S must stitch the first half of one group's way to the second half of the other's. Nobody
    ever steps into a pit, so the data do not say what a pit costs.

    Parameters
    ----------
    maze : Maze, optional
        A maze with the starts S and X and the exits E and G; a new `Maze()` unless given.
    n_to_exit, n_to_goal : int
        Number of episodes from S to E and from X to G.
    carelessness : float
        See `route_policy`.
    seed : int
        Equal seeds give equal data.

    Returns
    -------
    OfflineData
        First the episodes from S to E, then those from X to G.
    """
    maze = Maze() if maze is None else maze
    rng = np.random.default_rng(seed)
    to_exit = record(maze, route_policy(maze, "E", carelessness), maze.starts["S"], n_to_exit, rng)
    to_goal = record(maze, route_policy(maze, "G", carelessness), maze.starts["X"], n_to_goal, rng, n_to_exit)
    return join(to_exit, to_goal)
