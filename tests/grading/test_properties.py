"""What holds for all answers: equality is symmetric, spelling never matters, nothing raises."""

import random
import time

from answers import Node, answer, expression, spell
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from surefoot.grading.clusters import VOTES, cluster
from surefoot.grading.judge import judge

seeds = st.integers(0, 2**32)
ANSWERS = settings(max_examples=400)


@ANSWERS
@given(answer, seeds, seeds)
def test_an_answer_is_equal_to_itself_however_it_is_spelled(node: Node, a: int, b: int) -> None:
    first, second = spell(node, random.Random(a)), spell(node, random.Random(b))
    judgement = judge(first, second)
    assert judgement.verdict == "correct", (first, second, judgement.reason)


@ANSWERS
@given(answer, answer, seeds)
def test_equality_is_symmetric(left: Node, right: Node, seed: int) -> None:
    dice = random.Random(seed)
    a, b = spell(left, dice), spell(right, dice)
    assert judge(a, b).verdict == judge(b, a).verdict, (a, b)


@ANSWERS
@given(answer, answer, seeds, seeds)
def test_another_spelling_keeps_the_verdict(left: Node, right: Node, a: int, b: int) -> None:
    # A list for a tuple keeps its order (a policy), so here it has one spelling less.
    assume("list" not in (left.head, right.head) or left.head == right.head)
    other = spell(right, random.Random(a))
    first, second = spell(left, random.Random(a)), spell(left, random.Random(b))
    assert judge(first, other).verdict == judge(second, other).verdict, (first, second, other)


@settings(max_examples=100)
@given(st.lists(answer | expression, max_size=8), seeds)
def test_clusters_are_what_pairs_say(nodes: list[Node], seed: int) -> None:
    dice = random.Random(seed)
    answers = [spell(node, dice) for node in nodes for _ in range(2)]
    dice.shuffle(answers)
    firsts: list[str] = []
    expected = []
    for text in answers:
        equal = [
            k for k, first in enumerate(firsts) if judge(text, first, VOTES).verdict == "correct"
        ]
        expected.append(equal[0] if equal else len(firsts))
        if not equal:
            firsts.append(text)
    assert cluster(answers) == expected, answers


SOUP = (
    r"\frac \dfrac { } ( ) [ ] \{ \} , ; : \text{ \sqrt \sqrt[3] ^ _ 1 2 10 0.5 .5 x n \pi e i "
    r"\infty + - \cdot / = < > \le \cup \in \pm \circ ^\circ % \$ $ ! | \left( \right) & \\ "
    r"\begin{pmatrix} \end{pmatrix} \begin{array}{c} \end{array} \sin \log \binom \overline \bar "
    r"\langle \rangle \over \choose and or to cm dollars dozen base mod \ldots ... ' \boxed{ yes "
    r"\mathbb{R} \emptyset \max \gcd \mid a.m. 12:30 \, \! = \approx \phantom \lfloor \rceil 5_7 "
    r"9^{9^{9}} 100! 1e400 1/0 \det \ce ~ ** ` \u00b2 \u221a"
).split()


@settings(max_examples=600)
@given(st.lists(st.sampled_from(SOUP), max_size=14), st.sampled_from(["", " "]), answer, seeds)
def test_soup_never_raises_and_takes_no_time(
    pieces: list[str], blank: str, node: Node, seed: int
) -> None:
    text, gold = blank.join(pieces), spell(node, random.Random(seed))
    start = time.process_time()
    verdict = judge(text, gold).verdict
    assert verdict in ("correct", "incorrect", "no_answer", "undecided")
    judge(gold, text)
    assert time.process_time() - start < 1, text


@settings(max_examples=400)
@given(st.text(st.characters(codec=None, categories=None), max_size=60), answer, seeds)
def test_any_text_is_judged(text: str, node: Node, seed: int) -> None:
    gold = spell(node, random.Random(seed))
    assert judge(text, gold).verdict in ("incorrect", "undecided", "no_answer", "correct")
    if text.strip():
        judge(gold, text)
        assert judge(text, text).verdict in ("correct", "no_answer")
