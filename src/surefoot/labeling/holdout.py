"""A part of the problems kept apart: by problem, never by row."""

import hashlib


def is_held_out(problem_id: str, share: float, seed: int = 0) -> bool:
    """Whether a problem, and all that is said about it, belongs to the part kept apart.

    It follows from the id, the share and the seed alone, so other rows, another
    order and later exports change nothing; with a larger share the same problems
    are kept apart, and more.

    Args:
        problem_id: Of the problem.
        share: Of all problems, about: 0 none, 1 all.
        seed: Another one keeps other problems apart.
    """
    digest = hashlib.sha256(f"holdout {seed} {problem_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
