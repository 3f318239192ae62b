"""Demos of chapter 8, multi-agent reinforcement learning."""

import functools
import itertools

import ipywidgets as widgets
import numpy as np
from scipy.integrate import solve_ivp

from utils.demos.view import FigureView, choice, demo, log_slider, slider, when_changed
from utils.plotting import BLUE, GRAY, GREEN, ORANGE, new_figure

# --- one 2x2 game -----------------------------------------------------------------------------------------------------

# Payoffs of the row player and of the column player, each ((Up Left, Up Right), (Down Left, Down Right)).
GAMES_2X2 = {
    "stag hunt": (((4, 0), (3, 3)), ((4, 3), (0, 3))),
    "chicken": (((0, -1), (1, -5)), ((0, 1), (-1, -5))),
    "battle of the sexes": (((3, 0), (0, 2)), ((2, 0), (0, 3))),
    "a dilemma": (((3, 0), (5, 1)), ((3, 5), (0, 1))),
    "hide and seek": (((2, -1), (-1, 0)), ((-2, 1), (1, 0))),
}
CELLS = tuple(itertools.product((0, 1), repeat=2))
CELL_NAMES = ("U,L", "U,R", "D,L", "D,R")
SMALL = 1e-12


def _where_best(gain_at_0, gain_at_1):
    """Where the first action is best, where the second is, and where both are, as intervals of the other's mix.

    The first action's gain over the second is a straight line in the other's mix, from `gain_at_0` to `gain_at_1`.
    """
    ends = [0.0, 1.0]
    if gain_at_0 * gain_at_1 < 0:
        (low, at_low), (high, at_high) = sorted([(gain_at_0, 0.0), (gain_at_1, 1.0)])
        ends.append(float(np.interp(0, [low, high], [at_low, at_high])))
    gains = [gain_at_0 + (gain_at_1 - gain_at_0) * x for x in ends]

    def interval(belongs):
        inside = [x for x, gain in zip(ends, gains, strict=True) if belongs(gain)]
        return (min(inside), max(inside)) if inside else None

    return interval(lambda g: g >= -SMALL), interval(lambda g: g <= SMALL), interval(lambda g: abs(g) <= SMALL)


def _response_curves(payoff_row, payoff_col):
    """Both players' best responses in the square of (P(Up), P(Left)), as lists of rectangles ((p, p), (q, q))."""
    (ul, ur), (dl, dr) = payoff_row
    up, down, either = _where_best(ur - dr, ul - dl)
    row = [((1.0, 1.0), up), ((0.0, 0.0), down), ((0.0, 1.0), either)]
    (ul, ur), (dl, dr) = payoff_col
    left, right, either = _where_best(dl - dr, ul - ur)
    column = [(left, (1.0, 1.0)), (right, (0.0, 0.0)), (either, (0.0, 1.0))]
    return tuple([piece for piece in curve if None not in piece] for curve in (row, column))


def _crossings(row, column):
    """Points, stretches and areas that both curves share: the equilibria."""
    shared = set()
    for a, b in itertools.product(row, column):
        both = tuple((max(s[0], t[0]), min(s[1], t[1])) for s, t in zip(a, b, strict=True))
        if all(low <= high for low, high in both):
            shared.add(both)

    def inside(small, large):
        return all(t[0] <= s[0] and s[1] <= t[1] for s, t in zip(small, large, strict=True))

    return sorted(s for s in shared if not any(s != t and inside(s, t) for t in shared))


def _describe(piece):
    (p, p_end), (q, q_end) = piece
    if p == p_end and q == q_end:
        if {p, q} <= {0.0, 1.0}:
            return f"({'Up' if p else 'Down'}, {'Left' if q else 'Right'})"
        return f"P(Up) = {p:.3f} with P(Left) = {q:.3f}"
    ranges = [f"{name} from {a:.3f} to {b:.3f}" if a < b else f"{name} = {a:.3f}" for name, (a, b) in
              (("P(Up)", (p, p_end)), ("P(Left)", (q, q_end)))]  # fmt: skip
    return "a whole stretch, " + " with ".join(ranges)


def _draw_piece(ax, piece, colour, width, label=None, **style):
    (p, p_end), (q, q_end) = piece
    if p < p_end and q < q_end:
        ax.fill([p, p_end, p_end, p], [q, q, q_end, q_end], color=colour, alpha=0.25, linewidth=0, label=label)
    else:
        ax.plot([p, p_end], [q, q_end], color=colour, linewidth=width, label=label, clip_on=False, **style)


