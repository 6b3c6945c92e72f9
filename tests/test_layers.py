"""The layers: who imports whom, as the table in CONTRIBUTING.md allows it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "surefoot"
SHELL = ("cli", "__main__")
RUN_OTHER_VERBS = (
    "surefoot.commands.demo",
    "surefoot.commands.label_next_generation",
    "surefoot.commands.paper_options",
)
"""The commands that are made of commands; they reach them through the command line."""


def layer_table() -> list[tuple[str, bool]]:
    """(package, may load torch) in the order of CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.split("## Layers")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\w+) \|.*\| (yes|no) \|$", section, re.MULTILINE)
    return [(name, torch == "yes") for name, torch in rows]


def modules() -> dict[str, Path]:
    """Module name -> file, for all of src/surefoot."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = file
    return found


MODULES = modules()


def layer_of(module: str) -> str:
    parts = module.split(".")
    if len(parts) > 1 and (PACKAGE / parts[1]).is_dir():
        return parts[1]
    return "shell" if parts[-1] in SHELL else "core"


def own_imports(nodes: Iterator[ast.AST] | list[ast.stmt]) -> set[str]:
    """Modules of surefoot that these import statements name."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name in MODULES}


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


IMPORTS = {name: own_imports(ast.walk(tree_of(file))) - {name} for name, file in MODULES.items()}


def test_the_table_names_every_package() -> None:
    names = [name for name, _ in layer_table()]
    on_disk = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").is_file()}
    assert names[0] == "core"
    assert on_disk <= set(names)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_above(module: str) -> None:
    order = [name for name, _ in layer_table()] + ["shell"]
    mine = order.index(layer_of(module))
    below = {name for name in IMPORTS[module] if order.index(layer_of(name)) > mine}
    if module in RUN_OTHER_VERBS:
        below -= {"surefoot.cli"}
    assert not below, f"{module} imports {below}, which CONTRIBUTING.md places below it"


def test_there_are_no_import_cycles() -> None:
    """Takes away modules that import nothing that is left, until nothing is left."""
    # A package's __init__ is imported along with any module inside it.
    left = {name: {i for i in imports if i != "surefoot"} for name, imports in IMPORTS.items()}
    while left:
        free = {name for name, imports in left.items() if not imports & left.keys()}
        assert free, f"import cycle among {sorted(left)}"
        left = {name: imports for name, imports in left.items() if name not in free}


@pytest.mark.parametrize("module", MODULES)
def test_own_modules_are_imported_at_the_top(module: str) -> None:
    tree = tree_of(MODULES[module])
    assert own_imports(ast.walk(tree)) == own_imports(tree.body)


def torch_is_loaded_by(names: list[str]) -> bool:
    code = f"import sys, {', '.join(names)}; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return shown.stdout.strip() == "True"


def test_importing_surefoot_and_its_command_line_loads_no_heavy_library() -> None:
    heavy = ("torch", "transformers", "sympy", "pyarrow", "matplotlib", "numpy", "tyro", "rich")
    code = f"import sys, surefoot, surefoot.cli; print([n for n in {heavy} if n in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_layers_without_torch_load_none() -> None:
    light = {name for name, torch in layer_table() if not torch}
    assert {"core", "problems", "grading", "labeling", "search", "evaluation"} <= light
    names = [name for name in MODULES if layer_of(name) in light]
    assert not torch_is_loaded_by(names)


def test_what_only_asks_what_a_verifier_is_loads_no_torch() -> None:
    # `surefoot paper --help`, too, which reads the options of every experiment.
    assert not torch_is_loaded_by(
        ["surefoot.verifiers.settings", "surefoot.commands.paper_options"]
    )
