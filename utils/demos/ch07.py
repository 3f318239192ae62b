"""Demos of chapter 7, reward shaping."""

import functools
import itertools

import numpy as np
from scipy.special import softmax

from utils.demos.view import FigureView, choice, demo, log_slider, slider, when_changed
from utils.envs.planning import optimal_values, policy_values
from utils.envs.shaping_maze import MOVES, Crowd, ShapingMaze
from utils.plotting import BLACK, BLUE, GRAY, GREEN, ORANGE, PURPLE, RED, new_figure

# --- a maze and a choice of potential ---------------------------------------------------------------------------------

MAZE_GAMMA = 0.95
POCKET_END = (3, 5)  # row and column: five steps deep in the pocket, four columns from the goal
POTENTIALS = {
    "none": "none",
    "straight line to the goal": "straight",
    "shortest path to the goal": "path",
    "bad: lures into the pocket": "lure",
}
_COLOURS = {"none": BLACK, "straight": ORANGE, "path": BLUE, "lure": PURPLE}


def _maze_potential(maze, kind):
    """Potential of each cell, 0 at the goal: what the goal would be worth if the way to it were as long as measured."""
    if kind == "none":
        return np.zeros(maze.n_cells)
    if kind == "lure":
        potential = MAZE_GAMMA ** maze.path_lengths(maze.number[POCKET_END])
    else:
        lengths = maze.path_lengths() if kind == "path" else maze.straight_lengths()
        potential = MAZE_GAMMA ** np.maximum(lengths - 1, 0)
    potential[maze.goal] = 0.0
    return potential


@functools.cache
def _maze_training(kind, n_agents=20, n_episodes=25):
    """Steps per episode of each agent, and the first agent's best actions after every episode.

    A learner with a potential-based bonus and one without it that starts from the potential take the same steps
    (Wiewiora 2003, proved again in this chapter's notebook); the crowd here is of the second kind.

    Returns
    -------
    lengths : ndarray, shape (n_agents, n_episodes)
    values : list of ndarray, shape (n_cells, 4)
        Action values of the first agent before its first episode and after each.
    """
    maze = ShapingMaze()
    crowd = Crowd(maze, MAZE_GAMMA, start_values=_maze_potential(maze, kind), n_agents=n_agents)
    values = [crowd.values[0].copy()]
    while min(map(len, crowd.lengths)) < n_episodes:
        if crowd.step()[0]:
            values.append(crowd.values[0].copy())
    return np.array([lengths[:n_episodes] for lengths in crowd.lengths]), values[: n_episodes + 1]


@functools.cache
def _best_moves():
    """For each cell of the maze, which of the four moves are optimal, by exact solution."""
    _, action_values = optimal_values(*ShapingMaze().model(), MAZE_GAMMA)
    return action_values >= action_values.max(axis=1, keepdims=True) - 1e-9


def _greedy_way(maze, action_values):
    """Steps of the way that the best moves take from the start to the goal, or None if they never get there."""
    cell = maze.start
    for steps in range(maze.n_cells):
        if cell == maze.goal:
            return steps
        if np.ptp(action_values[cell]) < 1e-9:
            return None
        cell = maze.destination[cell, action_values[cell].argmax()]
    return None


