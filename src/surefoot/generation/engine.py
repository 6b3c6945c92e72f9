"""The sampling engine: many solutions at once, on any decoder `transformers` loads.

Reads token ids of prompts, writes token ids of continuations. The prompt of N
continuations is computed once, and so is what they have in common after it; those
that finish leave the batch at once and new ones enter (continuous batching). The
noise of a continuation is its own, so the size and the company of the batch
change nothing but rounding.
"""

from collections.abc import Callable, Sequence

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surefoot.generation.attention import using_shared_prompts
from surefoot.generation.check import check_model
from surefoot.generation.choice import check_choice
from surefoot.generation.front import Front
from surefoot.generation.request import Draw, Request, Settings
from surefoot.generation.stopping import StopRule


class Engine:
    """A model made ready for sampling.

    Args:
        model: A decoder in eval mode.
        tokenizer: Its tokenizer.
        settings: How to sample.
        stop_rule: When a continuation is finished; by default, a whole solution.

    Raises:
        UserError: The settings name no distribution, or the model is of a kind
            that is not computed rightly here.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        settings: Settings | None = None,
        stop_rule: StopRule | None = None,
    ) -> None:
        self.model, self.settings = model, settings or Settings()
        check_choice(self.settings.temperature, self.settings.top_p)
        check_model(model)
        self.stop_rule = stop_rule or StopRule(model, tokenizer)

    def draw(
        self, requests: Sequence[Request], on_draw: Callable[[Draw], None] | None = None
    ) -> list[list[Draw]]:
        """Samples every continuation of every request.

        Args:
            requests: Prompts in the order in which they enter the batch.
            on_draw: Called with each continuation as it finishes, in no fixed order.

        Returns:
            For each request its continuations, in the order of its keys.
        """
        with torch.inference_mode(), using_shared_prompts(self.model):
            return Front(self.model, self.stop_rule, self.settings, requests, on_draw).finish()
