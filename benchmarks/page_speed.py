"""How soon a long solution can be rated in the labelling page, and a key is seen.

    python benchmarks/page_speed.py [--steps 200] [--throttle 4] [--rounds 7] [--json]

A real server, Debian's Chromium, its CPU slowed down. `ready`: from the answer of
the server to the first frame with all steps on the page. `key to paint`: from a
press to the frame that shows the rating, the network gone. Milliseconds; minimum,
median and largest of all rounds, as the machine may do other work.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "web"))

from page_kit import Site, Work, sign_in

import private_chromium

STEP = r"We have $a_{%d} = \frac{%d}{2} + \sqrt{x^2 + 1}$, so $b = \sum_{i=1}^{%d} i$ follows."

WATCH = """
new MutationObserver((_, watcher) => {
  if (document.querySelectorAll(".step").length < STEPS) return;
  watcher.disconnect();
  requestAnimationFrame(() => setTimeout(() => (window.painted = performance.now())));
}).observe(document, { childList: true, subtree: true });
const text = Response.prototype.text;
Response.prototype.text = async function () {
  const found = await text.call(this);
  if (this.url.endsWith("/claim")) window.arrived = performance.now();
  return found;
};
"""

PRESS = """
() => new Promise((done) => {
  const start = performance.now();
  const press = {key: "d", code: "KeyD", bubbles: true, cancelable: true};
  document.body.dispatchEvent(new KeyboardEvent("keydown", press));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
})
"""


def main() -> None:
    """Prints two lines, or one object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--throttle", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print one object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _signed_in(Path(folder), options.steps) as page:
        throttle = page.context.new_cdp_session(page)
        throttle.send("Emulation.setCPUThrottlingRate", {"rate": options.throttle})
        page.add_init_script(WATCH.replace("STEPS", str(options.steps)))
        ready, keys = [], []
        for _ in range(options.rounds):
            ready.append(_loaded(page))
        page.locator(".step .katex").nth(2 * options.steps - 1).wait_for(state="attached")
        page.context.set_offline(True)
        for _ in range(min(100, options.steps)):
            keys.append(float(page.evaluate(PRESS)))
    found = {"ready": _summary(ready), "key to paint": _summary(keys)}
    if options.json:
        print(json.dumps(found))
        return
    for name, figures in found.items():
        print(f"{name:14}", "  ".join(f"{what} {ms:.0f} ms" for what, ms in figures.items()))


@contextmanager
def _signed_in(folder: Path, n_steps: int) -> Iterator[Any]:
    """A page with a solution of so many steps."""
    site = Site(folder, Work(solutions=([STEP % (i, i, i) for i in range(n_steps)],)))
    link = site.link("Ada")
    site.start()
    try:
        for launcher in private_chromium.launcher():
            for chromium in private_chromium.started(launcher):
                page = chromium.new_page(viewport={"width": 1440, "height": 900})
                sign_in(page, link)
                yield page
    finally:
        site.kill()


def _loaded(page: Any) -> float:
    page.reload()
    while page.evaluate("window.painted === undefined"):  # polling by the page needs eval
        page.wait_for_timeout(50)
    return float(page.evaluate("window.painted - window.arrived"))


def _summary(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "minimum": ordered[0],
        "median": statistics.median(ordered),
        "95 %": ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
        "largest": ordered[-1],
    }


if __name__ == "__main__":
    main()
