"""Demos of chapter 5, offline RL with implicit Q-learning."""

import functools

import numpy as np
from scipy.stats import expectile

from utils.demos.view import FigureView, choice, demo, slider, when_changed
from utils.envs import planning
from utils.envs.drawing import draw_maze
from utils.envs.maze import Maze
from utils.envs.offline import GAMMA, join, record, route_policy
from utils.in_sample import weighted_policy
from utils.plotting import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, new_figure

# --- tau on a sample with an outlier ----------------------------------------------------------------------------------

SAMPLE = (2.0, 3.0, 3.5, 4.5, 5.0)  # and the outlier


LEVELS = np.linspace(0.01, 0.99, 50)


def _summaries(tau, outlier):
    """Mean, expectile, quantile and maximum of the sample with its outlier."""
    values = np.append(SAMPLE, outlier)
    return values.mean(), float(expectile(values, tau)), float(_quantiles(tau, outlier)), values.max()


def _quantiles(tau, outlier):
    return np.quantile(np.append(SAMPLE, outlier), tau, method="inverted_cdf")


@functools.lru_cache(maxsize=100)
def _expectiles(outlier):
    return np.array([expectile(np.append(SAMPLE, outlier), level) for level in LEVELS])


def sample_with_outlier():
    """Mean, expectile and maximum of six values, one of which can be moved.

    Returns
    -------
    ipywidgets.Widget
    """
    tau = slider("τ", 0.9, 0.02, 0.98, 0.02)
    outlier = slider("the sixth value", 9.0, 0.0, 12.0, 0.25)
    view = FigureView()

    def redraw():
        mean, at_tau, quantile, largest = _summaries(tau.value, outlier.value)
        values = np.append(SAMPLE, outlier.value)
        figure, (line, curve) = new_figure(2, width=9.6, height=3.3)
        weight = np.where(values > at_tau, tau.value, 1 - tau.value)
        line.axvline(at_tau, color=ORANGE, label="expectile")
        line.axvline(mean, color=GREEN, linestyle="--", label="mean")
        line.axvline(largest, color=PURPLE, linestyle=":", label="maximum")
        line.scatter(SAMPLE, np.ones(5), s=400 * weight[:5] + 20, color=BLUE, zorder=3)
        line.scatter(values[5:], [1], s=400 * weight[5] + 20, color=RED, zorder=3, label="the sixth value")
        line.set(xlabel="Q", xlim=(-0.7, 12.7), ylim=(0.6, 2.0), yticks=[])
        line.set_title("the sample; area = weight of the square")
        line.legend(loc="upper right", ncols=2, markerscale=0.5)
        curve.plot(LEVELS, _expectiles(outlier.value), color=ORANGE, label="expectile")
        fine = np.linspace(0.01, 0.99, 500)
        curve.plot(fine, _quantiles(fine, outlier.value), color="gray", linewidth=1.3, label="quantile")
        curve.axhline(mean, color=GREEN, linestyle="--", linewidth=1.3, label="mean")
        curve.axhline(largest, color=PURPLE, linestyle=":", linewidth=1.3, label="maximum")
        curve.plot([tau.value], [at_tau], "o", color=ORANGE, markersize=8)
        curve.set(xlabel="τ", ylabel="Q", xlim=(0, 1), ylim=(-0.7, 16.5), yticks=range(0, 13, 2))
        curve.set_title("every τ at once")
        curve.legend(loc="upper left", ncols=2)
        view.draw(
            figure,
            f"Six values 2, 3, 3.5, 4.5, 5 and {outlier.value:g}. Mean {mean:.2f}, maximum {largest:.2f}; at tau "
            f"{tau.value:.2f} the expectile is {at_tau:.2f} and the quantile {quantile:.2f}.",
            f"τ = {tau.value:.2f}: expectile {at_tau:.2f}, quantile {quantile:.2f}; mean {mean:.2f}, maximum {largest:.2f}",
        )

    when_changed([tau, outlier], redraw)
    return demo([tau, outlier], view)


# --- the good actions more ---------------------------------------------------------------------------------------------

RECORDED = np.array([[12, 6, 2, 0]])  # how often each of four actions was recorded in one state
OTHER_Q = (1.0, 2.0)  # of actions 0 and 1


