"""One token out of a distribution: temperature, top-p, and the noise given.

The token is where the uniform number falls in the cumulative distribution, in
the order of the vocabulary. One number a token is enough, whatever the size of
the vocabulary, and a rounding error in a probability moves the choice only if
the number lies within that error of a boundary.

Axes: B rows, M draws from one row, V vocabulary.
"""

import torch
from torch import Tensor

from surefoot.errors import SurefootError, UserError

_FIRST_LOOK = 64
"""Tokens looked at first when searching the nucleus; most need fewer."""


def check_choice(temperature: float, top_p: float) -> None:
    """Refuses settings that name no distribution.

    Raises:
        UserError: `temperature` is negative or not a number, or `top_p` is not
            in (0, 1].
    """
    if not 0.0 <= temperature < float("inf"):
        raise UserError(f"--temperature: must be >= 0, got {temperature}")
    if not 0.0 < top_p <= 1.0:
        raise UserError(f"--top-p: must be in (0, 1], got {top_p}")


def choose_tokens(
    logits_BV: Tensor, noise_BM: Tensor, *, temperature: float, top_p: float
) -> tuple[Tensor, Tensor]:
    """Samples M tokens from each row's distribution, one for each number given.

    Args:
        logits_BV: (B, V) any float type; computed in float32.
        noise_BM: (B, M) float64 uniform in [0, 1).
        temperature: 0 takes the likeliest token (the first of equals).
        top_p: The smallest set of likeliest tokens that holds at least this
            much of the tempered distribution is sampled from; tokens as likely
            as the last one in belong to it. 1 samples from all.

    Returns:
        (B, M) token ids, and (B, M) their log-probabilities in nats at
        temperature 1 and without top-p.

    Raises:
        SurefootError: A row's logits are not numbers (the model overflowed).
    """
    log_p_BV = logits_BV.float().log_softmax(-1)
    if temperature == 0.0:
        tokens_BM = log_p_BV.argmax(-1, keepdim=True).expand(noise_BM.shape)
        total_B1 = log_p_BV.sum(-1, keepdim=True)
    else:
        weights_BV = _tempered(log_p_BV, temperature)
        if top_p < 1.0:
            weights_BV = weights_BV.where(weights_BV >= nucleus_floor(weights_BV, top_p), 0.0)
        cumulative_BV = weights_BV.cumsum(-1, dtype=torch.float64)
        total_B1 = cumulative_BV[:, -1:].contiguous()
        # Just below the total: a rounded product must not fall past the last token.
        below_B1 = total_B1.nextafter(torch.zeros_like(total_B1))
        point_BM = (noise_BM * total_B1).minimum(below_B1)
        tokens_BM = torch.searchsorted(cumulative_BV, point_BM, right=True)
    if bool(total_B1.isnan().any()):
        raise SurefootError("the generator's output is not a number (NaN); its weights overflow")
    return tokens_BM, log_p_BV.gather(1, tokens_BM)


def _tempered(log_p_BV: Tensor, temperature: float) -> Tensor:
    """(B, V) probabilities at a temperature > 0."""
    if temperature == 1.0:
        return log_p_BV.exp()
    # The likeliest token stands at 0, so that no temperature, however low,
    # sends every token to minus infinity.
    below_BV = log_p_BV - log_p_BV.amax(-1, keepdim=True)
    return (below_BV / max(temperature, 1e-6)).softmax(-1)


def nucleus_floor(weights_BV: Tensor, top_p: float) -> Tensor:
    """Smallest probability that is still in the nucleus, one a row.

    Args:
        weights_BV: (B, V) probabilities, each row summing to 1.
        top_p: In (0, 1).

    Returns:
        (B, 1). The tokens at least this likely are the nucleus.
    """
    n_tokens = weights_BV.shape[-1]
    n_looked = min(_FIRST_LOOK, n_tokens)
    while True:
        top_BK = weights_BV.topk(n_looked, -1).values
        before_BK = top_BK.cumsum(-1, dtype=torch.float64) - top_BK
        inside_BK = before_BK < top_p
        if n_looked == n_tokens or not bool(inside_BK[:, -1].any()):
            return top_BK.where(inside_BK, torch.inf).amin(-1, keepdim=True)
        n_looked = min(4 * n_looked, n_tokens)
