"""Chapter 4, offline RL with CQL: what `check` says and what the hidden tests ask."""

import numpy as np
from scipy.special import logsumexp, softmax

from autograder.marking import Chapter, Fail, Letter, Line, Number, Raises, Slip
from autograder.variants import Variant, in_steps, listed, one_of, several, variants_of
from utils.solutions import ch04 as solutions

chapter = Chapter("ch04_offline_rl_cql")
grade = chapter.grade

# --- 4.1 CQL regulariser ----------------------------------------------------------------------------------------------

Q_4_1, RECORDED_4_1 = (3.0, 5.0, 2.0, 4.0), (1, 3)


def answer_4_1(q_values, recorded, right, sign_or_count):
    """The question with any Q-values; `sign_or_count` are the slips of the sign and of the count of the actions."""
    recorded, q_values = list(recorded), np.asarray(q_values)
    others = np.delete(q_values, recorded)
    return Number(
        "answer_4_1",
        solutions.uniform_regularizer(q_values, recorded),
        right=right,
        slips=(
            *sign_or_count,
            Slip(
                others.mean() - q_values[recorded].mean(),
                "You averaged only over the actions that were not recorded. The uniform average takes all four.",
            ),
            Slip(
                solutions.cql_regularizer(q_values, recorded),
                "This is the log-sum-exp form, which follows later. Here the average is uniform.",
            ),
            Slip(
                q_values.mean() - q_values[recorded].sum(),
                "You subtracted the sum over the recorded actions. Their mean is asked.",
            ),
            Slip(
                q_values.mean(),
                "This is the first half. The mean over the recorded actions is still to be subtracted.",
            ),
        ),
    )


ex4_1 = chapter.derive(
    "4.1",
    answer_4_1(
        Q_4_1,
        RECORDED_4_1,
        "It is negative because the recorded actions happen to have the larger Q-values. That does not switch it off: "
        "the term is linear in Q, its gradient is (+0.25, -0.25, +0.25, -0.25) at this value as at any other.",
        [
            Slip(
                -solutions.uniform_regularizer(Q_4_1, RECORDED_4_1),
                "Two mistakes give this number: the mean of the recorded actions is subtracted, not the other way round; "
                "and actions are counted from 0, so action 1 has Q = 5.",
            )
        ],
    ),
)


@variants_of(ex4_1, q_values=several(4, in_steps(0, 9, 1)), recorded=one_of((1, 2), (1, 3), (2, 3)))
def _(q_values, recorded):
    counted_from_1 = [action - 1 for action in recorded]
    slips = (
        Slip(
            -solutions.uniform_regularizer(q_values, list(recorded)),
            "Right size, wrong sign: the mean of the recorded actions is subtracted, not the other way round.",
        ),
        Slip(
            solutions.uniform_regularizer(q_values, counted_from_1),
            f"You counted the actions from 1. They are counted from 0, so action 1 has Q = {q_values[1]:g}.",
        ),
    )
    return Variant(
        f"A state has four actions, numbered from 0, with $Q(s, \\cdot) = [{listed(q_values)}]$. The record holds the "
        f"actions {recorded[0]} and {recorded[1]} in this state, once each. How large is "
        "$\\mathbb{E}_\\mu[Q] - \\mathbb{E}_{\\text{data}}[Q]$ with the uniform distribution $\\mu$?",
        answer_4_1(q_values, recorded, "It is the mean of all four less the mean of the recorded two.", slips),
    )


# --- 4.2 Full CQL loss ------------------------------------------------------------------------------------------------