def _extracted(beta, rare_q, tau=0.7):
    """V, weights and probabilities of the four actions of one state."""
    q = np.array([[*OTHER_Q, rare_q, np.nan]])
    v = expectile(np.repeat(q[0], RECORDED[0]), tau)
    policy = weighted_policy(q, np.array([v]), RECORDED, beta)[0]
    weight = np.minimum(np.exp(beta * (q[0] - v)), 100.0)
    return float(v), weight, policy


def _short(number):
    """Two digits, without powers of ten for a number from 10 to 100."""
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def good_actions_more():
    """From the shares of a record to the policy of advantage-weighted regression, in one state.

    Returns
    -------
    ipywidgets.Widget
    """
    beta = slider("β, inverse temperature", 0.0, 0.0, 10.0, 0.25)
    rare = slider("Q of action 2, recorded twice", 3.0, -2.0, 4.0, 0.25)
    view = FigureView()

    def redraw():
        v, weight, policy = _extracted(beta.value, rare.value)
        share = RECORDED[0] / RECORDED.sum()
        q = np.array([*OTHER_Q, rare.value])
        figure, (values, right) = new_figure(2, width=9.2, height=3.3)
        places = np.arange(4)
        values.bar(places[:3], q, color=GREEN)
        values.axhline(v, color=ORANGE, linestyle="--", label=f"V = {v:.2f} (τ = 0.7)")
        values.axhline(0, color=BLACK, linewidth=0.8)
        values.text(3, 0.12, "never\nrecorded", ha="center", va="bottom", fontsize=9)
        values.set(xlabel="action", ylabel="Q", ylim=(-2.3, 5.4), xticks=places, xlim=(-0.6, 3.6))
        values.set_title("values of the recorded actions")
        values.legend(loc="upper left")
        right.bar(places - 0.2, share, width=0.4, color=BLUE, label="record")
        right.bar(places + 0.2, policy, width=0.4, color=ORANGE, label="learned policy")
        for place in range(3):
            top = max(share[place], policy[place])
            right.text(place, top + 0.02, "× " + _short(weight[place]), ha="center", va="bottom", fontsize=9)
        right.set(xlabel="action", ylabel="probability", ylim=(0, 1.32), xticks=places, xlim=(-0.6, 3.6))
        right.set_yticks(np.linspace(0, 1, 6))
        right.set_title("record × weight → policy")
        right.legend(loc="upper right", ncols=2)
        listed = ", ".join(f"{p:.2f}" for p in policy)
        expected = policy[:3] @ q
        view.draw(
            figure,
            f"Recorded shares 0.60, 0.30, 0.10 and 0. Q of the recorded actions {q[0]:g}, {q[1]:g}, {q[2]:g}; V {v:.2f}. "
            f"At beta {beta.value:g} the policy takes the four actions with probabilities {listed}.",
            f"β = {beta.value:g}: the policy is {listed}; its mean Q is {expected:.2f}, the record's {share[:3] @ q:.2f}",
        )

    when_changed([beta, rare], redraw)
    return demo([beta, rare], view)


# --- stitching in a maze with a tempting exit --------------------------------------------------------------------------

# The maze of chapter 4 with one pit beside S replaced by a second exit of the same fee.
TEMPTING = ("S..E#P..E", "...P#P...", ".P.....P.", "...P#P...", "X..P#P..G")
NEAR_ONLY = ("S..E#P..P", *TEMPTING[1:])  # the same cells for people who know the near exit alone
N_NEAR, N_FAR = 40, 120
TAUS = np.array([0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99])


@functools.cache
def _maze():
    return Maze(TEMPTING)


@functools.cache
def _counts(n_to_goal):
    """What three groups did: how often each pair was recorded, shape (n_states, n_actions)."""
    maze, rng = _maze(), np.random.default_rng(0)
    data = join(
        record(maze, route_policy(Maze(NEAR_ONLY), "E"), maze.starts["S"], N_NEAR, rng),
        record(maze, route_policy(maze, "E"), maze.starts["S"], N_FAR, rng, N_NEAR),
        record(maze, route_policy(maze, "G"), maze.starts["X"], n_to_goal, rng, N_NEAR + N_FAR),
    )
    return data.counts(maze.n_states, maze.n_actions)


