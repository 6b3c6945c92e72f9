"""Random numbers that belong to a solution, not to a run.

The number that decides the token at a position is a function of (seed, key of
the solution, position) and of nothing else: not of the batch it is sampled in,
of what was sampled before it, or of how often the run was killed.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray


def uniform_noise(seed: int, key: str, n: int) -> NDArray[np.float64]:
    """The first `n` numbers of a solution's own stream.

    Philox is a counter-based generator (Salmon et al. 2011): its output is a
    keyed permutation of the position, so streams with different keys are
    independent and a longer stream begins with the shorter one.

    Args:
        seed: Any integer.
        key: Name of the solution, such as `algebra-17/3`.
        n: Numbers wanted, one a position.

    Returns:
        (n,) uniform in [0, 1).

    Example:
        >>> bool((uniform_noise(0, "a/0", 9)[:4] == uniform_noise(0, "a/0", 4)).all())
        True
    """
    digest = hashlib.blake2b(f"{seed}\x1f{key}".encode(), digest_size=16).digest()
    philox = np.random.Philox(key=int.from_bytes(digest, "little"))
    return np.random.Generator(philox).random(n)
