"""Training a PRM on PRM800K phase 1: our forests against TRL's trainer, same rows, same weights.

    python benchmarks/train_packed.py [--quick] [--json] [--backbone a b] [--threads 1]

The rows are those that TRL's own example script makes of phase 1: one for each
alternative that was not chosen, with all steps before it, and one for each whole
path; a label is right if its rating is 1. Each side trains one epoch from the
same random weights with AdamW and clipping, in a process of its own.

- `ours`: each distinct labelled step once, `TreeBatches` and `restricted_loss`.
- `trl`: `trl.experimental.prm.PRMTrainer` with its default batch of 8 rows. Later
  versions of TRL have no PRM trainer; where none is installed (`pip install
  trl==1.8.0`) its loop is written out here: padded batches of 8 rows in random
  order, a two-column head on every token, loss at the last token of each step.
- `full-logits`: what trainers with a language-model head do: padded batches of
  four rows, all logits, cross-entropy over the vocabulary. A few batches are
  timed and the rest reckoned from their tokens.

Speed is distinct labelled steps a second. The mean loss of all rows before
training is compared, too. Needs the public data beside the checkout.
"""

import argparse
import importlib.util
import json
import random
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from packed_setup import (
    BACKBONES,
    Measured,
    config,
    flops,
    load,
    matmul_rate,
    phase1,
    run_side,
    step_text,
    train_tokenizer,
)
from torch.nn import functional
from transformers import AutoTokenizer, Qwen2ForCausalLM, Qwen2ForTokenClassification
from transformers.utils import logging as hf_logging

from surefoot.steps import review_prompt
from surefoot.training.objectives import restricted_loss
from surefoot.training.targets import NO_TARGET, Example
from surefoot.training.tree_batches import TreeBatches
from surefoot.training.weights import each_target_once
from surefoot.verifiers.encode import Encoder
from surefoot.verifiers.packed import reading_trees, tree_way
from surefoot.verifiers.trie import build

MINUS, PLUS = 14, 12
"""Any two rows of the head stand for the ratings."""
RATE = 1e-5
TRL_ROWS, FULL_ROWS = 8, 4
QUICK_TOKENS = (7_000, 12_000)
"""Fewest and most tokens of all rows of a problem, with `--quick`."""


def trl_rows(row: dict[str, Any]) -> list[tuple[list[str], list[bool]]]:
    """(steps, labels) of each sequence that TRL's converter makes of a published row."""
    made: list[tuple[list[str], list[bool]]] = []
    steps: list[str] = []
    labels: list[bool] = []
    for step in row["label"]["steps"]:
        for index, offered in enumerate(step["completions"]):
            if index != step["chosen_completion"]:
                is_right = offered["rating"] == 1
                made.append(([*steps, step_text(offered["text"])], [*labels, is_right]))
        if step["chosen_completion"] is not None:
            taken = step["completions"][step["chosen_completion"]]
            is_right = taken["rating"] == 1
        elif step["human_completion"] is not None:
            taken, is_right = step["human_completion"], True
        else:
            break
        steps.append(step_text(taken["text"]))
        labels.append(is_right)
    return [*made, (steps, labels)] if steps else made


def examples(work: dict[str, Any]) -> list[Example]:
    """The rows with a rating token at each step's last token."""
    encoder = Encoder(AutoTokenizer.from_pretrained(work["tokenizer"]))
    found = []
    for prompt, steps, labels in work["rows"]:
        text = encoder(prompt, steps)
        targets = [NO_TARGET] * len(text.ids)
        for end, is_right in zip(text.step_ends, labels, strict=True):
            targets[end] = PLUS if is_right else MINUS
        found.append(Example(np.array(text.ids, dtype=np.int32), np.array(targets)))
    return found


def causal_model(backbone: str) -> Any:
    """The base, the same weights every time."""
    torch.manual_seed(0)
    return Qwen2ForCausalLM(config(backbone))