def maze_potentials():
    """Q-learning in a sparse maze under a potential of choice: map, policy after some episodes, learning curves.

    Returns
    -------
    ipywidgets.Widget
    """
    maze = ShapingMaze()
    kind = choice("potential Φ", list(POTENTIALS.items()))
    episodes = slider("episodes learned", 0, 0, 25, 1)
    view = FigureView()
    for name in POTENTIALS.values():
        _maze_training(name)  # all now, so that no control has to wait

    def redraw():
        potential = _maze_potential(maze, kind.value)
        lengths, values = _maze_training(kind.value)
        action_values = values[episodes.value]
        figure, (left, right) = new_figure(2, width=9.6, height=3.5, width_ratios=(5, 4))
        picture = np.full((len(maze.layout), len(maze.layout[0])), np.nan)
        for cell, height in zip(maze.cells, potential, strict=True):
            picture[cell] = height
        left.set_facecolor("#555555")
        image = left.imshow(picture, cmap="cividis", vmin=0, vmax=1)
        figure.colorbar(image, ax=left, label="potential Φ (units of reward)", shrink=0.85)
        decided = (np.ptp(action_values, axis=1) > 1e-9) & (np.arange(maze.n_cells) != maze.goal)
        best = action_values.argmax(axis=1)
        optimal = _best_moves()[np.arange(maze.n_cells), best]
        rows, columns = np.transpose(maze.cells)
        down, across = np.transpose(list(MOVES.values()))[:, best]
        for chosen, colour in ((decided & optimal, "white"), (decided & ~optimal, RED)):
            left.quiver(columns[chosen], rows[chosen], across[chosen], down[chosen], color=colour, pivot="middle",
                        edgecolor="black", linewidth=0.4, angles="xy", scale_units="xy", scale=1.5, width=0.008)  # fmt: skip
        open_cells = ~decided & (np.arange(maze.n_cells) != maze.goal)
        left.plot(columns[open_cells], rows[open_cells], ".", color="white", markersize=3)
        wrong, undecided = int((decided & ~optimal).sum()), int(open_cells.sum())
        row, column = maze.cells[maze.start]
        left.text(column - 0.62, row, "S", ha="right", va="center", fontweight="bold", fontsize=12)
        row, column = maze.cells[maze.goal]
        left.text(column, row, "G", color=ORANGE, ha="center", va="center", fontweight="bold", fontsize=13)
        left.grid(False)
        left.set(xticks=[], yticks=[])
        left.set_title(f"one agent, episodes learned: {episodes.value}")
        numbers = np.arange(1, lengths.shape[1] + 1)
        for label, other in POTENTIALS.items():
            chosen = other == kind.value
            right.plot(numbers, _maze_training(other)[0].mean(axis=0), color=_COLOURS[other], label=label,
                       linewidth=3.5 if chosen else 1.2)  # fmt: skip
        shortest = maze.path_lengths()[maze.start]
        right.axhline(shortest, color="gray", linestyle=":", label=f"shortest way: {shortest:.0f} steps")
        right.axvline(max(episodes.value, 0.5), color="gray", linewidth=1)
        right.set(xlabel="episode", ylabel="steps to the goal (mean of 20 agents)", yscale="log", ylim=(10, 5000))
        right.minorticks_off()  # the small ticks of a logarithmic axis are slow to draw
        right.legend(loc="upper right", fontsize=7.5)
        mean = lengths.mean(axis=0)
        total = lengths.sum(axis=1).mean()
        n_right = int((decided & optimal).sum())
        way = _greedy_way(maze, action_values)
        told = f"its best moves lead from S to G in {way} steps" if way else "its best moves do not lead from S to G"
        view.draw(
            figure,
            f"Left, the maze with potential '{kind.label}' as colour and the best moves of one agent after "
            f"{episodes.value} episodes: {n_right} cells with an optimal arrow, {wrong} with another, {undecided} "
            f"undecided. Right, steps per episode for four potentials; with this one {mean[0]:.0f} in the first episode and "
            f"{mean[-1]:.0f} in the 25th.",
            f"{kind.label}: first episode {mean[0]:.0f} steps, tenth {mean[9]:.0f}, all 25 together {total:,.0f}. "
            f"After {episodes.value} episodes {told}; its best move is optimal in {n_right} of {maze.n_cells - 1} cells "
            f"(white), not optimal in {wrong} (red), undecided in {undecided} (dots).",
        )

    when_changed([kind, episodes], redraw)
    return demo([kind, episodes], view)


# --- a robot that circles ---------------------------------------------------------------------------------------------

HEADINGS = ((-1, 0), (0, 1), (1, 0), (0, -1))  # north, east, south, west; rows count downwards