def two_by_two():
    """A 2x2 game with payoffs to edit: the table, both best-response curves, and every equilibrium.

    Returns
    -------
    ipywidgets.Widget
    """
    game = choice("start from", list(GAMES_2X2))
    fields = {
        (player, cell): widgets.BoundedIntText(
            value=GAMES_2X2[game.value][k][cell[0]][cell[1]], min=-9, max=9, description=f"{player} at {name}",
            style={"description_width": "8em"}, layout={"width": "13em"},
        )
        for k, player in enumerate(("row", "column"))
        for cell, name in zip(CELLS, CELL_NAMES, strict=True)
    }  # fmt: skip
    view = FigureView()
    loading = False

    def load(_):
        nonlocal loading
        loading = True
        for k, player in enumerate(("row", "column")):
            for cell in CELLS:
                fields[player, cell].value = GAMES_2X2[game.value][k][cell[0]][cell[1]]
        loading = False
        redraw()

    def redraw():
        if loading:
            return
        payoff_row, payoff_col = (
            [[fields[player, (i, j)].value for j in (0, 1)] for i in (0, 1)] for player in ("row", "column")
        )
        row, column = _response_curves(payoff_row, payoff_col)
        equilibria = _crossings(row, column)
        corners = {(p, q) for (p, p_end), (q, q_end) in equilibria for p in (p, p_end) for q in (q, q_end)}

        figure, (table, square) = new_figure(2, width=8.6, height=3.9, width_ratios=(1, 1.1))
        for i, j in CELLS:
            is_equilibrium = (1.0 - i, 1.0 - j) in corners
            table.fill(
                [j, j + 1, j + 1, j], [1 - i, 1 - i, 2 - i, 2 - i], color=GREEN, alpha=0.25 * is_equilibrium, lw=0
            )
            row_best = payoff_row[i][j] >= payoff_row[1 - i][j]
            col_best = payoff_col[i][j] >= payoff_col[i][1 - j]
            for x, value, best, colour in (
                (0.3, payoff_row[i][j], row_best, BLUE),
                (0.7, payoff_col[i][j], col_best, ORANGE),
            ):
                box = {"boxstyle": "circle,pad=0.25", "facecolor": "white", "edgecolor": colour, "linewidth": 2}
                table.text(j + x, 1.5 - i, f"{value}", ha="center", va="center", fontsize=15, color="black",
                           bbox=box if best else None)  # fmt: skip
        for line in (0, 1, 2):
            table.plot([line, line], [0, 2], color=GRAY, linewidth=1)
            table.plot([0, 2], [line, line], color=GRAY, linewidth=1)
        table.set(xlim=(-0.02, 2.02), ylim=(-0.02, 2.02), xlabel="column player's action", ylabel="row player's action")
        table.set_xticks([0.5, 1.5], ["Left", "Right"])
        table.set_yticks([0.5, 1.5], ["Down", "Up"])
        table.grid(False)
        table.spines[:].set_visible(False)
        table.tick_params(length=0)
        table.set_title("payoffs: row player, column player")

        for k, piece in enumerate(row):
            _draw_piece(square, piece, BLUE, 3, "row's best response" if k == 0 else None)
        for k, piece in enumerate(column):
            _draw_piece(square, piece, ORANGE, 3, "column's best response" if k == 0 else None, linestyle=(0, (3, 1.5)))
        for k, piece in enumerate(equilibria):
            (p, p_end), (q, q_end) = piece
            if p == p_end and q == q_end:
                square.plot([p], [q], "o", color=GREEN, markersize=11, clip_on=False, zorder=5,
                            label="equilibrium" if k == 0 else None)  # fmt: skip
            else:
                _draw_piece(square, piece, GREEN, 8, "equilibrium" if k == 0 else None, alpha=0.6)
        square.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel="P(Up)", ylabel="P(Left)")
        square.set_title("best responses")
        figure.legend(*square.get_legend_handles_labels(), loc="outside lower right", ncols=3, columnspacing=1.2)

        found = "; ".join(_describe(piece) for piece in equilibria)
        numbers = ", ".join(
            f"{name} gives {payoff_row[i][j]} and {payoff_col[i][j]}"
            for name, (i, j) in zip(CELL_NAMES, CELLS, strict=True)
        )
        view.draw(
            figure,
            f"Left: the table of payoffs: {numbers}; best responses are ringed. Right: both best-response curves over "
            f"P(Up) and P(Left). They meet at: {found}.",
            f"equilibria: {found}",
        )

    game.observe(load, names="value")
    when_changed(list(fields.values()), redraw)
    rows = [[fields[player, cell] for cell in CELLS] for player in ("row", "column")]
    boxes = [widgets.HBox(row, layout={"flex_flow": "row wrap"}) for row in rows]
    return demo([game], *boxes, view)


# --- learning against each other --------------------------------------------------------------------------------------

