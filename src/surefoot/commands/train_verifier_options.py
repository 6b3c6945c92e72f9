"""The flags that `train orm` and `train prm` share."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surefoot.commands.train_options import Trains
from surefoot.errors import BadRow, UserError
from surefoot.records import RATINGS, Labels, Rating, Solution, VerifierKind
from surefoot.tables import place
from surefoot.training.checks import UnfitRecord
from surefoot.training.examples import Examples
from surefoot.training.objectives import restricted_loss, token_loss
from surefoot.training.probing import fit_rating_rows
from surefoot.training.targets import TokenBatch, TreeBatch
from surefoot.training.weights import WeightBy
from surefoot.verifiers.rating_tokens import rating_token_ids
from surefoot.verifiers.readout import check_readout
from surefoot.verifiers.settings import VerifierSettings

log = logging.getLogger("surefoot")
Loss: TypeAlias = Callable[[PreTrainedModel, TokenBatch | TreeBatch], Tensor]


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
    calibrate: bool = False
    """Fit one temperature for the ratings' chances on half of the held-out problems and
    write it into verifier.json; how far chances are from frequencies before and after,
    on the other half, is reported. Scores are then computed with it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.calibrate and not self.holdout:
            raise UserError("--calibrate: nothing is held out; give --holdout too")

    def check_calibration(self, held_out: Iterable[Labels | Solution]) -> None:
        """Refuse `--calibrate`, before training, without a problem for each half.

        Raises:
            UserError: Fewer than two problems are held out.
        """
        n = len({row.problem_id for row in held_out})
        if self.calibrate and n < 2:
            raise UserError(
                f"--calibrate: needs at least two held-out problems, --holdout keeps {n};"
                " give a larger share"
            )

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
        model, tokenizer = self.load()
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
            "calibrate": self.calibrate,
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