def parameters(backbone: str) -> int:
    """Numbers of the base; each has a gradient and AdamW's two sums, four bytes each."""
    with torch.device("meta"):
        count: int = Qwen2ForCausalLM(config(backbone)).num_parameters()
    return count


def classifier(backbone: str) -> Any:
    """The same base with a two-column head that gives the same numbers."""
    causal = causal_model(backbone)
    model = Qwen2ForTokenClassification(config(backbone, num_labels=2, classifier_dropout=0.0))
    model.model.load_state_dict(causal.model.state_dict())
    with torch.no_grad():
        model.score.weight.copy_(causal.lm_head.weight[[MINUS, PLUS]])
        model.score.bias.zero_()
    return model


def ours(backbone: str, work: dict[str, Any]) -> dict[str, Any]:
    """One epoch by our engine."""
    model = causal_model(backbone)
    rows = examples(work)
    loss = restricted_loss([MINUS, PLUS])
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0)
    with reading_trees(model, tree_way(model)):
        with torch.no_grad():
            whole = TreeBatches(rows, work["batch_tokens"])
            parts = [whole(n) for n in range(whole.n_batches(1))]
            start = sum(float(loss(model, part)) for part in parts)
            start /= sum(part.n_targets for part in parts)
        n_steps = 0.0
        n_computed = n_seen = 0
        with Measured() as measured:
            batches = TreeBatches(each_target_once(rows), work["batch_tokens"])
            for number in range(batches.n_batches(1)):
                batch = batches(number)
                optimizer.zero_grad()
                torch.autograd.backward(loss(model, batch) / batch.n_targets)
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                n_steps += batch.n_targets
                n_computed += len(batch.trie)
                n_seen += int((batch.trie.depth + 1).sum())
    return result(measured, start) | {
        "labelled_steps": round(n_steps),
        "updates": batches.n_batches(1),
        "computed_tokens": n_computed,
        "seen": n_seen,
    }


def by_trl(backbone: str, work: dict[str, Any]) -> dict[str, Any]:
    """One epoch by TRL's trainer."""
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl.experimental.prm import PRMConfig, PRMTrainer

    measured = Measured()

    class Clock(TrainerCallback):  # type: ignore[misc]
        """Measures from the first batch to the last update."""

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            """Starts."""
            measured.__enter__()

        def on_train_end(self, *_: Any, **__: Any) -> None:
            """Stops."""
            measured.__exit__()

    keys = ("prompt", "completions", "labels")
    data = Dataset.from_list([dict(zip(keys, row, strict=True)) for row in work["rows"]])
    with tempfile.TemporaryDirectory() as out:
        settings = PRMConfig(
            output_dir=out,
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            per_device_train_batch_size=TRL_ROWS,
            num_train_epochs=1,
            learning_rate=RATE,
            max_length=None,
            report_to="none",
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            dataloader_pin_memory=False,
        )
        trainer = PRMTrainer(
            model=classifier(backbone),
            args=settings,
            train_dataset=data,
            processing_class=AutoTokenizer.from_pretrained(work["tokenizer"]),
            callbacks=[Clock()],
        )
        start = classifier_loss(trainer.model, work)
        trainer.train()
    return result(measured, start) | {"labelled_steps": sum(len(r[2]) for r in work["rows"])}


def by_trl_loop(backbone: str, work: dict[str, Any]) -> dict[str, Any]:
    """One epoch in the way of TRL's trainer, without it."""
    model = classifier(backbone)
    start = classifier_loss(model, work)
    rows = examples(work)
    order = np.random.default_rng(0).permutation(len(rows)).tolist()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0)
    with Measured() as measured:
        for first in range(0, len(order), TRL_ROWS):
            batch = [rows[i] for i in order[first : first + TRL_ROWS]]
            logits, targets = classified(model, batch)
            optimizer.zero_grad()
            torch.autograd.backward(functional.cross_entropy(logits, targets))
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    return result(measured, start) | {"labelled_steps": sum(len(r[2]) for r in work["rows"])}


