"""Demos of chapter 6, model-based RL."""

import functools

import numpy as np

from utils.demos.view import FigureView, choice, demo, log_slider, slider, when_changed
from utils.dynamics import PendulumEnsemble
from utils.envs.dyna_maze import DynaMaze
from utils.envs.pendulum import MAX_SPEED, TIME_STEP, pendulum_reward, pendulum_step
from utils.plotting import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, new_figure


def _place(figure, axes, spans, bottom, height):
    """Place axes by hand, which takes half the time of a layout engine; a span is (left, width) in shares of the figure."""
    figure.set_layout_engine("none")
    for ax, (left, width) in zip(axes, spans, strict=True):
        ax.set_position((left, bottom, width, height))


# --- the Dyna maze ----------------------------------------------------------------------------------------------------

PLANNING = {0: ORANGE, 5: GREEN, 50: BLUE}  # planning steps and their colours
N_EPISODES = 25
SHORTEST = 14  # steps from start to goal


class _MazeRuns:
    """One run of Dyna-Q for each number of planning steps, with the values after each episode."""

    def __init__(self, seed):
        self.maze = DynaMaze()
        self.lengths, self.values, self.greedy = {}, {}, {}
        for planning in PLANNING:
            rng = np.random.default_rng([seed, planning])
            self.lengths[planning], tables = self._learn(planning, rng)
            self.values[planning] = tables.max(axis=2)
            self.greedy[planning] = tables.argmax(axis=2)

    def _learn(self, planning, rng, rate=0.1, discount=0.95, explore=0.1):
        # Lists and not arrays: single numbers are what is touched, some hundred thousand times.
        maze, n_cells = self.maze, self.maze.observation_space.n
        table = [[0.0] * 4 for _ in range(n_cells)]  # the goal is left by no move, so its row stays 0
        known, outcomes = [], {}
        lengths, tables = [], [np.array(table)]
        for _ in range(N_EPISODES):
            cell, _ = maze.reset()
            terminated, steps = False, 0
            while not terminated:
                row = table[cell]
                best = [i for i, value in enumerate(row) if value == max(row)]
                move = int(rng.integers(4)) if rng.random() < explore else best[int(rng.integers(len(best)))]
                after, reward, terminated, _, _ = maze.step(move)
                if (cell, move) not in outcomes:
                    known.append((cell, move))
                outcomes[cell, move] = reward, table[after]
                picks = rng.integers(len(known), size=planning).tolist()
                for where, which in [(cell, move), *(known[i] for i in picks)]:
                    paid, onward = outcomes[where, which]
                    table[where][which] += rate * (paid + discount * max(onward) - table[where][which])
                cell = after
                steps += 1
            lengths.append(steps)
            tables.append(np.array(table))
        return np.array(lengths), np.array(tables)

    def informed(self, planning, episode):
        """Number of cells in which some action has a value above 0."""
        return int(np.sum(self.values[planning][episode] > 0))


_maze_runs = functools.lru_cache(maxsize=32)(_MazeRuns)


def _draw_maze(ax, runs, planning, episode):
    maze = runs.maze
    values = np.where(maze.walls, np.nan, runs.values[planning][episode]).reshape(maze.shape)
    ax.imshow(np.sqrt(values), vmin=0, vmax=1, cmap="Blues")  # the root, so that small values show
    for cell in np.flatnonzero(maze.walls):
        row, column = divmod(int(cell), maze.shape[1])
        ax.add_patch(_square(column, row))
    cells = np.flatnonzero(runs.values[planning][episode] > 0)
    rows, columns = np.divmod(cells, maze.shape[1])
    along = np.array([(0, 1), (0, -1), (-1, 0), (1, 0)])[runs.greedy[planning][episode][cells]].reshape(-1, 2)
    ax.quiver(columns, rows, along[:, 0], along[:, 1], pivot="mid", scale=14, width=0.009, headwidth=4, color=ORANGE)
    for letter, cell in (("S", maze.start), ("G", maze.goal)):
        row, column = divmod(cell, maze.shape[1])
        ax.text(column - 0.25, row - 0.22, letter, ha="center", va="center", weight="bold", fontsize=9, color=BLACK)
    ax.set(xticks=[], yticks=[])
    ax.grid(False)


def _square(column, row):
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.5, row - 0.5), 1, 1, color="#444444")


