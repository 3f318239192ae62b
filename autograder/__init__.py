"""The staff side: hidden tests, marking, release and grading commands. Nothing here reaches a student."""
