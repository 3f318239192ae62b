"""`python -m autograder similarity`: pairs of submissions that share more code than everybody has; evidence for a person.

1. `answers` takes the code of the answer cells out of submitted notebooks, which it never runs.
2. `compare` finds what pairs share, by copydetect's fingerprints.
3. `write` shows the pairs with their fragments side by side (`page.html`).
"""

from autograder.similarity.write import command, write_similarity

__all__ = ["command", "write_similarity"]
