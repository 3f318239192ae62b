"""Chapter 7, reward shaping: what `check` says and what the hidden tests ask."""

import numpy as np

from autograder.marking import Chapter, Fail, Letter, Line, Number, Raises, Slip
from autograder.variants import Variant, in_steps, one_of, several, variants_of
from utils.check import agree
from utils.solutions import ch07 as solutions

chapter = Chapter("ch07_reward_shaping")
grade = chapter.grade

# --- 7.1 Shaped reward ------------------------------------------------------------------------------------------------


def answer_7_1(cell, to, gamma, right):
    """The question with any step between neighbours, towards the goal (0, 0) or away from it."""
    opposite = tuple(2 * a - b for a, b in zip(cell, to, strict=True))
    here, there, back = (solutions.manhattan_potential(place) for place in (cell, to, opposite))
    bonus = solutions.shaped_reward(0, here, there, gamma)
    other_way = "away from the goal" if there > here else "towards the goal"
    return Number(
        "answer_7_1",
        bonus,
        right=right,
        slips=(
            Slip(
                solutions.shaped_reward(0, here, there, 1.0),
                "The discount is missing: the potential of the next cell is multiplied by gamma.",
            ),
            Slip(
                solutions.shaped_reward(0, here, back, gamma),
                f"This is the bonus of a step {other_way}. Which of the two cells is the nearer one?",
            ),
            Slip(
                gamma * here - there,
                "Old and new cell are exchanged: gamma belongs to the cell that the step leads to.",
            ),
            Slip(
                -bonus,
                "Right size, wrong sign. The potential is minus the distance, and the new cell's stands first.",
            ),
            Slip(
                there - gamma * here,
                "The discount stands at the wrong potential: it belongs to the cell that the step leads to.",
            ),
            Slip(
                gamma * there + here,
                "The old cell's potential is subtracted, and it is negative itself: mind the two signs.",
            ),
            Slip(
                solutions.shaped_reward(0, here, here, gamma),
                f"This is the bonus for standing still. The agent moves to {to}.",
            ),
        ),
    )


ex7_1 = chapter.derive(
    "7.1",
    answer_7_1(
        (2, 3),
        (2, 2),
        0.99,
        "One step nearer pays 1.04. One step away would cost 0.94, and a bump that leaves the agent at (2, 3) would pay "
        "0.05.\n\nThat last number is no printing error: where the potential is negative, standing still pays, because "
        "-(1 - gamma) times a negative number is positive. Standing still for ever would collect 0.05 / 0.01 = 5, and "
        "walking to the goal collects 5 as well: the bonus takes no side.",
    ),
)


@variants_of(
    ex7_1,
    cell=several(2, in_steps(1, 9, 1)),
    step=one_of((0, 1), (1, 0), (0, -1), (-1, 0)),
    gamma=one_of(0.8, 0.9, 0.95, 0.98, 0.99),
)
def _(cell, step, gamma):
    to = tuple(a + b for a, b in zip(cell, step, strict=True))
    return Variant(
        f"An agent on an open grid stands at cell ${cell}$ and moves to ${to}$. The goal is $(0, 0)$, the potential is minus "
        f"the Manhattan distance to the goal (rows plus columns), $\\gamma = {gamma:g}$, and the move itself pays $r = 0$. "
        "What is the shaped reward $r'$ of this move?",
        answer_7_1(cell, to, gamma, "It is gamma x new potential - old potential, and both potentials are negative."),
    )


# --- 7.2 Telescoping --------------------------------------------------------------------------------------------------

POTENTIALS_7_2 = (5.0, 3.0, 1.0, 0.0)


def answer_7_2(potentials, right, last_step):
    """The question with any four potentials; `last_step` is the hint for who leaves the last step out."""
    total = solutions.telescoped(potentials, 1.0)
    terms = np.diff(potentials)
    return Number(
        "answer_7_2",
        total,
        right=right,
        slips=(
            Slip(-total, "Right size, wrong sign: each term is the new potential minus the old one."),
            Slip(terms[:-1].sum(), last_step),
            Slip(sum(potentials), "You added the potentials. Each term is a difference of two neighbours."),
            Slip(total / 3, "This is the mean of the three terms. Their sum is asked."),
            Slip(terms[-1], "This is the last term alone. Add all three."),
            Slip(terms[0], "This is the first term alone. Add all three."),
        ),
    )


