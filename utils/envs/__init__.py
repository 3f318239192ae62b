"""Small environments written for this course, after Gymnasium's interface."""
