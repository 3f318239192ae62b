"""Each Derive exercise's formula written down a second time, independent of the solution library."""

import math


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def dot(a, b):
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def expectile(values, tau):
    """By bisection of the condition."""
    low, high = min(values), max(values)
    for _ in range(200):
        v = (low + high) / 2
        pull = sum((tau if q > v else 1 - tau) * (q - v) for q in values)
        low, high = (v, high) if pull > 0 else (low, v)
    return v


def expectile_test(q, v, tau):
    left, right = tau * sum(max(x - v, 0) for x in q), (1 - tau) * sum(max(v - x, 0) for x in q)
    return left, right, "right" if abs(left - right) < 1e-9 else "high" if left < right else "low"


def pure_equilibrium(*payoffs):
    """Both players' payoffs in the one equilibrium of a game given cell by cell, the row player's first."""
    row, col = (((payoffs[k], payoffs[2 + k]), (payoffs[4 + k], payoffs[6 + k])) for k in (0, 1))
    cells = ((i, j) for i in (0, 1) for j in (0, 1))
    ((i, j),) = ((i, j) for i, j in cells if row[i][j] > row[1 - i][j] and col[i][j] > col[i][1 - j])
    return row[i][j], col[i][j]


def surrogate(ratio, advantage, eps):
    clipped = min(max(ratio, 1 - eps), 1 + eps) * advantage
    return ratio * advantage, clipped, min(ratio * advantage, clipped)


# From the numbers of a statement, in their order, to the answers: formulas written down anew, independent of the solution
# library. Numbers of the statement that are no givens are taken as _.
FORMULAS = {
    "0.1": lambda a, b: sigmoid(a - b),
    "0.2": lambda *n: sum(math.log(sigmoid(n[i + 1] - n[i + 2])) for i in (0, 3, 6)),
    "0.4": lambda win, lose: 1 - sigmoid(win - lose),
    "1.1": lambda *n: sum(n[i + 1] * math.log(n[i + 1] / n[i + 2]) for i in (0, 3, 6)),
    "1.2": lambda reward, log_ratio, beta: reward - beta * log_ratio,
    "1.4": lambda a, b, c, r, s, t, beta, _: (
        a * math.exp(r / beta) / dot((a, b, c), [math.exp(x / beta) for x in (r, s, t)])
    ),
    "2.1": lambda old, new: math.exp(new - old),
    "2.2": surrogate,
    "2.5": lambda reward, log_ratio, beta, value: reward - beta * log_ratio - value,
    "3.1": lambda win, ref_win, lose, ref_lose: win - ref_win - lose + ref_lose,
    "3.2": lambda margin, beta: -math.log(sigmoid(beta * margin)),
    "3.4": lambda beta, preference: 1 - preference,
    "4.1": lambda _, a, b, c, d, i, j: (a + b + c + d) / 4 - ((a, b, c, d)[int(i)] + (a, b, c, d)[int(j)]) / 2,
    "4.2": lambda q, r, following, gamma, alpha, regulariser: (
        (q - r - gamma * following) ** 2,
        (q - r - gamma * following) ** 2 + alpha * regulariser,
    ),
    "4.4": lambda a, b, c: math.log(math.exp(a) + math.exp(b) + math.exp(c)),
    "5.1": lambda v, a, b, tau: (tau * (a - v) ** 2 + (1 - tau) * (b - v) ** 2) / 2,
    "5.2": lambda a, b, c, v, tau, _: expectile_test((a, b, c), v, tau),
    "5.5": lambda a, b, c, d, top, half, tau: tuple(expectile((a, b, c, d, top), t) for t in (half, tau)),
    "6.1": lambda n, k: n / (k + 1),
    "6.2": lambda epsilon, horizon, _: (horizon * epsilon, (1 + epsilon) ** horizon - 1),
    "6.4": lambda starts, horizon, state, action, _: starts * horizon * (2 * state + action + 1) * 4 / 1e6,
    "7.1": lambda a, b, c, d, _1, _2, gamma, _3: -gamma * (c + d) + a + b,
    "7.2": lambda a, b, c, d, _: (b - a) + (c - b) + (d - c),
    "8.1": lambda *n: pure_equilibrium(*n)[0],
    "8.2": lambda *n: sum(pure_equilibrium(*n)),
    "8.3": lambda a, b, c, d: (d - c) / (a - b - c + d),
    "8.4": lambda a, b, c, d, up, down, left, right: dot(
        (a, b, c, d), (up * left, up * right, down * left, down * right)
    ),
    "9.1": lambda d, layers, v, d_ff, *_: (v * d + layers * (4 * d * d + 3 * d * d_ff + 2 * d) + d + d) / 1e9,
    "9.2": lambda n, reward, _: 2 * (3 * n + reward),
    "9.3": lambda n, reward, _: 2 * (n + reward),
    "9.6": lambda pairs, tokens, n, _1, tera, _2, _3: tuple(
        passes * n * 1e9 * 2 * pairs * tokens / (tera * 1e12) / 3600 for passes in (6, 8)
    ),
    "9.7": lambda kl, tokens, reward, _: reward / (kl * tokens),
}
