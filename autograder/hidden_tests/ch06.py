"""Chapter 6, model-based RL: what `check` says and what the hidden tests ask."""

import math

import numpy as np

from autograder.marking import Chapter, Fail, Letter, Line, Number, Raises, Slip
from autograder.variants import Variant, in_steps, one_of, variants_of
from utils.check import agree
from utils.envs.dyna_maze import DynaMaze
from utils.solutions import ch06 as solutions

chapter = Chapter("ch06_model_based_rl")
grade = chapter.grade

# --- 6.1 Dyna efficiency ----------------------------------------------------------------------------------------------


def answer_6_1(n_updates, k, right):
    """The question with any number of updates and of planning updates."""
    return Number(
        "answer_6_1",
        solutions.dyna_real_steps(n_updates, k),
        right=right,
        slips=(
            Slip(n_updates / k, "You divided by k. The real step makes an update of its own too."),
            Slip(n_updates * k / (k + 1), "This is the number of imagined updates. The real steps are asked."),
            Slip(n_updates * (k + 1), "You multiplied. Planning saves real steps: the number must fall."),
            Slip(
                n_updates / (k - 1),
                "You divided by k - 1. How many updates does one real step bring, real and imagined?",
            ),
        ),
    )


ex6_1 = chapter.derive(
    "6.1",
    answer_6_1(
        100_000,
        5,
        "Six updates for each real step, so a sixth of the steps. Keep the assumption in mind: a planned update is "
        "seldom worth a real one. On the maze of the next section you will measure what is left of the factor.",
    ),
)


@variants_of(ex6_1, n_updates=in_steps(20_000, 400_000, 10_000), k=one_of(3, 4, 6, 7, 8, 9, 10, 15, 20, 30))
def _(n_updates, k):
    return Variant(
        f"A model-free agent needs {n_updates:,} real steps, with one update each, to learn a good policy. A Dyna agent "
        f"makes $k = {k}$ planning updates after each real step. Suppose that every update, real or imagined, teaches "
        "equally much. How many real steps does the Dyna agent need?",
        answer_6_1(n_updates, k, "A real step brings k + 1 updates."),
    )


# --- 6.2 Compounding model error --------------------------------------------------------------------------------------


def answers_6_2(epsilon, horizon, rights):
    """Both questions with any error and horizon."""
    linear = solutions.rollout_error(epsilon, horizon)
    exponential = solutions.rollout_error(epsilon, horizon, growth=1 + epsilon)
    accuracy = 1 - epsilon
    shrunk = 1 - accuracy**horizon
    return (
        Number(
            "answer_6_2a",
            linear,
            right=rights[0],
            slips=(
                Slip(100 * linear, "This is in percent. A fraction is asked."),
                Slip(exponential, "This is the exponential rule. Linear compounding only adds the errors up."),
                Slip(epsilon, "This is the error of one step. It adds up over all steps."),
                Slip(epsilon / horizon, "You divided by the number of steps. Errors add up, they are not shared out."),
                Slip(shrunk, f"You shrank the accuracy {accuracy:g} step by step. Linear compounding adds the errors."),
            ),
        ),
        Number(
            "answer_6_2b",
            exponential,
            right=rights[1],
            slips=(
                Slip(
                    (1 + epsilon) ** horizon,
                    "This is the factor by which everything grew. The error is what exceeds 1.",
                ),
                Slip(
                    shrunk,
                    f"You let the accuracy shrink, 1 - {accuracy:g}**{horizon}. Here the error grows: the base is 1 + ε.",
                ),
                Slip(
                    math.exp(epsilon * horizon) - 1,
                    "You compounded continuously. The steps are discrete: (1 + ε) to the power H.",
                ),
                Slip(100 * exponential, "This is in percent. A fraction is asked."),
                Slip(linear, "This is the linear rule. Here each step also multiplies the old error by 1 + ε."),
                Slip((1 + epsilon) ** (horizon - 1) - 1, "One step is missing: count the exponent again."),
            ),
        ),
    )


ex6_2 = chapter.derive(
    "6.2",
    *answers_6_2(
        0.02,
        20,
        (
            "A model that is off by only 2 % in one step is off by 40 % after 20. Practical methods therefore keep "
            "imagined rollouts short.",
            "Not much more than the linear 0.4: with L = 1.02 the exponential has hardly begun after 20 steps.",
        ),
    ),
)


