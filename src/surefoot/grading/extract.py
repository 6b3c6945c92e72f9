"""The final answer, out of the text of a solution."""

from surefoot.steps import ANSWER_MARK, is_answer_step, split_steps

_BOXES = ("\\boxed", "\\fbox")


def final_answer(text: str) -> str | None:
    r"""The answer that a solution states, as it is written there.

    The `# Answer` line decides (the answer may stand on the line after it, as
    in PRM800K); text after it is not looked at. Without that line it is the
    last `\boxed{...}` whose braces are balanced. An answer of nothing but
    blanks is none.

    Example:
        >>> final_answer("2+3=5\n# Answer 5\n")
        '5'
        >>> final_answer("# Answer\n\n42")
        '42'
        >>> final_answer(r"so it is $\boxed{\frac{1}{2}}$.")
        '\\frac{1}{2}'
        >>> final_answer("I do not know") is None
        True
    """
    steps = split_steps(text)
    if steps and is_answer_step(steps[-1]):
        stated = steps[-1].strip().removeprefix(ANSWER_MARK).lstrip(" \t:").rstrip()
        if stated:
            return last_box(stated) or stated
    return last_box(text)


def last_box(text: str) -> str | None:
    r"""What the last balanced `\boxed{...}` (or `\fbox{...}`) holds; None if none does.

    Escaped braces (`\{`) do not count. One pass, whatever the text.
    """
    best: tuple[int, str] | None = None
    open_at: list[int] = []
    i = 0
    while i < len(text):
        if text[i] == "\\" and text[i + 1 : i + 2] in ("{", "}", "\\"):
            i += 2
            continue
        if text[i] == "{":
            open_at.append(i)
        elif text[i] == "}" and open_at:
            start = open_at.pop()
            if text[max(start - 8, 0) : start].rstrip().endswith(_BOXES):
                held = text[start + 1 : i].strip()
                # A box inside a box opens later and closes sooner: it wins.
                if held and (best is None or start > best[0]):
                    best = (start, held)
        i += 1
    return best[1] if best else None
