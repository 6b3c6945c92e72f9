"""The step format: how a problem and its solution are written as text.

Defined once, here, and used by the writers of training text, the generator,
the verifiers and the answer extraction. A solution is newline-delimited: one
step a line, the last line `# Answer` followed by the final answer (Lightman et
al. 2023, section 2.2 and appendix). A *step unit* is a step with its newline;
verifiers read a step's rating at the unit's last token.
"""

from collections.abc import Iterable, Sequence

STEP_SEPARATOR = "\n"
ANSWER_MARK = "# Answer"
EXAMPLE_SEPARATOR = "\n"
"""Between two worked examples: an empty line, as each one ends with a newline."""


def solve_prompt(statement: str) -> str:
    """The text after which a generator writes the first step."""
    return f"Problem: {statement.strip()}\nSolution:\n"


def review_prompt(statement: str) -> str:
    """The text after which a verifier reads the steps it judges."""
    return f"Problem: {statement.strip()}\nReview:\n"


def few_shot_prompt(examples: Iterable[tuple[str, Sequence[str]]], statement: str) -> str:
    """Worked examples (statement, steps), then the prompt of `statement`."""
    worked = [solve_prompt(s) + join_steps(steps) for s, steps in examples]
    return EXAMPLE_SEPARATOR.join([*worked, solve_prompt(statement)])


def answer_step(answer: str) -> str:
    """The last step of a solution with this final answer."""
    return f"{ANSWER_MARK} {answer}"


def step_units(steps: Iterable[str]) -> list[str]:
    """Each step with the newline that ends it; their concatenation is the text."""
    return [step + STEP_SEPARATOR for step in steps]


def join_steps(steps: Iterable[str]) -> str:
    """Steps as one text, each ended by a newline."""
    return "".join(step_units(steps))


def split_steps(text: str) -> tuple[str, ...]:
    """Steps of a text: its lines, stripped at the right, empty ones dropped.

    Everything after the `# Answer` line is dropped too: a generator that runs
    on into another problem has finished this one. An `# Answer` line with
    nothing behind it takes the next non-empty line as its answer (PRM800K
    writes it so).
    """
    steps: list[str] = []
    for line in text.split(STEP_SEPARATOR):
        line = line.rstrip()
        if not line.strip():
            continue
        if steps and steps[-1].strip() == ANSWER_MARK:
            steps[-1] = answer_step(line.strip())
            break
        steps.append(line)
        if is_answer_step(line) and line.strip() != ANSWER_MARK:
            break
    return tuple(steps)


def is_answer_step(step: str) -> bool:
    """Whether this line is the one that states the final answer."""
    return step.lstrip().startswith(ANSWER_MARK)
