"""The page that is shipped is what its source says, and its own tests pass."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "page"
STATIC = ROOT / "src" / "surefoot" / "web" / "static"


@pytest.fixture(scope="module")
def node() -> None:
    """Skips where the page cannot be built."""
    if shutil.which("npx") is None:
        pytest.skip("no node here; the built page is taken as it is")
    if not (PAGE / "node_modules" / "vite").is_dir():
        pytest.skip("page/node_modules is not there: cd page && npm ci")


def run(*words: str) -> str:
    done = subprocess.run(words, cwd=PAGE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.usefixtures("node")
def test_the_built_files_are_what_the_source_gives(tmp_path: Path) -> None:
    run("npx", "vite", "build", "--logLevel", "error", "--outDir", str(tmp_path))
    fresh, shipped = contents(tmp_path), contents(STATIC)
    assert fresh.keys() == shipped.keys()
    assert [name for name in fresh if fresh[name] != shipped[name]] == [], "run `make page`"


@pytest.mark.usefixtures("node")
def test_the_page_passes_its_own_tests() -> None:
    run("npx", "tsc", "--noEmit")
    said = run("npm", "test", "--silent")
    assert re.search(r"^(#|ℹ) fail 0$", said, re.MULTILINE), said


def test_all_is_there_and_small() -> None:
    shipped = contents(STATIC)
    assert sum(map(len, shipped.values())) < 1_000_000
    for name in re.findall(rb"url\((/[^)]*)\)", shipped["page.css"]):
        assert name.decode().removeprefix("/") in shipped
    for name in re.findall(r'(?:src|href)="/?\.?/?([^"]*)"', shipped["index.html"].decode()):
        assert name in shipped
    for owed in ("MIT License", "Khan Academy", "SIL Open Font License"):
        assert owed in shipped["LICENSES.txt"].decode()


def test_nothing_reads_text_as_html_or_names_another_host() -> None:
    script = (STATIC / "page.js").read_text(encoding="utf-8")
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in script
    # Names of languages of XML, and what KaTeX says in an error; nothing is asked of them.
    hosts = set(re.findall(r"https?://([a-z0-9.-]+)", script))
    assert hosts <= {"www.w3.org", "katex.org"}
    assert "http" not in (STATIC / "page.css").read_text(encoding="utf-8")


def test_the_versions_are_exact_and_name_no_registry() -> None:
    package = json.loads((PAGE / "package.json").read_text(encoding="utf-8"))
    wanted = package["dependencies"] | package["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    lock = json.loads((PAGE / "package-lock.json").read_text(encoding="utf-8"))
    for name, held in lock["packages"].items():
        assert "resolved" not in held, name
        if name:
            assert held["integrity"].startswith("sha512-")