@variants_of(ex6_2, epsilon=one_of(0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08), horizon=in_steps(5, 60, 5))
def _(epsilon, horizon):
    if epsilon * horizon > 2:
        return None
    rights = ("It is H times ε.", "It is (1 + ε) to the power H, less 1.")
    return Variant(
        f"A model has the error $\\varepsilon = {epsilon:g}$ in each step. It is rolled out for $H = {horizon}$ steps. What "
        "is the error at the end, as a fraction,\n\n- **a**: with linear compounding, and\n"
        "- **b**: with exponential compounding, $L = 1 + \\varepsilon$?",
        *answers_6_2(epsilon, horizon, rights),
    )


# --- 6.3 Why an ensemble ----------------------------------------------------------------------------------------------

chapter.trace(
    "6.3",
    Letter(
        "answer_6_3",
        "A",
        options={
            "A": "Disagreement estimates epistemic uncertainty: large off the data, small on them. It warns a planner or "
            "policy that would otherwise seek out exactly the places where one model errs in its favour. (Averaging also "
            "lowers the variance of the prediction.)",
            "B": "Every member learns all states, and an ensemble costs more, not less.",
            "C": "Only the part of the error that differs between members cancels. Where no member has data, all can be "
            "wrong together.",
            "D": "This is the other kind of uncertainty. With enough data all members learn the same probabilities of the "
            "coin, and agree on them.",
        },
    ),
)

# --- 6.4 Synthetic buffer size ----------------------------------------------------------------------------------------


def answer_6_4(n_starts, horizon, state_size, action_size, right, more_slips=()):
    """The question with any buffer."""
    n_bytes = solutions.buffer_bytes(n_starts, horizon, state_size, action_size)
    transitions, numbers = n_starts * horizon, 2 * state_size + action_size + 1
    return Number(
        "answer_6_4",
        n_bytes / 1e6,
        right=right,
        slips=(
            *more_slips,
            Slip(n_bytes / 2**20, "This is in MiB, of 2**20 bytes. Here 1 MB is 10**6 bytes."),
            Slip(n_bytes / 1.024e6, "You mixed 1,000 and 1,024. Here 1 MB is 10**6 bytes."),
            Slip(n_bytes, "This is in bytes. MB are asked."),
            Slip(
                n_bytes / horizon / 1e6,
                f"Each branch has {horizon} steps, so there are {transitions:,} transitions.",
            ),
            Slip(n_bytes / 4e6, "This counts numbers. Each takes 4 bytes."),
            Slip(
                transitions * (numbers - state_size) * 4 / 1e6,
                f"The next state is stored too: another {state_size} numbers.",
            ),
            Slip(
                transitions * (numbers - 1) * 4 / 1e6,
                "One number of each transition is missing: the reward, or did you lose another?",
            ),
            Slip(transitions * (numbers + 1) * 4 / 1e6, "One number too many: no done flag is stored here."),
            Slip(2 * n_bytes / 1e6, "You took 8 bytes for a number. FP32 takes 32 bits, which are 4 bytes."),
        ),
    )


ex6_4 = chapter.derive(
    "6.4",
    answer_6_4(
        10_000,
        3,
        20,
        6,
        "47 numbers of 4 bytes, 30,000 times: 5.64 MB, which is 5.38 MiB. (A popular answer key says 5.49, which is "
        "neither.) A real buffer stores a done flag too. The cost lies elsewhere: 30,000 model predictions, one for each "
        "transition, since MBPO asks one random member in each step and not all of them.",
        [Slip(5.49, "This number stands in a popular answer key, but it is 5,640,000 bytes in no unit.")],
    ),
)


@variants_of(
    ex6_4,
    n_starts=one_of(5_000, 8_000, 12_000, 20_000, 40_000, 50_000),
    horizon=one_of(2, 3, 4, 5, 6, 8),
    state_size=one_of(4, 8, 11, 12, 17, 18, 24, 27),
    action_size=in_steps(1, 8, 1),
)
def _(n_starts, horizon, state_size, action_size):
    return Variant(
        f"MBPO starts branches from {n_starts:,} real states and rolls each out for $H = {horizon}$ steps; none ends early. "
        f"Each transition stores $(s, a, r, s')$ with $s \\in \\mathbb{{R}}^{{{state_size}}}$, $a \\in "
        f"\\mathbb{{R}}^{{{action_size}}}$ and a scalar $r$, each number in FP32. How large is the "
        "buffer, in MB of $10^6$ bytes?",
        answer_6_4(
            n_starts,
            horizon,
            state_size,
            action_size,
            "Two states, an action and a reward make a transition; each number takes 4 bytes.",
        ),
    )


