"""Procedural school mathematics: writers, an exact step checker, and text for pre-training."""
