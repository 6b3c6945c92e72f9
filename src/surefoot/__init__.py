"""Surefoot: process supervision, from sampled solutions to verifiers that judge each step."""

from surefoot.records import Grade, Labels, Problem, Scores, Session, Solution

__version__ = "0.1.0"
__all__ = ["Grade", "Labels", "Problem", "Scores", "Session", "Solution"]
