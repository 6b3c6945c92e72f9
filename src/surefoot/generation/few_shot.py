"""Few-shot prompts: worked examples before the problem.

The first step of the paper's generator recipe (Lightman et al. 2023, section
2.2): a base model that has never seen the step format picks it up from a few
reference solutions; its own right solutions are what it is then finetuned on.
"""

import random
from collections.abc import Sequence

from surefoot.errors import UserError
from surefoot.records import Problem
from surefoot.steps import answer_step, few_shot_prompt, is_answer_step, split_steps


class FewShotPrompt:
    """Writes a problem's prompt, with K worked examples of other problems.

    The examples of a problem are a function of the seed and the problem's id,
    so all N solutions share one prompt, and the order or number of the problems
    changes nothing.

    Args:
        examples: Problems to take worked examples from; those without a
            reference solution are left out.
        k: K, examples a prompt, >= 1.
        seed: Another seed draws other examples.

    Raises:
        UserError: Fewer than K + 1 examples have a reference solution (one of
            them may be the problem itself).
    """

    def __init__(self, examples: Sequence[Problem], k: int, seed: int) -> None:
        self.worked = [(p, reference_steps(p)) for p in examples if p.reference_solution]
        if len(self.worked) <= k:
            raise UserError(
                f"--few-shot {k}: needs at least {k + 1} examples with a reference_solution, "
                f"found {len(self.worked)} in {len(examples)} problems"
            )
        self.k, self.seed = k, seed

    def __call__(self, problem: Problem) -> str:
        """The prompt; the problem itself is never among its examples."""
        draw = random.Random(f"{self.seed}\x1f{problem.problem_id}")
        chosen: list[tuple[str, tuple[str, ...]]] = []
        drawn: set[int] = set()
        while len(drawn) < len(self.worked) and len(chosen) < self.k:
            index = draw.randrange(len(self.worked))
            example, steps = self.worked[index]
            if index not in drawn and not _is_same(example, problem):
                chosen.append((example.statement, steps))
            drawn.add(index)
        if len(chosen) == self.k:
            return few_shot_prompt(chosen, problem.statement)
        raise UserError(
            f"--few-shot {self.k}: {problem.problem_id}: too few of the examples are other problems"
        )


def reference_steps(problem: Problem) -> tuple[str, ...]:
    """Steps of the reference solution, ended by its `# Answer` line."""
    steps = split_steps(problem.reference_solution or "")
    if steps and is_answer_step(steps[-1]):
        return steps
    return (*steps, answer_step(problem.answer))


def _is_same(example: Problem, problem: Problem) -> bool:
    """Whether the example would give the problem's solution away."""
    same_id = example.problem_id == problem.problem_id
    return same_id or example.statement.strip() == problem.statement.strip()
