"""`python -m autograder report`: what a class did well and badly, on one page and as CSV files.

1. `autograder.class_data` reads the gradebook.
2. `statistics` counts: grades, exercises, messages, the grading run, submissions that need a person.
3. `write` puts everything into one HTML file (`page.html`) with the pictures of `figures`; `files` writes the CSV files.
"""

from autograder.report.write import command, write_report

__all__ = ["command", "write_report"]