ex7_2 = chapter.derive(
    "7.2",
    answer_7_2(
        (5.0, 3.0, 1.0, 0.0),
        "The terms are -2, -2 and -1. Whatever happened on the way cancels: the sum is minus the potential of the first "
        "state. A different way from the same start to a terminal state has the same sum, so no way is favoured."
        "\n\nA popular answer key writes the sum as gamma to the power T + 1 times the potential of a state T + 1 that does "
        "not exist. The number comes out the same here only because the last potential is 0.",
        "The last step is missing. The step into the terminal state earns a term too.",
    ),
)


@variants_of(ex7_2, potentials=several(4, in_steps(0, 9, 0.5)))
def _(potentials):
    shown = ", ".join(f"$\\Phi(s_{i}) = {value:g}$" for i, value in enumerate(potentials))
    return Variant(
        f"An agent walks through four states with potentials {shown}; its episode goes on after that. There is no discount: "
        "$\\gamma = 1$. What is the sum of the three shaping terms of these three steps?",
        answer_7_2(
            potentials,
            "Whatever lies between cancels: it is the last potential less the first.",
            "The last step is missing. Four states have three steps between them.",
        ),
    )


# --- 7.3 A shaping that backfires -------------------------------------------------------------------------------------

chapter.trace(
    "7.3",
    Letter(
        "answer_7_3",
        "B",
        options={
            "A": "The distance driven so far is not a function of the state: back at the same spot it has another value. And "
            "if you put it into the state, it is not 0 where the episode ends, so longer ways pay more.",
            "B": "A round trip returns to the state it started from, and a potential would have to take back on the way what "
            "it gave. This bonus takes nothing back, so a loop is worth more than the goal as soon as the bonus is not tiny. "
            "A boat in a racing game learned exactly that: it circled through three targets, on fire, and never "
            "finished.",
            "C": "It is not the same constant for every step: a turn, a wait and the end of the episode earn nothing. And "
            "even a constant for every step makes long episodes worth more than short ones.",
            "D": "Discounting makes the sum finite, not harmless: with discount 0.99 a bonus of 1 in every step adds up to "
            "100, which is more than many goals are worth.",
        },
    ),
)

# --- 7.4 Choose a potential -------------------------------------------------------------------------------------------

chapter.design(
    "7.4",
    Letter(
        "answer_7_4",
        "D",
        options={
            "A": "Without a potential the agent learns the right thing in the end, but until the first goal nothing tells it "
            "where to go.",
            "B": "The straight line ignores walls: where a wall stands between the agent and the goal it pulls into dead "
            "ends. It helps, but something better is on the list.",
            "C": "A potential of the time telescopes too, and with 0 at the end it leaves the best policy alone. But it has "
            "the same value in every cell, so it does not say where the goal is.",
            "D": "With a cost of 1 per step and no discount this is V* itself, the perfect potential: each right step then "
            "earns exactly 0, each wrong one less, and nothing is left to find out by waiting. The minus sign matters: plus "
            "the length would point away from the goal. With +1 at the goal and a discount, V* has the length in the "
            "exponent: gamma to the power (length - 1). Who knows the way does not need to learn it, of course; in practice "
            "one takes the length in a coarse or old map.",
        },
    ),
)

# --- 7.5 Is the KL penalty shaping? -----------------------------------------------------------------------------------

chapter.trace(
    "7.5",
    Letter(
        "answer_7_5",
        "A",
        options={
            "A": "The sums over prefixes look like a potential, but it changes with the policy that is being optimised, and "
            "it is not 0 when the response ends: the whole log-ratio stays on the bill. So the optimum moves, from the "
            "response of largest reward to the reference reweighted by exp(r / beta). That is what the charge is for.",
            "B": "The charges do add up to one number, the log-ratio of the response. But that number is not the same for "
            "all responses, as it would have to be if the best policy were to stay.",
            "C": "A small charge moves the optimum a little, and a little is not nothing: for every beta above 0 the best "
            "policy gives each response of the reference some probability.",
            "D": "Charged once for the whole response or token by token, the sum is the same, and so is the policy that is best.",
        },
    ),
)

# --- 7.6 shaping_terms ------------------------------------------------------------------------------------------------


def _terms(after_done=None, first_gamma=None, mask_start=False):
    """Variants of the bonus that students write."""

    def terms(potentials, dones, gamma):
        potentials, dones = np.asarray(potentials, float), np.asarray(dones, bool)
        after = potentials[1:] if after_done is None else np.where(dones, after_done, potentials[1:])
        before = potentials[:-1]
        if mask_start:
            blank = potentials.copy()
            blank[1:][dones] = 0.0
            after, before = blank[1:], blank[:-1]
        return (gamma if first_gamma is None else first_gamma) * after - before

    return terms


