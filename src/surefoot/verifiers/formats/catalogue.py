"""The formats by name: one row a family.

`docs/verifiers.md` shows the same table to people, with what each was checked against.
"""

from dataclasses import dataclass

from surefoot.records import VerifierKind
from surefoot.verifiers.aggregate import Aggregation
from surefoot.verifiers.formats import heads, texts
from surefoot.verifiers.formats.heads import LoadHead
from surefoot.verifiers.formats.texts import WriteText


@dataclass(frozen=True, kw_only=True)
class Format:
    """How one family is read in a single pass."""

    write: WriteText
    head: LoadHead
    is_causal: bool = False
    """Whether the head is the language model's own."""
    kind: VerifierKind = "prm"
    aggregation: Aggregation = "product"
    """The family's own; `product` where none is published."""


OWN = "surefoot"
"""Verifiers trained here: folders with `verifier.json`."""
IMPLICIT = "implicit"
"""Two models, see `surefoot.verifiers.formats.implicit`."""

_PLUS_MINUS = heads.pair_apart("+", "-")

FORMATS: dict[str, Format] = {
    "math-shepherd": Format(
        write=texts.math_shepherd,
        head=heads.pair_together("+ -"),
        is_causal=True,
        aggregation="min",
    ),
    "rlhflow-prm": Format(
        write=texts.rlhflow_prm, head=_PLUS_MINUS, is_causal=True, aggregation="mean"
    ),
    "rlhflow-orm-mistral": Format(
        write=texts.rlhflow_orm("\n"), head=_PLUS_MINUS, is_causal=True, kind="orm"
    ),
    "rlhflow-orm-deepseek": Format(
        write=texts.rlhflow_orm("\n\n"), head=_PLUS_MINUS, is_causal=True, kind="orm"
    ),
    "qwen": Format(write=texts.qwen, head=heads.qwen),
    "skywork": Format(write=texts.skywork, head=heads.value),
    "reasoneval-7b": Format(
        write=texts.reasoneval(back=1), head=heads.three_ratings, aggregation="min"
    ),
    "reasoneval-34b": Format(
        write=texts.reasoneval(back=0), head=heads.three_ratings, aggregation="min"
    ),
    "trl": Format(write=texts.trl("\n"), head=heads.classifier),
    "trl-blank-line": Format(write=texts.trl("\n\n"), head=heads.classifier),
    "math-psa": Format(
        write=texts.math_psa,
        head=heads.pair_together(" + -"),
        is_causal=True,
        aggregation="min",
    ),
    "er-prm": Format(write=texts.er_prm, head=heads.pair_apart(" +", " -"), is_causal=True),
    "pqm": Format(write=texts.pqm, head=heads.value, aggregation="min"),
    "pqm-inst": Format(write=texts.pqm_inst, head=heads.value, aggregation="min"),
    "llemma": Format(write=texts.llemma, head=heads.mean_of_logits, is_causal=True),
}


def format_names() -> list[str]:
    """All names that `--verifier-format` takes for a folder."""
    return [OWN, *FORMATS, IMPLICIT]
