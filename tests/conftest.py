"""Fixtures and guards that every test may use."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

import private_chromium
import private_postgres

if TYPE_CHECKING:
    from page_kit import Site
    from room_kit import Kit

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


@pytest.fixture
def shared_data() -> Path:
    """Folder of real public data beside the checkout; skips where there is none."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data beside the checkout ({folder.name}/ is not there)")
    return folder


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Any:
    """Tests reach no other machine: a connection beyond loopback is an error."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(LOOPBACK):
            raise RuntimeError(f"a test tried to reach {address!r}; tests work without a network")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    patch.setenv("HF_HUB_OFFLINE", "1")
    yield
    patch.undo()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a private PostgreSQL; skips where there is none."""
    yield from private_postgres.running()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty database may be made, of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "labels.db")
    return private_postgres.emptied(request.getfixturevalue("postgres"))


@pytest.fixture
def make_kit(place: str) -> Iterator[Callable[..., "Kit"]]:
    """Makes a room with tasks in it."""
    from room_kit import Kit  # a file of tests/web, found once a test of them runs

    kits: list[Kit] = []

    def make(**choices: Any) -> Kit:
        kits.append(Kit(place, **choices))
        return kits[-1]

    yield make
    for kit in kits:
        kit.close()


@pytest.fixture
def kit(make_kit: Callable[..., "Kit"]) -> "Kit":
    """A room with six solutions to three problems, phase 2."""
    made: Kit = make_kit()
    return made


@pytest.fixture(scope="session")
def node() -> None:
    """Skips where the pages cannot be built."""
    if shutil.which("npx") is None:
        pytest.skip("no node here; the built pages are taken as they are")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(map(int, said.strip().removeprefix("v").split(".")[:2])) < (20, 19):
        pytest.skip(f"node {said.strip()} is older than what builds the pages")
    if not (ROOT / "page" / "node_modules" / "vite").is_dir():
        pytest.skip("page/node_modules is not there: make page")


@pytest.fixture(scope="session")
def launcher() -> Iterator[Any]:
    """What starts a browser; skips where there is none."""
    yield from private_chromium.launcher()


@pytest.fixture(scope="session")
def chromium(launcher: Any) -> Iterator[Any]:
    """One browser for all tests: each opens pages of its own."""
    yield from private_chromium.started(launcher)


@pytest.fixture
def new_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens pages, each for another person; fails if one of them complains."""
    from page_kit import Browsers

    browsers = Browsers(chromium)
    yield browsers
    browsers.close()
    assert browsers.wrong == []


@pytest.fixture
def make_site(tmp_path: Path, chromium: Any) -> Iterator[Callable[..., "Site"]]:
    """Makes rooms in files, with a server that can be started and killed."""
    from page_kit import Site

    sites: list[Site] = []

    def make(*work: Any) -> Site:
        folder = tmp_path / f"site{len(sites)}"
        folder.mkdir()
        sites.append(Site(folder, *work))
        return sites[-1]

    yield make
    for site in sites:
        site.kill()


@pytest.fixture
def ada(make_site: Callable[..., "Site"], new_page: Callable[..., Any]) -> "tuple[Any, Site]":
    """A page with three solutions to rate, and its server."""
    from page_kit import STEPS, Work, sign_in

    site = make_site(Work(solutions=(STEPS, STEPS, STEPS)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    return page, site


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with random weights: 2-layer Qwen3, byte-level tokenizer of 300 tokens."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    tokenizer = _tiny_tokenizer()
    tokenizer.save_pretrained(folder)
    _tiny_model(tokenizer).save_pretrained(folder)
    return folder


def _tiny_tokenizer() -> Any:
    """Byte-level BPE, digits apart, a newline is a token of its own."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\d|\n"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    text = "Problem: What is 2 + 3 * 4?\nSolution:\n3*4=12 so 2+12\n2+12=14\n# Answer 14\nReview:\n"
    tokenizer.train_from_iterator([text] * 20, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        clean_up_tokenization_spaces=False,
    )


def _tiny_model(tokenizer: Any) -> Any:
    """Random weights, the same ones every time."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Qwen3ForCausalLM(
            Qwen3Config(
                vocab_size=len(tokenizer),
                hidden_size=32,
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=2,
                num_key_value_heads=1,
                head_dim=16,
                max_position_embeddings=1024,
                tie_word_embeddings=True,
                bos_token_id=None,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        )
