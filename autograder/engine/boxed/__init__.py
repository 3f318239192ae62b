"""What runs on the student's side of the wall while a submission is graded.

These modules are copied, together with the student side of `utils`, into a folder of their own, and a fresh Python
starts from there (see `autograder.engine.warm`). Nothing here may import the rest of `autograder`, and nothing here is
secret: a submission can read every line of it. Only `wire` is used on both sides.
"""
