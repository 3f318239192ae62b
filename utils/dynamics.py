"""Learned models of a dynamical system: small ensembles that are fitted in milliseconds."""

import numpy as np

from utils.envs.pendulum import MAX_SPEED

N_FEATURES = 120
RIDGE = 1e-6


class PendulumEnsemble:
    """Several models of the pendulum, each fitted to its own resample of the same transitions.

    A member predicts the change of the state from random features of (cosine, sine, velocity, torque), ``tanh(inputs @
    weights + offsets)``, whose weights are drawn once and whose last layer is fitted by ridge regression. Members differ
    in both draws: the features and the resample.

    Parameters
    ----------
    states : ndarray, shape (n, 2)
        Angle (rad) and angular velocity (rad/s).
    torques : ndarray, shape (n,)
        N m.
    next_states : ndarray, shape (n, 2)
    n_members : int
    seed : int

    Raises
    ------
    ValueError
        If there is no transition.

    References
    ----------
    Lakshminarayanan, Pritzel and Blundell (2017), "Simple and scalable predictive uncertainty estimation using deep
    ensembles"; Chua et al. (2018), "Deep reinforcement learning in a handful of trials using probabilistic dynamics
    models" (PETS).
    """

    def __init__(self, states, torques, next_states, n_members=5, seed=0):
        if len(states) == 0:
            raise ValueError("states: a model needs at least one transition")
        rng = np.random.default_rng(seed)
        changes = np.subtract(next_states, states)
        self.scale = changes.std(axis=0) + 1e-9
        self.members = []
        for _ in range(n_members):
            weights = rng.normal(scale=0.8, size=(4, N_FEATURES))
            offsets = rng.uniform(-1.5, 1.5, size=N_FEATURES)
            rows = rng.integers(len(states), size=len(states))
            features = self._features(states[rows], torques[rows], weights, offsets)
            gram = features.T @ features + RIDGE * len(rows) * np.eye(features.shape[1])
            last = np.linalg.solve(gram, features.T @ (changes[rows] / self.scale))
            self.members.append((weights, offsets, last))

    @staticmethod
    def _features(states, torques, weights, offsets):
        angle, velocity = states[..., 0], states[..., 1]
        inputs = np.stack([np.cos(angle), np.sin(angle), velocity / 4, torques / 2], axis=-1)
        hidden = np.tanh(inputs @ weights + offsets)
        return np.concatenate([hidden, inputs, np.ones_like(inputs[..., :1])], axis=-1)

    def predict(self, states, torques, member):
        """Next states as one member sees them; the velocity is kept in its known range, -8 to 8 rad/s.

        Parameters
        ----------
        states : array_like, shape (..., 2)
        torques : array_like, shape (...)
        member : int

        Returns
        -------
        ndarray, shape (..., 2)
        """
        states = np.asarray(states, dtype=float)
        torques = np.broadcast_to(np.asarray(torques, dtype=float), states.shape[:-1])
        weights, offsets, last = self.members[member]
        after = states + self.scale * (self._features(states, torques, weights, offsets) @ last)
        after[..., 1] = np.clip(after[..., 1], -MAX_SPEED, MAX_SPEED)
        return after

    def predict_all(self, states, torques):
        """Next states as each member sees them, shape (n_members, ..., 2)."""
        return np.stack([self.predict(states, torques, member) for member in range(len(self.members))])
