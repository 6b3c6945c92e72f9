"""Where everything lies in one decoding step, the same for every layer.

Axes: G groups (prompts), B rows, P prompt tokens, T own tokens.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Step:
    """Shapes and indices of one step, the same for every layer.

    Attributes:
        n_prompt, n_own: Longest prompt of a group, and longest row with the
            token being added.
        mask_B: (B, 1, 1, n_prompt + n_own) added to the scores: 0 or -inf.
        n_short: All rows attend to this many of their own tokens in one product.
        long: Indices of the rows that have more; None if there are none.
        cell_B, row_of_cell: The rows in a grid, see `lay_grid`.
    """

    def __init__(
        self,
        prompt_length_G: NDArray[np.int64],
        group_B: NDArray[np.int64],
        length_B: NDArray[np.int64],
        device: torch.device,
    ) -> None:
        prompt_B = prompt_length_G[group_B]
        self.n_prompt, self.n_own = int(prompt_length_G.max()), int(length_B.max()) + 1
        self.n_groups = len(prompt_length_G)
        self.n_short, long = split_lengths(length_B + 1)
        hidden_BP = np.arange(self.n_prompt) >= prompt_B[:, None]
        hidden_BT = np.arange(self.n_own) > length_B[:, None]
        mask_B = np.where(np.concatenate([hidden_BP, hidden_BT], 1), np.float32(-np.inf), 0)
        cell_B, row_of_cell = lay_grid(group_B, self.n_groups)

        def tensor(array: NDArray[Any]) -> Tensor:
            return torch.from_numpy(array).to(device)

        self.row_B = torch.arange(len(group_B), device=device)
        self.group_B, self.length_B = tensor(group_B.copy()), tensor(length_B.copy())
        self.position_B = tensor(prompt_B + length_B)
        self.mask_B = tensor(mask_B.astype(np.float32))[:, None, None]
        self.long = tensor(long) if len(long) else None
        self.cell_B, self.row_of_cell = tensor(cell_B), tensor(row_of_cell)


def split_lengths(length_B: NDArray[np.int64]) -> tuple[int, NDArray[np.int64]]:
    """Where to cut the rows' own tokens, so that little is computed in vain.

    Rows enter and leave at any time, so a few are far longer than the others. A
    product over all rows as long as the longest would mostly read padding.

    Args:
        length_B: (B,) Tokens of each row, >= 1.

    Returns:
        A length, and the indices of the rows that are longer.
    """
    order = np.argsort(-length_B, kind="stable")
    descending = length_B[order]
    n_long = np.arange(len(length_B))
    cost = len(length_B) * descending + (n_long > 0) * _LONG_FIXED_COST
    cost = cost + _LONG_ROW_COST * n_long * descending[0]
    best = int(cost.argmin())
    return int(descending[best]), order[:best]


_LONG_ROW_COST = 3
"""A token of a row taken out costs this many of one left in: it is copied first."""
_LONG_FIXED_COST = 2000
"""Tokens that could be read in the time it takes to take any rows out."""


def lay_grid(
    group_B: NDArray[np.int64], n_groups: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Puts rows in a grid, one line a group, as wide as the largest group.

    Returns:
        (B,) the cell of each row, and (G * R,) the row of each cell, 0 where a
        line is shorter than the grid.
    """
    order_B = np.argsort(group_B, kind="stable")
    count_G = np.bincount(group_B, minlength=n_groups)
    start_G = np.cumsum(count_G) - count_G
    width = int(count_G.max())
    sorted_group_B = group_B[order_B]
    cell_of_sorted = sorted_group_B * width + np.arange(len(group_B)) - start_G[sorted_group_B]
    row_of_cell = np.zeros(n_groups * width, dtype=np.int64)
    row_of_cell[cell_of_sorted] = order_B
    cell_B = np.empty_like(cell_of_sorted)
    cell_B[order_B] = cell_of_sorted
    return cell_B, row_of_cell