# --- 6.5 Rollout length over training ---------------------------------------------------------------------------------

chapter.trace(
    "6.5",
    Letter(
        "answer_6_5",
        "C",
        options={
            "A": "The policy still improves on imagined data, and better imagined data are worth more, not less.",
            "B": "The discount says how far ahead one wants to look, the model's error how far one can. The demo's best "
            "horizon moved while the discount stayed.",
            "C": "In the demo the best horizon at 0.4 rad/s is 3, at 0.1 it is 14 and at 0.02 it is 40, the most it offers "
            "there. MBPO lengthens on a fixed schedule, a ramp from x to y between the epochs a and b: on Hopper from 1 to "
            "15 between the epochs 20 and 100, so 8 in epoch 60. It does not measure the uncertainty to choose the length.",
            "D": "Small errors do add up, and where the system is unstable they multiply: a whole episode may have a "
            "thousand steps.",
        },
    ),
)

# --- 6.6 planning_updates ---------------------------------------------------------------------------------------------


def _plan(target, refresh=True, pairs=list):
    """A version of planning that makes the target, the order or the table it reads from its own way."""

    def planning_updates(q, model, replay, alpha, gamma):
        old, new = np.array(q, dtype=float), np.array(q, dtype=float)
        for s, a in pairs(replay):
            r, s_next, done = model[s, a]
            values = new if refresh else old
            new[s, a] += alpha * (target(values[s_next], r, done, gamma) - values[s, a])
        return new

    return planning_updates


def _one_step(row, r, done, gamma):
    return r if done else r + gamma * row.max()


def _each_once(replay):
    return list(dict.fromkeys(map(tuple, replay)))


ex6_6 = chapter.build(
    "6.6",
    solutions.planning_updates,
    cases=(
        "planning_updates(np.zeros((3, 2)), {(0, 1): (1.0, 2, True)}, [(0, 1), (0, 1)], alpha=0.5, gamma=0.9)",
        "planning_updates(np.array([[0.0, 1.0], [2.0, 4.0], [8.0, 6.0]]), {(0, 0): (1.0, 1, False), (1, 1): (3.0, 2, True)}, "
        "[(1, 1), (0, 0)], alpha=0.5, gamma=0.5)",
        Raises(
            "planning_updates(np.zeros((2, 2)), {(0, 0): (1.0, 1, True)}, [(1, 0)], alpha=0.5, gamma=0.9)", KeyError
        ),
    ),
    right="Each update sees the ones before it, and nothing follows the end of an episode.",
    slips=(
        Slip(
            _plan(lambda row, r, done, gamma: r + gamma * row.max()),
            "You add the value of the next state even where `done` is true. Nothing follows the end of an episode.",
        ),
        Slip(
            _plan(_one_step, refresh=False),
            "Each update must see the values that the updates before it left behind, not those of the old table.",
        ),
        Slip(
            _plan(lambda row, r, done, gamma: r if done else r + gamma * row.mean()),
            "You took the mean over the next state's actions. The target takes their maximum.",
        ),
        Slip(
            _plan(lambda row, r, done, gamma: r if done else r + row.max()),
            "The discount gamma is missing: the next state's value counts gamma times.",
        ),
        Slip(
            _plan(lambda row, r, done, gamma: 0.0 if done else r + gamma * row.max()),
            "At the end of an episode your target loses the reward. Only the next state's value falls away.",
        ),
        Slip(
            _plan(lambda row, r, done, gamma: r + gamma * row.max() if done else r),
            "`done` works the wrong way round: the next state counts where the episode goes on.",
        ),
        Slip(
            _plan(_one_step, pairs=lambda replay: list(replay)[::-1]),
            "You replay the pairs from the last to the first. Take them in the given order.",
        ),
        Slip(
            _plan(_one_step, pairs=_each_once),
            "A pair that occurs several times in `replay` must be updated each time.",
        ),
        Slip(
            lambda q, model, replay, alpha, gamma: _plan(_one_step)(q, model, replay, 1.0, gamma),
            "You put the target in the place of the value. The step goes only the share alpha of the way.",
        ),
        Slip(
            lambda q, model, replay, alpha, gamma: _plan(_one_step)(q, model, list(model), alpha, gamma),
            "You updated every pair of the model. Update those of `replay`, in their order.",
        ),
    ),
)


