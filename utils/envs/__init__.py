"""Small environments of the course's own, in NumPy, with the Gymnasium API and their exact models.

`maze` holds a gridworld, `planning` the exact values of policies in it, `offline` data sets of recorded steps.
"""
