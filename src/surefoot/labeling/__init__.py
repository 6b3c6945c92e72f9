"""Raters: programs that rate steps, and ratings from other places."""