class _Robot:
    """A robot that drives forward or turns on the spot in a square hall, from one corner to a goal in the other."""

    size = 6
    goal_reward = 10.0
    start = (5, 0, 0)  # row, column, heading north
    goal_cell = (0, 5)
    actions = ("forward", "turn left", "turn right")

    def __init__(self):
        n = self.size
        self.states = [(r, c, h) for r, c, h in itertools.product(range(n), range(n), range(4))
                       if (r, c) != self.goal_cell]  # fmt: skip
        self.number = {state: i for i, state in enumerate(self.states)}
        self.end = len(self.states)
        size = self.end + 1
        self.destination = np.full((size, 3), self.end)
        self.moved = np.zeros((size, 3))  # 1 where the robot really went forward
        for i, (r, c, h) in enumerate(self.states):
            ahead = (r + HEADINGS[h][0], c + HEADINGS[h][1])
            if ahead == self.goal_cell:
                self.moved[i, 0] = 1
            elif all(0 <= x < n for x in ahead):
                self.destination[i, 0] = self.number[(*ahead, h)]
                self.moved[i, 0] = 1
            else:
                self.destination[i, 0] = i
            self.destination[i, 1] = self.number[(r, c, (h - 1) % 4)]
            self.destination[i, 2] = self.number[(r, c, (h + 1) % 4)]
        self.transition = np.eye(size)[self.destination]
        self.reward = np.zeros((size, 3))
        self.reward[:-1] = self.goal_reward * (self.destination[:-1] == self.end)
        rows, columns = np.transpose([state[:2] for state in self.states])
        away = abs(rows - self.goal_cell[0]) + abs(columns - self.goal_cell[1])
        self.away = np.append(away, 0)  # steps forward to the goal at least

    def bonus(self, kind, size, gamma):
        """Bonus of each action, shape (n_states, 3): for going forward, or from the potential minus the distance."""
        if kind == "forward":
            return size * self.moved
        potential = -size * self.away
        bonus = gamma * potential[self.destination] - potential[:, None]
        bonus[self.end] = 0.0
        return bonus

    def drive(self, policy, steps):
        """States visited under a policy from the start, at most `steps` steps; ends where the episode ends."""
        states = [self.number[self.start]]
        while len(states) <= steps and states[-1] != self.end:
            states.append(int(self.destination[states[-1], policy[states[-1]]]))
        return states

    @functools.cached_property
    def plain(self):
        """Best policy by the true reward, for any discount: the way with the fewest actions."""
        return _best_policy(self, self.reward, 0.9)

    @functools.cache  # noqa: B019  (one robot for the life of a kernel)
    def circling(self, gamma):
        """Best policy where forward steps alone are paid."""
        return _best_policy(self, self.moved, gamma)

    def worth(self, policy, reward, gamma):
        """Discounted return of a policy from the start."""
        return policy_values(self.transition, reward, policy, gamma)[self.number[self.start]]


def _best_policy(robot, reward, gamma):
    _, action_values = optimal_values(robot.transition, reward, gamma)
    return np.round(action_values, 8).argmax(axis=1)


@functools.cache
def _robot():
    return _Robot()


@functools.cache
def _robot_policy(kind, size, gamma):
    robot = _robot()
    return _best_policy(robot, robot.reward + robot.bonus(kind, size, gamma), gamma)


def _break_even(gamma):
    """Forward bonus from which circling for ever beats driving to the goal."""
    robot = _robot()
    goal, circle = robot.plain, robot.circling(gamma)
    reward = robot.worth(goal, robot.reward, gamma)
    return reward / (robot.worth(circle, robot.moved, gamma) - robot.worth(goal, robot.moved, gamma))


def circling_robot():
    """The best policy, solved exactly, of a robot that is paid for going forward, or by a potential.

    Returns
    -------
    ipywidgets.Widget
    """
    robot = _robot()
    kind = choice(
        "bonus", [("b for each step forward", "forward"), ("potential-based, Φ = −b × distance", "potential")]
    )
    size = slider("b", 0.0, 0.0, 2.0, 0.1, readout_format=".1f")
    gamma = slider("discount γ", 0.95, 0.9, 0.99, 0.01)
    view = FigureView()
    horizon = 60

    def redraw():
        discount = round(gamma.value, 2)
        bonus = round(size.value, 1)
        policy = _robot_policy(kind.value, bonus, discount)
        states = robot.drive(policy, horizon)
        arrived = states[-1] == robot.end
        cells = [robot.states[s][:2] if s != robot.end else robot.goal_cell for s in states]
        forward = sum(a != b for a, b in itertools.pairwise(cells))
        figure, (hall, worth) = new_figure(2, width=9.0, height=3.6, width_ratios=(4, 5))
        rows, columns = np.transpose(cells)
        hall.plot(columns, rows, color=GREEN if arrived else RED, linewidth=2.5)
        steps_down, steps_across = np.diff(rows), np.diff(columns)
        went = (steps_down != 0) | (steps_across != 0)
        hall.quiver(columns[:-1][went], rows[:-1][went], steps_across[went], steps_down[went], angles="xy",
                    scale_units="xy", scale=1.6, width=0.012, color=GREEN if arrived else RED)  # fmt: skip
        hall.plot(robot.start[1], robot.start[0], "s", color=BLACK, markersize=9)
        hall.text(robot.start[1] + 0.3, robot.start[0] + 0.32, "start", ha="left", va="center")
        hall.plot(robot.goal_cell[1], robot.goal_cell[0], "*", color=ORANGE, markersize=18)
        hall.text(robot.goal_cell[1], robot.goal_cell[0] - 0.36, "goal: +10", ha="right", va="center")
        hall.set(xlim=(-0.6, 5.6), ylim=(5.6, -0.6), xticks=range(6), yticks=range(6), aspect="equal",
                 xlabel="column", ylabel="row")  # fmt: skip
        hall.set_title("the best policy, 60 steps at most")
        sizes = np.array([0.0, 2.0])
        returns = {}
        for label, other, colour, style in (
            ("drive to the goal", robot.plain, GREEN, "-"), ("circle for ever", robot.circling(discount), RED, "--"),
        ):  # fmt: skip
            returns[label] = [
                robot.worth(other, robot.reward + robot.bonus(kind.value, b, discount), discount) for b in sizes
            ]  # straight lines in b
            worth.plot(sizes, returns[label], style, color=colour, label=label)
        now = {label: np.interp(bonus, sizes, ends) for label, ends in returns.items()}
        worth.axvline(bonus, color="gray", linewidth=1)
        worth.plot([bonus] * 2, list(now.values()), "o", color=PURPLE)
        worth.set(xlabel="b (reward per step, or per cell of distance)", ylabel="discounted return with the bonus",
                  xlim=(-0.05, 2.05))  # fmt: skip
        worth.legend(loc="upper left")
        told = f"reaches the goal in {len(states) - 1} steps" if arrived else (
            f"never reaches the goal: {forward} of its first {horizon} steps go forward, the other {horizon - forward} "
            "are turns"
        )  # fmt: skip
        paid = "" if kind.value != "forward" else f" Break-even for this γ: b = {_break_even(discount):.2f}."
        view.draw(
            figure,
            f"Left, the way of the best policy at b = {bonus:.1f}, discount {discount:.2f}: it {told}. Right, discounted "
            f"return over b: driving to the goal is worth {now['drive to the goal']:.2f}, circling for ever "
            f"{now['circle for ever']:.2f}.",
            f"b = {bonus:.1f}, γ = {discount:.2f}: the best policy {told}. With the bonus, driving to the goal is worth "
            f"{now['drive to the goal']:.2f} and circling {now['circle for ever']:.2f}.{paid}",
        )

    when_changed([kind, size, gamma], redraw)
    return demo([kind, size, gamma], view)