@functools.cache
def _in_sample_values(n_to_goal, n_sweeps=1200):
    """V, shape (n_taus, n_states), and Q, shape (n_taus, n_states, n_actions), for every tau of `TAUS`."""
    maze = _maze()
    counts = _counts(n_to_goal)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    lands = maze.transition_matrix.argmax(axis=2)
    goes_on = GAMMA * ~maze.terminal[lands]
    tau = TAUS[:, None]
    v = np.full((len(TAUS), maze.n_states), -60.0)  # from below, where the steps are large
    for _ in range(n_sweeps):
        q = maze.reward_matrix + goes_on * v[:, lands]
        gap = q - v[:, :, None]
        too_low, too_high = (np.sum(share * np.maximum(sign * gap, 0), axis=2) for sign in (1, -1))
        v = v + tau * too_low - (1 - tau) * too_high  # at rest where both sides of the condition are equal
    return v, maze.reward_matrix + goes_on * v[:, lands]


def _earns(policy):
    maze = _maze()
    return planning.policy_values(maze.transition_matrix, maze.reward_matrix, policy, GAMMA)[maze.starts["S"]]


@functools.cache
def _learned(n_to_goal, beta):
    """Policies for every tau and what they earn from S."""
    counts = _counts(n_to_goal)
    values, actions = _in_sample_values(n_to_goal)
    policies = [weighted_policy(q, v, counts, beta) for v, q in zip(values, actions, strict=True)]
    return policies, np.array([_earns(policy) for policy in policies])


def stitching():
    """IQL in a maze where nobody walked the best way from S, and a near exit tempts.

    Returns
    -------
    ipywidgets.Widget
    """
    tau = slider("τ", 0.5, 0.5, 1.0, 0.05)
    beta = choice("β", [("0 (imitation)", 0.0), ("1", 1.0), ("3", 3.0), ("10", 10.0)], 3.0)
    group = choice("walks from X to G", [("80", 80), ("20", 20), ("5", 5)])
    view = FigureView()
    for number in (80, 20, 5):  # a second now, so that each move of a control only draws
        _in_sample_values(number)

    def redraw():
        maze, start = _maze(), _maze().starts["S"]
        counts = _counts(group.value)
        at = int(np.argmin(np.abs(TAUS - min(tau.value, 0.99))))
        values, _ = _in_sample_values(group.value)
        policies, earned = _learned(group.value, beta.value)
        best, _ = planning.optimal_values(maze.transition_matrix, maze.reward_matrix, GAMMA)
        near, far = (-sum(GAMMA**t for t in range(n)) - 10 * GAMMA ** (n - 1) for n in (3, 12))
        figure, (curve, chart) = new_figure(2, width=9.6, height=3.7, width_ratios=(1, 1.15))
        for level, text in ((best[start], "G"), (near, "near E"), (far, "far E")):
            curve.axhline(level, color="gray", linestyle=":", linewidth=1)
            curve.text(1.03, level, text, ha="left", va="center", fontsize=9, color="#444444")
        curve.plot(TAUS, earned, "o-", color=BLUE, markersize=4, label="what the policy earns")
        curve.plot(TAUS, values[:, start], "s--", color=ORANGE, markersize=4, label="V(S)")
        curve.axvline(TAUS[at], color="gray", linestyle="--", linewidth=1)
        curve.set(xlabel="τ", ylabel="discounted return from S", ylim=(-15.6, -6.7), xlim=(0.48, 1.02))
        curve.set_title("every τ at once")
        curve.legend(loc="upper left", ncols=2)
        visits = planning.discounted_visits(maze.transition_matrix, policies[at], start, GAMMA)
        visits[maze.terminal] = 0
        draw_maze(chart, maze, policies[at], counts, shades=visits / visits.max())
        chart.set_title(f"likeliest actions, τ = {TAUS[at]:g}")
        view.draw(
            figure,
            f"At tau {TAUS[at]:g}, beta {beta.value:g} and {group.value} walks to G, V of S is {values[at, start]:.2f} and "
            f"the learned policy earns {earned[at]:.2f} from S. The best way, to G, is worth {best[start]:.2f}, the shortest "
            f"to the near exit {near:.2f}, to the far exit {far:.2f}. The map shows the policy's likeliest actions.",
            f"τ = {TAUS[at]:g}: V(S) = {values[at, start]:.2f}, the policy earns {earned[at]:.2f} from S "
            f"(best: {best[start]:.2f}); shaded cells are those it visits",
        )

    when_changed([tau, beta, group], redraw)
    return demo([tau, beta, group], view)
