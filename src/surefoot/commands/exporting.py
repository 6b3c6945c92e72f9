"""One export: opinions in, rows and what describes them out."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from surefoot import __version__
from surefoot.commands.export_outputs import holdout_of, output
from surefoot.labeling.export import Exporter
from surefoot.labeling.holdout import is_held_out
from surefoot.labeling.manifest import Origin, Tally, described
from surefoot.labeling.rated import Flaw, Rated
from surefoot.progress import Progress
from surefoot.tables import no_cycle_search


@dataclass(kw_only=True)
class Export:
    """What is to be written where.

    Args:
        exporter: Makes the rows.
        origin: Where the opinions come from.
        out: The file, or folder.
        chosen: Filters and choices, for the manifest.
        holdout: Share of problems that go into an output of their own.
        seed: Of that share.
    """

    exporter: Exporter
    origin: Origin
    out: Path
    chosen: dict[str, Any] = field(default_factory=dict)
    holdout: float = 0.0
    seed: int = 0

    def run(self, found: Iterable[Rated | Flaw], total: int) -> list[Tally]:
        """Write everything; counts of what went into each output.

        Args:
            found: The opinions.
            total: How many there are at most, for the progress.
        """
        outs = [self.out, holdout_of(self.out)] if self.holdout else [self.out]
        tallies = [Tally() for _ in outs]
        with no_cycle_search(), Progress("Exporting", total) as progress, ExitStack() as stack:
            adds = [
                stack.enter_context(output(out, self.exporter.name, self._describe(tally, part)))
                for out, tally, part in zip(outs, tallies, ("rest", "holdout"), strict=False)
            ]
            for rated, rows in self.exporter.all_rows(found):
                part = self.holdout and is_held_out(
                    rated.problem.problem_id, self.holdout, self.seed
                )
                adds[int(part)](rated, rows)
                tallies[int(part)].add(rated, len(rows))
                progress.advance()
        return tallies

    def _describe(self, tally: Tally, part: str) -> Any:
        chosen = dict(self.chosen)
        if self.holdout:
            chosen |= {"part": part, "holdout": self.holdout, "seed": self.seed}
        return lambda files: described(
            self.exporter, tally, self.origin, chosen=chosen, files=files, version=__version__
        )
