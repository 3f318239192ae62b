"""Submissions that cheat, break or spy, each known to gain nothing."""