ex7_6 = chapter.build(
    "7.6",
    solutions.shaping_terms,
    cases=(
        "shaping_terms([5.0, 3.0, 1.0, 0.0], [False, False, True], gamma=1.0)",
        "shaping_terms([-4.0, -3.0, -2.0], [False, True], gamma=0.9)",
        "shaping_terms([1.0, 2.0, 7.0, 3.0], [False, True, False], gamma=0.5)",
        Raises("shaping_terms([1.0, 2.0], [False, False], gamma=0.9)"),
    ),
    right="Every step has its bonus, and at the end of an episode the potential is paid back in full.",
    slips=(
        Slip(
            _terms(),
            "The potential of a terminal state must count as 0. You took the one from the list.",
        ),
        Slip(
            lambda potentials, dones, gamma: np.where(dones, 0.0, _terms()(potentials, dones, gamma)),
            "You set the whole bonus of the last step to 0. Only the potential of the state it leads to is 0.",
        ),
        Slip(
            _terms(mask_start=True),
            "The step after the end of an episode starts in a new state: its own potential must not be wiped out.",
        ),
        Slip(
            lambda potentials, dones, gamma: -_terms(after_done=0.0)(potentials, dones, gamma),
            "Every sign is turned round: the new potential stands first, the old one is subtracted.",
        ),
        Slip(
            _terms(after_done=0.0, first_gamma=1.0),
            "The discount is missing: the new potential is multiplied by gamma.",
        ),
        Slip(
            lambda potentials, dones, gamma: gamma * _terms(after_done=0.0, first_gamma=1.0)(potentials, dones, gamma),
            "You discounted both potentials. Only the new one is discounted.",
        ),
        Slip(
            lambda potentials, dones, gamma: (
                gamma ** np.arange(len(dones)) * _terms(after_done=0.0)(potentials, dones, gamma)
            ),
            "You multiplied by gamma**t as well. That belongs to the return, not to the bonus of a step.",
        ),
    ),
)


@ex7_6.group("steps inside an episode", "On steps that do not end an episode, your bonus is off.", weight=2)
def _(student, rng):
    for steps in (1, 2, 5, 60):
        gamma = rng.uniform(0.3, 1.0)
        ex7_6.compare(student, rng.normal(scale=3.0, size=steps + 1), np.zeros(steps, dtype=bool), gamma)
    ex7_6.compare(student, rng.normal(size=9), np.zeros(8, dtype=bool), 0.0)
    ex7_6.compare(student, rng.normal(size=9), np.zeros(8, dtype=bool), 1.0)


@ex7_6.group(
    "terminal steps", "On a step into a terminal state, your bonus is off. What is the potential there?", weight=2
)
def _(student, rng):
    for steps in (1, 3, 20):
        dones = np.zeros(steps, dtype=bool)
        dones[-1] = True
        potentials = rng.normal(scale=3.0, size=steps + 1)
        potentials[-1] += np.copysign(1.0, potentials[-1])
        ex7_6.compare(student, potentials, dones, rng.uniform(0.5, 1.0))


@ex7_6.group(
    "several episodes in one record",
    "Where the record goes on after an end, the next step starts in its own state, with its own potential.",
)
def _(student, rng):
    for _ in range(5):
        steps = int(rng.integers(10, 40))
        dones = rng.random(steps) < 0.3
        dones[[2, 3]] = True
        ex7_6.compare(student, rng.normal(size=steps + 1), dones, 0.9)


@ex7_6.group(
    "unknown potential at the end",
    "A terminal state may have no potential at all (nan or infinite). Choose 0 there; multiplying nan by 0 gives nan.",
)
def _(student, rng):
    for unknown in (np.nan, np.inf, -np.inf):
        potentials = rng.normal(size=6)
        potentials[-1] = unknown
        expected = solutions.shaping_terms(potentials, [False] * 4 + [True], 0.95).tolist()
        if not agree(student(potentials, [False] * 4 + [True], 0.95), expected):
            raise Fail("")  # the group's own message: nan equals nan, so a slip would be recognised wrongly


