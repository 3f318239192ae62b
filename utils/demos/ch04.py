"""Demos of chapter 4, offline RL with conservative Q-learning."""

import functools

import numpy as np
from scipy.special import softmax

from utils.demos.view import FigureView, choice, demo, slider, when_changed
from utils.envs import planning
from utils.envs.drawing import draw_maze
from utils.envs.maze import Maze
from utils.envs.offline import GAMMA, route_policy
from utils.plotting import BLACK, BLUE, GREEN, ORANGE, RED, new_figure

# --- an action that nobody tried --------------------------------------------------------------------------------------

DELIVERY_GAMMA = 0.9
STAY, ROAD, FLOODED = 0.5, 1.0, -1.0  # rewards of staying home, of the road and of the shortcut


def _train_delivery(alpha, first_guess, n_shortcut, n_sweeps=400, learning_rate=0.1):
    """Tabular CQL on the log of the delivery demo.

    Returns
    -------
    ndarray, shape (n_sweeps + 1, 2, 2)
        Q after each sweep. State 0, the depot, has the actions stay and deliver; state 1, the crossing, has road and
        shortcut. The shortcut starts at `first_guess`, the others at 0.
    """
    frequency = np.array([[0.5, 0.5], [10.0, n_shortcut]])
    frequency /= frequency.sum(axis=1, keepdims=True)
    q = np.array([[0.0, 0.0], [0.0, first_guess]])
    history = [q]
    for _ in range(n_sweeps):
        target = np.array([[STAY, DELIVERY_GAMMA * q[1].max()], [ROAD, FLOODED]])
        weight = np.exp(q) / np.exp(q).sum(axis=1, keepdims=True)
        slope = 2 * frequency * (q - target) + alpha * (weight - frequency)
        q = q - learning_rate * slope
        history.append(q)
    return np.array(history)


def _delivery_return(q):
    """True discounted return of the greedy choices from the depot."""
    if q[0, 0] >= q[0, 1]:
        return STAY
    return DELIVERY_GAMMA * (ROAD if q[1, 0] >= q[1, 1] else FLOODED)


def untried_action():
    """Q of recorded and of never tried actions during offline training, with the weight of the regulariser.

    Returns
    -------
    ipywidgets.Widget
    """
    alpha = slider("α, weight of the regulariser", 0.0, 0.0, 1.0, 0.05)
    guess = slider("first guess for the shortcut", 3.0, -2.0, 4.0, 0.25)
    tries = slider("recorded tries of the shortcut", 0, 0, 10, 1)
    view = FigureView()

    def redraw():
        history = _train_delivery(alpha.value, guess.value, tries.value)
        final = history[-1]
        earned = _delivery_return(final)
        figure, (depot, crossing) = new_figure(2, width=8.8, height=3.4, sharey=True)
        sweeps = np.arange(len(history))
        unseen = tries.value == 0
        for ax, state, labels, truth in (
            (depot, 0, ("stay: recorded", "deliver: recorded"), (STAY, DELIVERY_GAMMA * ROAD)),
            (
                crossing,
                1,
                ("road: recorded", "shortcut: " + ("never tried" if unseen else "recorded")),
                (ROAD, FLOODED),
            ),
        ):
            for action, colour in ((0, BLUE), (1, RED if state == 1 else ORANGE)):
                ax.plot(sweeps, history[:, state, action], color=colour, label=labels[action])
                ax.axhline(truth[action], color=colour, linestyle=":", linewidth=1.3)
            ax.set(xlabel="training sweeps over the log", ylim=(-2.4, 5.9))
            ax.legend(loc="upper right", ncols=1)
        depot.set_ylabel("Q (discounted reward)")
        depot.set_title("at the depot")
        crossing.set_title("at the crossing")
        choices = "stays at the depot"
        if final[0, 1] > final[0, 0]:
            choices = "delivers by the " + ("road" if final[1, 0] >= final[1, 1] else "shortcut")
        believed = final[0].max()
        view.draw(
            figure,
            f"Q-values during training. At the end: stay {final[0, 0]:.2f}, deliver {final[0, 1]:.2f}; road "
            f"{final[1, 0]:.2f}, shortcut {final[1, 1]:.2f}. Dotted lines are the true values 0.5, 0.9, 1 and -1.",
            f"after {len(history) - 1} sweeps the robot {choices}: it believes in {believed:.2f} and earns {earned:.2f} "
            f"(best possible: {DELIVERY_GAMMA * ROAD:.2f}); dotted lines are the true values",
        )

    when_changed([alpha, guess, tries], redraw)
    return demo([alpha, guess, tries], view)


