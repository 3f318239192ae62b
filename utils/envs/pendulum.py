"""A pendulum with a weak motor: the smallest system on which a learned model goes wrong in an interesting way."""

from typing import ClassVar

import gymnasium
import numpy as np

GRAVITY, MASS, LENGTH, TIME_STEP = 10.0, 1.0, 1.0, 0.05  # m/s^2, kg, m, s
MAX_TORQUE, MAX_SPEED = 2.0, 8.0  # N m, rad/s


def pendulum_step(states, torques):
    """Move pendulums on by one time step of 0.05 s.

    Parameters
    ----------
    states : array_like, shape (..., 2)
        Angle from upright (rad, counterclockwise, not wrapped) and angular velocity (rad/s).
    torques : array_like, shape (...)
        N m; cut to -2 to 2.

    Returns
    -------
    ndarray, shape (..., 2)
        The next states. The velocity changes first and is cut to -8 to 8, then the angle.
    """
    states = np.asarray(states, dtype=float)
    angle, velocity = states[..., 0], states[..., 1]
    torques = np.clip(torques, -MAX_TORQUE, MAX_TORQUE)
    acceleration = 1.5 * GRAVITY / LENGTH * np.sin(angle) + 3 * torques / (MASS * LENGTH**2)
    velocity = np.clip(velocity + acceleration * TIME_STEP, -MAX_SPEED, MAX_SPEED)
    return np.stack([angle + velocity * TIME_STEP, velocity], axis=-1)


def pendulum_reward(states, torques):
    """Reward of a step from `states` with `torques`: at most 0, and 0 only upright, at rest and without torque.

    Parameters
    ----------
    states : array_like, shape (..., 2)
    torques : array_like, shape (...)

    Returns
    -------
    ndarray, shape (...)
        Minus (angle**2 + velocity**2 / 10 + torque**2 / 1000), with the angle wrapped to -pi to pi.
    """
    states = np.asarray(states, dtype=float)
    torques = np.clip(torques, -MAX_TORQUE, MAX_TORQUE)
    angle = (states[..., 0] + np.pi) % (2 * np.pi) - np.pi
    return -(angle**2 + 0.1 * states[..., 1] ** 2 + 0.001 * torques**2)


class Pendulum(gymnasium.Env):
    """Swing a rod up and hold it there; the dynamics and rewards of Gymnasium's Pendulum-v1.

    The observation is (cosine of the angle, sine of the angle, angular velocity in rad/s); the angle is 0 upright. The
    action is one torque, from -2 to 2 N m. An episode has no end of its own: wrap the environment in
    `gymnasium.wrappers.TimeLimit`.

    Attributes
    ----------
    state : ndarray, shape (2,)
        Angle (rad, not wrapped) and angular velocity (rad/s).
    """

    metadata: ClassVar = {"render_modes": []}

    def __init__(self):
        high = np.array([1.0, 1.0, MAX_SPEED], dtype=np.float32)
        self.observation_space = gymnasium.spaces.Box(-high, high, dtype=np.float32)
        self.action_space = gymnasium.spaces.Box(-MAX_TORQUE, MAX_TORQUE, shape=(1,), dtype=np.float32)
        self.state = None

    def _observe(self):
        return np.array([np.cos(self.state[0]), np.sin(self.state[0]), self.state[1]], dtype=np.float32)

    def reset(self, *, seed=None, options=None):
        """Begin at a random angle with a small random velocity.

        Parameters
        ----------
        seed : int, optional
        options : dict, optional
            ``{"state": (angle, velocity)}`` begins there instead.

        Returns
        -------
        observation : ndarray, shape (3,)
        info : dict
        """
        super().reset(seed=seed)
        drawn = self.np_random.uniform([-np.pi, -1.0], [np.pi, 1.0])
        self.state = np.array((options or {}).get("state", drawn), dtype=float)
        return self._observe(), {}

    def step(self, action):
        """Apply a torque for one time step.

        Parameters
        ----------
        action : array_like, shape (1,)

        Returns
        -------
        observation : ndarray, shape (3,)
        reward : float
        terminated, truncated : bool
            Always False.
        info : dict

        Raises
        ------
        ValueError
            If `reset` was not called first.
        """
        if self.state is None:
            raise ValueError("step: call reset first")
        torque = np.asarray(action, dtype=float).reshape(1)[0]
        reward = float(pendulum_reward(self.state, torque))
        self.state = pendulum_step(self.state, torque)
        return self._observe(), reward, False, False, {}
