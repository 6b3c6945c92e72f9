"""Options of commands that read with a verifier, whoever made it."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot.commands.options import check_at_least
from surefoot.model_server import is_address
from surefoot.stages import fingerprint
from surefoot.verifiers.formats.anyone import AnyVerifier, format_of, load_any
from surefoot.verifiers.formats.catalogue import OWN

log = logging.getLogger("surefoot")


@dataclass(frozen=True, kw_only=True)
class ReadsVerifier:
    """Which verifier, and how it is read."""

    verifier: str
    """Folder of the verifier, or address of a server (http://127.0.0.1:8000/v1)."""
    verifier_format: str | None = None
    """Format of the verifier, if its folder does not tell; docs/verifiers.md lists them."""
    reference: Path | None = None
    """Folder of the model that an implicit PRM was trained from."""
    served_model: str | None = None
    """Name of the model, if the server has several."""
    served_tokens: int = 1
    """Tokens of a server's reply; more than 1 for a model that thinks before its verdict."""

    def load(self) -> AnyVerifier:
        """The verifier; says on stderr of which format it is, if not of ours.

        Raises:
            UserError: There is none, or it cannot be loaded.
        """
        check_at_least("--served-tokens", self.served_tokens, 1)
        verifier = load_any(
            self.verifier,
            self.verifier_format,
            reference=self.reference,
            served_model=self.served_model,
            served_tokens=self.served_tokens,
        )
        if format_of(verifier) != OWN:
            log.info("%s: read as a verifier of the format %s", self.verifier, format_of(verifier))
        return verifier

    def verifier_spec(self) -> dict[str, Any]:
        """What the scores depend on."""
        if is_address(self.verifier):
            return {
                "verifier": self.verifier,
                "format": self.verifier_format,
                "served_model": self.served_model,
                "served_tokens": self.served_tokens,
            }
        spec = {"verifier": fingerprint(Path(self.verifier))}
        if self.verifier_format is not None:
            spec["format"] = self.verifier_format
        if self.reference is not None:
            spec["reference"] = fingerprint(self.reference)
        return spec