PENNIES = np.array([[1, -1], [-1, 1]])
ROCK_PAPER_SCISSORS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
SHAPLEY = (np.eye(3, dtype=int), np.roll(np.eye(3, dtype=int), 1, axis=1))
LEARNING_GAMES = {
    "matching pennies": (PENNIES, -PENNIES),
    "rock-paper-scissors": (ROCK_PAPER_SCISSORS, -ROCK_PAPER_SCISSORS),
    "Shapley's game": SHAPLEY,
}
ACTIONS = {
    "matching pennies": ("Heads", "Tails"),
    "rock-paper-scissors": ("Rock", "Paper", "Scissors"),
    "Shapley's game": ("A", "B", "C"),
}
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])  # of the triangle that shows a mix of three actions


def _space(ax, game):
    """Prepare the axes that show where the players are; return the point of the equilibrium."""
    if len(ACTIONS[game]) == 2:
        ax.set(
            xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel="row player's P(Heads)", ylabel="column player's P(Heads)"
        )
        ax.set_aspect("equal")
        ax.set_title("both players")
        return np.array([0.5, 0.5])
    ax.plot(*CORNERS[[0, 1, 2, 0]].T, color=GRAY, linewidth=1)
    for corner, name, place in zip(CORNERS, ACTIONS[game], ("right", "left", "center"), strict=True):
        ax.annotate(f"all {name}", corner, xytext=(0, 7 if place == "center" else -14), textcoords="offset points",
                    ha="center", fontsize=9)  # fmt: skip
    ax.set(xlim=(-0.17, 1.17), ylim=(-0.12, 1.0))
    ax.set_aspect("equal")
    ax.axis("off")
    ax.set_title("row player")
    return np.full(3, 1 / 3) @ CORNERS


def _points(game, row_path, col_path):
    """Points of a path in the axes of `_space`: both players' P(Heads), or the row player's mix of three."""
    if len(ACTIONS[game]) == 2:
        return np.stack([row_path[:, 0], col_path[:, 0]])
    return (row_path @ CORNERS).T


@functools.cache
def _orbit(game, start, until=60.0, n=1201):
    """Replicator dynamics of both players; times, mixes (n, n_actions) of each, and their time averages.

    Each player's share of an action grows at the rate by which its payoff exceeds the player's mean payoff.
    """
    payoff_row, payoff_col = LEARNING_GAMES[game]
    n_actions = len(payoff_row)
    row_start = np.append(start, np.full(n_actions - 1, (1 - start) / (n_actions - 1)))
    col_start = np.full(2, 0.5) if n_actions == 2 else row_start

    def velocity(_, state):
        row, col = np.split(state, 2)
        of_row, of_col = payoff_row @ col, row @ payoff_col
        return np.concatenate([row * (of_row - row @ of_row), col * (of_col - col @ of_col)])

    times = np.linspace(0, until, n)
    solution = solve_ivp(
        velocity, (0, until), np.concatenate([row_start, col_start]), "DOP853", times, rtol=1e-9, atol=1e-12
    )
    path = solution.y.T
    steps = np.diff(times)[:, None]
    areas = np.concatenate([np.zeros((1, path.shape[1])), np.cumsum((path[1:] + path[:-1]) / 2 * steps, axis=0)])
    averages = np.where(times[:, None] > 0, areas / np.maximum(times, 1e-9)[:, None], path)
    return times, *np.split(path, 2, axis=1), *np.split(averages, 2, axis=1)


def replicator_cycles():
    """Replicator dynamics on zero-sum games: the mixes go round, their time averages go to the middle.

    Returns
    -------
    ipywidgets.Widget
    """
    game = choice("game", ["matching pennies", "rock-paper-scissors"])
    start = slider("row player's share of the first action at the start", 0.7, 0.5, 0.95, 0.05)
    until = slider("time", 5.0, 0.5, 60.0, 0.5, readout_format=".1f")
    view = FigureView()

    def redraw():
        times, *paths = _orbit(game.value, start.value)
        n = int(np.searchsorted(times, until.value + 1e-9))
        row, col, row_mean, col_mean = (path[:n] for path in paths)
        first = ACTIONS[game.value][0]
        middle = 1 / len(ACTIONS[game.value])

        figure, (space, course) = new_figure(2, width=9.2, height=3.8, width_ratios=(1, 1.4))
        centre = _space(space, game.value)
        for colour, path in ((BLUE, _points(game.value, row, col)), (ORANGE, _points(game.value, row_mean, col_mean))):
            space.plot(*path, color=colour, linewidth=1.5)
            space.plot(*path[:, -1], "o", color=colour, markersize=8)
        space.plot(*centre, "*", color=GREEN, markersize=13)
        course.plot(times[:n], row[:, 0], color=BLUE, label="now")
        course.plot(times[:n], row_mean[:, 0], color=ORANGE, label="average so far")
        course.axhline(middle, color=GREEN, linestyle="--", linewidth=1.5, label="equilibrium")
        course.set(xlim=(0, max(10, until.value)), ylim=(0, 1.18), xlabel="time (units of 1 / payoff)",
                   ylabel=f"row player's P({first})")  # fmt: skip
        course.set_yticks(np.arange(0, 1.01, 0.2))
        course.legend(loc="upper center", ncols=3)
        farthest = np.abs(row[:, 0] - middle).max()
        view.draw(
            figure,
            f"Left: path of both players' mixes in {game.value} up to time {until.value:.1f}, its average, and the "
            f"equilibrium. Right: the row player's probability of {first} goes up and down, by up to {farthest:.2f} from "
            f"{middle:.2f}; its average so far is {row_mean[-1, 0]:.3f}.",
            f"time {until.value:.1f}: P({first}) now {row[-1, 0]:.3f}, average so far {row_mean[-1, 0]:.3f}, equilibrium "
            f"{middle:.3f}",
        )

    when_changed([game, start, until], redraw)
    return demo([game, start, until], view)


