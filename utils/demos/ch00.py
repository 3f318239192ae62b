"""Demos of chapter 0, reward modeling."""

import numpy as np
from scipy.special import expit, log_expit

from utils.demos.view import FigureView, button, demo, slider, when_changed
from utils.plotting import BLUE, GREEN, ORANGE, RED, new_figure

ELO_PER_REWARD = 400 / np.log(10)  # Elo writes the odds as 10**(points / 400), Bradley-Terry as exp(gap)


def reward_gap():
    """A reward gap drives the preference curve, and the same gap on the Elo scale.

    Returns
    -------
    ipywidgets.Widget
    """
    r_a = slider("reward of A", 1.0, -4.0, 4.0, 0.1)
    r_b = slider("reward of B", 0.0, -4.0, 4.0, 0.1)
    view = FigureView()
    gaps = np.linspace(-8, 8, 321)

    def redraw():
        gap = r_a.value - r_b.value
        probability = expit(gap)
        elo = ELO_PER_REWARD * gap
        figure, (curve, bars) = new_figure(2, width=8.4, height=3.2, width_ratios=(3, 1))
        curve.plot(gaps, expit(gaps), color=BLUE)
        curve.plot([gap, gap, -8], [0, probability, probability], color=ORANGE, linestyle="--", linewidth=1.5)
        curve.plot([gap], [probability], "o", color=ORANGE, markersize=9)
        curve.set(xlim=(-8, 8), ylim=(0, 1.02), xlabel="reward gap r(A) − r(B)", ylabel="P(A preferred)")
        top = curve.secondary_xaxis("top", functions=(lambda g: g * ELO_PER_REWARD, lambda e: e / ELO_PER_REWARD))
        top.set_xlabel("the same gap in Elo points")
        bars.bar(["A wins", "B wins"], [probability, 1 - probability], color=[BLUE, ORANGE])
        bars.set(ylim=(0, 1.02), ylabel="probability")
        view.draw(
            figure,
            f"Sigmoid curve of the probability that A is preferred, with a mark at gap {gap:.1f}, probability "
            f"{probability:.3f}, {elo:.0f} Elo points; two bars show both probabilities.",
            f"gap {gap:+.1f} → P(A preferred) = {probability:.3f}, odds {np.exp(gap):.3g} to 1, {elo:+.0f} Elo points",
        )

    when_changed([r_a, r_b], redraw)
    return demo([r_a, r_b], view)


class _Tournament:
    """Six responses with hidden rewards, and comparisons drawn from them: some to fit, the others held out."""

    names = tuple("ABCDEF")

    def __init__(self, seed, n_fit=60, n_held_out=2000):
        rng = np.random.default_rng(seed)
        truth = rng.normal(scale=1.5, size=len(self.names))
        self.truth = truth - truth.mean()
        self.fit = self._draw(rng, n_fit)
        self.held_out = self._draw(rng, n_held_out)
        winners, losers = self.held_out
        self.ceiling = np.mean(self.truth[winners] > self.truth[losers])

    def _draw(self, rng, n):
        first = rng.integers(len(self.names), size=n)
        second = (first + rng.integers(1, len(self.names), size=n)) % len(self.names)
        first_wins = rng.random(n) < expit(self.truth[first] - self.truth[second])
        return np.where(first_wins, first, second), np.where(first_wins, second, first)

    def log_likelihood(self, rewards, comparisons):
        winners, losers = comparisons
        return np.mean(log_expit(rewards[winners] - rewards[losers]))

    def push(self, rewards):
        """Direction in which the log-likelihood of the fitted comparisons rises fastest, per comparison."""
        winners, losers = self.fit
        surprise = expit(rewards[losers] - rewards[winners])
        return (np.bincount(winners, surprise, 6) - np.bincount(losers, surprise, 6)) / len(winners)


def fit_tournament(seed=5):
    """Fit rewards to a small tournament, step by step, with log-likelihood and held-out accuracy drawn live.

    Parameters
    ----------
    seed : int
        Seed of the tournament.

    Returns
    -------
    ipywidgets.Widget
    """
    tournament = _Tournament(seed)
    rate = slider("step size", 1.0, 0.2, 4.0, 0.2, readout_format=".1f")
    view = FigureView()
    history = []
    rewards = np.zeros(6)

    def remember():
        winners, losers = tournament.held_out
        gaps = rewards[winners] - rewards[losers]
        accuracy = np.mean(np.where(gaps == 0, 0.5, gaps > 0))
        history.append((tournament.log_likelihood(rewards, tournament.fit), accuracy))

    def redraw():
        figure, (left, middle, right) = new_figure(3, width=9.6, height=3.2)
        places = np.arange(6)
        left.bar(places - 0.2, tournament.truth, width=0.4, color=GREEN, label="hidden reward")
        left.bar(places + 0.2, rewards - rewards.mean(), width=0.4, color=BLUE, label="fitted reward")
        left.set_xticks(places, tournament.names)
        left.set(xlabel="response", ylabel="reward (mean 0)", ylim=(-3.6, 3.6))
        left.legend(loc="upper right")
        steps = np.arange(len(history))
        likelihoods, accuracies = np.transpose(history)
        at_truth = tournament.log_likelihood(tournament.truth, tournament.fit)
        middle.plot(steps, likelihoods, "o-", color=BLUE, markersize=3, label="fitted rewards")
        middle.axhline(at_truth, color=GREEN, linestyle="--", label="hidden rewards")
        middle.set(
            xlim=(-0.5, max(10, len(history))),
            xlabel="gradient steps",
            ylabel="log-likelihood per pair (nats)",
            ylim=(-0.72, -0.28),
        )
        middle.legend(loc="lower right")
        right.plot(steps, accuracies, "o-", color=RED, markersize=3, label="fitted rewards")
        right.axhline(tournament.ceiling, color=GREEN, linestyle="--", label="hidden rewards")
        right.set(
            xlim=(-0.5, max(10, len(history))), xlabel="gradient steps", ylabel="held-out accuracy", ylim=(0.45, 1.0)
        )
        right.legend(loc="lower right")
        likelihood, accuracy = history[-1]
        view.draw(
            figure,
            f"After {len(history) - 1} steps: bars of the six hidden and fitted rewards; the log-likelihood per pair "
            f"has reached {likelihood:.3f}; the held-out accuracy has reached {accuracy:.3f}.",
            f"{len(history) - 1} steps: log-likelihood {likelihood:.3f} nats per pair, held-out accuracy {accuracy:.1%} "
            f"(the hidden rewards themselves reach {tournament.ceiling:.1%})",
        )

    def step(count):
        nonlocal rewards
        for _ in range(count):
            rewards = rewards + rate.value * 6 * tournament.push(rewards)
            remember()
        redraw()

    def start_again():
        nonlocal rewards
        rewards = np.zeros(6)
        history.clear()
        remember()
        redraw()

    start_again()
    buttons = [
        button("One step", lambda: step(1), "one gradient step"),
        button("Ten steps", lambda: step(10), "ten gradient steps"),
        button("Start again", start_again, "all rewards back to zero"),
    ]
    return demo([rate, *buttons], view)
