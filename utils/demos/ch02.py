"""Demos of chapter 2, PPO for RLHF."""

import ipywidgets as widgets
import numpy as np
from scipy.special import log_softmax
from scipy.stats import norm

from utils.demos.view import FigureView, button, choice, demo, log_slider, slider, when_changed
from utils.plotting import BLUE, GREEN, ORANGE, PURPLE, RED, new_figure


def clipped_surrogate():
    """The clipped surrogate of one sample and its slope, against the probability ratio.

    Returns
    -------
    ipywidgets.Widget
    """
    advantage = choice("advantage A", [("+1: better than expected", 1.0), ("−1: worse than expected", -1.0)])
    eps = slider("clip range ε", 0.2, 0.05, 0.5, 0.05)
    at = slider("ratio", 1.0, 0.3, 2.0, 0.05)
    view = FigureView()
    low, high = 0.3, 2.0

    def redraw():
        a, width, ratio = advantage.value, eps.value, at.value
        # The curve is two straight pieces that meet in one corner, 1 + ε or 1 − ε.
        corner = 1 + a * width
        rises = (low, corner) if a > 0 else (corner, high)
        value = a * np.interp(ratio, rises, rises)
        on_slope = rises[0] <= ratio <= rises[1]
        slope = a if on_slope else 0.0
        figure, (left, right) = new_figure(2, width=9.0, height=3.4)
        for ax in (left, right):
            ax.axvspan(
                1 - width, 1 + width, color="#EEEEEE", zorder=0, label=f"inside [{1 - width:.2f}, {1 + width:.2f}]"
            )
            ax.set(xlim=(low, high), xlabel="ratio  π(a|s) / π_old(a|s)")
        left.plot([low, high], [a * low, a * high], color=ORANGE, linestyle="--", label="ratio × A, no clip")
        ends = np.unique([low, corner, high])
        left.plot(ends, a * np.interp(ends, rises, rises), color=BLUE, linewidth=2.5, label="clipped surrogate")
        left.plot([ratio], [value], "o", color=BLUE, markersize=9)
        left.set(ylabel="objective of one sample (maximised)", ylim=(0.1, 2.1) if a > 0 else (-2.1, -0.1))
        left.legend(loc="upper left" if a > 0 else "upper right")
        right.axhline(0, color="black", linewidth=0.8)
        right.axhline(a, color=ORANGE, linestyle="--", label="no clip")
        right.plot(rises, [a, a], color=BLUE, linewidth=2.5, label="clipped surrogate")
        flat = (corner, high) if a > 0 else (low, corner)
        right.plot(flat, [0, 0], color=BLUE, linewidth=2.5)
        right.plot([ratio], [slope], "o", color=BLUE, markersize=9)
        right.set(ylabel="slope: d objective / d ratio", ylim=(-1.5, 1.5))
        right.legend(loc="lower left" if a > 0 else "upper left")
        view.draw(
            figure,
            f"Clipped surrogate and its slope against the ratio for advantage {a:+.0f} and clip range {width:.2f}; the "
            f"corner is at {corner:.2f}. At ratio {ratio:.2f} the objective is {value:.2f} and the slope {slope:.0f}.",
            f"ratio {ratio:.2f}, A = {a:+.0f}: ratio × A = {ratio * a:.2f}, clipped surrogate {value:.2f}, slope {slope:.0f}"
            + ("" if on_slope else " (this sample pushes no more)"),
        )

    when_changed([advantage, eps, at], redraw)
    return demo([advantage, eps, at], view)