# --- two exits --------------------------------------------------------------------------------------------------------

EXITS_GAMMA = 0.9
LEFT_PAYS, RIGHT_PAYS, CORRIDOR = 1.0, 2.0, 11  # cells 1 to 11 between the exits


def _exits(potential, reset):
    """True returns of going left and right from each cell, and what going left seems worth with the potential."""
    cells = np.arange(1, CORRIDOR + 1)
    left = EXITS_GAMMA ** (cells - 1) * LEFT_PAYS
    right = EXITS_GAMMA ** (CORRIDOR - cells) * RIGHT_PAYS
    seeming = left + (0.0 if reset else potential) * EXITS_GAMMA**cells
    return cells, left, right, seeming


def two_exits():
    """A corridor with two exits, and a potential at one of them that is or is not set to 0.

    Returns
    -------
    ipywidgets.Widget
    """
    potential = slider("Φ(left exit)", 1.5, 0.0, 4.0, 0.1, readout_format=".1f")
    reset = choice("at the exits", [("Φ stays as it is", False), ("Φ counts as 0", True)])
    view = FigureView()

    def redraw():
        cells, left, right, seeming = _exits(potential.value, reset.value)
        goes_left = seeming > right
        should = left > right
        wrong = goes_left != should
        lost = np.where(wrong, np.maximum(left, right) - np.where(goes_left, left, right), 0.0)
        figure, (returns, ways) = new_figure(2, width=9.4, height=3.3, width_ratios=(3, 2))
        returns.plot(cells, left, color=BLUE, label="go left, true return")
        returns.plot(cells, seeming, "--", color=BLUE, label="go left, with the bonus")
        returns.plot(cells, right, color=ORANGE, label="go right (Φ there is 0)")
        returns.set(xlabel="cell of the corridor", ylabel="discounted return", ylim=(0, 5), xticks=cells)
        returns.legend(loc="upper center")
        for cell, to_left, bad in zip(cells, goes_left, wrong, strict=True):
            ways.annotate("", (cell + (-0.4 if to_left else 0.4), -0.1), (cell + (0.4 if to_left else -0.4), -0.1),
                          arrowprops={"arrowstyle": "->", "color": RED if bad else BLACK, "linewidth": 2})  # fmt: skip
        ways.bar(cells, lost, color=RED, width=0.8)
        ways.text(0, -0.1, "+1", ha="center", va="center", fontweight="bold")
        ways.text(CORRIDOR + 1, -0.1, "+2", ha="center", va="center", fontweight="bold")
        ways.set(xlim=(-0.8, CORRIDOR + 1.8), ylim=(-0.2, 1.3), xlabel="cell of the corridor", xticks=cells[::2],
                 ylabel="true return lost by the choice")  # fmt: skip
        ways.set_title("arrows: what the learner chooses")
        view.draw(
            figure,
            f"Returns of going left and right over the cells of a corridor, with potential {potential.value:.1f} at the left "
            f"exit, {'reset to 0' if reset.value else 'kept'}: the learner goes left in {goes_left.sum()} of {CORRIDOR} "
            f"cells, wrongly in {wrong.sum()}, and loses up to {lost.max():.2f} of true return.",
            f"The learner goes left in {goes_left.sum()} cells; right would be better in {wrong.sum()} of them. Largest loss "
            f"of true return: {lost.max():.2f}.",
        )

    when_changed([potential, reset], redraw)
    return demo([potential, reset], view)


