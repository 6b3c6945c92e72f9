"""The stages of an experiment: each made once, kept under a name that says how.

A stage is one command of Surefoot. Its folder is named after a hash of the
version and of its words, in which the outputs of other stages stand under their own
names and a user's files under a hash of what they hold: so two experiments that need
the same solutions share them, and an experiment that was killed, or is asked for at
another scale, makes only what is not there.

    LAB/solutions-3f2a81c09d/   LAB/solutions-3f2a81c09d.json  (words, seconds, result)
"""

import fcntl
import hashlib
import json
import logging
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from surefoot import __version__
from surefoot.atomic import explained, write_text
from surefoot.errors import UserError
from surefoot.stages import fingerprint

log = logging.getLogger("surefoot")

Call: TypeAlias = Callable[[str, list[str]], dict[str, Any]]
"""Runs a command: (verb, words) -> its result."""
Word: TypeAlias = str | int | float | Path

LOCK_FILE = "lab.lock"


@dataclass
class Lab:
    """A folder of stages.

    Args:
        folder: Where they are kept; made if it is not there.
        call: Runs a command.
    """

    folder: Path
    call: Call
    seconds: dict[str, float] = field(default_factory=dict)
    """Of each stage that was asked for, made now or before."""
    _prints: dict[Path, str] = field(default_factory=dict)

    def make(self, what: str, verb: str, *words: Word, pace: Sequence[Word] = ()) -> Path:
        """The output of a command, made if it is not there.

        Args:
            what: Begins the name of the folder.
            verb: A command that takes `--out`.
            words: Its other words. A path within the lab must be a stage's.
            pace: Words that change how fast it is and not what it gives.
        """
        key = json.dumps([__version__, verb, *map(self._named, words)])
        out = self.folder / f"{what}-{hashlib.sha256(key.encode()).hexdigest()[:10]}"
        if (note := self._note(out)) is None:
            said = [str(word) for word in (*words, *pace)]
            log.info("surefoot %s %s", verb, shlex.join([*said, "--out", str(out)]))
            started = time.monotonic()
            # A stage that was killed half-way goes on, as its command does.
            result = self.call(verb, [*said, "--out", str(out), "--overwrite"])
            note = self._write(out, [verb, *said], time.monotonic() - started, result)
        self.seconds[out.name] = note["seconds"]
        return out

    def keep(self, what: str, key: str, write: Callable[[Path], None]) -> Path:
        """The output of a function, made if it is not there.

        Args:
            what: Begins the name.
            key: Says all that the output depends on; name paths by `name_of`.
            write: Writes it, whole or not at all.
        """
        key = f"{__version__} {key}"
        out = self.folder / f"{what}-{hashlib.sha256(key.encode()).hexdigest()[:10]}"
        if (note := self._note(out)) is None:
            started = time.monotonic()
            write(out)
            note = self._write(out, [key], time.monotonic() - started, {})
        self.seconds[out.name] = note["seconds"]
        return out

    def name_of(self, word: Path | str) -> str:
        """A word as keys hold it: a stage's name, or a hash of what a user's file holds."""
        return str(self._named(word))

    def _named(self, word: Word) -> str | int | float:
        if not isinstance(word, Path):
            return word
        if word.parent.resolve() == self.folder.resolve():
            return word.name
        if word not in self._prints:
            self._prints[word] = fingerprint(word)
        return self._prints[word]

    def _note(self, out: Path) -> dict[str, Any] | None:
        path = out.with_name(out.name + ".json")
        if not path.exists() or not out.exists():
            return None
        note: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return note

    def _write(
        self, out: Path, words: list[str], seconds: float, result: dict[str, Any]
    ) -> dict[str, Any]:
        note = {"words": words, "seconds": round(seconds, 1), "result": result}
        text = json.dumps(note, indent=1, ensure_ascii=False, default=str)
        write_text(out.with_name(out.name + ".json"), text + "\n")
        return note


@contextmanager
def opened(folder: Path, call: Call) -> Iterator[Lab]:
    """A lab that no other process works in.

    Raises:
        UserError: Another one does, or the folder cannot be written to.
    """
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / LOCK_FILE).open("w")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{folder}: another experiment works in it; give another --lab"
            ) from None
        yield Lab(folder, call)
