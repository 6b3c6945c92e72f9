"""The flags that `train generator`, `train orm` and `train prm` share."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surefoot.commands.options import Writes, check_at_least, check_input
from surefoot.errors import BadRow
from surefoot.generation.folder import load_model
from surefoot.records import RATINGS, Grade, Labels, Problem, Rating, Solution, VerifierKind
from surefoot.stages import fingerprint
from surefoot.tables import place, read
from surefoot.training.checkpoint import check_output
from surefoot.training.checks import UnfitRecord
from surefoot.training.examples import Examples
from surefoot.training.finetune import Schedule
from surefoot.training.objectives import restricted_loss, token_loss
from surefoot.training.probing import fit_rating_rows
from surefoot.training.targets import TokenBatch, TreeBatch
from surefoot.training.weights import WeightBy
from surefoot.verifiers.folder import VerifierSettings
from surefoot.verifiers.rating_tokens import rating_token_ids
from surefoot.verifiers.readout import check_readout

log = logging.getLogger("surefoot")
Loss: TypeAlias = Callable[[PreTrainedModel, TokenBatch | TreeBatch], Tensor]
T = TypeVar("T", Problem, Solution, Grade, Labels)
R = TypeVar("R", Grade, Labels)


@dataclass(frozen=True, kw_only=True)
class Trains(Writes):
    """What every finetuning command takes."""

    problems: Path
    """The problems that the solutions belong to."""
    solutions: Path
    """The solutions to learn from."""
    base: str = "nano"
    """Model to start from: `nano`, a model folder, or a name on the hub."""
    epochs: int = 1
    """Times each solution is seen."""
    learning_rate: float = 1e-3
    """Peak learning rate. The default suits nano; billions of parameters need about 1e-5."""
    batch_tokens: int = 8192
    """Tokens of a batch, padding included. Smaller needs less memory."""
    gradient_accumulation: int = 1
    """Batches summed up for one update, in place of a larger batch."""
    optimizer: Literal["adamw", "muon"] = "adamw"
    """`muon`: Muon on the hidden matrices, AdamW on the rest."""
    weight_decay: float = 0.0
    """Decoupled weight decay of the matrices."""
    warmup: float = 0.05
    """Share of the updates over which the learning rate rises."""
    decay: Literal["linear", "cosine"] = "linear"
    """How the learning rate falls to 0 afterwards."""
    bf16: bool = False
    """Compute in bfloat16."""
    checkpoint_every: int = 50
    """Updates between checkpoints, from which a killed run goes on."""
    seed: int = 0
    """Of the order of the examples."""
    limit: int | None = None
    """Train on at most so many solutions, the first ones that qualify."""
    skip_bad: bool = False
    """Leave bad rows of the inputs out, counted and listed, instead of stopping."""

    def __post_init__(self) -> None:
        if self.limit is not None:
            check_at_least("--limit", self.limit, 1)
        self.schedule()

    def schedule(self) -> Schedule:
        """The training schedule these flags ask for.

        Raises:
            UserError: A value is out of its range; names the flag.
        """
        return Schedule(
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            batch_tokens=self.batch_tokens,
            gradient_accumulation=self.gradient_accumulation,
            optimizer=self.optimizer,
            weight_decay=self.weight_decay,
            warmup=self.warmup,
            decay=self.decay,
            bf16=self.bf16,
            checkpoint_every=self.checkpoint_every,
            seed=self.seed,
        )

    def spec(self, command: str, **inputs: Path) -> dict[str, Any]:
        """What decides the result beside the schedule: base, limit and the inputs' content.

        The base's weights are in the checkpoint, so its name is enough.
        """
        prints = {
            name: fingerprint(path)
            for name, path in {
                "problems": self.problems,
                "solutions": self.solutions,
                **inputs,
            }.items()
        }
        return {"command": command, "base": self.base, "limit": self.limit, **prints}

    def inputs(
        self, path: Path, record: type[R], what: str
    ) -> tuple[dict[str, Problem], list[Solution], list[R]]:
        """Problems by id, solutions, and the grades or labels at `path`.

        Raises:
            OutputExists: `--out` is there; known before anything is read.
            UserError: A table is missing or holds a bad row.
        """
        check_output(self.out, overwrite=self.overwrite)
        problems = self._read(self.problems, Problem, "problems")
        solutions = self._read(self.solutions, Solution, "solutions")
        return {p.problem_id: p for p in problems}, solutions, self._read(path, record, what)

    def _read(self, path: Path, record: type[T], what: str) -> list[T]:
        return read(check_input(path, what), record, skip_bad=self.skip_bad)


@dataclass(frozen=True, kw_only=True)
class TrainsVerifier(Trains):
    """What `train orm` and `train prm` take besides."""

    rating_tokens: tuple[str, str, str] = ("-", "0", "+")
    """Tokens that stand for the ratings -1, 0 and +1, each a single one of the
    base's tokenizer. A base learns sooner with words it has read as judgements:
    `wrong ? right` for nano, where - 0 + are also the signs it calculates with."""

    rating_tokens_only: bool = False
    """Take the softmax over the rating tokens instead of the whole vocabulary."""
    weight_by: WeightBy = "step"
    """Weight of a step that several solutions share with all that comes before it.
    `step`: it counts once, its ratings in proportion where they differ. `solution`:
    it counts once for each solution, so that common beginnings weigh more."""
    probe_first: bool = False
    """Fit the rating tokens' output rows on the frozen base before training, so
    that the first updates do not distort what the base knows of the steps."""

    skip_long: bool = False
    """Leave solutions out, counted, that are longer than the base can read, instead of
    stopping at the first. Of labels only the steps up to the last one that counts matter."""

    def rating_texts(self) -> dict[Rating, str]:
        """Rating -> text of its token."""
        return dict(zip(RATINGS, self.rating_tokens, strict=True))

    def load_base(
        self,
    ) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, dict[Rating, int]]:
        """The base, its tokenizer, and rating -> token id.

        Raises:
            ModelFolderError: The folder does not load, its tokenizer splits a
                rating token, or its logits are made in an unknown way.
        """
        model, tokenizer = load_model(self.base)
        rating_ids = rating_token_ids(tokenizer, self.rating_texts(), self.base)
        check_readout(model, self.base)
        return model, tokenizer, rating_ids

    def prepare(
        self, model: PreTrainedModel, examples: Examples, rating_ids: Mapping[Rating, int]
    ) -> Loss:
        """The loss asked for; the rating tokens' rows are fitted, if asked to."""
        ids = list(rating_ids.values())
        if self.probe_first and examples.examples:
            losses = fit_rating_rows(model.float(), examples.examples, ids)
            log.info("rating rows fitted: loss %.3f, before %.3f", losses[1], losses[0])
        return restricted_loss(ids) if self.rating_tokens_only else token_loss

    def spec(self, command: str, **inputs: Path) -> dict[str, Any]:
        """As for the generator, with the flags of verifiers."""
        names = ("rating_tokens", "rating_tokens_only", "probe_first", "skip_long", "weight_by")
        return {
            **super().spec(command, **inputs),
            **{name: getattr(self, name) for name in names},
        }

    def settings(self, kind: VerifierKind) -> VerifierSettings:
        """What the verifier's `verifier.json` will say."""
        texts = {str(rating): text for rating, text in self.rating_texts().items()}
        return VerifierSettings(kind=kind, rating_tokens=texts)


@contextmanager
def rows_named(tables: Mapping[type[Any], Path]) -> Iterator[None]:
    """Turn the error of a record that cannot be trained on into one that names its row.

    Args:
        tables: Kind of record -> where it was read from.
    """
    try:
        yield
    except UnfitRecord as error:
        try:
            file, number = place(tables[type(error.record)], error.record)
        except ValueError:
            raise error from None  # made of a session, which its id names
        raise BadRow(file, number, error.field, error.problem) from error
