"""Kuhn's poker of three cards as one payoff matrix.

Each player antes one chip and gets one of the cards J, Q, K. Player 1 bets one chip or checks. After a bet, player 2 calls
(one chip) or folds. After a check, player 2 bets or checks; after that bet, player 1 calls or folds. Without a fold the
higher card takes the pot.

References
----------
Kuhn (1950), "A simplified two-person poker", Contributions to the Theory of Games 1, pages 97-103.
"""

import itertools

import numpy as np

CARDS = ("J", "Q", "K")
PLANS_1 = ("check, then fold", "check, then call", "bet")  # what player 1 can plan for one card
PLANS_2 = ("fold; check", "fold; bet", "call; check", "call; bet")  # player 2: after a bet; after a check

# A pure strategy is one plan for each card.
STRATEGIES_1 = tuple(itertools.product(PLANS_1, repeat=3))
STRATEGIES_2 = tuple(itertools.product(PLANS_2, repeat=3))


def winnings(plan_1, plan_2, card_1, card_2):
    """Chips that player 1 wins in one deal.

    Parameters
    ----------
    plan_1, plan_2 : str
        One of `PLANS_1` and one of `PLANS_2`.
    card_1, card_2 : int
        Cards of both players: 0 is J, 1 is Q, 2 is K.

    Returns
    -------
    int
        Between -2 and 2.
    """
    showdown = 1 if card_1 > card_2 else -1
    after_bet, after_check = plan_2.split("; ")
    if plan_1 == "bet":
        return 2 * showdown if after_bet == "call" else 1
    if after_check == "check":
        return showdown
    return 2 * showdown if plan_1 == "check, then call" else -1


def payoff_matrix():
    """Expected winnings of player 1, times six, for every pair of pure strategies.

    Returns
    -------
    ndarray of int, shape (27, 64)
        Sum over the six equally likely deals: whole numbers of chips per six deals. Divide by 6 for chips per deal.
    """
    deals = list(itertools.permutations(range(3), 2))
    return np.array(
        [
            [sum(winnings(ours[i], theirs[j], i, j) for i, j in deals) for theirs in STRATEGIES_2]
            for ours in STRATEGIES_1
        ]
    )