# --- the KL charge ----------------------------------------------------------------------------------------------------


class _Writer:
    """A reference model that writes three tokens, a or b, and a reward for each of the eight responses."""

    responses = tuple("".join(tokens) for tokens in itertools.product("ab", repeat=3))
    first_a = 0.7
    next_a = {"a": 0.8, "b": 0.4}  # noqa: RUF012  (probability of a after each token)
    reward = np.array([0.0, 0.2, 0.1, 0.8, 0.3, 0.6, 1.0, 0.4])

    def __init__(self):
        def probability(response):
            total = 1.0
            for before, token in zip(" " + response, response, strict=False):
                a = self.next_a.get(before, self.first_a)
                total *= a if token == "a" else 1 - a
            return total

        self.reference = np.array([probability(response) for response in self.responses])

    def optimum(self, beta):
        """Maximiser of the expected reward minus the expected sum of the charges."""
        return softmax(np.log(self.reference) + self.reward / beta)

    def charges(self, beta, response):
        """Sum of the charges after 0, 1, 2 and 3 tokens of a response, under the optimum."""
        policy, sums = self.optimum(beta), []
        for length in range(4):
            fits = np.array([other.startswith(response[:length]) for other in self.responses])
            sums.append(-beta * np.log(policy[fits].sum() / self.reference[fits].sum()))
        return np.array(sums)


def kl_charge():
    """A charge for leaving the reference model, or the same amounts as a potential: which policy is best?

    Returns
    -------
    ipywidgets.Widget
    """
    writer = _Writer()
    beta = log_slider("β", 0.3, -1.5, 1.0)
    rule = choice("added to the reward", [("the charge of each token", "charge"),
                                          ("a potential of the same size, 0 at the end", "potential"),
                                          ("nothing", "nothing")])  # fmt: skip
    view = FigureView()
    top = int(writer.reward.argmax())

    def redraw():
        if rule.value == "charge":
            best = writer.optimum(beta.value)
        else:
            best = np.eye(len(writer.responses))[top]
        sums = writer.charges(beta.value, writer.responses[top])
        if rule.value == "potential":
            sums[-1] = 0.0
        elif rule.value == "nothing":
            sums[:] = 0.0
        figure, (bars, path) = new_figure(2, width=9.4, height=3.3, width_ratios=(3, 2))
        places = np.arange(len(writer.responses))
        bars.bar(places - 0.2, writer.reference, width=0.4, color=GRAY, label="reference model")
        bars.bar(places + 0.2, best, width=0.4, color=BLUE, label="best policy")
        names = [f"{name}\nr = {r:.1f}" for name, r in zip(writer.responses, writer.reward, strict=True)]
        bars.set_xticks(places, names, fontsize=8)
        bars.set(ylim=(0, 1.05), ylabel="probability", xlabel="response and its reward")
        bars.legend(loc="upper left")
        path.plot(range(4), sums, "o-", color=PURPLE)
        path.axhline(0, color="gray", linewidth=1)
        path.set(xlabel=f"tokens of {writer.responses[top]} written", ylabel="sum of what was added so far", xticks=range(4),
                 ylim=(min(-0.5, 1.25 * sums.min()), max(0.1, 1.1 * sums.max())))  # fmt: skip
        expected = best @ writer.reward
        view.draw(
            figure,
            f"Left, bars of the probabilities of eight responses under the reference model and the best policy, which gives "
            f"{best[top]:.3f} to {writer.responses[top]}. Right, the sum of what was added to the reward along that "
            f"response; it ends at {sums[-1]:.3f}.",
            f"β = {beta.value:.3g}: the best policy writes {writer.responses[top]}, the response of largest reward, with "
            f"probability {best[top]:.3f} (reference {writer.reference[top]:.3f}); its expected reward is {expected:.3f}. "
            f"Along {writer.responses[top]} the additions sum to {sums[-1]:+.3f}.",
        )

    when_changed([beta, rule], redraw)
    return demo([beta, rule], view)