def answers_4_2(q_value, reward, gamma, best_next_q, alpha, regularizer, rights, more_slips=()):
    """Both questions with any givens; `more_slips` belong to the second."""
    square = solutions.squared_td_error(q_value, reward, gamma, best_next_q)
    error, term = abs(q_value - reward - gamma * best_next_q), alpha * regularizer
    return (
        Number(
            "answer_4_2a",
            square,
            right=rights[0],
            slips=(
                Slip(error, "This is the error. It is squared in the loss."),
                Slip(square / 2, "You halved the square, as the paper does. Here the factor is 1."),
                Slip(
                    solutions.squared_td_error(q_value, reward, 0.0, best_next_q),
                    "You compared with the reward alone. The target goes on with the discounted value of the next state.",
                ),
                Slip(
                    solutions.squared_td_error(q_value, reward, 1.0, best_next_q),
                    f"With this number the discount is missing: {gamma:g} multiplies the next value.",
                ),
                Slip(
                    (q_value - gamma * (reward + best_next_q)) ** 2,
                    "You discounted the reward too. Only the next value is discounted.",
                ),
            ),
        ),
        Number(
            "answer_4_2b",
            square + term,
            right=rights[1],
            slips=(
                Slip(square - term, "The regulariser is added, not subtracted."),
                Slip(error + term, "You added the error itself. It is squared first."),
                Slip((q_value - reward) ** 2 + term, "Your squared error lacks the value of the next state."),
                Slip(square * term, "You multiplied the two parts. They are added."),
                Slip(square, "The regulariser is missing."),
                *more_slips,
            ),
        ),
    )


ex4_2 = chapter.derive(
    "4.2",
    *answers_4_2(
        5.0,
        1.0,
        0.99,
        4.0,
        1.0,
        2.0,
        (
            "The target is 4.96, the error 0.04, its square 0.0016. The paper halves the square (0.0008); this course does "
            "not.",
            "The regulariser is 1250 times the squared error here. The sizes do not say who wins, though: at a minimum "
            "their *gradients* balance.",
        ),
    ),
)


@variants_of(
    ex4_2,
    q_value=in_steps(1, 8, 0.5),
    reward=one_of(-1.0, -0.5, 0.5, 1.0, 2.0),
    gamma=one_of(0.9, 0.95, 0.99),
    best_next_q=in_steps(1, 8, 0.5),
    alpha=one_of(0.5, 2.0, 5.0),
    regularizer=in_steps(0.4, 3, 0.2),
)
def _(q_value, reward, gamma, best_next_q, alpha, regularizer):
    square = solutions.squared_td_error(q_value, reward, gamma, best_next_q)
    slips = (
        Slip(square + regularizer, "Alpha is missing: it multiplies the regulariser."),
        Slip(alpha * (square + regularizer), "Alpha multiplies the regulariser only, not the squared error."),
    )
    rights = (
        "The target is r + gamma x next value; its distance from Q(s, a) is squared.",
        "It is the squared error plus alpha x regulariser.",
    )
    return Variant(
        f"One recorded step has $Q(s, a) = {q_value:g}$, $r = {reward:g}$ and $\\max_{{a'}} Q(s', a') = {best_next_q:g}$; it "
        f"does not end its episode. Here $\\gamma = {gamma:g}$, $\\alpha = {alpha:g}$, and the regulariser is "
        f"${regularizer:g}$.\n\n"
        "- **a**: how large is the squared TD error, without a factor $\\tfrac12$?\n- **b**: how large is the whole CQL loss?",
        *answers_4_2(q_value, reward, gamma, best_next_q, alpha, regularizer, rights, slips),
    )


# --- 4.3 Why plain TD fails offline -----------------------------------------------------------------------------------

chapter.trace(
    "4.3",
    Letter(
        "answer_4_3",
        "B",
        options={
            "A": "More steps of the same kind sharpen the values of the actions they hold. An action that nobody takes "
            "stays as unknown after a million steps as after ten.",
            "B": "The maximum seeks out the entries that are too high by mistake, the target hands them to the states "
            "before, and nobody ever goes there to be disappointed.",
            "C": "Q-learning is off-policy: with every action tried often enough in every state it finds the best policy "
            "from anybody's data. What is missing is not its own data but some of the actions.",
            "D": "Shuffling and a target network steady the training, and the table of the demo needed neither. It converged "
            "smoothly, to a wrong answer: neither cure tells it anything about the untried action.",
        },
    ),
)

