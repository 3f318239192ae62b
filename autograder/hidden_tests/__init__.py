"""One module for each chapter: what `check` shows students and what the hidden tests ask, exercise by exercise."""
