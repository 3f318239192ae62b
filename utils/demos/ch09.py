"""Demos of chapter 9, the capstone."""

import functools
import html

import ipywidgets as widgets
import numpy as np
import torch

from utils import tinylm
from utils.demos.view import FigureView, demo, log_slider, slider, when_changed
from utils.plotting import BLUE, GREEN, ORANGE, PURPLE, RED, SKY, new_figure

GPU_GB, GPU_PEAK = 80, 312e12  # an A100: memory, and floating-point operations a second in BF16
PARTS = (  # what a weight needs, in bytes, and whether a frozen model needs it too
    ("weights, BF16", 2, True, BLUE),
    ("gradients, BF16", 2, False, ORANGE),
    ("master weights, FP32", 4, False, GREEN),
    ("Adam's m and v, FP32", 8, False, PURPLE),
)
RUNS = {"RLHF with PPO": (2, 2), "DPO": (1, 1)}  # how many models are trained, and how many frozen


def memory_and_cost():
    """Memory of RLHF and DPO by model size, and the bill of one epoch of DPO.

    Returns
    -------
    ipywidgets.Widget
    """
    size = log_slider("parameters (billions)", 7.0, -1, 2, readout_format=".3g")
    pairs = log_slider("preference pairs (thousands)", 100.0, 0, 3, readout_format=".3g")
    tokens = slider("tokens in a response", 512, 64, 4096, 64)
    utilisation = slider("utilisation of the GPU", 0.45, 0.1, 1.0, 0.05)
    price = slider("price of a GPU hour ($)", 2.0, 0.5, 6.0, 0.5)
    view = FigureView()

    def redraw():
        n_weights = size.value * 1e9
        figure, (memory, hours) = new_figure(2, width=9.6, height=3.4, width_ratios=(3, 2))
        totals = {}
        for row, (run, (trained, frozen)) in enumerate(RUNS.items()):
            left = 0.0
            for name, n_bytes, also_frozen, colour in PARTS:
                width = n_bytes * n_weights * (trained + frozen * also_frozen) / 1e9
                memory.barh(row, width, left=left, color=colour, height=0.55, label=name if row == 0 else None)
                left += width
            totals[run] = left
        right = 1.05 * max(totals.values())
        several = max(1, int(right / GPU_GB / 8))
        memory.vlines(
            np.arange(several * GPU_GB, right, several * GPU_GB), -0.5, 1.5, color="gray", linestyle=":", linewidth=1
        )
        memory.set_yticks(range(len(RUNS)), list(RUNS))
        memory.set(xlim=(0, right), ylim=(1.5, -0.5), xlabel="memory before activations (GB)")
        memory.set_title(f"dotted: every {several * GPU_GB} GB, {several} A100{'s' * (several > 1)}")
        memory.grid(axis="y", visible=False)
        memory.legend(loc="upper center", bbox_to_anchor=(0.45, -0.2), ncols=2)

        flops = pairs.value * 1e3 * 2 * tokens.value * n_weights
        bars = {"policy\nforward": 2, "policy\nbackward": 4, "reference\nforward": 2}
        per_pass = flops / (GPU_PEAK * utilisation.value) / 3600
        hours.bar(list(bars), [passes * per_pass for passes in bars.values()], color=[BLUE, SKY, ORANGE], width=0.6)
        hours.set(ylabel="hours on one A100")
        hours.set_title("one epoch of DPO")
        hours.grid(axis="x", visible=False)
        total = sum(bars.values()) * per_pass
        needed = {run: max(1, int(np.ceil(gb / GPU_GB))) for run, gb in totals.items()}
        words = ", ".join(
            f"{run} {_figures(totals[run])} GB, at least {needed[run]} GPU{'s' * (needed[run] > 1)}" for run in RUNS
        )
        view.draw(
            figure,
            f"Stacked bars of memory for a model of {size.value:.3g} billion parameters: {words}. Bars of the hours of the "
            f"three passes of an epoch of DPO, {total:.3g} hours together.",
            f"{size.value:.3g} billion parameters: {words}. One epoch of DPO: {flops * 8:.3g} floating-point operations, "
            f"{_figures(total)} GPU hours, ${_figures(total * price.value)}",
        )

    controls = [size, pairs, tokens, utilisation, price]
    when_changed(controls, redraw)
    return demo(controls, view)