# --- 4.4 Log-sum-exp of Q ---------------------------------------------------------------------------------------------


def answer_4_4(q_values, right):
    """The question with any three Q-values."""
    soft, total = solutions.soft_maximum(q_values), np.sum(np.exp(q_values))
    return Number(
        "answer_4_4",
        soft,
        right=right,
        slips=(
            Slip(max(q_values), "This is the hard maximum. The other two actions add something."),
            Slip(np.mean(q_values), "This is the uniform average, which log-sum-exp does not approximate."),
            Slip(total, "The logarithm of this sum is asked."),
            Slip(np.log10(total), "You took the logarithm to base 10. The natural one is meant."),
            Slip(
                soft - np.log(3),
                "You averaged the exponentials. They are summed, without dividing by the number of actions.",
            ),
            Slip(
                np.log(np.sum(q_values)),
                "You took the logarithm of the sum of the Q-values. Each is exponentiated first.",
            ),
        ),
    )


ex4_4 = chapter.derive(
    "4.4",
    answer_4_4(
        (1.0, 3.0, 2.0),
        "It lies 0.41 above the largest Q-value, 3. A soft maximum is never below the maximum, and above it by at most "
        "the logarithm of the number of actions, here log 3 = 1.10.",
    ),
)


@variants_of(ex4_4, q_values=several(3, in_steps(0, 4, 0.5)))
def _(q_values):
    if sum(q_values) == 0:
        return None
    return Variant(
        f"A state has the values $Q(s, \\cdot) = [{listed(q_values)}]$. How large is $\\log \\sum_a e^{{Q(s, a)}}$, with the "
        "natural logarithm?",
        answer_4_4(q_values, "Exponentiate each, add, and take the natural logarithm of the sum."),
    )


# --- 4.5 cql_regularizer ----------------------------------------------------------------------------------------------

ex4_5 = chapter.build(
    "4.5",
    solutions.cql_regularizer,
    cases=(
        "cql_regularizer([0.5, 2.0, -1.0], [1])",
        "cql_regularizer([3.0, 5.0, 2.0, 4.0], [1, 3])",
        "cql_regularizer([1000.0, 1000.0], [0])",
        "cql_regularizer([1.0, 2.0, 4.0], [0, 2, 2])",
        Raises("cql_regularizer([1.0, 2.0], [])"),
    ),
    right="It is never negative: the soft maximum lies above every Q-value, so above every mean of them.",
    slips=(
        Slip(
            solutions.uniform_regularizer,
            "You took the uniform average. The log-sum-exp form is asked.",
        ),
        Slip(
            lambda q_values, dataset_action_indices: (
                np.max(q_values) - np.mean(np.array(q_values)[dataset_action_indices])
            ),
            "You took the hard maximum in place of the logarithm of the sum of exponentials.",
        ),
        Slip(
            lambda q_values, dataset_action_indices: (
                logsumexp(q_values) - np.mean(np.array(q_values)[np.unique(dataset_action_indices)])
            ),
            "An action that was recorded twice counts twice in the mean.",
        ),
        Slip(
            lambda q_values, dataset_action_indices: (
                logsumexp(q_values) - np.sum(np.array(q_values)[dataset_action_indices])
            ),
            "You summed over the recorded actions. Their mean is asked.",
        ),
        Slip(
            lambda q_values, dataset_action_indices: (
                np.mean(np.array(q_values)[dataset_action_indices]) - logsumexp(q_values)
            ),
            "The sign is reversed: as it stands, lowering the loss would push the untried actions up.",
        ),
        Slip(
            lambda q_values, dataset_action_indices: (
                logsumexp(q_values) - np.log(len(q_values)) - np.mean(np.array(q_values)[dataset_action_indices])
            ),
            "You averaged the exponentials. They are summed.",
        ),
        Slip(
            lambda q_values, dataset_action_indices: (
                logsumexp(np.subtract(q_values, np.max(q_values))) - np.mean(np.array(q_values)[dataset_action_indices])
            ),
            "You subtracted the largest Q-value before the exponentials; add it again after the logarithm.",
        ),
    ),
)