# --- which way the regulariser pushes ---------------------------------------------------------------------------------


def regulariser_push():
    """How the two forms of the regulariser push the four Q-values of one state, for a record of six steps.

    Returns
    -------
    ipywidgets.Widget
    """
    form = choice("form", [("uniform average", "uniform"), ("log-sum-exp", "soft")])
    sliders = [slider(f"Q of action {i}", value, -2.0, 6.0, 0.25) for i, value in enumerate((1.0, 2.0, 1.5, 4.0))]
    frequency = np.array([4, 2, 0, 0]) / 6
    view = FigureView()

    def redraw():
        q = np.array([s.value for s in sliders])
        weight = np.full(4, 0.25) if form.value == "uniform" else softmax(q)
        push = frequency - weight
        figure, (values, left, right) = new_figure(3, width=10.4, height=3.2)
        places = np.arange(4)
        values.bar(places, q, color=GREEN)
        values.axhline(0, color=BLACK, linewidth=0.8)
        values.set(xlabel="action", ylabel="Q", ylim=(-2.3, 6.3), xticks=places)
        values.set_title("values")
        left.bar(places - 0.2, weight, width=0.4, color=ORANGE, label="μ: pushes down")
        left.bar(places + 0.2, frequency, width=0.4, color=BLUE, label="record: pulls up")
        left.set(xlabel="action", ylabel="share", ylim=(0, 1.3), xticks=places)
        left.set_title("shares")
        left.legend(loc="upper right")
        right.bar(places, push, color=np.where(push >= 0, BLUE, ORANGE))
        right.axhline(0, color=BLACK, linewidth=0.8)
        right.set(xlabel="action", ylabel="change of Q (× α × step size)", ylim=(-1.05, 1.05), xticks=places)
        right.set_title("push: record minus μ")
        for place, value in zip(places, push, strict=True):
            above = value >= 0
            right.text(
                place, value + (0.03 if above else -0.03), f"{value:+.2f}", ha="center", va="bottom" if above else "top"
            )
        pushes = ", ".join(f"{value:+.2f}" for value in push)
        listed = ", ".join(f"{value:g}" for value in q)
        view.draw(
            figure,
            f"Q of actions 0 to 3 is {listed}. Actions 0 and 1 are recorded 4 and 2 times, 2 and 3 never. The regulariser "
            f"moves the four Q-values by {pushes} per unit of alpha and of step size.",
            f"push on actions 0 to 3: {pushes}; the four add up to 0",
        )

    when_changed([form, *sliders], redraw)
    return demo([form, *sliders], view)


# --- coverage ---------------------------------------------------------------------------------------------------------

N_ORDERS = 10
SHARES = np.linspace(0, 1, 9)  # of the pairs that may be added


@functools.cache
def _maze():
    return Maze()


@functools.cache
def _tried(first):
    """Which pairs of state and action are recorded, shape (shares, orders, n_states, n_actions).

    With ``first="routes"`` all pairs on the shortest ways of both groups are there from the beginning, with
    ``"anything"`` none is. The others join in a random order.
    """
    maze = _maze()
    pairs = np.zeros((maze.n_states, maze.n_actions), dtype=bool)
    pairs[~maze.terminal] = True
    base = np.zeros_like(pairs)
    if first == "routes":
        for start, destination in (("S", "E"), ("X", "G")):
            policy = route_policy(maze, destination, carelessness=0.0)
            visited = planning.discounted_visits(maze.transition_matrix, policy, maze.starts[start], GAMMA) > 1e-12
            base |= visited[:, None] & (policy > 0) & pairs
    others = np.argwhere(pairs & ~base)
    tried = np.tile(base, (len(SHARES), N_ORDERS, 1, 1))
    for order in range(N_ORDERS):
        shuffled = np.random.default_rng(order).permutation(others)
        for i, share in enumerate(SHARES):
            states, actions = shuffled[: round(share * len(others))].T
            tried[i, order, states, actions] = True
    return tried