@ex7_6.group(
    "lists and whole numbers",
    "Lists, whole numbers and 0/1 instead of False/True must work, and the arrays you get must stay as they were.",
)
def _(student, rng):
    ex7_6.compare(student, [3, 2, 1, 5], [False, False, True], 0.5)
    ex7_6.compare(student, rng.integers(-5, 6, size=8), [0, 0, 1, 0, 0, 0, 1], 0.9)
    ex7_6.compare(student, rng.integers(1, 6, size=4), np.array([0, 1, 0]), 0.9)
    potentials, dones = rng.normal(size=5), np.array([False, True, False, True])
    before = potentials.copy(), dones.copy()
    student(potentials, dones, 0.9)
    if not (np.array_equal(potentials, before[0]) and np.array_equal(dones, before[1])):
        raise Fail("Your function changed the arrays it was given. Work on a copy.")


@ex7_6.group("bad input", "There must be exactly one potential more than there are steps; otherwise raise ValueError.")
def _(student, rng):
    ex7_6.expect_error(student, ValueError, rng.normal(size=4), np.zeros(4, dtype=bool), 0.9)
    ex7_6.expect_error(student, ValueError, [1.0, 2.0], [False, False, True], 0.9)
    ex7_6.expect_error(student, ValueError, [1.0, 2.0, 3.0], [True], 0.9)


# --- 7.7 is_potential_based -------------------------------------------------------------------------------------------


def _there_and_back(shaping, gamma, tol=1e-8):
    """Looks at pairs of states only: standing still, and there and back."""
    shaping = np.asarray(shaping, dtype=float)
    pairs = shaping + shaping.T
    return bool(np.all(np.isnan(pairs) | (np.abs(pairs) <= tol)))


ex7_7 = chapter.build(
    "7.7",
    solutions.is_potential_based,
    cases=(
        "is_potential_based([[-0.2, 0.7, -1.1], [-1.2, -0.3, -2.1], [0.8, 1.7, -0.1]], gamma=0.9)",
        "is_potential_based([[np.nan, 1.0, np.nan], [np.nan, np.nan, 1.0], [1.0, np.nan, np.nan]], gamma=1.0)",
        "is_potential_based([[np.nan, 1.0, np.nan], [np.nan, np.nan, 1.0], [1.0, np.nan, np.nan]], gamma=0.9)",
        "is_potential_based([[0.0, 2.0], [-2.0, 0.0]], gamma=0.9)",
        "is_potential_based([[np.nan, 1.0, 2.0, np.nan], [np.nan, np.nan, np.nan, 3.0], [np.nan, np.nan, np.nan, 1.0], "
        "[np.nan, np.nan, np.nan, np.nan]], gamma=1.0)",
    ),
    right="A table is potential-based exactly when its equations have a solution. The third case may surprise: with a discount, "
    "a constant bonus c for every step belongs to the constant potential c / (gamma - 1). In a task that never ends it is "
    "harmless; where episodes end, that potential is not 0 at the end, and it is not.",
    slips=(
        Slip(
            lambda shaping, gamma, tol=1e-8: solutions.is_potential_based(shaping, 1.0, tol),
            "Your answer does not depend on gamma: the discount is missing in the equations.",
        ),
        Slip(
            _there_and_back,
            "You compare each transition with its reverse. Longer loops, and two ways between the same states, count as well.",
        ),
        Slip(
            lambda shaping, gamma, tol=1e-8: solutions.is_potential_based(np.nan_to_num(shaping), gamma, tol),
            "A transition that does not exist (nan) makes no demand. You treat it as a bonus of 0.",
        ),
        Slip(
            lambda shaping, gamma, tol=1e-8: solutions.is_potential_based(np.transpose(shaping), gamma, tol),
            "Rows and columns are exchanged: the row is the state before the step.",
        ),
    ),
)


def _table(rng, n, gamma, share=1.0, scale=3.0):
    """Table of a random potential, of which a share of the transitions exists, the ring 0, 1, ... 0 always."""
    potential = rng.normal(scale=scale, size=n)
    table = np.full((n, n), np.nan)
    exists = rng.random((n, n)) < share
    exists[np.arange(n), (np.arange(n) + 1) % n] = True
    for s, t in np.argwhere(exists):
        table[s, t] = gamma * potential[t] - potential[s]
    return table


def _spoil(rng, table, size=0.1):
    """A copy with one existing entry changed, one that lies on the ring."""
    spoiled = table.copy()
    s = int(rng.integers(len(table)))
    spoiled[s, (s + 1) % len(table)] += size
    return spoiled


def _verdict(student, table, gamma, **options):
    """Fail with the group's message unless the verdict is right: of two values a wrong one betrays no slip."""
    if not agree(student(table, gamma, **options), solutions.is_potential_based(table, gamma, **options)):
        raise Fail("")