@functools.cache
def _histories(game, n_rounds=3000):
    """Actions of both players, each (n_rounds,), when both do what would have earned most so far."""
    payoff_row, payoff_col = LEARNING_GAMES[game]
    earned_row, earned_col = np.zeros(len(payoff_row)), np.zeros(len(payoff_row))  # by an action played in every round
    actions = [(0, 0)]
    while len(actions) < n_rounds:
        row, col = actions[-1]
        earned_row += payoff_row[:, col]
        earned_col += payoff_col[row]
        actions.append((int(earned_row.argmax()), int(earned_col.argmax())))
    return np.transpose(actions)


def play_against_history():
    """Fictitious play: what both players do, and how often they have done it, over the rounds.

    Returns
    -------
    ipywidgets.Widget
    """
    game = choice("game", list(LEARNING_GAMES))
    rounds = log_slider("rounds", 20, 0.3, 3.45, 0.05, ".0f")
    view = FigureView()

    def redraw():
        n = round(rounds.value)
        payoff_row, payoff_col = LEARNING_GAMES[game.value]
        n_actions = len(payoff_row)
        played = [np.eye(n_actions)[actions[:n]] for actions in _histories(game.value)]
        counted = np.arange(1, n + 1)
        row, col = (np.cumsum(actions, axis=0) / counted[:, None] for actions in played)
        gain = max(payoff_row @ col[-1]) - row[-1] @ payoff_row @ col[-1]
        gain += max(row[-1] @ payoff_col) - row[-1] @ payoff_col @ col[-1]

        figure, (space, course) = new_figure(2, width=9.2, height=3.8, width_ratios=(1, 1.4))
        centre = _space(space, game.value)
        path = _points(game.value, row, col)
        space.plot(*path, ".-", color=ORANGE, linewidth=1, markersize=3)
        space.plot(*path[:, -1], "o", color=ORANGE, markersize=8)
        space.plot(*centre, "*", color=GREEN, markersize=13)
        name = ACTIONS[game.value][0]
        course.plot(counted, played[0][:, 0], ".", color=BLUE, markersize=4, label="played")
        course.plot(counted, row[:, 0], color=ORANGE, label="frequency so far")
        course.axhline(1 / n_actions, color=GREEN, linestyle="--", linewidth=1.5, label="equilibrium")
        course.set_xscale("log")
        course.set(xlim=(0.9, max(100, 1.2 * n)), ylim=(-0.05, 1.25), xlabel="round (logarithmic scale)",
                   ylabel=f"row player: share of {name}")  # fmt: skip
        course.set_yticks(np.arange(0, 1.01, 0.2))
        course.legend(loc="upper center", ncols=3, columnspacing=1.2)
        changes = np.flatnonzero(np.any(np.diff(played[0], axis=0), axis=1)) + 1
        run = np.diff([0, *changes, n]).max()
        view.draw(
            figure,
            f"Left: path of the frequencies in {game.value} over {n} rounds, and the equilibrium. Right: the row player's "
            f"actions, 0 or 1, in runs, and the frequency of {name}, now {row[-1, 0]:.3f}. Both players together could "
            f"gain {gain:.3f}.",
            f"{n} rounds: frequency of {name} {row[-1, 0]:.3f} (equilibrium {1 / n_actions:.3f}); the row player's "
            f"longest run is {run} rounds; against these frequencies both together could gain {gain:.3f} a round",
        )

    when_changed([game, rounds], redraw)
    return demo([game, rounds], view)