def dyna_maze():
    """The Dyna maze learned with 0, 5 and 50 planning steps: what each agent knows after each episode.

    Returns
    -------
    ipywidgets.Widget
    """
    episodes = slider("episodes finished", 1, 0, N_EPISODES, 1)
    runs = slider("run", 1, 1, 8, 1)
    view = FigureView()

    def redraw():
        run, episode = _maze_runs(runs.value), episodes.value
        figure, axes = new_figure(4, width=11.5, height=2.6, width_ratios=(1, 1, 1, 1.25))
        _place(figure, axes, [(0.01, 0.22), (0.25, 0.22), (0.49, 0.22), (0.79, 0.2)], bottom=0.2, height=0.68)
        for ax, planning in zip(axes, PLANNING, strict=False):
            _draw_maze(ax, run, planning, episode)
            ax.set_title(f"{planning} planning steps")
            ax.set_xlabel(f"{run.informed(planning, episode)} of 46 cells with a value")
        curves = axes[3]
        for planning, colour in PLANNING.items():
            lengths = run.lengths[planning]
            curves.plot(np.arange(1, N_EPISODES + 1), lengths, color=colour, linewidth=0.7)
            curves.plot(
                np.arange(1, episode + 1), lengths[:episode], "o-", color=colour, markersize=3, label=f"n = {planning}"
            )
        curves.axhline(SHORTEST, color=BLACK, linestyle=":", linewidth=1)
        curves.set(xlabel="episode", ylabel="steps to the goal", yscale="log", ylim=(10, 20_000))
        curves.minorticks_off()
        curves.legend(loc="upper center", ncols=3, columnspacing=0.8, handlelength=1.2)
        told = {
            planning: f"n = {planning}: {run.informed(planning, episode)} cells"
            + (f", last episode {run.lengths[planning][episode - 1]} steps" if episode else "")
            for planning in PLANNING
        }
        summary = "; ".join(told.values())
        view.draw(
            figure,
            f"Three maps of the maze after {episode} episodes, with values and greedy arrows, and a curve of the steps "
            f"of each episode. Cells with a value: {summary}.",
            f"cells with a value after episode {episode} → {summary}; the shortest path has {SHORTEST} steps. The darker a "
            "cell, the higher its best action's value; arrows show that action.",
        )

    when_changed([episodes, runs], redraw)
    return demo([episodes, runs], view)


# --- a learned pendulum -----------------------------------------------------------------------------------------------

N_STEPS = 60
HANGING = np.pi  # the pendulum's angle is measured from upright


@functools.lru_cache(maxsize=64)
def _hanging_transitions(n_transitions):
    """Transitions of a pendulum that random torques shake, begun at most 70 degrees from hanging."""
    rng = np.random.default_rng(0)
    states, torques, after = [], [], []
    while len(states) < n_transitions:
        state = np.array([HANGING + rng.uniform(-1.2, 1.2), rng.uniform(-1, 1)])
        for _ in range(50):
            torque = rng.uniform(-2, 2)
            states.append(state)
            torques.append(torque)
            state = pendulum_step(state, torque)
            after.append(state)
    return tuple(np.array(part)[:n_transitions] for part in (states, torques, after))


@functools.lru_cache(maxsize=64)
def _hanging_ensemble(n_transitions, n_members):
    return PendulumEnsemble(*_hanging_transitions(n_transitions), n_members=n_members)


@functools.lru_cache(maxsize=64)
def _disagreement(n_transitions, n_members):
    """Standard deviation of the members' next angle over the phase plane, degrees, shape (velocities, angles)."""
    angles, velocities = np.meshgrid(HANGING + np.linspace(-np.pi, np.pi, 61), np.linspace(-8, 8, 41))
    after = _hanging_ensemble(n_transitions, n_members).predict_all(np.stack([angles, velocities], axis=-1), 0.0)
    return np.degrees(after[..., 0].std(axis=0))


def _free_swing(ensemble, degrees):
    """The true swing and each member's prediction of it, without torque: shapes (61, 2) and (members, 61, 2)."""
    true = [np.array([HANGING - np.radians(degrees), 0.0])]
    for _ in range(N_STEPS):
        true.append(pendulum_step(true[-1], 0.0))
    n_members = len(ensemble.members)
    predicted = [np.repeat(true[0][None], n_members, axis=0)]
    for _ in range(N_STEPS):
        predicted.append(np.stack([ensemble.predict(predicted[-1][i], 0.0, i) for i in range(n_members)]))
    return np.array(true), np.swapaxes(predicted, 0, 1)