def _random_model(rng, n_states, n_actions, ends=0.0):
    """A model that holds every pair; a share `ends` of the transitions end the episode."""
    return {
        (s, a): (float(rng.normal()), int(rng.integers(n_states)), bool(rng.random() < ends))
        for s in range(n_states)
        for a in range(n_actions)
    }


def _random_replay(rng, n_states, n_actions, length):
    return [(int(rng.integers(n_states)), int(rng.integers(n_actions))) for _ in range(length)]


@ex6_6.group("one update", "A single update of one pair is off. Write its target down for `done` false.", weight=2)
def _(student, rng):
    for n_states, n_actions in ((2, 2), (5, 3), (7, 1)):
        q = rng.normal(size=(n_states, n_actions))
        model = _random_model(rng, n_states, n_actions)
        for pair in _random_replay(rng, n_states, n_actions, 3):
            ex6_6.compare(student, q, model, [pair], rng.uniform(0.1, 0.9), rng.uniform(0.5, 0.95))
    q = rng.normal(size=(3, 2))
    ex6_6.compare(student, q, {(1, 0): (2.0, 1, False)}, [(1, 0)], 1.0, 1.0)  # a step that leads back to its own state
    ex6_6.compare(student, q - 10, {(1, 0): (0.0, 2, False)}, [(1, 0)], 0.3, 0.9)  # all values negative


@ex6_6.group(
    "end of an episode", "Where `done` is true the target is the reward alone, whatever the next state's row says."
)
def _(student, rng):
    for _ in range(3):
        q = rng.normal(loc=3.0, size=(4, 2))
        model = _random_model(rng, 4, 2, ends=1.0)
        ex6_6.compare(student, q, model, _random_replay(rng, 4, 2, 1), 0.5, 0.9)
    ex6_6.compare(student, np.array([[5.0]]), {(0, 0): (1.0, 0, True)}, [(0, 0)], 0.5, 0.99)


@ex6_6.group(
    "order of the updates",
    "With several pairs the result is off: each update must use the table as the updates before it left it.",
    weight=2,
)
def _(student, rng):
    chain = {(s, 0): (1.0 if s == 3 else 0.0, s + 1, s == 3) for s in range(4)}
    for replay in (
        [(3, 0), (2, 0), (1, 0), (0, 0)],
        [(0, 0), (1, 0), (2, 0), (3, 0)],
        [(3, 0), (2, 0), (3, 0), (2, 0)],
    ):
        ex6_6.compare(student, np.zeros((5, 1)), chain, replay, 1.0, 0.9)
        ex6_6.compare(student, rng.normal(size=(5, 1)), chain, replay, 0.4, 0.9)
    for length in (6, 40):
        q = rng.normal(size=(4, 3))
        ex6_6.compare(student, q, _random_model(rng, 4, 3, ends=0.2), _random_replay(rng, 4, 3, length), 0.3, 0.95)


@ex6_6.group("a new table", "Return a new array and leave `q` as it was, also when there is nothing to replay.")
def _(student, rng):
    q = rng.normal(size=(4, 2))
    before = q.copy()
    model = _random_model(rng, 4, 2, ends=0.5)
    for replay in (_random_replay(rng, 4, 2, 5), []):
        result = student(q, model, replay, 0.5, 0.9)
        if not np.array_equal(q, before):
            raise Fail("Your function changed the table it was given. Work on a copy.")
        assert np.shape(result) == (4, 2)
    assert agree(result, before.tolist())


@ex6_6.group(
    "unseen pairs", "A pair in `replay` that the model does not hold must raise KeyError. Do not skip it or make it up."
)
def _(student, rng):
    model = _random_model(rng, 3, 2, ends=0.3)
    del model[2, 1]
    ex6_6.expect_error(student, KeyError, np.zeros((3, 2)), model, [(2, 1)], 0.5, 0.9)
    ex6_6.expect_error(student, KeyError, rng.normal(size=(3, 2)), model, [(0, 0), (1, 1), (2, 1)], 0.5, 0.9)
    ex6_6.expect_error(student, KeyError, np.zeros((1, 1)), {}, [(0, 0)], 0.5, 0.9)


