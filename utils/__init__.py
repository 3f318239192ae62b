"""What a student's notebook imports: checks, demos, plots, progress. Importing it costs nothing: no numpy, no torch."""
