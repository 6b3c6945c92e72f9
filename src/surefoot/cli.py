"""The command line: a table of verbs, of which only the called one is imported.

`surefoot VERB --help` describes a verb. Results go to stdout, the log and
progress bars to stderr. Exit codes: 0 done, 1 failed, 2 asked wrongly, 130
interrupted. A user's mistake is one line; `--debug` shows the traceback.
"""

import contextlib
import difflib
import importlib
import inspect
import io
import json
import logging
import math
import os
import sys
import textwrap
import traceback
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple, TextIO

from surefoot import __version__
from surefoot.errors import SurefootError, UserError
from surefoot.help_texts import plain_help, refusal

DONE, FAILED, ASKED_WRONGLY, INTERRUPTED = 0, 1, 2, 130


class Verb(NamedTuple):
    """One command: its module in `surefoot.commands` and its line in the overview."""

    module: str
    summary: str


VERBS: dict[str, Verb] = {
    "demo": Verb("demo", "the whole loop at small scale on a CPU, with a report"),
    "problems arith": Verb("problems_arith", "make school-mathematics problems"),
    "problems math": Verb("problems_math", "read the MATH problems, in the paper's split"),
    "problems gsm8k": Verb("problems_gsm8k", "read the GSM8K problems"),
    "problems jsonl": Verb("problems_jsonl", "read problems from your own JSONL file"),
    "convert": Verb("convert", "turn a table from Parquet into JSONL, or back"),
    "train base": Verb("train_base", "pre-train a small base model"),
    "train generator": Verb("train_generator", "teach a base model to write steps"),
    "sample": Verb("sample", "write N solutions to each problem"),
    "grade": Verb("grade", "compare each solution's final answer with the reference"),
    "select": Verb("select", "choose the solutions that people should rate"),
    "label auto": Verb("label_auto", "rate steps with a program, such as the exact checker"),
    "label serve": Verb("label_serve", "the page where people rate steps"),
    "label invite": Verb("label_invite", "a link that lets one person into the page"),
    "label gold": Verb("label_gold", "questions with known answers, to test raters"),
    "label rate": Verb("label_rate", "a program that rates in the page's place"),
    "label collect": Verb("label_collect", "take what people rated out as tables"),
    "label next-generation": Verb(
        "label_next_generation", "train on what was rated, choose what is rated next"
    ),
    "label agreement": Verb("label_agreement", "how far raters agree, with intervals"),
    "label replay": Verb("label_replay", "make all ratings again from the events, or compare"),
    "label backup": Verb("label_backup", "copy the database while it is in use"),
    "label doctor": Verb("label_doctor", "look at the machine and the database of the page"),
    "label import": Verb("label_import", "read step ratings in other people's formats"),
    "label export": Verb("label_export", "write step ratings in other people's formats"),
    "train orm": Verb("train_orm", "train an outcome verifier on grades"),
    "train prm": Verb("train_prm", "train a process verifier on step ratings"),
    "score": Verb("score", "score solutions, step by step, with a verifier"),
    "evaluate best-of-n": Verb("evaluate_best_of_n", "best-of-N, voting and pass@k for every N"),
    "evaluate steps": Verb("evaluate_steps", "does a verifier tell right steps from wrong ones?"),
    "evaluate processbench": Verb("evaluate_processbench", "does a verifier find first errors?"),
    "paper figure3": Verb("paper_figure3", "best-of-N by PRM and ORM against majority voting"),
    "paper figure4": Verb("paper_figure4", "process against outcome supervision, small scale"),
    "paper active-learning": Verb("paper_active_learning", "ratings saved by choosing"),
    "paper table1": Verb("paper_table1", "kinds of problems the verifiers have not met"),
    "paper scoring": Verb("paper_scoring", "product or minimum, neutral as right or wrong"),
    "paper calibration": Verb("paper_calibration", "is a step scored 0.9 right nine times in ten?"),
    "paper results": Verb("paper_results", "all experiments made so far, as one page"),
    "report": Verb("report", "one standalone HTML page from a run"),
}
"""In pipeline order, as the overview lists them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code.

    Args:
        argv: The words after `surefoot`; those of this process by default.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(words)
    except BrokenPipeError:
        # Whoever read stdout (`| head`) has seen enough. Python would complain
        # once more when it flushes at exit, so stdout goes nowhere from here.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        _complain("interrupted; what was finished is kept, and the same command goes on", words)
        return INTERRUPTED
    except SurefootError as error:
        _complain(str(error), words)
        return error.exit_code
    except OSError as error:
        # Libraries raise bare OSErrors for their own purposes; those are not
        # the user's file, permission or disk, and keep their traceback.
        if error.errno is None:
            raise
        where = f"{error.filename}: " if error.filename else ""
        _complain(f"{where}{os.strerror(error.errno)}", words)
        return ASKED_WRONGLY if error.filename else FAILED


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help"):
        print(overview())  # noqa: T201
        return DONE
    if words[0] in ("-V", "--version"):
        print(f"surefoot {__version__}")  # noqa: T201
        return DONE
    name = find_verb(words)
    if name is None:
        print(overview(words[0]))  # noqa: T201
        return DONE if len(words) > 1 else ASKED_WRONGLY
    return _run(name, words[len(name.split()) :])


def find_verb(words: Sequence[str]) -> str | None:
    """The verb that the words begin with; None where they ask what a group holds.

    Args:
        words: At least one word, e.g. `["label", "auto", "--by", "checker"]`.

    Returns:
        A key of `VERBS`, or None for the first word of a two-word verb, alone
        or with `--help`.

    Raises:
        UserError: There is no such verb; names the nearest one.
    """
    for n_words in (2, 1):
        name = " ".join(words[:n_words])
        if name in VERBS:
            return name
    is_group = any(verb.startswith(words[0] + " ") for verb in VERBS)
    if is_group and (len(words) == 1 or words[1] in ("-h", "--help")):
        return None
    asked = " ".join(words[:2]) if is_group else words[0]
    near = difflib.get_close_matches(asked, VERBS, n=1)
    near = near or difflib.get_close_matches(" ".join(words[:2]), VERBS, n=1)
    hint = f"did you mean `surefoot {near[0]}`?" if near else "`surefoot --help` lists them"
    raise UserError(f"there is no command `surefoot {asked}`; {hint}")


def overview(group: str | None = None) -> str:
    """The verbs in pipeline order, one line each, or those of one group."""
    verbs = {n: v for n, v in VERBS.items() if group is None or n.startswith(group + " ")}
    width = max(len(name) for name in verbs)
    lines = [f"  {name:{width}}  {verb.summary}" for name, verb in verbs.items()]
    usage = f"usage: surefoot {group + ' ' if group else ''}VERB ..."
    end = "`surefoot VERB --help` shows a verb's options and examples."
    return "\n".join([usage, "", "verbs, in pipeline order:", *lines, "", end])


def load_config(name: str) -> type[Any]:
    """The `Config` class of a verb; its module is imported."""
    config: type[Any] = _module(name).Config
    return config


def parse(name: str, words: Sequence[str]) -> Any:
    """The verb's `Config` from its flags.

    Raises:
        SystemExit: `--help` was shown.
        UserError: A flag is unknown, missing or wrong, or a value out of its range.
    """
    import tyro

    config = load_config(name)
    shown, refused = io.StringIO(), io.StringIO()
    try:
        # Caught, so that help is the same plain text on a terminal, in a pipe
        # and in docs/cli.md, and what is wrong with a flag is one line.
        with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(refused):
            return tyro.cli(
                config,
                args=list(words),
                prog=f"surefoot {name}",
                # Given here, as tyro's own reading of a docstring drops its
                # example; indented, as it joins lines that begin with a letter.
                description=textwrap.indent(inspect.cleandoc(config.__doc__ or ""), "  "),
                config=(tyro.conf.FlagCreatePairsOff,),
            )
    except SystemExit as stop:
        if stop.code:
            why = f"{refusal(refused.getvalue()).removesuffix('.')}; see `surefoot {name} --help`"
            raise UserError(why) from None
        print(plain_help(shown.getvalue()))  # noqa: T201
        raise


def call(name: str, words: Sequence[str]) -> dict[str, Any]:
    """A verb's result, for a command that runs others.

    Raises:
        SurefootError: A flag is wrong, or as the verb raises it.
    """
    return _result(name, parse(name, words))


def _run(name: str, words: list[str]) -> int:
    try:
        config = parse(name, words)
    except SystemExit:  # help was shown
        return DONE
    _start_log(debug=config.debug)
    print(render(_result(name, config), as_json=config.json), flush=True)  # noqa: T201
    return DONE


def _result(name: str, config: Any) -> dict[str, Any]:
    result: dict[str, Any] = _module(name).run(config)
    return result


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"surefoot.commands.{VERBS[name].module}")


def render(result: dict[str, Any], *, as_json: bool) -> str:
    """A command's result as text for stdout.

    Args:
        result: What `run` returned: names -> numbers, text, lists or dicts.
        as_json: One JSON object. Numbers that JSON cannot hold (NaN, infinity)
            become null. Otherwise the text under the key "text" if it is
            there, else `key: value` lines.
    """
    if as_json:
        kept = {key: value for key, value in result.items() if key != "text"}
        return json.dumps(_json_value(kept), ensure_ascii=False)
    if "text" in result:
        return str(result["text"])
    return "\n".join(_lines(result, indent=""))


def _json_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _lines(result: dict[str, Any], indent: str) -> list[str]:
    lines: list[str] = []
    for key, value in result.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_lines(value, indent + "  ")]
        elif isinstance(value, list | tuple):
            lines.append(f"{indent}{key}: " + " ".join(_short(item) for item in value))
        else:
            lines.append(f"{indent}{key}: {_short(value)}")
    return lines


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


class _Log(logging.StreamHandler[TextIO]):
    """Writes to whatever stderr is now: progress bars exchange it while they draw."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _start_log(*, debug: bool) -> None:
    log = logging.getLogger("surefoot")
    log.setLevel(logging.DEBUG if debug else logging.INFO)
    if not any(isinstance(handler, _Log) for handler in log.handlers):
        handler = _Log()
        handler.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(handler)


def _complain(message: str, words: Sequence[str]) -> None:
    if "--debug" in words:
        traceback.print_exc()
    print(f"surefoot: error: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201
