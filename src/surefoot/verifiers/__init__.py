"""Verifiers: rating tokens, scoring, aggregation."""