class _Batch:
    """A batch of sampled choices with noisy rewards, and a softmax policy that takes gradient steps on it.

    Each of 200 situations has eight features; the policy chooses one of four responses, log-linear in the features. The
    policy that samples is decent already: its weights are the true rewards' weights.
    """

    n_samples, n_features, n_responses, noise = 200, 8, 4, 3.0

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.reward_weights = self.rng.normal(scale=0.4, size=(self.n_features, self.n_responses))
        self.fresh = self.rng.normal(size=(2000, self.n_features))  # situations outside the batch
        self.features = self.rng.normal(size=(self.n_samples, self.n_features))
        self.weights = self.reward_weights.copy()
        logp = self._logp(self.features)
        choices = [self.rng.choice(self.n_responses, p=p) for p in np.exp(logp)]
        self.chosen = np.array(choices)
        self.logp_old = logp[np.arange(self.n_samples), self.chosen]
        true = self.features @ self.reward_weights
        surplus = true[np.arange(self.n_samples), self.chosen] - (np.exp(logp) * true).sum(axis=1)
        surplus = surplus + self.noise * self.rng.normal(size=self.n_samples)
        self.advantages = (surplus - surplus.mean()) / surplus.std()
        self.old_fresh = self._logp(self.fresh)

    def _logp(self, features):
        return log_softmax(features @ self.weights, axis=1)

    def ratios(self):
        logp = self._logp(self.features)[np.arange(self.n_samples), self.chosen]
        return np.exp(logp - self.logp_old)

    def epoch(self, step_size, eps):
        """One pass over the batch in four minibatches; `eps` is None for no clip."""
        for part in np.array_split(self.rng.permutation(self.n_samples), 4):
            rows = np.arange(len(part))
            probabilities = np.exp(self._logp(self.features[part]))
            advantages, ratios = self.advantages[part], self.ratios()[part]
            weight = ratios * advantages
            if eps is not None:
                weight[(ratios - 1) * np.sign(advantages) > eps] = 0.0
            score = -probabilities
            score[rows, self.chosen[part]] += 1
            self.weights = self.weights + step_size * self.features[part].T @ (score * weight[:, None]) / len(part)

    def report(self, eps):
        """Batch surrogate without clip, true gain on fresh situations, clip fraction, KL from the old policy, entropy."""
        ratios, logp = self.ratios(), self._logp(self.fresh)
        true = self.fresh @ self.reward_weights
        gain = ((np.exp(logp) - np.exp(self.old_fresh)) * true).sum(axis=1).mean()
        kl = (np.exp(self.old_fresh) * (self.old_fresh - logp)).sum(axis=1).mean()
        entropy = -(np.exp(logp) * logp).sum(axis=1).mean()
        return np.mean(ratios * self.advantages), gain, np.mean(np.abs(ratios - 1) > eps), kl, entropy


def several_epochs(seed=4):
    """Several epochs of policy-gradient steps on one batch, with clip fraction, KL and entropy drawn live.

    Parameters
    ----------
    seed : int
        Seed of the batch.

    Returns
    -------
    ipywidgets.Widget
    """
    clip = widgets.Checkbox(value=True, description="clip the ratio", indent=False, layout={"width": "auto"})
    eps = slider("clip range ε", 0.2, 0.05, 0.5, 0.05)
    rate = log_slider("step size", 0.3, -1.5, 0.5, 0.1, readout_format=".2f")
    view = FigureView()
    batch, history = None, []

    def redraw():
        figure, (left, middle, right) = new_figure(3, width=11.0, height=3.6)
        above = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2}
        epochs = np.arange(len(history))
        surrogate, gain, fraction, kl, entropy = np.transpose(history)
        style = {"marker": "o", "markersize": 3}
        left.axhline(0, color="black", linewidth=0.8)
        left.plot(epochs, surrogate, color=ORANGE, label="on the batch: mean of ratio × A", **style)
        left.plot(epochs, gain, color=GREEN, label="true gain in reward", **style)
        left.set(
            ylabel="change since the batch was sampled",
            ylim=(min(-0.45, 1.1 * gain.min()), max(0.75, 1.1 * surrogate.max())),
        )
        left.legend(**above)
        middle.plot(epochs, fraction, color=RED, label="clip fraction", **style)
        middle.set(ylabel="share of samples outside the range", ylim=(-0.03, 1.03))
        middle.legend(**above)
        right.plot(epochs, kl, color=BLUE, label="KL(old policy ‖ new policy)", **style)
        right.plot(epochs, entropy, color=PURPLE, label="entropy of the new policy", **style)
        right.set(ylabel="nats", ylim=(-0.05, max(1.4, 1.1 * kl.max())))
        right.legend(**above)
        for ax in (left, middle, right):
            ax.set(xlabel="epochs on the same batch", xlim=(-0.5, max(10, len(history)) + 0.5))
        view.draw(
            figure,
            f"After {len(history) - 1} epochs: batch surrogate {surrogate[-1]:.2f}, true gain {gain[-1]:+.3f}, clip "
            f"fraction {fraction[-1]:.0%}, KL {kl[-1]:.3f} nats, entropy {entropy[-1]:.3f} nats.",
            f"{len(history) - 1} epochs: batch surrogate {surrogate[-1]:+.3f}, true gain {gain[-1]:+.3f}, clip fraction "
            f"{fraction[-1]:.0%}, KL {kl[-1]:.3f} nats, entropy {entropy[-1]:.3f} nats",
        )

    def step(count):
        for _ in range(count):
            batch.epoch(rate.value, eps.value if clip.value else None)
            history.append(batch.report(eps.value))
        redraw()

    def start_again():
        nonlocal batch
        batch = _Batch(seed)
        history[:] = [batch.report(eps.value)]
        redraw()

    start_again()
    buttons = [
        button("One epoch", lambda: step(1), "one pass over the batch, four gradient steps"),
        button("Ten epochs", lambda: step(10), "ten passes over the batch"),
        button("Start again", start_again, "back to the policy that sampled the batch"),
    ]
    return demo([clip, eps, rate, *buttons], view)