def _error_and_spread(true, predicted):
    """Degrees, shape (61,) each: mean distance of the members from the truth, and the members' standard deviation."""
    angles = np.degrees(predicted[..., 0])
    return np.abs(angles - np.degrees(true[:, 0])).mean(axis=0), angles.std(axis=0)


def pendulum_model():
    """An ensemble learns the pendulum from data near hanging: where its members agree, and how its error grows.

    Returns
    -------
    ipywidgets.Widget
    """
    degrees = slider("start (degrees from hanging)", 40, 10, 175, 5)
    transitions = choice("transitions seen", [50, 100, 300, 1000, 3000], 300)
    members = slider("members", 5, 2, 7, 1)
    view = FigureView()

    def redraw():
        ensemble = _hanging_ensemble(transitions.value, members.value)
        states, _, _ = _hanging_transitions(transitions.value)
        true, predicted = _free_swing(ensemble, degrees.value)
        error, spread = _error_and_spread(true, predicted)
        doubt = _disagreement(transitions.value, members.value)

        figure, (left, middle, right) = new_figure(3, width=11.5, height=3.3, width_ratios=(1.25, 1, 1))
        _place(figure, (left, middle, right), [(0.05, 0.24), (0.46, 0.21), (0.75, 0.24)], bottom=0.16, height=0.7)
        image = left.imshow(
            np.log10(doubt + 1e-6),
            extent=(-180, 180, -8, 8),
            origin="lower",
            aspect="auto",
            vmin=-3,
            vmax=1,
            cmap="Purples",
        )
        left.grid(False)
        left.plot(np.degrees(states[:, 0] - HANGING), states[:, 1], ".", color=BLACK, markersize=2, label="data")
        left.plot(np.degrees(true[:, 0] - HANGING), true[:, 1], color=GREEN, linewidth=1.5, label="true swing")
        left.set(xlim=(-180, 180), ylim=(-8, 8), xlabel="angle from hanging (degrees)", ylabel="velocity (rad/s)")
        left.set_xticks([-180, -90, 0, 90, 180])
        left.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, markerscale=4)
        bar = figure.colorbar(image, cax=figure.add_axes((0.3, 0.16, 0.01, 0.7)), ticks=[-3, -2, -1, 0, 1])
        bar.ax.set_yticklabels(["0.001°", "0.01°", "0.1°", "1°", "10°"])
        bar.set_label("disagreement after one step", fontsize=9)
        steps = np.arange(N_STEPS + 1)
        for i, path in enumerate(predicted):
            label = "one member" if i == 0 else None
            middle.plot(steps, np.degrees(path[:, 0] - HANGING), color=PURPLE, linewidth=0.8, label=label)
        middle.plot(steps, np.degrees(true[:, 0] - HANGING), color=GREEN, label="true swing")
        middle.set(xlabel="steps of 0.05 s", ylabel="angle from hanging (degrees)", ylim=(-370, 370))
        middle.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
        right.plot(steps[1:], error[1:], color=RED, label="error")
        right.plot(steps[1:], spread[1:], color=PURPLE, linestyle="--", label="disagreement")
        right.plot(steps[1:], error[1] * steps[1:], color=BLACK, linestyle=":", linewidth=1, label="linear growth")
        right.set(xlabel="steps of 0.05 s", ylabel="degrees", yscale="log", ylim=(1e-4, 2e3))
        right.set_yticks([1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000])
        right.minorticks_off()  # some fifty small ticks would take a third of the time
        right.legend(
            loc="lower left", bbox_to_anchor=(-0.2, 1), ncols=3, columnspacing=0.8, handlelength=1.2, handletextpad=0.4
        )
        view.draw(
            figure,
            f"Map of the ensemble's disagreement over the phase plane, small where the data lie; the members' "
            f"predictions of a swing from {degrees.value} degrees beside the true one; error and disagreement, "
            f"{error[1]:.2g} and {spread[1]:.2g} degrees after 1 step, {error[20]:.2g} and {spread[20]:.2g} after 20.",
            f"from {degrees.value}° with {transitions.value} transitions → error {error[1]:.2g}° after 1 step, "
            f"{error[20]:.2g}° after 20, {error[60]:.2g}° after 60; disagreement {spread[1]:.2g}°, {spread[20]:.2g}°, "
            f"{spread[60]:.2g}°",
        )

    when_changed([degrees, transitions, members], redraw)
    return demo([degrees, transitions, members], view)


# --- how far to trust a model -----------------------------------------------------------------------------------------