@ex4_5.group("values", "Your log-sum-exp minus the mean of the recorded actions is off on ordinary Q-values.", weight=2)
def _(student, rng):
    ex4_5.compare(student, [1.0, 3.0, 2.0], [1])
    ex4_5.compare(student, list(Q_4_1), list(RECORDED_4_1))
    for n_actions in (1, 2, 5, 30):
        recorded = rng.choice(n_actions, size=(n_actions + 1) // 2, replace=False)
        ex4_5.compare(student, rng.normal(scale=2.0, size=n_actions), recorded)


@ex4_5.group("repeated actions", "An action that the data hold three times must count three times in the mean.")
def _(student, rng):
    for _ in range(3):
        recorded = np.concatenate([[0, 0, 0, 1], rng.integers(4, size=3)])
        ex4_5.compare(student, rng.normal(scale=2.0, size=4), recorded)
    ex4_5.compare(student, [0.5, 2.0, -1.0], [2, 2, 0])


@ex4_5.group(
    "large Q-values",
    "Q-values of 1000 or -1000 must work: exp(1000) overflows and log(exp(-1000)) is -inf. What can be taken out of the "
    "sum first?",
)
def _(student, rng):
    for level in (-5000.0, 5000.0):
        ex4_5.compare(student, level + rng.normal(scale=2.0, size=5), [0, 3], relative=1e-6)
    ex4_5.compare(student, [0.0, 2000.0, -2000.0], [0])
    ex4_5.compare(student, [1000.0, 1000.0], [0])


@ex4_5.group("masked actions", "An action that is masked with a Q-value of -1e9 must weigh nothing in the log-sum-exp.")
def _(student, rng):
    ex4_5.compare(student, [1.0, -1e9, 3.0, -1e9], [0, 2])
    q_values = np.append(rng.normal(size=3), [-1e9, -1e9])
    ex4_5.compare(student, q_values, [1, 1, 2])


@ex4_5.group(
    "properties",
    "Two things must hold for every state: it is never negative, and adding one number to all Q-values leaves it alone.",
)
def _(student, rng):
    for _ in range(5):
        q_values = rng.normal(scale=3.0, size=6)
        recorded = [int(q_values.argmax())]  # where the regulariser comes closest to 0
        value = float(student(q_values, recorded))
        if not value >= -1e-6:
            raise Fail("It came out negative on a state: the soft maximum is larger than every Q-value.")
        if abs(float(student(q_values + 7.5, recorded)) - value) > 1e-5 * (1 + value):
            raise Fail("")
    only_action = float(student([4.2], [0, 0]))
    if abs(only_action) > 1e-6:
        raise Fail("With a single action there is nothing to push down: the value must be 0.")


@ex4_5.group(
    "no data", "An empty list of recorded actions must raise ValueError: the mean over no actions is undefined."
)
def _(student, rng):
    ex4_5.expect_error(student, ValueError, [1.0, 2.0], [])
    ex4_5.expect_error(student, ValueError, rng.normal(size=4), np.array([], dtype=int))


# --- 4.7 td_target ----------------------------------------------------------------------------------------------------


def _target_with(mask):
    """A target whose next value, or all of it, is masked wrongly."""

    def td_target(rewards, next_q, dones, gamma):
        rewards, dones = np.asarray(rewards, dtype=float), np.asarray(dones, dtype=float)
        return mask(rewards, gamma * np.max(np.asarray(next_q, dtype=float), axis=1), dones)

    return td_target


ex4_7 = chapter.debug(
    "4.7",
    solutions.td_target,
    Line(
        "buggy_line_4_7",
        4,
        right="Line 4 never looks at `dones`. The step into the goal is then worth its reward plus the value of a state from "
        "which nobody will ever act, and since no recorded step starts there, that value stays whatever it was at first.",
        slips={
            1: "Line 1 only names the function. Its argument `dones` is right; who uses it?",
            2: "Line 2 turns a list into an array, which is right.",
            3: "Line 3 takes the best next action in each row, which is right as long as there is a next action. Where is "
            "it used?",
        },
        otherwise="The listing has four lines.",
    ),
    cases=(
        "td_target([1.0, 1.0], [[0.0, 3.0], [0.0, 3.0]], [False, True], 0.9)",
        "td_target([-1.0, -1.0, 10.0], [[-3.0, -5.0], [2.0, 0.5], [8.0, 9.0]], [0, 0, 1], 0.5)",
    ),
    right="A step that ends its episode is worth its reward and nothing more.",
    slips=(
        Slip(
            _target_with(lambda rewards, after, dones: rewards + after),
            "This is the old listing's value: a step that ended its episode still gets a next value.",
        ),
        Slip(
            _target_with(lambda rewards, after, dones: rewards + after * dones),
            "The mask is the wrong way round: the next value counts where the episode goes on.",
        ),
        Slip(
            _target_with(lambda rewards, after, dones: (rewards + after) * (1 - dones)),
            "You dropped the reward of the last step too. It was earned.",
        ),
        Slip(
            _target_with(lambda rewards, after, dones: (1 - dones) * rewards + after),
            "You masked the reward instead of the next value.",
        ),
    ),
)


def _batch(rng, n_steps, n_actions):
    """Rewards, next Q-values and dones of random steps; about a third of them end an episode, at least one does."""
    dones = rng.random(n_steps) < 0.35
    dones[rng.integers(n_steps)] = True
    return rng.normal(size=n_steps), rng.normal(scale=5.0, size=(n_steps, n_actions)), dones


# Each group holds a step that ends its episode, so that the listing as it was found earns nothing.


@ex4_7.group(
    "mixed batches",
    "In a batch of both kinds, a step that goes on has the target r + gamma max Q(s', .) of its own row, a step that ended "
    "its reward.",
    weight=2,
)
def _(student, rng):
    for n_steps, n_actions, gamma in ((2, 3, 0.9), (6, 2, 0.5), (40, 5, 0.99)):
        rewards, next_q, dones = _batch(rng, n_steps, n_actions)
        dones[0], dones[1] = False, True
        ex4_7.compare(student, rewards, next_q, dones, gamma)


@ex4_7.group("batches that end", "Where every episode ended, the targets are the rewards, whatever stands in next_q.")
def _(student, rng):
    rewards, next_q, _ = _batch(rng, 8, 4)
    ex4_7.compare(student, rewards, next_q, np.ones(8, dtype=bool), 0.95)
    ex4_7.compare(student, rng.normal(size=1), np.array([[1e6, -1e6]]), np.array([True]), 1.0)


@ex4_7.group(
    "kinds of dones",
    "dones may come as bools, as 0 and 1, or as a list; ~ and - mean different things for each of them.",
)
def _(student, rng):
    rewards, next_q, dones = _batch(rng, 9, 3)
    dones[:2] = False, True
    for kind in (dones, dones.astype(int), dones.astype(float), dones.tolist(), dones.astype(int).tolist()):
        ex4_7.compare(student, rewards, next_q, kind, 0.9)
    ex4_7.compare(student, [1, 2], [[3, 4], [5, 6]], [0, 1], 0.5)


# --- 4.6 cql_loss -----------------------------------------------------------------------------------------------------


def _loss_with(
    square=np.square,
    average=np.mean,
    target=solutions.td_target,
    soft=lambda q: logsumexp(q, axis=1),
    weigh=lambda alpha, regulariser: alpha * regulariser,
    taken=lambda q, actions: q[np.arange(len(q)), actions],
):
    """The loss with one part replaced by a mistake."""

    def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
        q_values, actions = np.asarray(q_values, dtype=float), np.asarray(actions, dtype=int)
        chosen = q_values[np.arange(len(q_values)), actions]
        error = taken(q_values, actions) - target(rewards, next_q_values, dones, gamma)
        return float(average(square(error) + weigh(alpha, soft(q_values) - chosen)))

    return cql_loss


ex4_6 = chapter.build(
    "4.6",
    solutions.cql_loss,
    cases=(
        "cql_loss([[2.0, 2.0]], [0], [1.0], [[3.0, 0.0]], [False], gamma=0.9, alpha=1.0)",
        "cql_loss([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]], [0, 1], [0.25, 1.5], [[2.0, 0.0, 1.0], [9.0, 9.0, 9.0]], "
        "[False, True], gamma=0.9, alpha=0.5)",
        "cql_loss([[1.0, 2.0], [4.0, 3.0]], [1, 0], [1.0, 0.0], [[0.0, 2.0], [5.0, 1.0]], [0, 0], gamma=0.5, alpha=0.0)",
    ),
    right="With α = 0 it is the loss of Q-learning; each unit of α adds the mean regulariser once.",
    slips=(
        Slip(
            _loss_with(square=lambda error: error**2 / 2),
            "You halved the squared error, as the paper does. Here the factor is 1.",
        ),
        Slip(_loss_with(average=np.sum), "You returned the sum over the batch. The mean is asked."),
        Slip(
            _loss_with(target=_target_with(lambda rewards, after, dones: rewards + after)),
            "A step that ended its episode still gets a next value: the mask of exercise 4.7 is missing.",
        ),
        Slip(
            _loss_with(target=_target_with(lambda rewards, after, dones: (rewards + after) * (1 - dones))),
            "You dropped the reward of the last step too. It was earned.",
        ),
        Slip(
            _loss_with(soft=lambda q: q.mean(axis=1)),
            "Your regulariser uses the uniform average. The log-sum-exp form is asked.",
        ),
        Slip(
            _loss_with(soft=lambda q: q.max(axis=1)),
            "Your regulariser uses the hard maximum in place of the log-sum-exp.",
        ),
        Slip(_loss_with(weigh=lambda alpha, regulariser: regulariser), "alpha does not weigh the regulariser."),
        Slip(
            _loss_with(weigh=lambda alpha, regulariser: -alpha * regulariser),
            "The regulariser is added, not subtracted: as it stands untried actions are pushed up.",
        ),
        Slip(
            _loss_with(square=np.abs),
            "You took the size of the TD error. Its square is asked.",
        ),
        Slip(
            _loss_with(taken=lambda q, actions: q.max(axis=1)),
            "The TD error belongs to the recorded action, not to the best one.",
        ),
        Slip(
            _loss_with(soft=lambda q: np.broadcast_to(logsumexp(q), len(q))),
            "The log-sum-exp runs over the actions of each state, not over the whole batch.",
        ),
        Slip(
            lambda q_values, actions, rewards, next_q_values, dones, gamma, alpha: solutions.cql_loss(
                q_values, actions, rewards, next_q_values, dones, gamma, 0.0
            ),
            "The regulariser is missing.",
        ),
    ),
)


def _steps(rng, n_steps, n_actions):
    """The first five arguments of the loss for random steps, some of which end an episode."""
    rewards, next_q, dones = _batch(rng, n_steps, n_actions)
    q_values = rng.normal(scale=3.0, size=(n_steps, n_actions))
    return [q_values, rng.integers(n_actions, size=n_steps), rewards, next_q, dones]


@ex4_6.group("values", "On ordinary steps your mean of squared TD error plus alpha times regulariser is off.", weight=2)
def _(student, rng):
    for n_steps, n_actions in ((1, 2), (5, 4), (64, 3)):
        q_values, actions, rewards, next_q, dones = _steps(rng, n_steps, n_actions)
        going_on = np.zeros_like(dones)
        ex4_6.compare(student, q_values, actions, rewards, next_q, going_on, 0.9, 0.7)
        ex4_6.compare(student, q_values, actions, rewards, next_q, going_on, gamma=0.99, alpha=5.0)


@ex4_6.group(
    "ends of episodes", "Where the episode ended, the target is the reward alone, whatever stands in next_q_values."
)
def _(student, rng):
    for n_steps in (1, 20):
        ex4_6.compare(student, *_steps(rng, n_steps, 4), 0.95, 1.0)
    q_values, actions, rewards, next_q, _ = _steps(rng, 6, 3)
    ex4_6.compare(student, q_values, actions, rewards, next_q + 1e4, np.ones(6, dtype=int), 1.0, 0.3)


@ex4_6.group(
    "the limits of alpha", "With alpha = 0 the loss is the mean squared TD error, and it grows in proportion to alpha."
)
def _(student, rng):
    steps = _steps(rng, 12, 4)
    ex4_6.compare(student, *steps, 0.9, 0.0)
    ex4_6.compare(student, *steps, 0.0, 2.0)
    ex4_6.compare(student, *steps, 0.9, 1000.0)


@ex4_6.group(
    "large Q-values", "Q-values of 1000 must work. Is your log-sum-exp the stable one of exercise 4.5, row by row?"
)
def _(student, rng):
    for level in (-2000.0, 2000.0):
        q_values, actions, rewards, next_q, dones = _steps(rng, 8, 4)
        ex4_6.compare(
            student,
            q_values + level,
            actions,
            rewards + level * np.where(dones, 1.0, 0.1),
            next_q + level,
            dones,
            0.9,
            1.0,
        )
    q_values = np.array([[1000.0, 0.0], [-1000.0, 0.0]])
    actions, dones = np.array([1, 0]), np.array([True, True])
    ex4_6.compare(student, q_values, actions, np.zeros(2), np.zeros((2, 2)), dones, 0.9, 1.0)


@ex4_6.group(
    "the gradient",
    "The slope of your loss in Q(s, a) is off: only the recorded action feels the TD error, every action of the state feels "
    "the regulariser.",
)
def _(student, rng):
    n_steps, n_actions, alpha, step = 3, 4, 0.8, 1e-2
    q_values, actions, rewards, next_q, dones = _steps(rng, n_steps, n_actions)
    recorded = np.eye(n_actions)[actions]
    error = np.sum(q_values * recorded, axis=1) - solutions.td_target(rewards, next_q, dones, 0.9)
    expected = (2 * recorded * error[:, None] + alpha * (softmax(q_values, axis=1) - recorded)) / n_steps
    for i in range(n_steps):
        for j in range(n_actions):
            ends = []
            for sign in (1, -1):
                moved = q_values.copy()
                moved[i, j] += sign * step
                ends.append(float(student(moved, actions, rewards, next_q, dones, 0.9, alpha)))
            slope = (ends[0] - ends[1]) / (2 * step)
            if not abs(slope - expected[i, j]) < 1e-3 * (1 + abs(expected[i, j])):  # single precision passes
                raise Fail("")


@ex4_6.group("lists and integers", "Lists and integer arrays must work as well as float arrays, and stay as they were.")
def _(student, rng):
    ex4_6.compare(student, [[1, 2], [3, 0]], [1, 0], [1, 2], [[0, 1], [2, 2]], [True, False], 0.5, 1)
    steps = _steps(rng, 7, 3)
    before = [np.array(part) for part in steps]
    student(*steps, 0.9, 1.0)
    if not all(np.array_equal(part, old) for part, old in zip(steps, before, strict=True)):
        raise Fail("Your function changed the arrays it was given. Work on a copy.")
    ex4_6.compare(student, *(part.tolist() for part in steps), 0.9, 1.0)
