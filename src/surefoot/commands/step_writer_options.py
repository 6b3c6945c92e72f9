"""Options for who writes steps in the labelling room, and how the writer is reached."""

import importlib
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from surefoot.errors import UserError
from surefoot.generation.step_texts import served_step_writer
from surefoot.model_server import is_address
from surefoot.web.room.desk import Desk, Propose

log = logging.getLogger("surefoot")


@dataclass(frozen=True, kw_only=True)
class HasStepWriter:
    """Which model writes steps that raters are offered."""

    generator: str | None = None
    """Model that writes steps for raters to choose from, in this process: a folder, a
    model on the hub, or `nano`. It is loaded while the page is served already."""
    server: str | None = None
    """In place of it, address of a server with OpenAI's completions, such as
    http://127.0.0.1:8000/v1 of vLLM, SGLang or llama.cpp."""
    served_model: str | None = None
    """Name of the model, if that server has several."""
    temperature: float = 1.0
    """Of the steps that are written."""

    def check_step_writer(self) -> None:
        """Refuse what cannot be.

        Raises:
            UserError: Both are given, or something is no address or no model.
        """
        if self.generator is not None and self.server is not None:
            raise UserError("--generator, --server: give one")
        if self.served_model is not None and self.server is None:
            raise UserError("--served-model: goes with --server")
        if self.server is not None and not is_address(self.server):
            raise UserError(f"--server: must begin with http:// or https://, got {self.server}")
        if not self.temperature > 0:
            raise UserError(f"--temperature: must be above 0, got {self.temperature}")
        name = self.generator
        is_path = name is not None and (name.startswith((".", "/", "~")) or name.count("/") != 1)
        if name is not None and name != "nano" and is_path and not Path(name).is_dir():
            raise UserError(f"--generator: {name}: no such model folder")

    @contextmanager
    def step_writer(self) -> Iterator[Desk | None]:
        """The desk that writes, as long as it is needed; None if there is none."""
        loading = None
        if self.server is not None:
            desk = Desk(served_step_writer(self.server, self.served_model, self.temperature))
        elif self.generator is not None:
            loading = _Loading(self.generator, self.temperature)
            desk = Desk(loading)
        else:
            yield None
            return
        try:
            yield desk
        finally:
            desk.close()
            if loading is not None:
                loading.join()


class _Loading:
    """A generator that is loaded in the background from now on.

    Args:
        name: Model folder, hub name or `nano`.
        temperature: Of its steps.
    """

    def __init__(self, name: str, temperature: float) -> None:
        self._name, self._temperature = name, temperature
        self._write: Propose | None = None
        self._error: Exception | None = None
        self._loaded = threading.Thread(target=self._load, daemon=True, name="load generator")
        self._loaded.start()

    def join(self) -> None:
        """Wait until it is loaded, or cannot be."""
        self._loaded.join()

    def __call__(self, statement: str, before: Sequence[str], n: int) -> Sequence[str]:
        self.join()
        if self._write is None:
            raise UserError(str(self._error))
        return self._write(statement, before, n)

    def _load(self) -> None:
        started = time.monotonic()
        try:
            # By its name: it brings torch, which the page does not wait for.
            module = importlib.import_module("surefoot.generation.next_step")
            self._write = module.load_step_writer(self._name, self._temperature)
        except Exception as error:  # noqa: BLE001 - any; the server goes on without it
            self._error = error
            log.error("--generator: %s; steps are not written", error)
        else:
            seconds = time.monotonic() - started
            log.info("%s writes steps from now on, loaded in %.0f s", self._name, seconds)