LUCK = 0.3  # standard deviation of what chance adds at each step, in points


def _first_advantage(paid_at_end, n_steps, lam, learned):
    """How the estimated advantage of a first action depends on the luck of each step.

    The action is worth 1 point in all, the baseline before it is 0, and nothing is discounted. Either its points come
    step by step (fewer and fewer: 0.85 of the step before), or the sum of everything is paid with the last step, and the
    action's point is already visible in the state. The critic has learned the share `learned` of the true value.

    Parameters
    ----------
    paid_at_end : bool
    n_steps : int
    lam : float or ndarray, shape (n,)
    learned : float

    Returns
    -------
    mean : ndarray, shape () or (n,)
        Expected estimate, in points.
    weights : ndarray, shape (n_steps,) or (n, n_steps)
        What a point of luck in each step adds to the estimate.
    """
    ages = np.arange(n_steps)
    fading = np.asarray(lam, dtype=float)[..., None] ** ages
    if paid_at_end:
        weights = learned * fading + (1 - learned) * fading[..., -1:]
        return weights[..., 0], weights
    points = 0.85**ages / np.sum(0.85**ages)
    return (fading + learned * (1 - fading)) @ points, fading


def lambda_tradeoff(seed=0):
    """Bias and variance of the advantage estimate against lambda, for critics from useless to perfect.

    Parameters
    ----------
    seed : int
        Seed of the sampled episodes.

    Returns
    -------
    ipywidgets.Widget
    """
    lam = slider("λ", 0.95, 0.0, 1.0, 0.01)
    learned = slider("share of the value the critic has learned", 0.5, 0.0, 1.0, 0.05)
    paid = choice("reward is paid", [("step by step", False), ("all at the end", True)])
    n_steps = slider("steps (tokens)", 20, 2, 60, 1)
    view = FigureView()
    luck = LUCK * np.random.default_rng(seed).normal(size=(2000, 60))
    grid = np.linspace(0, 1, 101)

    def redraw():
        mean, weights = _first_advantage(paid.value, n_steps.value, lam.value, learned.value)
        bias, sd = round(float(mean) - 1.0, 9) + 0.0, LUCK * np.sqrt(np.sum(weights**2))
        means, all_weights = _first_advantage(paid.value, n_steps.value, grid, learned.value)
        biases, variances = means - 1.0, LUCK**2 * np.sum(all_weights**2, axis=1)
        errors = biases**2 + variances
        best = np.argmin(errors)
        figure, (left, right) = new_figure(2, width=9.6, height=3.4)
        left.hist(
            mean + luck[:, : n_steps.value] @ weights, bins=np.linspace(-4, 6, 61), density=True, color=BLUE, alpha=0.65,
            label="2,000 episodes",
        )  # fmt: skip
        if sd > 1e-9:
            fine = np.linspace(-4, 6, 400)
            left.plot(fine, norm.pdf(fine, mean, sd), color=BLUE, linewidth=1.5, label="exact distribution")
        left.axvline(1.0, color=GREEN, label="true advantage: 1")
        left.axvline(mean, color=ORANGE, linestyle="--", label=f"mean estimate: {mean:.2f}")
        left.set(xlabel="estimated advantage of the first action (points)", ylabel="density", xlim=(-4, 6))
        left.legend(loc="upper right", fontsize=8)
        right.plot(grid, biases**2, color=ORANGE, label="bias²")
        right.plot(grid, variances, color=BLUE, label="variance")
        right.plot(grid, errors, color="black", linewidth=1.5, label="sum: mean squared error")
        right.plot([lam.value], [bias**2 + sd**2], "o", color="black")
        right.set(xlabel="λ", ylabel="points²", ylim=(-0.05, max(2.4, 1.1 * (bias**2 + sd**2))), xlim=(-0.02, 1.02))
        right.legend(loc="upper left")
        view.draw(
            figure,
            f"Histogram of the estimated advantage, true value 1, mean {mean:.2f}, standard deviation {sd:.2f}; squared "
            f"bias, variance and their sum against lambda, smallest at lambda {grid[best]:.2f}.",
            f"λ = {lam.value:.2f}: bias {bias:+.2f}, standard deviation {sd:.2f}, mean squared error "
            f"{bias**2 + sd**2:.2f}; the smallest, {errors[best]:.2f}, is at λ = {grid[best]:.2f}",
        )

    when_changed([lam, learned, paid, n_steps], redraw)
    return demo([lam, learned, paid, n_steps], view)