@ex6_6.group(
    "the maze", "On the whole Dyna maze your updates do not settle at the optimal values, gamma to the steps to go."
)
def _(student, rng):
    maze = DynaMaze()
    model = {}
    for s in np.flatnonzero(~maze.walls).tolist():
        for a in range(4):
            s_next = maze.neighbour(s, a)
            if s != maze.goal:
                model[s, a] = (float(s_next == maze.goal), s_next, s_next == maze.goal)
    q = rng.uniform(0, 2, size=(54, 4))  # the goal's row too: nothing may flow out of it
    replay = list(model) * 10
    for _ in range(25):
        q = np.asarray(student(q, model, replay, 1.0, 0.9))
    assert agree(float(q[maze.start].max()), 0.9**13)
    below_the_goal = maze.goal + maze.shape[1]
    assert agree(float(q[below_the_goal].max()), 1.0)


# --- 6.7 branched_rollouts --------------------------------------------------------------------------------------------


def _branches(extra_steps=0, keep_end=True, stop_at_end=True, stop_all=False, advance=True, swap=False):
    """Branched rollouts with one thing wrong."""

    def branched_rollouts(start_states, policy, model, horizon):
        found = []
        for state in start_states:
            for _ in range(horizon + extra_steps):
                action = policy(state)
                reward, after, done = model(state, action)
                if not done or keep_end:
                    found.append((state, action, after, reward, done) if swap else (state, action, reward, after, done))
                if done and stop_all:
                    return found
                if done and stop_at_end:
                    break
                if advance:
                    state = after
        return found

    return branched_rollouts


def _step_by_step(start_states, policy, model, horizon):
    """All first steps, then all second steps."""
    found, states = [], list(start_states)
    for _ in range(horizon):
        going_on = []
        for state in states:
            action = policy(state)
            reward, after, done = model(state, action)
            found.append((state, action, reward, after, done))
            if not done:
                going_on.append(after)
        states = going_on
    return found


COUNTDOWN = "lambda s, a: (10.0 * s, s - a, s - a <= 0)"

ex6_7 = chapter.build(
    "6.7",
    solutions.branched_rollouts,
    cases=(
        "branched_rollouts([0, 10], lambda s: 1, lambda s, a: (0.5, s + a, False), 2)",
        f"branched_rollouts([2, 5], lambda s: 1, {COUNTDOWN}, 3)",
        "branched_rollouts([7], lambda s: 0, lambda s, a: (1.0, s, False), 0)",
    ),
    right="Each branch starts at a real state, stops with its episode and never outruns its horizon.",
    slips=(
        Slip(
            _branches(stop_at_end=False),
            "Your branches go on after the end of an episode. Stop with the transition whose `done` is true.",
        ),
        Slip(
            _branches(keep_end=False),
            "The transition that ends an episode is missing. It belongs to the branch: it may hold the only reward.",
        ),
        Slip(
            _branches(stop_all=True),
            "The end of one branch ends your whole function. The next branch must still start.",
        ),
        Slip(_branches(extra_steps=1), "Your branches are one step too long: `horizon` counts transitions."),
        Slip(_branches(extra_steps=-1), "Your branches are one step too short: `horizon` counts transitions."),
        Slip(_branches(advance=False), "Your branches stay at the start: the next step begins at `s_next`."),
        Slip(_step_by_step, "You go through all branches step by step. First all of one branch, then the next."),
        Slip(_branches(swap=True), "Reward and next state are exchanged: a transition is (s, a, r, s_next, done)."),
    ),
)


def _line_world(rng, n_states=12):
    """A random policy table and model on states 0 to n_states - 1; some transitions end the episode."""
    actions = rng.integers(3, size=n_states).tolist()
    table = {
        (s, a): (float(rng.normal()), int(rng.integers(n_states)), bool(rng.random() < 0.2))
        for s in range(n_states)
        for a in range(3)
    }
    return (lambda s: actions[int(s)]), (lambda s, a: table[int(s), int(a)])


