"""The surface: sizes of files and functions, and the list of all flags."""

import ast
import dataclasses
from pathlib import Path

import pytest

from surefoot.cli import VERBS, load_config

SRC = Path(__file__).resolve().parent.parent / "src" / "surefoot"
LONGEST_FILE = 400
LONGEST_FUNCTION = 80
FILES = sorted(SRC.rglob("*.py"))

OF_PAPER = (
    "json debug scale out lab overwrite sizes base generator train test temperature "
    "train_temperature rater negative_above words rows"
)
FLAGS: dict[str, str] = {
    "demo": "json debug out overwrite seed train_problems train_n test_problems n epochs",
    "problems arith": "json debug out overwrite n split families levels seed",
    "problems math": "json debug out overwrite source split test_ids skip_bad",
    "problems gsm8k": "json debug out overwrite source split skip_bad",
    "problems jsonl": (
        "json debug out overwrite source id_field statement_field answer_field "
        "solution_field subject_field level_field choices_field unit_field split_field skip_bad"
    ),
    "convert": "json debug table out record skip_bad overwrite",
    "train base": (
        "json debug out overwrite recipe problems width layers updates rows epochs batch_tokens "
        "vocabulary learning_rate muon_learning_rate bf16 checkpoint_every seed"
    ),
    "train generator": (
        "json debug out overwrite problems solutions base epochs learning_rate batch_tokens "
        "gradient_accumulation optimizer weight_decay warmup decay bf16 gradient_checkpointing "
        "checkpoint_every holdout evaluate_every patience lora_rank lora_alpha lora_targets "
        "keep_adapter seed limit skip_bad grades"
    ),
    "sample": (
        "json debug out overwrite problems generator n temperature top_p max_tokens seed "
        "rows few_shot examples limit skip_long"
    ),
    "grade": (
        "json debug out overwrite policy unreduced unevaluated rounded units percent "
        "list_for_tuple region_for_interval base name problems solutions pairs labels workers "
        "skip_bad"
    ),
    "select": (
        "json debug out overwrite solutions policy n per_problem scores grades wrong_share "
        "exclude reasons seed"
    ),
    "label auto": ("json debug out overwrite problems solutions by scores negative_above skip_bad"),
    "label serve": (
        "json debug db generator server served_model temperature queue problems scores generation "
        "name protocol want overlap ask answer rate per_problem gold_every pause_below "
        "third_opinion guideline host port url backups"
    ),
    "label invite": "json debug db name role url",
    "label gold": (
        "json debug db source kind pass_mark first_errors limit problems solutions labels"
    ),
    "label rate": "json debug link by error_rate limit seed session",
    "label collect": "json debug out overwrite db",
    "label next-generation": (
        "json debug out overwrite db problems solutions generator samples base train verifier "
        "policy n per_problem wrong_share want overlap seed"
    ),
    "label agreement": "json debug labels db against figure overwrite draws seed",
    "label replay": "json debug db check",
    "label backup": "json debug out overwrite db",
    "label doctor": "json debug db",
    "label import": "json debug out overwrite file format step_tag each_step skip_bad",
    "label export": (
        "json debug out overwrite keep_flagged keep_quality_control keep_screening keep_give_up "
        "keep_bad_problem labels db format problems solutions opinions generation holdout seed "
        "neutral unrated alternatives step_tag skip_bad"
    ),
    "train orm": (
        "json debug out overwrite problems solutions base epochs learning_rate batch_tokens "
        "gradient_accumulation optimizer weight_decay warmup decay bf16 gradient_checkpointing "
        "checkpoint_every holdout evaluate_every patience lora_rank lora_alpha lora_targets "
        "keep_adapter seed limit skip_bad rating_tokens rating_tokens_only weight_by "
        "probe_first skip_long calibrate grades"
    ),
    "train prm": (
        "json debug out overwrite problems solutions base epochs learning_rate batch_tokens "
        "gradient_accumulation optimizer weight_decay warmup decay bf16 gradient_checkpointing "
        "checkpoint_every holdout evaluate_every patience lora_rank lora_alpha lora_targets "
        "keep_adapter seed limit skip_bad rating_tokens rating_tokens_only weight_by "
        "probe_first skip_long calibrate keep_flagged keep_quality_control keep_screening "
        "keep_give_up keep_bad_problem labels sessions soft_labels"
    ),
    "score": (
        "json debug out overwrite verifier verifier_format reference served_model served_tokens "
        "solutions problems aggregation neutral batch_tokens limit skip_long skip_bad"
    ),
    "evaluate best-of-n": (
        "json debug file problems solutions grades scores labels likelihood n pool "
        "aggregation neutral draws seed out figure overwrite"
    ),
    "evaluate steps": (
        "json debug verifier verifier_format reference served_model served_tokens "
        "layout threshold threshold_from limit batch_tokens skip_long out overwrite "
        "keep_flagged keep_quality_control keep_screening keep_give_up keep_bad_problem "
        "data scores labels solutions neutral baselines_from baseline_solutions figure seed"
    ),
    "evaluate processbench": (
        "json debug verifier verifier_format reference served_model served_tokens "
        "layout threshold threshold_from limit batch_tokens skip_long out overwrite data"
    ),
    "paper figure3": f"{OF_PAPER} scores",
    "paper figure4": f"{OF_PAPER} small",
    "paper active-learning": f"{OF_PAPER} small labels",
    "paper table1": f"{OF_PAPER} prm orm",
    "paper scoring": OF_PAPER,
    "paper calibration": OF_PAPER,
    "paper results": "json debug out overwrite runs",
    "report": "json debug out overwrite folder problems solutions grades scores labels title seed",
}
"""Verb -> its fields, in order. A change here is a change of the command line."""


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(SRC)))
def test_files_and_functions_are_short(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(SRC)))
def test_names_say_what_is_inside(file: Path) -> None:
    assert file.stem not in {"utils", "util", "helpers", "common", "manager", "base", "misc"}


@pytest.mark.parametrize("verb", VERBS)
def test_flags_are_those_on_the_list(verb: str) -> None:
    fields = " ".join(field.name for field in dataclasses.fields(load_config(verb)))
    assert fields == FLAGS[verb]


def test_the_list_has_no_verb_too_many() -> None:
    assert set(FLAGS) == set(VERBS)