def _figures(value):
    """A positive number with three significant digits, without powers of ten."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def samples(checkpoints=None, reward_model=None, n=256, seed=3):
    """What a policy says before and after training, by the beta it was trained with.

    Parameters
    ----------
    checkpoints : list of (float, callable), optional
        Betas, largest first, and the policies trained with them. Without them policies are made up that use more and
        more exclamation marks.
    reward_model : callable, optional
        Tokens to learned rewards; the number of symbols of a response stands in where there is none.
    n : int
        Responses behind each number.
    seed : int

    Returns
    -------
    ipywidgets.Widget
    """
    reference = tinylm.load_reference()
    if checkpoints is None:
        checkpoints = _made_up()
    if reward_model is None:
        reward_model = lambda tokens: tinylm.response_mask(tokens).sum(1).float()  # noqa: E731
    before, *after = [
        _Said(policy, reference, reward_model, n, seed) for policy in (reference, *(p for _, p in checkpoints))
    ]
    options = [(f"{beta:g}", i) for i, (beta, _) in enumerate(checkpoints)]
    beta = widgets.SelectionSlider(
        options=options, value=0, description="beta", style={"description_width": "initial"},
        layout={"width": "min(28em, 95%)"},
    )  # fmt: skip
    view = FigureView()

    def redraw():
        now = after[beta.value]
        figure, (curve, marks) = new_figure(2, width=9.6, height=3.2, width_ratios=(3, 2))
        order = [before, *after]
        distance = [said.distance for said in order]
        curve.plot(distance, [s.learned - before.learned for s in order], "o--", color=ORANGE, label="learned reward")
        curve.plot(distance, [s.true - before.true for s in order], "o-", color=BLUE, label="true reward")
        curve.axhline(0, color="gray", linewidth=0.8)
        gains = [now.learned - before.learned, now.true - before.true]
        ring = {"color": RED, "markersize": 14, "fillstyle": "none", "markeredgewidth": 2}
        curve.plot([now.distance] * 2, gains, "o", label="shown below", **ring)
        curve.set(xlabel="distance from the reference, √KL (√nats)", ylabel="gain over the reference")
        curve.legend(loc="lower left")
        counts = np.arange(11)
        marks.bar(counts - 0.2, before.marks, width=0.4, color=GREEN, label="before")
        marks.bar(counts + 0.2, now.marks, width=0.4, color=RED, label="after")
        marks.set_xticks(counts)
        marks.set(xlabel="exclamation marks in a response", ylabel="share of responses", ylim=(0, 1))
        marks.legend()
        label = options[beta.value][0]
        view.draw(
            figure,
            f"Gain in true and learned reward over the reference against distance; at beta {label} the true reward has "
            f"changed by {now.true - before.true:+.2f}, the learned one by {now.learned - before.learned:+.2f}, at a "
            f"distance of {now.distance:.2f}. Bars show how many exclamation marks responses hold.",
            f"beta {label}: KL {now.distance**2:.2f} nats, true reward {before.true:.2f} → {now.true:.2f}, learned reward "
            f"{now.learned - before.learned:+.2f}, {now.mean_marks:.1f} exclamation marks a response"
            + _table(before.texts, now.texts),
        )

    when_changed([beta], redraw)
    return demo([beta], view)


class _Said:
    """Samples of a policy and their averages."""

    def __init__(self, policy, reference, reward_model, n, seed):
        generator = torch.Generator().manual_seed(seed)
        tokens = tinylm.sample(policy, tinylm.draw_prompts(n, generator), generator)
        with torch.no_grad():
            self.learned = reward_model(tokens).mean().item()
        self.true = tinylm.true_reward(tokens).mean().item()
        self.distance = tinylm.response_kl(policy, reference, tokens).mean().clamp(min=0).sqrt().item()
        counts = tinylm.count_marks(tokens)
        self.marks = np.bincount(counts.numpy(), minlength=11) / n
        self.mean_marks = counts.float().mean().item()
        self.texts = [tinylm.text(row).split(" : ") for row in tokens[:6]]


def _table(before, after):
    """The same orders, read back before and after training, as an HTML table."""
    cell = 'style="text-align: left; padding: 0.1em 1.2em 0.1em 0; font-family: monospace;"'
    head = "".join(f'<th scope="col" {cell}>{title}</th>' for title in ("order", "before", "after"))
    rows = "".join(
        "<tr>" + "".join(f"<td {cell}>{html.escape(text)}</td>" for text in (order, first, second)) + "</tr>"
        for (order, first), (_, second) in zip(before, after, strict=True)
    )
    return f'<table style="margin: 0.4em 0;"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


@functools.cache
def _made_up():
    reference = tinylm.load_reference()
    warmth = torch.eye(tinylm.VOCABULARY)[tinylm.SYMBOLS.index("!")]

    def warmer(push):
        return lambda tokens: reference(tokens) + push * warmth

    return [(beta, warmer(push)) for beta, push in ((1.0, 0.5), (0.3, 1.5), (0.1, 4.0))]