def by_full_logits(backbone: str, work: dict[str, Any]) -> dict[str, Any]:
    """A few updates with all logits of padded batches."""
    model = causal_model(backbone)
    rows = examples(work)
    order = (
        np.random.default_rng(0).permutation(len(rows)).tolist()[: FULL_ROWS * work["full_batches"]]
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0)
    with Measured() as measured:
        for first in range(0, len(order), FULL_ROWS):
            batch = [rows[i] for i in order[first : first + FULL_ROWS]]
            ids, mask, targets = pad(batch)
            logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
            loss = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            del logits, loss
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    done = sum(len(rows[i].ids) for i in order)
    whole = sum(len(row.ids) for row in rows)
    return result(measured, float("nan")) | {"share": done / whole}


def pad(batch: list[Example]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, mask and targets, padded at the right to the longest row."""
    lengths = torch.tensor([len(row.ids) for row in batch])
    width = int(lengths.max())
    ids = torch.zeros((len(batch), width), dtype=torch.long)
    targets = torch.full((len(batch), width), NO_TARGET)
    for i, row in enumerate(batch):
        ids[i, : len(row.ids)] = torch.as_tensor(row.ids)
        targets[i, : len(row.ids)] = torch.as_tensor(row.targets)
    return ids, (torch.arange(width) < lengths[:, None]).long(), targets


def classified(model: Any, batch: list[Example]) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of the two classes at the labelled steps, and the classes."""
    ids, mask, targets = pad(batch)
    logits = model(input_ids=ids, attention_mask=mask).logits
    is_target = targets != NO_TARGET
    return logits[is_target], (targets[is_target] == PLUS).long()


@torch.no_grad()
def classifier_loss(model: Any, work: dict[str, Any]) -> float:
    """Mean loss of all labels of all rows."""
    model.eval()
    total, n = 0.0, 0
    rows = examples(work)
    for first in range(0, len(rows), TRL_ROWS):
        logits, targets = classified(model, rows[first : first + TRL_ROWS])
        total += float(functional.cross_entropy(logits, targets, reduction="sum"))
        n += len(targets)
    model.train()
    return total / n


def result(measured: Measured, start: float) -> dict[str, Any]:
    """What every side prints."""
    return {
        "seconds": measured.seconds,
        "processor_seconds": measured.processor_seconds,
        "working": measured.working,
        "peak": measured.peak,
        "loss_before": start,
    }


def compare(backbone: str, options: Any, folder: Path) -> dict[str, Any]:
    """All sides on one backbone."""
    tokenizer_folder = folder / "tokenizer"
    published = phase1(options.data)
    if not tokenizer_folder.exists():
        train_tokenizer(published, tokenizer_folder)
    encoder = Encoder(AutoTokenizer.from_pretrained(tokenizer_folder))
    low, high = QUICK_TOKENS if options.quick else (0, 10**9)
    rows: list[tuple[str, list[str], list[bool]]] = []
    texts: list[Any] = []
    n_problems = 0
    for row in random.Random(options.seed).sample(published, len(published)):
        prompt = review_prompt(row["question"]["problem"])
        made = [(prompt, steps, labels) for steps, labels in trl_rows(row)]
        encoded = [encoder(prompt, steps) for _, steps, _ in made]
        if low <= sum(len(e.ids) for e in encoded) <= high and n_problems < options.problems:
            rows += made
            texts += encoded
            n_problems += 1
    trie, _ = build([e.ids for e in texts])
    work = {
        "tokenizer": str(tokenizer_folder),
        "rows": rows,
        "batch_tokens": options.batch_tokens,
        "full_batches": 1 if options.quick else 2,
    }
    (folder / "work.json").write_text(json.dumps(work), encoding="utf-8")

    def side(name: str) -> Any:
        words = ["--side", name, "--work", folder / "work.json", "--backbone", backbone]
        return run_side(__file__, *words, "--threads", options.threads)

    busy = load()
    has_trl = importlib.util.find_spec("trl") and importlib.util.find_spec("trl.experimental.prm")
    mine = side("ours")
    theirs = side("trl" if has_trl else "trl-loop")
    full = side("full-logits")
    distinct = mine["labelled_steps"]
    rate = matmul_rate(backbone)
    once = flops(backbone, len(trie), int((trie.depth + 1).sum()))
    computed = flops(backbone, mine["computed_tokens"], mine["seen"])
    name = "TRL's PRMTrainer" if has_trl else "TRL's loop written out"
    return {
        "backbone": backbone,
        "problems": n_problems,
        "rows": len(rows),
        "tokens": sum(len(e.ids) for e in texts),
        "distinct_tokens": len(trie),
        "computed_tokens": mine["computed_tokens"],
        "labels": theirs["labelled_steps"],
        "distinct_labels": distinct,
        "updates": mine["updates"],
        "threads": options.threads,
        "load_before": busy,
        "load_after": load(),
        "ours_seconds": mine["seconds"],
        "ours_labelled_steps_per_second": distinct / mine["seconds"],
        "matmul_gflops": rate / 1e9,
        # A backward pass is two forward passes.
        "share_of_matmul_rate_distinct": 3 * once / mine["processor_seconds"] / rate,
        "share_of_matmul_rate_computed": 3 * computed / mine["processor_seconds"] / rate,
        "comparisons": [
            {
                "against": f"{name}: distinct labelled steps a second",
                "ratio": theirs["seconds"] / mine["seconds"],
                "processor_ratio": theirs["processor_seconds"] / mine["processor_seconds"],
                "seconds": theirs["seconds"],
                "difference_of_the_loss_before": abs(theirs["loss_before"] - mine["loss_before"]),
            },
            {
                "against": "full logits, batches of four rows: distinct labelled steps a second",
                "ratio": full["seconds"] / full["share"] / mine["seconds"],
                "processor_ratio": full["processor_seconds"]
                / full["share"]
                / mine["processor_seconds"],
                "seconds": full["seconds"] / full["share"],
                "timed_share": full["share"],
            },
            *(
                {
                    "against": f"{other}: memory above the loaded model{without}",
                    "ratio": (found["working"] - state) / (mine["working"] - state),
                    "ours_mib": (mine["working"] - state) >> 20,
                    "theirs_mib": (found["working"] - state) >> 20,
                }
                for other, found in ((name, theirs), ("full logits", full))
                for without, state in (
                    (", optimizer included", 0),
                    (", gradients and optimizer's sums taken off", 12 * parameters(backbone)),
                )
            ),
        ],
    }


def main() -> None:
    """Runs one side, or all of them and prints the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--quick", action="store_true", help="a small problem, under three minutes")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--backbone", nargs="+", choices=list(BACKBONES), default=list(BACKBONES))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--problems", type=int, help="taken at random: 6, or 1 with --quick")
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.problems = options.problems or (1 if options.quick else 6)
    torch.set_num_threads(options.threads)
    warnings.simplefilter("ignore")
    hf_logging.set_verbosity_error()
    if options.side:
        sides = {
            "ours": ours,
            "trl": by_trl,
            "trl-loop": by_trl_loop,
            "full-logits": by_full_logits,
        }
        work = json.loads(options.work.read_text(encoding="utf-8"))
        print(json.dumps(sides[options.side](options.backbone[0], work)))
        return
    with tempfile.TemporaryDirectory() as folder:
        results = [compare(backbone, options, Path(folder)) for backbone in options.backbone]
    if options.json:
        print(json.dumps({"benchmark": "train_packed", "results": results}))
        return
    for found in results:
        print(f"backbone {found['backbone']}: {found['rows']} rows,", end=" ")
        print(f"{found['tokens']} tokens, {found['distinct_tokens']} distinct;", end=" ")
        print(f"{found['labels']} labels, {found['distinct_labels']} distinct;", end=" ")
        print(f"ours {found['ours_seconds']:.1f} s,", end=" ")
        print(f"{found['share_of_matmul_rate_computed']:.0%} of the matrix rate")
        for row in found["comparisons"]:
            print(f"  {row['ratio']:6.1f} x  {row['against']}")


if __name__ == "__main__":
    main()
