"""The page that is shipped is what its source says, and its own tests pass."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from page_kit import PAGE, STATIC

ROOT = Path(__file__).resolve().parent.parent.parent


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
    texts = {name: held.decode() for name, held in shipped.items() if not name.endswith("woff2")}
    for name, text in texts.items():
        if name.endswith(".css"):
            needed = re.findall(r"url\(([^)]*)\)", text)
        elif name.endswith(".html"):
            needed = re.findall(r'(?:src|href)="([^"]*)"', text)
        else:
            continue
        assert [path for path in needed if path.lstrip("./") not in shipped] == [], name
    for owed in ("MIT License", "Khan Academy", "SIL Open Font License"):
        assert owed in shipped["LICENSES.txt"].decode()


def test_the_wheel_holds_them(tmp_path: Path) -> None:
    pytest.importorskip("setuptools")
    base = str(tmp_path / "base")
    Path(base).mkdir()
    words = ["egg_info", "--egg-base", base, "build", "--build-base", base]
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "import setuptools; setuptools.setup()", "--quiet",
         *words, "bdist_wheel", "--dist-dir", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    start = "surefoot/web/static/"
    with zipfile.ZipFile(wheel) as packed:
        names = [name for name in packed.namelist() if name.startswith(start)]
        assert {name.removeprefix(start): packed.read(name) for name in names} == contents(STATIC)


def test_nothing_reads_text_as_html_or_names_another_host() -> None:
    script = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.js"))
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in script
    # Names of languages of XML, and what KaTeX says in an error; nothing is asked of them.
    hosts = set(re.findall(r"https?://([a-z0-9.-]+)", script))
    assert hosts <= {"www.w3.org", "katex.org"}
    assert all("http" not in path.read_text(encoding="utf-8") for path in STATIC.glob("*.css"))


def test_the_versions_are_exact_and_name_no_registry() -> None:
    package = json.loads((PAGE / "package.json").read_text(encoding="utf-8"))
    wanted = package["dependencies"] | package["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    lock = json.loads((PAGE / "package-lock.json").read_text(encoding="utf-8"))
    for name, held in lock["packages"].items():
        assert "resolved" not in held, name
        if name:
            assert held["integrity"].startswith("sha512-")
