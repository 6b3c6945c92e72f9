"""Curves, intervals, figures and the report."""
