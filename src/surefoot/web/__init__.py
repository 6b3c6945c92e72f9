"""Servers: the labelling room."""