@ex6_7.group(
    "branches",
    "Without any end of an episode your branches are not `horizon` steps from each start, in order.",
    weight=2,
)
def _(student, rng):
    step = float(rng.uniform(0.5, 2))
    for starts, horizon in (([0.0], 1), ([3.0, -1.0, 8.0], 4), (rng.normal(size=5).tolist(), 7)):
        ex6_7.compare(student, starts, lambda s: step, lambda s, a: (s * a, s + a, False), horizon)


@ex6_7.group(
    "end of an episode",
    "A branch must stop with the first transition whose `done` is true, keep it, and leave the other branches alone.",
    weight=2,
)
def _(student, rng):
    ex6_7.compare(student, [1, 4, 2], lambda s: 1, lambda s, a: (1.0, s - a, s - a == 0), 3)
    for horizon in (1, 3, 20):
        policy, model = _line_world(rng)
        ex6_7.compare(student, rng.integers(12, size=6).tolist(), policy, model, horizon)


@ex6_7.group("nothing to do", "Horizon 0, or no start state, must give an empty list.")
def _(student, rng):
    ex6_7.compare(student, [1, 2], lambda s: 0, lambda s, a: (0.0, s, False), 0)
    ex6_7.compare(student, [], lambda s: 0, lambda s, a: (0.0, s, False), 5)


@ex6_7.group(
    "states that are arrays", "States may be arrays, and the starts the rows of one: record each state as it was."
)
def _(student, rng):
    starts = rng.normal(size=(4, 2))
    before = starts.copy()
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    policy = lambda s: float(np.tanh(s[0]))
    model = lambda s, a: (float(s @ s), turn @ s + a, bool(s[1] > 0.3))
    ex6_7.compare(student, starts, policy, model, 5)
    ex6_7.compare(student, list(starts), policy, model, 2)
    if not np.array_equal(starts, before):
        raise Fail("Your function changed the start states.")


@ex6_7.group(
    "one call for each transition",
    "Policy and model may be random: call each exactly once for a transition, and record what that call returned.",
)
def _(student, rng):
    def counting():
        calls = {"policy": 0, "model": 0}

        def policy(s):
            calls["policy"] += 1
            return calls["policy"]

        def model(s, a):
            calls["model"] += 1
            return 10.0 * a, calls["model"], calls["model"] % 4 == 0

        return policy, model, calls

    policy, model, calls = counting()
    result = student([0, 0, 0], policy, model, 3)
    policy, model, expected_calls = counting()
    expected = solutions.branched_rollouts([0, 0, 0], policy, model, 3)
    assert agree(result, [list(transition) for transition in expected])
    assert calls == expected_calls


# --- 6.8 Dyna without an end ------------------------------------------------------------------------------------------


def _backup(target):
    """A backup with a target of its own."""

    def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
        q = np.array(q, dtype=float)
        q[s, a] += alpha * (target(q[s_next].max(), r, done, gamma) - q[s, a])
        return q

    return dyna_backup


def _clearing(q, s, a, r, s_next, done, alpha, gamma):
    """Sets the next state's row to 0 at the end of an episode."""
    q = np.array(q, dtype=float)
    if done:
        q[s_next] = 0.0
    q[s, a] += alpha * (r + gamma * q[s_next].max() - q[s, a])
    return q


def _skipping(q, s, a, r, s_next, done, alpha, gamma):
    """Makes no update at the end of an episode."""
    if done:
        return np.array(q, dtype=float)
    return solutions.dyna_backup(np.array(q, dtype=float), s, a, r, s_next, done, alpha, gamma)


