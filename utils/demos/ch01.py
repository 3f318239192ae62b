"""Demos of chapter 1, the RLHF objective."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import rel_entr, softmax

from utils.demos.view import FigureView, demo, log_slider, slider, when_changed
from utils.plotting import BLUE, GRAY, GREEN, ORANGE, PURPLE, RED, new_figure


def _tilt(ref_probs, rewards, beta):
    """Distribution proportional to ref_probs * exp(rewards / beta); one row for each beta when there are several."""
    return softmax(np.log(ref_probs) + np.divide.outer(rewards, beta).T, axis=-1)


def _divergence(p, q):
    """KL(p || q) in nats, along the last axis."""
    return rel_entr(p, q).sum(axis=-1)


# --- beta tilts a distribution ----------------------------------------------------------------------------------------

TILT_NAMES = tuple("ABCDEF")
TILT_REFERENCE = np.array([0.30, 0.25, 0.20, 0.12, 0.08, 0.05])
TILT_REWARDS = np.array([-0.5, 0.0, 0.5, 1.0, 1.5, 2.5])
TILT_BETAS = np.logspace(-1.3, 1.7, 160)


def tilt_and_frontier():
    """Beta tilts the reference towards reward and moves along the reward-KL frontier.

    Returns
    -------
    ipywidgets.Widget
    """
    beta = log_slider("beta (reward per nat)", 1.0, -1.0, 1.5)
    rarest = slider("reward of F, the rarest", 2.5, -1.0, 4.0, 0.25)
    view = FigureView()
    rng = np.random.default_rng(1)
    # Other policies for comparison: random distributions, from nearly even to nearly all on one response.
    others = np.concatenate([rng.dirichlet(np.full(6, a), size=150) for a in (0.2, 0.6, 2.0)])
    others_kl = _divergence(others, TILT_REFERENCE)

    def redraw():
        rewards = TILT_REWARDS.copy()
        rewards[-1] = rarest.value
        policy = _tilt(TILT_REFERENCE, rewards, beta.value)
        reward, kl = policy @ rewards, _divergence(policy, TILT_REFERENCE)
        objective = reward - beta.value * kl
        along = _tilt(TILT_REFERENCE, rewards, TILT_BETAS)

        figure, (bars, plane) = new_figure(2, width=9.2, height=3.6)
        places = np.arange(6)
        bars.bar(places - 0.2, TILT_REFERENCE, width=0.4, color=GRAY, label="reference")
        bars.bar(places + 0.2, policy, width=0.4, color=BLUE, label=f"best policy at beta = {beta.value:.3g}")
        bars.set_xticks(places, [f"{name}\n{r:+.2g}" for name, r in zip(TILT_NAMES, rewards, strict=True)])
        bars.set(xlabel="response and its reward", ylabel="probability", ylim=(0, 1.15))
        bars.legend(loc="upper left")
        plane.plot(others_kl, others @ rewards, ".", color=GRAY, markersize=2.5, label="other policies")
        plane.plot(_divergence(along, TILT_REFERENCE), along @ rewards, color=BLUE, label="best policies, every beta")
        plane.plot(
            [0, 4], [objective, objective + 4 * beta.value], "--", color=GREEN, label="slope beta", linewidth=1.5
        )
        plane.plot([0], [objective], "s", color=GREEN, clip_on=False, label="objective")
        plane.plot([kl], [reward], "o", color=ORANGE, markersize=9, label="this beta")
        plane.set(xlabel="KL(policy || reference) (nats)", ylabel="expected reward", xlim=(0, 3.2), ylim=(-2.6, 4.3))
        plane.legend(loc="lower right", ncols=2, columnspacing=1.0)
        view.draw(
            figure,
            f"Left: bars of the reference and the best policy at beta {beta.value:.3g} over six responses; response F "
            f"goes from 0.05 to {policy[-1]:.3f}. Right: expected reward against KL; the mark lies on the frontier at "
            f"KL {kl:.3f} nats and reward {reward:.3f}; all other policies lie below.",
            f"beta {beta.value:.3g} → expected reward {reward:.3f}, KL {kl:.3f} nats, objective {reward:.3f} − "
            f"{beta.value:.3g} · {kl:.3f} = {objective:.3f}",
        )

    when_changed([beta, rarest], redraw)
    return demo([beta, rarest], view)


# --- which way round --------------------------------------------------------------------------------------------------

DIRECTION_NAMES = ("A", "B", "C", "D", "gibberish")
DIRECTION_REFERENCE = np.array([0.4, 0.3, 0.2, 0.1])  # of the four ordinary responses, before gibberish takes its share
DIRECTION_REWARDS = np.array([0.0, 0.5, 1.0, 0.5])


def _best_with_reversed_penalty(ref_probs, rewards, beta):
    """Policy with the largest expected reward minus beta times KL(reference || policy).

    Setting the derivative to zero gives beta * ref / (level - rewards), with the level that makes the sum 1.
    """
    below_best = rewards.max() - rewards

    def excess(level):
        return np.sum(beta * ref_probs / (level + below_best)) - 1

    least = beta * ref_probs[below_best == 0].sum()
    level = brentq(excess, least, beta * (1 + 1e-9), xtol=1e-18, rtol=1e-12)
    policy = beta * ref_probs / (level + below_best)
    return policy / policy.sum()


def _both_directions(rare, reward, beta):
    """Reference and the best policies under KL(policy || reference) and under KL(reference || policy)."""
    ref_probs = np.append(DIRECTION_REFERENCE * (1 - rare), rare)
    rewards = np.append(DIRECTION_REWARDS, reward)
    return ref_probs, _tilt(ref_probs, rewards, beta), _best_with_reversed_penalty(ref_probs, rewards, beta)


def kl_direction():
    """The best policy under KL(policy || reference) and under KL(reference || policy), side by side.

    Returns
    -------
    ipywidgets.Widget
    """
    rare = log_slider("reference probability of gibberish", 1e-2, -12, -1, 0.25, ".1e")
    reward = slider("reward of gibberish", 3.0, 0.0, 6.0, 0.25)
    beta = log_slider("beta (reward per nat)", 1.0, -0.7, 1.0)
    view = FigureView()
    rares = np.logspace(-12, -1, 34)

    def redraw():
        ref_probs, forward, backward = _both_directions(rare.value, reward.value, beta.value)
        along = np.array([[p[-1] for p in _both_directions(r, reward.value, beta.value)[1:]] for r in rares])
        figure, (bars, curves) = new_figure(2, width=9.2, height=3.6)
        places = np.arange(5)
        kinds = (
            (ref_probs, GRAY, "reference"),
            (forward, BLUE, "best with KL(policy || reference)"),
            (backward, RED, "best with KL(reference || policy)"),
        )
        for i, (probs, colour, label) in enumerate(kinds):
            bars.bar(places + 0.27 * (i - 1), probs, width=0.27, color=colour, label=label)
        bars.set_xticks(places, DIRECTION_NAMES)
        bars.set(xlabel="response", ylabel="probability", ylim=(0, 1.4))
        bars.set_yticks(np.arange(0, 1.01, 0.2))
        bars.legend(loc="upper left")
        curves.semilogx(rares, along[:, 0], color=BLUE, label="KL(policy || reference)")
        curves.semilogx(rares, along[:, 1], color=RED, linestyle="--", label="KL(reference || policy)")
        curves.plot(
            [rare.value] * 2, [forward[-1], backward[-1]], "o", color=ORANGE, markersize=8, label="this setting"
        )
        curves.set(xlabel="reference probability of gibberish", ylabel="policy's probability of it", ylim=(-0.03, 1.4))
        curves.set_yticks(np.arange(0, 1.01, 0.2))
        curves.legend(loc="upper left")
        view.draw(
            figure,
            f"Left: bars of reference and both best policies. Right: probability of gibberish against its reference "
            f"probability. At {rare.value:.1e} it is {forward[-1]:.3g} with KL(policy || reference) and "
            f"{backward[-1]:.3g} with KL(reference || policy).",
            f"gibberish: reference {rare.value:.1e} → best policy {forward[-1]:.3g} with KL(policy || reference), "
            f"{backward[-1]:.3g} with KL(reference || policy)",
        )

    when_changed([rare, reward, beta], redraw)
    return demo([rare, reward, beta], view)


# --- reward hacking ---------------------------------------------------------------------------------------------------


class _Hacking:
    """Responses of 1 to 400 words, what people think of them, and a reward model that is right up to some length.

    The true reward is best at 220 words. The reward model agrees up to `seen` words, the longest answers it was trained
    on; beyond, where it has only its habit "longer is better", it climbs by 0.01 per word.
    """

    words = np.arange(1, 401)
    betas = np.logspace(1.0, -2.0, 121)

    def __init__(self, seen):
        self.ref_probs = softmax(-((self.words - 120) ** 2) / (2 * 50**2))
        self.true = self._people(self.words)
        self.proxy = np.where(self.words <= seen, self.true, self._people(seen) + 0.01 * (self.words - seen))
        self.along = self.measure(self.betas)
        self.peak = int(np.argmax(self.along[2]))

    @staticmethod
    def _people(words):
        return 1 - ((words - 220) / 100) ** 2

    def policy(self, beta):
        """Best policy for the proxy at `beta`."""
        return _tilt(self.ref_probs, self.proxy, beta)

    def measure(self, beta):
        """KL in nats, proxy reward and true reward of the best policy for the proxy."""
        policy = self.policy(beta)
        return _divergence(policy, self.ref_probs), policy @ self.proxy, policy @ self.true


def reward_hacking():
    """A reward model with a blind spot: proxy and true reward against KL as beta falls.

    Returns
    -------
    ipywidgets.Widget
    """
    beta = log_slider("beta (reward per nat)", 10.0, -2.0, 1.0)
    seen = slider("reward model is right up to (words)", 240, 240, 320, 20)
    view = FigureView()
    worlds = {}

    def redraw():
        world = worlds.setdefault(seen.value, None) or _Hacking(seen.value)
        worlds[seen.value] = world
        policy = world.policy(beta.value)
        kl, proxy, true = world.measure(beta.value)
        kls, proxies, trues = world.along
        passed = world.betas >= beta.value * (1 - 1e-9)

        figure, (left, right) = new_figure(2, width=9.6, height=3.6)
        left.plot(world.words, world.proxy, color=RED, linestyle="--", label="reward model (proxy)")
        left.plot(world.words, world.true, color=GREEN, label="people (true)")
        left.axvspan(seen.value, 400, color="#F2F2F2", label="never seen in training")
        left.set(xlabel="length of the response (words)", ylabel="reward", xlim=(0, 400), ylim=(-6, 8))
        left.legend(loc="upper left")
        density = left.twinx()
        density.fill_between(world.words, 100 * world.ref_probs, color=GRAY, alpha=0.5, linewidth=0)
        density.plot(world.words, 100 * np.minimum(policy, 0.04), color=BLUE, linewidth=1.5)
        density.set(ylabel="probability of a length (%, cut at 4)\ngray: reference, blue: policy", ylim=(0, 5.6))
        density.set_yticks(range(5))
        density.grid(False)
        density.spines["top"].set_visible(False)
        right.plot(kls[passed], proxies[passed], color=RED, linestyle="--", label="reward model (proxy)")
        right.plot(kls[passed], trues[passed], color=GREEN, label="people (true)")
        right.plot([kl, kl], [proxy, true], "o", color=ORANGE, markersize=8, label="this beta")
        if passed.sum() > world.peak + 1:
            right.axvline(kls[world.peak], color=PURPLE, linestyle=":", label="best for people")
        right.set(
            xlabel="KL(policy || reference) (nats)", ylabel="expected reward", xlim=(-0.3, 20.5), ylim=(-2.5, 4.8)
        )
        right.legend(loc="upper left")
        best = (
            f"; best for people so far: {trues[world.peak]:.2f} at beta {world.betas[world.peak]:.2f}, KL "
            f"{kls[world.peak]:.2f} nats"
            if passed.sum() > world.peak + 1
            else ""
        )
        view.draw(
            figure,
            f"Left: proxy and true reward against length, with reference and policy. Right: both rewards against KL, "
            f"traced from large beta down to {beta.value:.3g}: KL {kl:.2f} nats, proxy {proxy:.2f}, true {true:.2f}{best}.",
            f"beta {beta.value:.3g}: KL {kl:.2f} nats, reward model says {proxy:.2f}, people say {true:.2f}{best}",
        )

    when_changed([beta, seen], redraw)
    return demo([beta, seen], view)