@ex7_7.group("every transition exists", "On full tables your verdict is wrong: some yes, some no is right.", weight=2)
def _(student, rng):
    for n, gamma in ((2, 0.9), (3, 0.5), (5, 0.95), (8, 1.0), (12, 0.99)):
        table = _table(rng, n, gamma)
        _verdict(student, table, gamma)
        _verdict(student, _spoil(rng, table), gamma)
    _verdict(student, rng.normal(size=(5, 5)), 0.9)


@ex7_7.group(
    "missing transitions",
    "Where transitions are missing (nan), your verdict is wrong. Only those that exist make a demand.",
    weight=2,
)
def _(student, rng):
    for n, gamma in ((3, 1.0), (6, 1.0), (10, 1.0), (6, 0.95)):
        table = _table(rng, n, gamma, share=0.3)
        table[0, 2] = np.nan  # never a full table
        _verdict(student, table, gamma)
    for n in (3, 6, 10):
        table = _table(rng, n, 1.0, share=0.3)
        table[0, 2] = np.nan
        _verdict(student, _spoil(rng, table), 1.0)
    _verdict(student, np.full((3, 3), np.nan), 0.9)


@ex7_7.group(
    "two ways to one place",
    "Two ways between the same states must earn the same, also where no loop leads back. A single way can earn anything.",
)
def _(student, rng):
    for gamma in (1.0, 0.9):
        chain = np.full((5, 5), np.nan)
        chain[np.arange(4), np.arange(1, 5)] = rng.normal(size=4)
        _verdict(student, chain, gamma)
        potential = rng.normal(size=5)
        diamond = np.full((5, 5), np.nan)
        for s, t in ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4)):
            diamond[s, t] = gamma * potential[t] - potential[s]
        _verdict(student, diamond, gamma)
        diamond[2, 3] += 0.5
        _verdict(student, diamond, gamma)


@ex7_7.group(
    "the discount",
    "With a discount below 1, standing still earns (gamma - 1) times the potential, and round trips need not sum to 0.",
)
def _(student, rng):
    constant = np.full((4, 4), rng.uniform(0.5, 2.0))
    _verdict(student, constant, 0.9)
    _verdict(student, constant, 1.0)
    potential = rng.normal(scale=2.0, size=4)
    forgotten = potential[None, :] - potential[:, None]
    _verdict(student, forgotten, 0.9)
    _verdict(student, forgotten, 1.0)


@ex7_7.group("islands", "Groups of states that no transition connects must each have a potential. Look at all of them.")
def _(student, rng):
    for gamma in (1.0, 0.9):
        islands = np.full((7, 7), np.nan)
        islands[:3, :3] = _table(rng, 3, gamma)
        islands[3:, 3:] = _table(rng, 4, gamma)
        _verdict(student, islands, gamma)
        islands[5, 3] += 0.2
        _verdict(student, islands, gamma)


@ex7_7.group(
    "tolerance",
    "Rounding errors must be forgiven, larger misfits not; `tol` says where the border is, in units of reward.",
)
def _(student, rng):
    table = _table(rng, 6, 0.9)
    noisy = table + rng.uniform(-1e-6, 1e-6, size=table.shape)
    _verdict(student, noisy, 0.9)
    _verdict(student, noisy, 0.9, tol=1e-4)
    _verdict(student, _spoil(rng, table, 1e-3), 0.9)
    large = _table(rng, 10, 0.99, scale=1e3)
    _verdict(student, large, 0.99)
    _verdict(student, large.tolist(), 0.99)


# --- 7.8 Shaping backwards --------------------------------------------------------------------------------------------