def _fit(tried, alpha, n_sweeps=300, learning_rate=0.5):
    """Tabular CQL on records that hold each tried pair equally often; Q starts at 0.

    Parameters
    ----------
    tried : ndarray of bool, shape (..., n_states, n_actions)

    Returns
    -------
    ndarray, same shape
    """
    maze = _maze()
    lands = maze.transition_matrix.argmax(axis=2)
    goes_on = GAMMA * ~maze.terminal[lands]
    n_tried = tried.sum(axis=-1, keepdims=True)
    frequency = tried / np.maximum(n_tried, 1)
    recorded = n_tried > 0  # nothing moves the values of a state that the record does not hold
    q = np.zeros(tried.shape)
    for _ in range(n_sweeps):
        slope = 2 * frequency * (q - maze.reward_matrix - goes_on * q.max(axis=-1)[..., lands])
        if alpha:
            weight = np.exp(q - q.max(axis=-1, keepdims=True))
            slope += alpha * recorded * (weight / weight.sum(axis=-1, keepdims=True) - frequency)
        q -= learning_rate * slope
    return q


def _gaps(q):
    """How much less than the best the greedy policy of each table earns from S, shape of the leading axes."""
    maze = _maze()
    best, _ = planning.optimal_values(maze.transition_matrix, maze.reward_matrix, GAMMA)
    start = maze.starts["S"]
    values = [
        planning.policy_values(maze.transition_matrix, maze.reward_matrix, planning.greedy_policy(table), GAMMA)[start]
        for table in q.reshape(-1, *q.shape[-2:])
    ]
    return best[start] - np.reshape(values, q.shape[:-2])


@functools.cache
def _results(first, alpha):
    """Tables, shape (shares, orders, n_states, n_actions), and gaps, shape (shares, orders)."""
    q = _fit(_tried(first), alpha)
    return q, _gaps(q)


def coverage():
    """How much of a maze must be recorded until the learned policy is good: Q-learning against CQL.

    Returns
    -------
    ipywidgets.Widget
    """
    first = choice("the record holds", [("both ways and more", "routes"), ("anything", "anything")])
    added = slider("added at random (% of the rest)", 25, 0, 100, 25)
    alpha = choice("α of CQL", [("0.5", 0.5), ("1", 1.0), ("2", 2.0)], 1.0)
    view = FigureView()
    for order in ("routes", "anything"):  # a second or two now, so that each move of a control only draws
        for weight in (0.0, 0.5, 1.0, 2.0):
            _results(order, weight)

    def redraw():
        maze = _maze()
        tried = _tried(first.value)
        percent = 100 * tried.sum(axis=(2, 3)).mean(axis=1) / (4 * (~maze.terminal).sum())
        at = int(np.argmin(np.abs(SHARES - added.value / 100)))
        _, gap_plain = _results(first.value, 0.0)
        q, gap = _results(first.value, alpha.value)
        figure, (curve, chart) = new_figure(2, width=9.4, height=3.5, width_ratios=(1, 1.15))
        curve.plot(percent, gap_plain.mean(axis=1), "o-", color=RED, markersize=4, label="Q-learning (α = 0)")
        curve.plot(percent, gap.mean(axis=1), "s-", color=BLUE, markersize=4, label=f"CQL, α = {alpha.value:g}")
        curve.axvline(percent[at], color="gray", linestyle="--", linewidth=1)
        curve.axhline(0, color=GREEN, linestyle=":", linewidth=1.5)
        curve.set(
            xlabel="recorded pairs of state and action (%)", ylabel="return lost from S, mean of 10", ylim=(-2, 42)
        )
        curve.set_xlim(-4, 104)
        curve.legend(loc="upper right")
        worst = int(gap[at].argmax())
        draw_maze(chart, maze, q[at, worst], tried[at, worst])
        chart.set_title(f"CQL's choices, worst of the 10 (loses {gap[at, worst]:.1f})")
        view.draw(
            figure,
            f"Return lost against coverage. At {percent[at]:.0f} % of the pairs Q-learning loses "
            f"{gap_plain[at].mean():.1f} and CQL {gap[at].mean():.1f} on the mean of 10 records; the map shows CQL's choices "
            "in the record where it loses most.",
            f"{percent[at]:.0f} % of the pairs recorded: Q-learning loses {gap_plain[at].mean():.1f}, CQL "
            f"{gap[at].mean():.1f}; red arrows are actions that the record does not hold",
        )

    when_changed([first, added, alpha], redraw)
    return demo([first, added, alpha], view)
