"""Solutions to problems: text around the engine.

Reads: problems, a generator. Writes: `Solution` records with the tokens counted,
how each ended, and its log-probability. The paper's generator is sampled in the
same way (Lightman et al. 2023, section 2.2).
"""

import sys
from collections.abc import Callable, Sequence

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surefoot.errors import UserError
from surefoot.generation.engine import Engine
from surefoot.generation.folder import decode, encode_prompt
from surefoot.generation.request import Draw, Request, Settings
from surefoot.generation.stopping import cut_solution
from surefoot.grading.extract import final_answer
from surefoot.records import Problem, Solution
from surefoot.steps import solve_prompt, split_steps

Prompt = Callable[[Problem], str]
"""Writes the text after which a solution to the problem is sampled."""
_NOTHING = Draw(tokens=(), log_probability=0.0, finish="length")
"""What a generator can write where the prompt fills its context."""


def plain_prompt(problem: Problem) -> str:
    """The statement alone, as a finetuned generator knows it."""
    return solve_prompt(problem.statement)


def solution_id(problem_id: str, index: int, seed: int) -> str:
    """Names the solution number `index` (0-based) that a seed gives a problem.

    `algebra-17/3` for seed 0, `algebra-17/s5/3` for seed 5, so that tables
    sampled with several seeds can be joined.
    """
    return f"{problem_id}/{index}" if seed == 0 else f"{problem_id}/s{seed}/{index}"


def sample(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    problems: Sequence[Problem],
    n: int,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    top_p: float = 1.0,
    max_tokens: int = 256,
    rows: int = 512,
    prompt: Prompt = plain_prompt,
    generator: str | None = None,
    skip_long: bool = False,
    on_draw: Callable[[Draw], None] | None = None,
) -> list[Solution]:
    """Samples `n` solutions to each problem.

    Each is a function of the model, the problem, the settings and its number:
    neither `rows` nor the other problems change it, except where two tokens'
    shares differ by less than rounding.

    Args:
        model: A decoder in eval mode.
        tokenizer: Its tokenizer.
        problems: P of them.
        n: N, solutions a problem.
        seed: Another seed gives other solutions, with other ids.
        temperature: 0 is greedy.
        top_p: In (0, 1]; 1 samples from the whole distribution.
        max_tokens: A longer solution is cut, with `finish` "length". Less where
            the model's context leaves less room.
        rows: Solutions under way at once: more are faster and take more memory.
        prompt: Writes the prompt.
        generator: Name of the model, for the records.
        skip_long: Where a prompt fills the context, give solutions without a
            step, cut at length, instead of raising.
        on_draw: Called with each solution as it is finished.

    Returns:
        P * N solutions, those of a problem together, in the problems' order.

    Raises:
        UserError: A number is out of range, or a prompt fills the context.
    """
    if not skip_long:
        check_prompts(model, tokenizer, problems, prompt)
    for flag, value in (("-n", n), ("--max-tokens", max_tokens), ("--rows", rows)):
        if value < 1:
            raise UserError(f"{flag}: must be >= 1, got {value}")
    settings = Settings(rows=rows, temperature=temperature, top_p=top_p, seed=seed)
    engine = Engine(model, tokenizer, settings)
    prompts = [encode_prompt(tokenizer, prompt(problem)) for problem in problems]
    context = context_length(model)
    requests = [
        Request(
            prompt=tokens,
            keys=[f"{problem.problem_id}/{index}" for index in range(n)],
            max_tokens=min(max_tokens, context - len(tokens)),
        )
        for problem, tokens in zip(problems, prompts, strict=True)
        if len(tokens) < context
    ]
    drawn = iter(engine.draw(requests, on_draw))
    draws = [next(drawn) if len(tokens) < context else [_NOTHING] * n for tokens in prompts]
    special = frozenset(tokenizer.all_special_ids)
    return [
        _solution(
            tokenizer,
            special,
            problem,
            solution_id(problem.problem_id, index, seed),
            draw,
            generator,
        )
        for problem, its_draws in zip(problems, draws, strict=True)
        for index, draw in enumerate(its_draws)
    ]


def check_prompts(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    problems: Sequence[Problem],
    prompt: Prompt = plain_prompt,
) -> None:
    """Refuses problems whose prompt leaves no room for a solution.

    Raises:
        UserError: There are any; names the longest.
    """
    context = context_length(model)
    lengths = [(len(encode_prompt(tokenizer, prompt(p))), p.problem_id) for p in problems]
    long = [(length, name) for length, name in lengths if length >= context]
    if long:
        length, name = max(long)
        raise UserError(
            f"{name}: the prompt has {length} tokens, the generator's context holds {context}"
            f" ({len(long)} of {len(problems)} problems are too long); --skip-long gives them"
            " solutions without a step, fewer --few-shot examples shorten prompts"
        )


def context_length(model: PreTrainedModel) -> int:
    """Tokens of prompt and solution together that the model can attend to.

    Where some layers see a sliding window only, its width: the engine keeps
    every token in sight.
    """
    config = model.config
    lengths = [getattr(config, "max_position_embeddings", None)]
    # Without a list of layer types, a window that is set holds for all layers.
    kinds = getattr(config, "layer_types", None) or ["sliding"]
    if any("full" not in kind for kind in kinds):
        lengths += [getattr(config, name, None) for name in ("sliding_window", "window_size")]
    return min((int(length) for length in lengths if length), default=sys.maxsize)


def _solution(
    tokenizer: PreTrainedTokenizerBase,
    special: frozenset[int],
    problem: Problem,
    name: str,
    draw: Draw,
    generator: str | None,
) -> Solution:
    text = cut_solution(decode(tokenizer, [t for t in draw.tokens if t not in special]))
    return Solution(
        solution_id=name,
        problem_id=problem.problem_id,
        steps=split_steps(text),
        answer=final_answer(text),
        finish=draw.finish,
        n_tokens=len(draw.tokens),
        log_probability=draw.log_probability,
        generator=generator,
    )
