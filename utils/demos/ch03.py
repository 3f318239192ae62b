"""Demos of chapter 3, direct preference optimisation."""

import numpy as np
from scipy.special import expit, log_expit, log_softmax

from utils.demos.view import FigureView, demo, log_slider, slider, when_changed
from utils.plotting import BLUE, GRAY, GREEN, ORANGE, RED, new_figure


def loss_and_weight():
    """Loss, gradient weight and push of one pair against its margin, for a beta of one's choice.

    Returns
    -------
    ipywidgets.Widget
    """
    margin = slider("margin Δ (nats)", 0.0, -60.0, 60.0, 0.5, readout_format=".1f")
    beta = log_slider("β", 0.1, -2, 0)
    view = FigureView()
    margins = np.linspace(-60, 60, 481)

    def redraw():
        b, d = beta.value, margin.value
        figure, axes = new_figure(3, width=9.6, height=3.2)
        curves = (
            ("loss of the pair (nats)", lambda m, b: -log_expit(b * m)),
            ("weight 1 − σ(βΔ)", lambda m, b: expit(-b * m)),
            ("push on each log-probability", lambda m, b: b * expit(-b * m)),
        )
        for ax, (label, curve) in zip(axes, curves, strict=True):
            ax.plot(margins, curve(margins, 0.1), color=GRAY, linestyle="--", linewidth=1.5, label="β = 0.1")
            ax.plot(margins, curve(margins, b), color=BLUE, label=f"β = {b:.3g}")
            ax.plot([d], [curve(d, b)], "o", color=ORANGE, markersize=9, label="this pair")
            ax.set(xlabel="margin Δ (nats)", ylabel=label, xlim=(-62, 62))
        axes[0].axhline(np.log(2), color=GREEN, linewidth=1, linestyle=":", label="log 2")
        axes[0].set_ylim(0, 7)
        axes[0].legend(loc="upper right")
        axes[1].set_ylim(0, 1.04)
        axes[2].set_yscale("log")
        axes[2].set_ylim(1e-5, 2)
        axes[2].minorticks_off()
        axes[2].set_yticks([1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1], ["0.00001", "0.0001", "0.001", "0.01", "0.1", "1"])
        loss, weight = -log_expit(b * d), expit(-b * d)
        view.draw(
            figure,
            f"Three curves against the margin from -60 to 60 nats for beta {b:.3g}: at margin {d:.1f} the loss is "
            f"{loss:.3f} nats, the gradient weight {weight:.3f}, the push {b * weight:.3g}. Dashed: beta 0.1.",
            f"margin {d:+.1f}, β = {b:.3g} → loss {loss:.3g} nats, σ(βΔ) = {1 - weight:.3g}, weight {weight:.3g}, "
            f"push β × weight = {b * weight:.3g}",
        )

    when_changed([margin, beta], redraw)
    return demo([margin, beta], view)


class _ThreeResponses:
    """A policy over "No", "Never" and "Yes" trained by DPO on the single preference "No" over "Never".

    Logits are log-probabilities of the reference plus `features` times the parameters, which start at 0. Each response
    has a parameter of its own; one more is shared with weights 1, 2 and 0 ("how strongly refused") times `sharing`.
    """

    names = ("No", "Never", "Yes")
    reference = np.array([0.6, 0.05, 0.35])
    refusal = np.array([1.0, 2.0, 0.0])

    def __init__(self, sharing, beta, step_size=2.0):
        self.features = np.column_stack([np.eye(3), sharing * self.refusal])
        self.beta = beta
        self.step_size = step_size

    def log_policy(self, parameters):
        return log_softmax(np.log(self.reference) + self.features @ parameters)

    def loss(self, parameters):
        ratios = self.log_policy(parameters) - np.log(self.reference)
        return -log_expit(self.beta * (ratios[0] - ratios[1]))

    def gradient(self, parameters):
        ratios = self.log_policy(parameters) - np.log(self.reference)
        weight = expit(-self.beta * (ratios[0] - ratios[1]))
        return -self.beta * weight * (self.features[0] - self.features[1])

    def train(self, n_steps):
        """Log-probabilities, shape (n_steps + 1, 3), and losses, shape (n_steps + 1,), from the reference on."""
        parameters = np.zeros(4)
        log_probs, losses = [], []
        for _ in range(n_steps + 1):
            log_probs.append(self.log_policy(parameters))
            losses.append(self.loss(parameters))
            parameters = parameters - self.step_size * self.gradient(parameters)
        return np.array(log_probs), np.array(losses)


def likelihood_displacement():
    """Three responses, one preference: with shared parameters winner and loser both fall while the loss improves.

    Returns
    -------
    ipywidgets.Widget
    """
    sharing = slider("shared by No and Never: k", 0.0, 0.0, 2.0, 0.1, readout_format=".1f")
    beta = log_slider("β", 0.1, -2, 0)
    steps = slider("gradient steps", 30, 0, 60, 1)
    view = FigureView()
    colours = (BLUE, RED, ORANGE)

    def redraw():
        n = steps.value
        model = _ThreeResponses(sharing.value, beta.value)
        log_probs, losses = model.train(60)
        probs = np.exp(log_probs[n])
        figure, (bars, logs, loss) = new_figure(3, width=9.6, height=3.3)
        places = np.arange(3)
        bars.bar(places - 0.2, model.reference, width=0.4, color=GRAY, label="reference")
        bars.bar(places + 0.2, probs, width=0.4, color=colours, label="policy (coloured)")
        bars.set_xticks(places, ["No\n(winner)", "Never\n(loser)", "Yes\n(not in data)"])
        bars.set(ylabel="probability", ylim=(0, 1.35), yticks=np.linspace(0, 1, 6), xlabel="response")
        bars.legend(loc="upper center")
        times = np.arange(61)
        for i, name in enumerate(model.names):
            logs.plot(times[: n + 1], log_probs[: n + 1, i], color=colours[i], label=name)
            logs.plot(n, log_probs[n, i], "o", color=colours[i])
        logs.set(
            xlabel="gradient steps",
            ylabel="log-probability (nats)",
            xlim=(-1, 61),
            ylim=(-16, 2.5),
            yticks=range(-16, 1, 4),
        )
        logs.legend(loc="upper center", ncols=3, columnspacing=1.2, handlelength=1.2)
        loss.plot(times[: n + 1], losses[: n + 1], color=BLUE, label="this run")
        loss.plot(n, losses[n], "o", color=BLUE)
        loss.axhline(np.log(2), color=GREEN, linestyle=":", label="log 2, the start")
        loss.set(xlabel="gradient steps", ylabel="DPO loss (nats)", xlim=(-1, 61), ylim=(0, 1))
        loss.legend(loc="upper right")
        no, never, yes = probs
        view.draw(
            figure,
            f"After {n} steps with sharing {sharing.value:.1f} and beta {beta.value:.3g}: P(No) went from 0.6 to {no:.3f}, "
            f"P(Never) from 0.05 to {never:.3g}, P(Yes) from 0.35 to {yes:.3f}; the loss went from 0.693 to {losses[n]:.3f}.",
            f"after {n} steps: P(No) 0.6 → {no:.3g}, P(Never) 0.05 → {never:.3g}, P(Yes) 0.35 → {yes:.3g}; "
            f"loss 0.693 → {losses[n]:.3f} nats",
        )

    when_changed([sharing, beta, steps], redraw)
    return demo([sharing, beta, steps], view)
