"""What a next step is as text, and who writes one behind a server. Loads no torch."""

from collections.abc import Callable, Sequence

from surefoot.model_server import ask, only_model
from surefoot.steps import ANSWER_MARK, STEP_SEPARATOR, join_steps, solve_prompt, split_steps

MAX_TOKENS = 256
"""Of a step."""
BARREN, MOST = 2, 4
"""When to stop asking for different texts; see `distinct`."""
PATIENCE = 60.0
"""Seconds to wait for a server's reply."""


def step_prompt(statement: str, before: Sequence[str]) -> str:
    """The text after which a generator writes the next step."""
    return solve_prompt(statement) + join_steps(before)


def end_of_step(text: str) -> int | None:
    r"""Length of the step that a text begins with, its newline included; None if it goes on.

    A bare `# Answer` line goes on to the answer. An empty line at the start ends a
    step that is empty: the solution ended before.

    Example:
        >>> end_of_step("1+1=2\n2+1=3\n"), end_of_step("# Answer\n\n"), end_of_step("\n")
        (6, None, 1)
    """
    end = 0
    for line in text.split(STEP_SEPARATOR)[:-1]:
        is_first = end == 0
        end += len(line) + len(STEP_SEPARATOR)
        if (line.strip() and not is_first) or (is_first and line.strip() != ANSWER_MARK):
            return end
    return None


def first_step(text: str) -> str | None:
    """The step that a sampled text begins with; None if it has none that says anything."""
    found = split_steps(text[: end_of_step(text)])
    return found[0] if found and found[0].strip() != ANSWER_MARK and "\0" not in text else None


def distinct(draw: Callable[[int, int], Sequence[str]], n: int) -> list[str]:
    """Up to `n` different steps; those that are missing are asked for again.

    Ends when `BARREN` times in a row nothing new came, or after `MOST` texts for each
    that is wanted: a generator that is sure of its step knows no seven of them.

    Args:
        draw: (how many, how many were asked for before) -> sampled texts.
        n: How many are wanted.
    """
    found: dict[str, None] = {}
    asked = n_texts = barren = 0
    while len(found) < n and barren < BARREN and n_texts < MOST * n:
        before, count = len(found), n - len(found)
        texts = draw(count, asked)
        asked, n_texts = asked + count, n_texts + len(texts)
        found.update(dict.fromkeys(step for text in texts if (step := first_step(text))))
        barren = 0 if len(found) > before else barren + 1
    return list(found)[:n]


def served_step_writer(
    address: str, model: str | None = None, temperature: float = 1.0
) -> Callable[[str, Sequence[str], int], list[str]]:
    """A writer behind a server with OpenAI's `completions`: vLLM, SGLang, llama.cpp.

    Args:
        address: Such as `http://127.0.0.1:8000/v1`.
        model: Its name on the server; None: the only one that it serves.
        temperature: Divides the logits.
    """

    def write(statement: str, before: Sequence[str], n: int) -> list[str]:
        name = model or only_model(address)

        def draw(count: int, _: int) -> list[str]:
            body = {
                "model": name,
                "prompt": step_prompt(statement, before),
                "n": count,  # some servers give one whatever is asked for
                "max_tokens": MAX_TOKENS,
                "temperature": temperature,
                "stop": [STEP_SEPARATOR],
            }
            reply = ask(address, "completions", body, PATIENCE)
            return [str(choice["text"]) for choice in reply["choices"]]

        return distinct(draw, n)

    return write