ex7_8 = chapter.debug(
    "7.8",
    solutions.shaped_rewards,
    Line(
        "buggy_line_7_8",
        4,
        right="Line 4 has the two states exchanged. It takes the potential of the state before the step for the one after it.\n\n"
        "How bad is that? Without a discount the faulty bonus is potential-based, with the potential of opposite sign: the "
        "best policy stays, but every hint points away from the goal, and learning takes longer than with none. With a "
        "discount below 1 no potential explains it, and even the best policy may change. `is_potential_based` of "
        "exercise 7.7 tells the two cases apart.",
        slips={
            1: "Line 1 only names the function.",
            2: "Line 2 turns the rewards into an array of floats, as it should.",
            3: "Line 3 turns the potentials into an array of floats, as it should.",
            5: "Adding the bonus to the rewards is right. Look at where the bonus comes from.",
        },
    ),
    cases=(
        "shaped_rewards([0.0, 0.0, 1.0], [-3.0, -2.0, -1.0, 0.0], gamma=1.0)",
        "shaped_rewards([0.0], [-5.0, -4.0], gamma=0.99)",
        "shaped_rewards([1.0, -1.0], [2.0, 0.5, 3.0], gamma=0.5)",
    ),
    right="A step towards higher potential is now rewarded, a step towards lower potential costs.",
    slips=(
        Slip(
            lambda rewards, potentials, gamma: (
                np.asarray(rewards, float)
                + np.asarray(potentials[:-1], float) * gamma
                - np.asarray(potentials[1:], float)
            ),
            "This is still the old bonus: a step towards higher potential is punished.",
        ),
        Slip(
            lambda rewards, potentials, gamma: (
                np.asarray(rewards, float)
                + np.asarray(potentials[1:], float)
                - gamma * np.asarray(potentials[:-1], float)
            ),
            "The sign is right now, but the discount stands at the state before the step.",
        ),
        Slip(
            lambda rewards, potentials, gamma: np.asarray(rewards, float) + np.diff(np.asarray(potentials, float)),
            "The discount got lost.",
        ),
        Slip(
            lambda rewards, potentials, gamma: (
                np.asarray(rewards, float) + gamma * np.diff(np.asarray(potentials, float))
            ),
            "You discounted both potentials. Only that of the state after the step is discounted.",
        ),
        Slip(
            lambda rewards, potentials, gamma: (
                2 * np.asarray(rewards, float) - solutions.shaped_rewards(rewards, potentials, gamma)
            ),
            "The bonus is right, but it is subtracted now.",
        ),
        Slip(
            lambda rewards, potentials, gamma: solutions.shaped_rewards(np.zeros(len(rewards)), potentials, gamma),
            "This is the bonus alone. The rewards themselves got lost.",
        ),
    ),
)


@ex7_8.group(
    "direction",
    "Without a discount, a step towards higher potential must earn the rise, and a step towards lower potential cost the "
    "fall.",
)
def _(student, rng):
    ex7_8.compare(student, [0.0, 0.0, 1.0], [-3.0, -2.0, -1.0, 0.0], 1.0)
    for steps in (1, 4, 30):
        ex7_8.compare(student, rng.normal(size=steps), rng.normal(scale=3.0, size=steps + 1), 1.0)


@ex7_8.group("discount", "With a discount your rewards are off: which of the two potentials is multiplied by gamma?")
def _(student, rng):
    for steps in (1, 4, 30):
        ex7_8.compare(student, rng.normal(size=steps), rng.normal(scale=3.0, size=steps + 1), rng.uniform(0.1, 0.95))
    ex7_8.compare(student, rng.normal(size=5), rng.normal(size=6), 0.0)


@ex7_8.group(
    "the sum telescopes",
    "The discounted sum of what you added must be gamma**T times the last potential minus the first, whatever lies "
    "between.",
)
def _(student, rng):
    for gamma in (1.0, 0.9):
        ends = rng.normal(scale=3.0, size=2)
        for steps in (2, 7, 25):
            rewards = rng.normal(size=steps)
            potentials = np.concatenate([ends[:1], rng.normal(scale=10.0, size=steps - 1), ends[1:]])
            shaped = np.asarray(student(rewards, potentials, gamma), dtype=float)
            if shaped.shape != (steps,):
                raise Fail(f"For {steps} rewards your function returned something of shape {shaped.shape}.")
            added = float(gamma ** np.arange(steps) @ (shaped - rewards))
            if not abs(added - solutions.telescoped(potentials, gamma)) < 1e-6:
                raise Fail("")


@ex7_8.group(
    "lists and whole numbers",
    "Lists and whole numbers must still work, and the arrays you get must stay as they were.",
)
def _(student, rng):
    ex7_8.compare(student, [0, 0, 1], [-3, -2, -1, 0], 0.9)
    ex7_8.compare(student, rng.integers(-3, 4, size=6), rng.integers(-9, 10, size=7), 0.5)
    rewards, potentials = rng.normal(size=4), rng.normal(size=5)
    before = rewards.copy(), potentials.copy()
    student(rewards, potentials, 0.9)
    if not (np.array_equal(rewards, before[0]) and np.array_equal(potentials, before[1])):
        raise Fail("Your function changed the arrays it was given. Work on a copy.")
