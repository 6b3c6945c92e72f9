"""What the commands share that score a public benchmark of steps: flags, files, scores."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from surefoot.commands.options import Options, check_at_least, check_input
from surefoot.commands.verifier_options import ReadsVerifier
from surefoot.errors import UserError
from surefoot.evaluation.first_error import NO_ERROR, THRESHOLD, Judged, best_threshold
from surefoot.evaluation.layouts.catalogue import LayoutName, read_benchmark
from surefoot.evaluation.layouts.entry import Entry
from surefoot.evaluation.step_table import first_wrong
from surefoot.records import Problem, Scores, Solution
from surefoot.stages import fingerprint, run_stage
from surefoot.tables import read
from surefoot.verifiers.folder import Verifier
from surefoot.verifiers.formats.anyone import AnyVerifier, score_any
from surefoot.verifiers.scoring import BATCH_TOKENS

log = logging.getLogger("surefoot")

ENDINGS = (".json", ".jsonl", ".jsonl.gz", ".parquet")
SHARD_SOLUTIONS = 64
"""Solutions of one shard of the scores, the piece that a killed run repeats."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class ScoresBenchmark(ReadsVerifier, Options):
    """Which rows are scored, and how."""

    layout: LayoutName | None = None
    """Layout of the rows, if their fields do not tell; docs/formats.md shows them."""
    threshold: float | None = None
    """A step scored below this is wrong; 0.5 if left out."""
    threshold_from: str | None = None
    """Take the threshold with the highest F1 of first errors on this subset."""
    limit: int | None = None
    """Only so many rows of each subset, evenly spaced: published files are
    sorted, ProcessBench's with the wrong solutions first."""
    batch_tokens: int = BATCH_TOKENS
    """Tokens of a batch, a beginning that solutions share counted once."""
    skip_long: bool = False
    """Give steps beyond what the verifier reads the score 0, instead of stopping."""
    out: Path | None = None
    """Folder for the scores, a table a subset. With it a killed run goes on where it
    stopped, and a finished one's scores are read again, whatever the threshold."""
    overwrite: bool = False
    """Replace scores in --out that were made in another way."""

    def __post_init__(self) -> None:
        check_at_least("--batch-tokens", self.batch_tokens, 1)
        if self.limit is not None:
            check_at_least("--limit", self.limit, 1)
        if self.threshold is not None and self.threshold_from is not None:
            raise UserError("--threshold-from: goes without --threshold")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise UserError(f"--threshold: must be in [0, 1], got {self.threshold}")

    def subsets(self, data: Path) -> dict[str, list[Entry]]:
        """The rows of each file, by its name.

        Raises:
            UserError: There are none, or not the subset of `--threshold-from`.
        """
        files = _files(check_input(data, "subsets"))
        name = self.threshold_from
        if name is not None and name not in files:
            raise UserError(f"--threshold-from: no subset {name!r}; there are: {', '.join(files)}")
        found = {
            name: spaced(read_benchmark(path, self.layout), self.limit)
            for name, path in files.items()
        }
        if name is not None:
            _check_both_sorts(name, found[name])
        return found

    def scored(
        self, data: Path, subsets: Mapping[str, list[Entry]], verifier: AnyVerifier
    ) -> dict[str, list[Scores]]:
        """The scores of each subset, in the order of its rows."""
        spec = self._spec() if self.out else {}
        files = _files(data)
        with _place(self.out) as folder:
            return {
                name: self._scored(
                    folder / name,
                    f"Scoring {name}",
                    entries,
                    verifier,
                    {**spec, "rows": fingerprint(files[name])} if self.out else spec,
                )
                for name, entries in subsets.items()
            }

    def chosen_threshold(self, judged: Mapping[str, Sequence[Judged]]) -> float:
        """As `--threshold` or `--threshold-from` says."""
        if self.threshold_from is None:
            return THRESHOLD if self.threshold is None else self.threshold
        found = best_threshold(judged[self.threshold_from])
        assert found is not None  # both sorts are there
        return found

    def _spec(self) -> dict[str, object]:
        return {
            "command": "evaluate",
            **self.verifier_spec(),
            "layout": self.layout,
            "limit": self.limit,
        }

    def _scored(
        self,
        out: Path,
        title: str,
        entries: list[Entry],
        verifier: AnyVerifier,
        spec: dict[str, object],
    ) -> list[Scores]:
        problems: dict[str, Problem] = {e.problem.problem_id: e.problem for e in entries}
        solutions = [entry.solution for entry in entries]
        if isinstance(verifier, Verifier):
            # Ours know a step as a line; other people's read it as it is written.
            solutions = [_in_lines(solution) for solution in solutions]

        def work(shard: Sequence[Solution]) -> list[Scores]:
            return score_any(
                verifier,
                problems,
                shard,
                batch_tokens=self.batch_tokens,
                skip_long=self.skip_long,
            )

        starts = range(0, len(solutions), SHARD_SOLUTIONS)
        run_stage(
            out,
            Scores,
            [solutions[start : start + SHARD_SOLUTIONS] for start in starts],
            work,
            spec=spec,
            overwrite=self.overwrite,
            reuse=True,
            progress=title,
        )
        return read(out, Scores)


def spaced(rows: list[T], limit: int | None) -> list[T]:
    """At most `limit` rows, evenly spaced."""
    if limit is None or len(rows) <= limit:
        return rows
    return [rows[i * len(rows) // limit] for i in range(limit)]


def _files(data: Path) -> dict[str, Path]:
    """Subset -> its file, in the order of their names."""
    paths = [data] if data.is_file() else [p for p in data.iterdir() if p.name.endswith(ENDINGS)]
    if not paths:
        raise UserError(f"{data}: holds no {', '.join(ENDINGS)}")
    files: dict[str, Path] = {}
    for path in sorted(paths):
        name = path.name.partition(".")[0]
        if name in files:
            raise UserError(f"{path}: has the name of {files[name].name}; a subset is one file")
        files[name] = path
    return files


@contextmanager
def _place(out: Path | None) -> Iterator[Path]:
    """`--out`, or a folder that vanishes."""
    if out is not None:
        yield out
        return
    with TemporaryDirectory(prefix="surefoot-") as folder:
        yield Path(folder)


def _in_lines(solution: Solution) -> Solution:
    steps = (_one_line(step) for step in solution.steps)
    return Solution(
        solution_id=solution.solution_id, problem_id=solution.problem_id, steps=tuple(steps)
    )


def _one_line(step: str) -> str:
    return " ".join(part.strip() for part in step.split("\n") if part.strip())


def _check_both_sorts(name: str, entries: list[Entry]) -> None:
    """A threshold is a balance of both; said before anything is scored."""
    if len({first_wrong(entry.ratings, "positive") == NO_ERROR for entry in entries}) < 2:
        raise UserError(f"--threshold-from: {name}: needs solutions with and without an error")
