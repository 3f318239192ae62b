"""Chapter 8, multi-agent RL."""

from tests.submissions import ALL, Right, Wrong

BANK = {
    "8.1": [
        Right("answer_8_1 = 2", "number"),
        Right(
            "A = np.array([[3, 0], [1, 2]])\n"
            "B = np.array([[1, 2], [0, 3]])\n"
            "answer_8_1 = [A[i, j] for i in (0, 1) for j in (0, 1)\n"
            "              if A[i, j] >= A[1 - i, j] and B[i, j] >= B[i, 1 - j]][0]",
            "search",
        ),
        Wrong("answer_8_1 = 3", ALL, "a popular answer key accepts it"),
        Wrong("answer_8_1 = 1.5", ALL, "sure of against an enemy"),
        Wrong("answer_8_1 = 0", ALL, "gains by going Down"),
        Wrong("answer_8_1 = 1", ALL, "both players gain"),
        Wrong("answer_8_1 = 2 + 3", ALL, "sum over both players"),
        Wrong("answer_8_1 = (2, 3)", ALL, "a single number is expected"),
    ],
    "8.2": [
        Right("answer_8_2 = -2 + -2", "sum"),
        Right("answer_8_2 = np.float64(-4.0)", "NumPy number"),
        Wrong("answer_8_2 = -2", ALL, "each player gains by changing"),
        Wrong("answer_8_2 = -3", ALL, "who cooperates gains"),
        Wrong("answer_8_2 = 4", ALL, "wrong sign"),
        Wrong("answer_8_2 = 0", ALL, "lone defector"),
    ],
    "8.3": [
        Right("answer_8_3 = 0.5", "number"),
        Right("answer_8_3 = np.roots([4, -2])[0]", "roots of 4p - 2"),
        Wrong("answer_8_3 = 1", ALL, "Always Heads"),
        Wrong("answer_8_3 = 0", ALL, "Always Tails"),
        Wrong("answer_8_3 = 0.5 * 0.5", ALL, "both show Heads"),
        Wrong("answer_8_3 = 2", ALL, "at most 1"),
    ],
    "8.4": [
        Right("answer_8_4 = np.array([0.6, 0.4]) @ np.array([[4, 1], [2, 3]]) @ np.array([0.3, 0.7])", "matrices"),
        Right("answer_8_4 = 0.72 + 0.42 + 0.24 + 0.84", "four cells"),
        Right("answer_8_4 = 2.22", "number"),
        Wrong("answer_8_4 = 0.3 * 4 + 0.7 * 1", ALL, "Up alone"),
        Wrong("answer_8_4 = 0.3 * 2 + 0.7 * 3", ALL, "Down alone"),
        Wrong(
            "answer_8_4 = np.array([0.3, 0.7]) @ np.array([[4, 1], [2, 3]]) @ np.array([0.6, 0.4])", ALL, "exchanged"
        ),
        Wrong("answer_8_4 = 2.5", ALL, "plain mean"),
        Wrong("answer_8_4 = 0.72 + 0.84", ALL, "two of the four cells"),
        Wrong("answer_8_4 = 2.3", ALL, "Not this number"),
    ],
    "8.5": [
        Right('answer_8_5 = "C"', "letter"),
        Right("answer_8_5 = 'c'", "small letter"),
        Wrong('answer_8_5 = "A"', ALL, "best response to *that* opponent"),
        Wrong('answer_8_5 = "B"', ALL, "opposed interests"),
        Wrong('answer_8_5 = "D"', ALL, "add up to 0"),
        Wrong('answer_8_5 = "minimax"', ALL, "one of the letters"),
    ],
    "8.6": [
        Right(
            """\
def pure_nash(payoff_row, payoff_col):
    A, B = np.asarray(payoff_row), np.asarray(payoff_col)
    best = (A == A.max(axis=0)) & (B == B.max(axis=1)[:, None])
    return [tuple(cell) for cell in np.argwhere(best)]
""",
            "vectorised",
        ),
        Right(
            """\
def pure_nash(payoff_row, payoff_col):
    n_rows, n_cols = len(payoff_row), len(payoff_row[0])
    found = []
    for i in range(n_rows):
        for j in range(n_cols):
            row_happy = all(payoff_row[k][j] <= payoff_row[i][j] for k in range(n_rows))
            col_happy = all(payoff_col[i][k] <= payoff_col[i][j] for k in range(n_cols))
            if row_happy and col_happy:
                found.append((i, j))
    return found
""",
            "loop over lists",
        ),
        Right(
            """\
import torch

def pure_nash(payoff_row, payoff_col):
    A = torch.as_tensor(np.array(payoff_row, dtype=float))
    B = torch.as_tensor(np.array(payoff_col, dtype=float))
    best = (A >= A.amax(dim=0, keepdim=True)) & (B >= B.amax(dim=1, keepdim=True))
    return [(int(i), int(j)) for i, j in best.nonzero()]
""",
            "torch",
        ),
        Right(
            """\
def pure_nash(payoff_row, payoff_col):
    A, B = np.array(payoff_row), np.array(payoff_col)
    answers_of_row = {(i, j) for j in range(A.shape[1]) for i in np.flatnonzero(A[:, j] == A[:, j].max())}
    answers_of_col = {(i, j) for i in range(A.shape[0]) for j in np.flatnonzero(B[i] == B[i].max())}
    return sorted(answers_of_row & answers_of_col)
""",
            "sets",
        ),
        Wrong(
            """\
def pure_nash(payoff_row, payoff_col):
    A, B = np.asarray(payoff_row), np.asarray(payoff_col)
    best = (A == A.max(axis=1, keepdims=True)) & (B == B.max(axis=0, keepdims=True))
    return [tuple(cell) for cell in np.argwhere(best)]
""",
            ("square games", "other shapes", "ties", "small gains"),
            "compares the wrong cells",
        ),
        Wrong(
            """\
def pure_nash(payoff_row, payoff_col):
    A, B = np.asarray(payoff_row), np.asarray(payoff_col)
    rows, cols = A.argmax(axis=0), B.argmax(axis=1)
    return [(i, j) for i in range(A.shape[0]) for j in range(A.shape[1]) if rows[j] == i and cols[i] == j]
""",
            ("ties", "order"),
            "argmax names only the first",
        ),
        Wrong(
            """\
def pure_nash(payoff_row, payoff_col):
    A, B = np.asarray(payoff_row), np.asarray(payoff_col)
    n, m = A.shape
    return [
        (i, j) for i in range(n) for j in range(m)
        if all(A[k, j] < A[i, j] for k in range(n) if k != i) and all(B[i, k] < B[i, j] for k in range(m) if k != j)
    ]
""",
            ("ties", "order"),
            "leaves the payoff as it was is no gain",
        ),
        Wrong(
            """\
def pure_nash(payoff_row, payoff_col):
    total = np.add(payoff_row, payoff_col)
    return [tuple(cell) for cell in np.argwhere(total == total.max())]
""",
            ("square games", "other shapes", "ties", "games without one", "small gains"),
            "largest sum",
        ),
        Wrong(
            """\
def pure_nash(payoff_row, payoff_col):
    A, B = np.asarray(payoff_row), np.asarray(payoff_col)
    best = (A == A.max(axis=0)) & (B == B.max(axis=1)[:, None])
    return [tuple(cell) for cell in np.argwhere(best.T)]
""",
            ("square games", "other shapes", "ties", "small gains", "order"),
            "first the row, then the column",
        ),
        Wrong(
            """\
def pure_nash(payoff_row, payoff_col):
    A, B = np.asarray(payoff_row), np.asarray(payoff_col)
    found = []
    for j in range(A.shape[1]):
        for i in range(A.shape[0]):
            if A[i, j] == A[:, j].max() and B[i, j] == B[i].max():
                found.append((i, j))
    return found
""",
            ("order",),
            "not sorted",
        ),
        Wrong(
            """\
def pure_nash(payoff_row, payoff_col):
    A, B = np.asarray(payoff_row, dtype=float), np.asarray(payoff_col, dtype=float)
    best = np.isclose(A, A.max(axis=0)) & np.isclose(B, B.max(axis=1)[:, None])
    return [tuple(cell) for cell in np.argwhere(best)]
""",
            ("small gains",),
            "A small gain is a gain",
        ),
        Wrong(
            """\
def pure_nash(payoff_row, payoff_col):
    A, B = np.asarray(payoff_row), np.asarray(payoff_col)
    best = (A == A.max(axis=0)) & (B == B.max(axis=1))
    return [tuple(cell) for cell in np.argwhere(best)]
""",
            ("square games", "other shapes", "ties", "small gains", "order"),
            "not the equilibria",
        ),
        Wrong(
            """\
def pure_nash(payoff_row, payoff_col):
    A, B = np.asarray(payoff_row), np.asarray(payoff_col)
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            if A[i, j] == A[:, j].max() and B[i, j] == B[i].max():
                return [(i, j)]
    return []
""",
            ("square games", "other shapes", "ties", "small gains", "order"),
            "stop at the first",
        ),
    ],
    "8.7": [
        Right(
            """\
def mixed_nash_2x2(payoff_row, payoff_col):
    (a, b), (c, d) = payoff_row
    (e, f), (g, h) = payoff_col
    bottom_q, bottom_p = a - b - c + d, e - f - g + h
    if bottom_p == 0 or bottom_q == 0:
        raise ValueError("no single mixed equilibrium")
    p, q = (h - g) / bottom_p, (d - b) / bottom_q
    if not (0 < p < 1 and 0 < q < 1):
        raise ValueError("no mixed equilibrium")
    return p, q
""",
            "formula",
        ),
        Right(
            """\
def mixed_nash_2x2(payoff_row, payoff_col):
    A, B = np.array(payoff_row, dtype=float), np.array(payoff_col, dtype=float)

    def solve(gain):  # gain[0] * w + gain[1] * (1 - w) = 0
        if gain[0] == gain[1]:
            raise ValueError("never indifferent, or always")
        w = gain[1] / (gain[1] - gain[0])
        if w <= 0 or w >= 1:
            raise ValueError("outside")
        return w

    return [solve(B[:, 0] - B[:, 1]), solve(A[0] - A[1])]
""",
            "gains",
        ),
        Right(
            """\
def mixed_nash_2x2(payoff_row, payoff_col):
    A, B = np.asarray(payoff_row, float), np.asarray(payoff_col, float)
    try:
        p = np.linalg.solve([B[:, 0] - B[:, 1], [1.0, 1.0]], [0.0, 1.0])
        q = np.linalg.solve([A[0] - A[1], [1.0, 1.0]], [0.0, 1.0])
    except np.linalg.LinAlgError:
        raise ValueError("singular")
    if min(*p, *q) <= 0:
        raise ValueError("not inside")
    return float(p[0]), float(q[0])
""",
            "linear equations",
        ),
        Wrong(
            """\
def mixed_nash_2x2(payoff_row, payoff_col):
    (a, b), (c, d) = payoff_row
    (e, f), (g, h) = payoff_col
    if a - b - c + d == 0 or e - f - g + h == 0:
        raise ValueError
    p, q = (h - g) / (e - f - g + h), (d - b) / (a - b - c + d)
    if not (0 < p < 1 and 0 < q < 1):
        raise ValueError
    return q, p
""",
            ("the two mixes", "zero-sum games", "level and scale", "lists and integers"),
            "p and q are exchanged",
        ),
        Wrong(
            """\
def mixed_nash_2x2(payoff_row, payoff_col):
    (a, b), (c, d) = payoff_row
    if a - b - c + d == 0:
        raise ValueError
    p, q = (d - c) / (a - b - c + d), (d - b) / (a - b - c + d)
    if not (0 < p < 1 and 0 < q < 1):
        raise ValueError
    return p, q
""",
            ("the two mixes", "one action is better", "the border", "level and scale", "lists and integers"),
            "took both from payoff_row",
        ),
        Wrong(
            """\
def mixed_nash_2x2(payoff_row, payoff_col):
    (a, b), (c, d) = payoff_row
    (e, f), (g, h) = payoff_col
    if a - b - c + d == 0 or e - f - g + h == 0:
        raise ValueError
    p, q = (e - f) / (e - f - g + h), (a - c) / (a - b - c + d)
    if not (0 < p < 1 and 0 < q < 1):
        raise ValueError
    return p, q
""",
            ("the two mixes", "zero-sum games", "level and scale", "lists and integers"),
            "row 1 and column 1",
        ),
        Wrong(
            """\
def mixed_nash_2x2(payoff_row, payoff_col):
    (a, b), (c, d) = payoff_row
    (e, f), (g, h) = payoff_col
    return (h - g) / (e - f - g + h), (d - b) / (a - b - c + d)
""",
            ("one action is better", "the border"),
            "nobody mixes there",
        ),
        Wrong(
            """\
def mixed_nash_2x2(payoff_row, payoff_col):
    (a, b), (c, d) = payoff_row
    (e, f), (g, h) = payoff_col
    p, q = (h - g) / (e - f - g + h), (d - b) / (a - b - c + d)
    if not (0 < p < 1 and 0 < q < 1):
        raise ValueError
    return p, q
""",
            ("the border",),
            "A `ValueError` is asked here",
        ),
        Wrong(
            """\
def mixed_nash_2x2(payoff_row, payoff_col):
    (a, b), (c, d) = payoff_row
    (e, f), (g, h) = payoff_col
    if a - b - c + d == 0 or e - f - g + h == 0:
        raise ValueError
    p, q = (h - g) / (e - f - g + h), (d - b) / (a - b - c + d)
    if not (0 <= p <= 1 and 0 <= q <= 1):
        raise ValueError
    return p, q
""",
            ("the border",),
            "exactly 0 or 1",
        ),
        Wrong(
            """\
def mixed_nash_2x2(payoff_row, payoff_col):
    (a, b), (c, d) = payoff_row
    (e, f), (g, h) = payoff_col
    if a - b - c + d == 0 or e - f - g + h == 0:
        raise ValueError
    p, q = (h - g) / (e - f - g + h), (d - b) / (a - b - c + d)
    if not 0 < p < 1:
        raise ValueError
    return p, q
""",
            ("one action is better", "the border"),
            "nobody mixes there",
        ),
        Wrong(
            """\
def mixed_nash_2x2(payoff_row, payoff_col):
    return 0.5, 0.5
""",
            ALL,
            "matching pennies only",
        ),
        Wrong(
            """\
def mixed_nash_2x2(payoff_row, payoff_col):
    (a, b), (c, d) = payoff_row
    (e, f), (g, h) = payoff_col
    if a - b - c + d == 0 or e - f - g + h == 0:
        raise ValueError
    p, q = (h - g) / (e - f - g + h), (d - b) / (a - b - c + d)
    if not (0.001 < p < 0.999 and 0.001 < q < 0.999):
        raise ValueError
    return p, q
""",
            ("level and scale",),
            "Your code stopped with `ValueError`",
        ),
    ],
    "8.8": [
        Right(
            """\
def fictitious_play(payoff_row, payoff_col, n_rounds):
    A, B = np.array(payoff_row), np.array(payoff_col)
    rows, cols = np.zeros(A.shape[0], dtype=int), np.zeros(A.shape[1], dtype=int)
    rows[0] = cols[0] = 1
    for _ in range(n_rounds - 1):
        i, j = np.argmax(A @ cols), np.argmax(rows @ B)
        rows[i] += 1
        cols[j] += 1
    return rows / n_rounds, cols / n_rounds
""",
            "counts",
        ),
        Right(
            """\
def fictitious_play(payoff_row, payoff_col, n_rounds):
    n, m = len(payoff_row), len(payoff_row[0])
    earned_row, earned_col = [0] * n, [0] * m
    row_counts, col_counts = [0] * n, [0] * m
    i = j = 0
    for _ in range(n_rounds):
        row_counts[i] += 1
        col_counts[j] += 1
        for k in range(n):
            earned_row[k] += payoff_row[k][j]
        for k in range(m):
            earned_col[k] += payoff_col[i][k]
        i, j = earned_row.index(max(earned_row)), earned_col.index(max(earned_col))
    return [c / n_rounds for c in row_counts], [c / n_rounds for c in col_counts]
""",
            "running sums in lists",
        ),
        Right(
            """\
import torch

def fictitious_play(payoff_row, payoff_col, n_rounds):
    A = torch.as_tensor(np.array(payoff_row, dtype=float))
    B = torch.as_tensor(np.array(payoff_col, dtype=float))
    rows, cols = [0], [0]
    for _ in range(n_rounds - 1):
        x = torch.bincount(torch.tensor(rows), minlength=A.shape[0]).double()
        y = torch.bincount(torch.tensor(cols), minlength=A.shape[1]).double()
        of_row, of_col = A @ y, B.T @ x
        rows.append(int((of_row == of_row.max()).nonzero()[0]))
        cols.append(int((of_col == of_col.max()).nonzero()[0]))
    x = torch.bincount(torch.tensor(rows), minlength=A.shape[0]) / n_rounds
    y = torch.bincount(torch.tensor(cols), minlength=A.shape[1]) / n_rounds
    return x.double(), y.double()
""",
            "torch",
        ),
        Wrong(
            """\
def fictitious_play(payoff_row, payoff_col, n_rounds):
    A, B = np.array(payoff_row), np.array(payoff_col)
    x, y = np.eye(A.shape[0])[0], np.eye(A.shape[1])[0]
    for t in range(1, n_rounds):
        i, j = np.argmax(A @ y), np.argmax(x @ B)
        x = x + (np.eye(len(x))[i] - x) / (t + 1)
        y = y + (np.eye(len(y))[j] - y) / (t + 1)
    return x, y
""",
            ("ties",),
            "sums of whole numbers are exact",
        ),
        Wrong(
            """\
def fictitious_play(payoff_row, payoff_col, n_rounds):
    A, B = np.array(payoff_row), np.array(payoff_col)
    rows, cols = np.eye(A.shape[0])[0], np.eye(A.shape[1])[0]
    for _ in range(n_rounds - 1):
        rows[np.argmax(A @ cols)] += 1
        cols[np.argmax(rows @ B)] += 1
    return rows / n_rounds, cols / n_rounds
""",
            ALL,
            "already knows the row player's new action",
        ),
        Wrong(
            """\
def fictitious_play(payoff_row, payoff_col, n_rounds):
    A, B = np.array(payoff_row), np.array(payoff_col)
    rows, cols = np.eye(A.shape[0])[0], np.eye(A.shape[1])[0]
    i = j = 0
    for _ in range(n_rounds - 1):
        i, j = np.argmax(A[:, j]), np.argmax(B[i])
        rows[i] += 1
        cols[j] += 1
    return rows / n_rounds, cols / n_rounds
""",
            ALL,
            "the other's last action only",
        ),
        Wrong(
            """\
def fictitious_play(payoff_row, payoff_col, n_rounds):
    A, B = np.array(payoff_row), np.array(payoff_col)
    rows, cols = np.eye(A.shape[0])[0], np.eye(A.shape[1])[0]
    for _ in range(n_rounds - 1):
        i, j = np.argmax(A @ cols), np.argmin(rows @ A)
        rows[i] += 1
        cols[j] += 1
    return rows / n_rounds, cols / n_rounds
""",
            ALL,
            "zero-sum games only",
        ),
        Wrong(
            """\
def fictitious_play(payoff_row, payoff_col, n_rounds):
    A, B = np.array(payoff_row), np.array(payoff_col)
    rows, cols = np.eye(A.shape[0])[0], np.eye(A.shape[1])[0]
    for _ in range(n_rounds - 1):
        i, j = np.argmax(A @ cols), np.argmax(rows @ B)
        rows[i] += 1
        cols[j] += 1
    return rows, cols
""",
            ALL,
            "You returned counts",
        ),
        Wrong(
            """\
def fictitious_play(payoff_row, payoff_col, n_rounds):
    A, B = np.array(payoff_row), np.array(payoff_col)
    rows, cols = np.eye(A.shape[0])[0], np.eye(A.shape[1])[0]
    for _ in range(n_rounds):
        i, j = np.argmax(A @ cols), np.argmax(rows @ B)
        rows[i] += 1
        cols[j] += 1
    return rows / rows.sum(), cols / cols.sum()
""",
            ALL,
            "one round too many",
        ),
        Wrong(
            """\
def fictitious_play(payoff_row, payoff_col, n_rounds):
    A, B = np.array(payoff_row), np.array(payoff_col)
    rows, cols = np.zeros(A.shape[0]), np.zeros(A.shape[1])
    seen_rows, seen_cols = np.eye(A.shape[0])[0], np.eye(A.shape[1])[0]
    for _ in range(n_rounds):
        i, j = np.argmax(A @ seen_cols), np.argmax(seen_rows @ B)
        for counts in (rows, seen_rows):
            counts[i] += 1
        for counts in (cols, seen_cols):
            counts[j] += 1
    return rows / n_rounds, cols / n_rounds
""",
            ALL,
            "replaced by one more at the end",
        ),
        Wrong(
            """\
def fictitious_play(payoff_row, payoff_col, n_rounds):
    A, B = np.array(payoff_row), np.array(payoff_col)
    rows, cols = np.eye(A.shape[0])[0], np.eye(A.shape[1])[0]
    for _ in range(n_rounds - 1):
        of_row, of_col = A @ cols, rows @ B
        rows[np.flatnonzero(of_row == of_row.max())[-1]] += 1
        cols[np.flatnonzero(of_col == of_col.max())[-1]] += 1
    return rows / n_rounds, cols / n_rounds
""",
            ("ties",),
            "goes to the highest",
        ),
        Wrong(
            """\
def fictitious_play(payoff_row, payoff_col, n_rounds):
    A, B = np.array(payoff_row), np.array(payoff_col)
    rows, cols = np.eye(A.shape[0])[0], np.eye(A.shape[1])[0]
    for _ in range(n_rounds - 1):
        i, j = np.argmax(A @ cols), np.argmax(B @ rows)
        rows[i] += 1
        cols[j] += 1
    return rows / n_rounds, cols / n_rounds
""",
            ALL,
            "Your code stopped with `ValueError",
        ),
    ],
    "8.9": [
        Right(
            """\
def best_responses(payoff_col, row):
    payoffs = np.asarray(payoff_col, dtype=float)[row]
    return np.flatnonzero(payoffs == payoffs.max())


buggy_line_8_9 = 2
""",
            "row",
        ),
        Right(
            """\
def best_responses(payoff_col, row):
    payoffs = np.asarray(payoff_col, dtype=float)[row, :]
    return np.flatnonzero(payoffs == payoffs.max())


buggy_line_8_9 = 2.0
""",
            "row and colon",
        ),
        Right(
            """\
def best_responses(payoff_col, row):
    payoffs = np.asarray(payoff_col, dtype=float).T[:, row]
    return np.flatnonzero(payoffs == payoffs.max())


buggy_line_8_9 = 2
""",
            "transposed",
        ),
        Right(
            """\
def best_responses(payoff_col, row):
    payoffs = list(payoff_col[row])
    return [j for j, payoff in enumerate(payoffs) if payoff == max(payoffs)]


buggy_line_8_9 = 2
""",
            "loop",
        ),
        Wrong(
            """\
def best_responses(payoff_col, row):
    payoffs = np.asarray(payoff_col, dtype=float)[:, row]
    return np.flatnonzero(payoffs == payoffs.max())


buggy_line_8_9 = 3
""",
            ALL,
            "This is still the old value",
        ),
        Wrong(
            """\
def best_responses(payoff_col, row):
    payoffs = np.asarray(payoff_col, dtype=float)[:, row]
    return np.flatnonzero(payoffs == payoffs.max())


buggy_line_8_9 = 2
""",
            ("square games", "more columns than rows", "more rows than columns", "ties"),
            "This is still the old value",
        ),
        Wrong(
            """\
def best_responses(payoff_col, row):
    return np.argmax(np.asarray(payoff_col, dtype=float)[row])


buggy_line_8_9 = 2
""",
            ("square games", "more columns than rows", "more rows than columns", "ties"),
            "every best column is asked",
        ),
        Wrong(
            """\
def best_responses(payoff_col, row):
    payoffs = np.asarray(payoff_col, dtype=float)[row]
    return np.array([payoffs.argmax()])


buggy_line_8_9 = 2
""",
            ("ties",),
            "only the first",
        ),
        Wrong(
            """\
def best_responses(payoff_col, row):
    payoffs = np.asarray(payoff_col, dtype=float)[row]
    return np.flatnonzero(payoffs == payoffs.min())


buggy_line_8_9 = 2
""",
            ("square games", "more columns than rows", "more rows than columns", "ties"),
            "the worst columns",
        ),
        Wrong(
            """\
def best_responses(payoff_col, row):
    payoffs = np.asarray(payoff_col, dtype=float)[row]
    return payoffs[payoffs == payoffs.max()]


buggy_line_8_9 = 2
""",
            ("square games", "more columns than rows", "more rows than columns", "ties"),
            "You return payoffs",
        ),
        Wrong(
            """\
def best_responses(payoff_col, row):
    payoffs = np.asarray(payoff_col, dtype=float)
    return np.flatnonzero(payoffs[row] == payoffs.max())


buggy_line_8_9 = 2
""",
            ("square games", "more rows than columns", "ties"),
            "take the maximum within the row",
        ),
        Wrong(
            """\
def best_responses(payoff_col, row):
    payoffs = np.asarray(payoff_col, dtype=float)[row]
    return np.flatnonzero(payoffs == payoffs.max())


buggy_line_8_9 = 3
""",
            ("`buggy_line_8_9`",),
            "Line 3 is right",
        ),
    ],
}
