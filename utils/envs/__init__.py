"""Small environments of the course's own, with the Gymnasium API."""