LONGEST = 40
N_STARTS = 100
DISCOUNT = 0.9
TO_THE_END = 100  # steps after which nothing counts any more: 0.9**100 is about 0.00003


def _pumping_torque(states):
    """The policy that is evaluated: it pushes along with the motion and so swings the pendulum up."""
    return 2 * np.tanh(states[..., 1])


def _true_values(states):
    """Discounted return of the policy from each state, by simulation; shape of the states without the last axis."""
    total = np.zeros(states.shape[:-1])
    for step in range(TO_THE_END):
        torques = _pumping_torque(states)
        total += DISCOUNT**step * pendulum_reward(states, torques)
        states = pendulum_step(states, torques)
    return total


@functools.lru_cache(maxsize=256)
def _rolled_out(velocity_error):
    """Rollouts in a model whose velocity is off by `velocity_error` rad/s in each step.

    Returns
    -------
    rewards : ndarray, shape (41, 100)
        Discounted rewards of the first 0 to 40 steps from each start.
    values : ndarray, shape (41, 100)
        True values of the states reached.
    """
    rng = np.random.default_rng(2)
    states = rng.uniform([-np.pi, -4.0], [np.pi, 4.0], size=(N_STARTS, 2))
    rewards, reached = [np.zeros(N_STARTS)], [states]
    for step in range(LONGEST):
        torques = _pumping_torque(states)
        rewards.append(rewards[-1] + DISCOUNT**step * pendulum_reward(states, torques))
        after = pendulum_step(states, torques)
        velocity = np.clip(after[:, 1] + velocity_error, -MAX_SPEED, MAX_SPEED)
        states = np.stack([states[:, 0] + TIME_STEP * velocity, velocity], axis=-1)
        reached.append(states)
    return np.array(rewards), _true_values(np.array(reached))


def _horizon_errors(velocity_error, share):
    """Relative error of the value of the start states, against the horizon.

    Parameters
    ----------
    velocity_error : float
        Error of the model in each step, rad/s.
    share : float
        Share of the true value that the critic at the end of a rollout reports.

    Returns
    -------
    ndarray, shape (41,)
        Root mean square error over the starts, divided by the root mean square of the true values.
    """
    rewards, values = _rolled_out(velocity_error)
    truth = _rolled_out(0.0)[1][0]
    weights = DISCOUNT ** np.arange(LONGEST + 1)[:, None]
    errors = rewards + weights * share * values - truth
    return np.sqrt(np.mean(errors**2, axis=1) / np.mean(truth**2))


def rollout_horizon():
    """Rollout horizon against model error: the error of a value that is part rollout, part critic.

    Returns
    -------
    ipywidgets.Widget
    """
    error = log_slider("model error per step (rad/s)", 0.1, -2, 0, 0.1, ".2g")
    share = slider("critic reports this share of the value", 0.8, 0.0, 1.0, 0.1, readout_format=".1f")
    view = FigureView()
    horizons = np.arange(LONGEST + 1)

    def redraw():
        size = float(f"{error.value:.3g}")
        total = 100 * _horizon_errors(size, share.value)
        critic = 100 * _horizon_errors(0.0, share.value)
        model = 100 * _horizon_errors(size, 1.0)
        best = int(np.argmin(total))
        figure, ax = new_figure(1, width=8.4, height=3.6)
        ax.plot(horizons, critic, color=GREEN, linestyle="--", label="perfect model, this critic")
        ax.plot(horizons, model, color=RED, linestyle="--", label="this model, perfect critic")
        ax.plot(horizons, total, color=BLUE, label="this model, this critic")
        ax.plot([best], [total[best]], "o", color=BLUE, markersize=9, label="best horizon")
        top = max(25.0, 1.05 * max(total.max(), critic.max(), model.max()))
        ax.set(xlabel="rollout horizon H (steps)", ylabel="error of the value (%)", ylim=(0, top), xlim=(-0.5, LONGEST))
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        view.draw(
            figure,
            f"Error of the value against the rollout horizon, for a model error of {size:.2g} rad/s: the least is "
            f"{total[best]:.1f} % at horizon {best}; {total[0]:.1f} % at horizon 0 and {total[-1]:.1f} % at 40.",
            f"model error {size:.2g} rad/s → least error {total[best]:.1f} % at H = {best}; {total[0]:.1f} % at H = 0, "
            f"{total[-1]:.1f} % at H = {LONGEST}",
        )

    when_changed([error, share], redraw)
    return demo([error, share], view)