ex6_8 = chapter.debug(
    "6.8",
    solutions.dyna_backup,
    Line(
        "buggy_line_6_8",
        3,
        right="Line 3 adds the value of the next state even after the end. On the slot machine v = 1 + 0.99 v has the solution "
        "100. A mask does it: `target = r + gamma * (1 - done) * q[s_next].max()`, or `r if done else ...`.",
        slips={
            1: "Line 1 only names the function. But look at its arguments: is each of them used?",
            2: "Line 2 is right: without the copy the caller's table would change.",
            4: "Line 4 is right: a step of the share alpha towards the target. Is the target right?",
            5: "Line 5 returns the new table, as it should.",
        },
    ),
    cases=(
        "dyna_backup(np.array([[5.0]]), 0, 0, 1.0, 0, True, 0.5, 0.99)",
        "dyna_backup(np.array([[1.0, 2.0], [3.0, 7.0]]), 0, 1, 1.0, 1, False, 0.5, 0.9)",
        "dyna_backup(np.array([[1.0, 2.0], [3.0, 7.0]]), 0, 1, 1.0, 1, True, 0.5, 0.9)",
    ),
    right="Nothing follows the end any more, and everything else is as before.",
    slips=(
        Slip(
            _backup(lambda best, r, done, gamma: r + gamma * best),
            "The episode still does not end: with `done` true the next state's value must not count.",
        ),
        Slip(
            _backup(lambda best, r, done, gamma: 0.0 if done else r + gamma * best),
            "You dropped the reward of the last step too. Only what would follow it falls away.",
        ),
        Slip(
            _backup(lambda best, r, done, gamma: r),
            "Now no step sees the next state's value. Only the end of an episode cuts it off.",
        ),
        Slip(
            _backup(lambda best, r, done, gamma: r + gamma * best if done else r),
            "The mask is the wrong way round: `done` true means that nothing follows.",
        ),
        Slip(
            _clearing,
            "You set the next state's row to 0. With an automatic reset that is the start's row: you erase what was learned.",
        ),
        Slip(_skipping, "You make no update at the end. The last step still teaches its reward."),
    ),
)


def _transition(rng, n_states, n_actions):
    """A random table, state, action, reward and next state."""
    q = rng.normal(loc=2.0, size=(n_states, n_actions))
    s, s_next = (int(n) for n in rng.integers(n_states, size=2))
    return q, s, int(rng.integers(n_actions)), float(rng.normal()), s_next


@ex6_8.group(
    "end of an episode",
    "With `done` true the target must be the reward, whatever stands in the next state's row.",
    weight=2,
)
def _(student, rng):
    for n_states, n_actions in ((1, 1), (3, 2), (6, 4)):
        for _ in range(3):
            ex6_8.compare(
                student, *_transition(rng, n_states, n_actions), True, rng.uniform(0.1, 1), rng.uniform(0.5, 1)
            )
    q = np.full((2, 2), 5.0)
    ex6_8.compare(student, q, 0, 1, 1.0, 0, True, 0.5, 0.9)  # an automatic reset to the same state


@ex6_8.group(
    "whole episodes",
    "Over whole episodes your values are off: only the last step is cut off; the others take reward plus gamma times the "
    "best next value.",
)
def _(student, rng):
    # The last step comes first, so that the listing as it was given earns nothing here.
    for n_states, n_actions in ((2, 1), (3, 2), (6, 4)):
        for done in (True, False, False, False):
            ex6_8.compare(
                student, *_transition(rng, n_states, n_actions), done, rng.uniform(0.1, 1), rng.uniform(0.5, 1)
            )
    ex6_8.compare(student, np.full((2, 2), -5.0), 0, 1, 1.0, 0, False, 0.5, 0.9)


@ex6_8.group("done as 0 or 1", "`done` may come as 0 or 1, or as NumPy's own truth value: all must work.")
def _(student, rng):
    for done in (1, 0, np.bool_(True), np.bool_(False), 1.0, 0.0):
        ex6_8.compare(student, *_transition(rng, 4, 3), done, 0.5, 0.9)


@ex6_8.group("a new table", "Return a new array and leave `q` as it was: line 2 of the listing did so.")
def _(student, rng):
    for done in (True, False):
        q, s, a, r, s_next = _transition(rng, 4, 3)
        before = q.copy()
        result = student(q, s, a, r, s_next, done, 0.5, 0.9)
        if not np.array_equal(q, before):
            raise Fail("Your function changed the table it was given. Keep the copy of line 2.")
        if done:
            ex6_8.compare(student, before, s, a, r, s_next, done, 0.5, 0.9)
        changed = np.asarray(result) != before
        assert changed[s, a]
        assert changed.sum() == 1


@ex6_8.group("the slot machine", "A pull that pays 1 and ends the episode must come to be worth 1.")
def _(student, rng):
    q = np.array([[0.0]])
    for _ in range(60):
        q = np.asarray(student(q, 0, 0, 1.0, 0, True, 0.5, 0.99))
    assert agree(float(q[0, 0]), 1.0)
