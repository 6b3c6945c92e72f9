#!/bin/sh
# A process verifier on people's ratings (PRM800K), from random weights, on two cores
#
#     runs/prm800k.sh DATA OUT        (WIDTH, LAYERS and VOCABULARY: of the model)
#
# DATA holds the public files as its README lists them: math/, gsm8k/, prm800k/, processbench/.
# A run that was killed goes on where it stopped. Problems of ProcessBench and of PRM800K's
# test part are read by neither the base nor the verifier.
set -eu
data=$1 out=$2
python=${PYTHON:-python}
surefoot() { "$python" -m surefoot "$@"; }
# Runs a command unless its output is there.
once() { test -e "$1" || { shift; "$@"; }; }
mkdir -p "$out"

"$python" - "$data" "$out" <<'EOF'
import json, sys
from pathlib import Path

data, out = map(Path, sys.argv[1:])
def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
def write(name, kept):
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
    (out / name).write_text(text, encoding="utf-8")
def statement(row):
    return row["question"]["problem"] if "question" in row else row["problem"]

tested = {statement(row) for row in rows(data / "prm800k/phase1_test.jsonl")}
for name in ("math", "gsm8k"):
    tested |= {row["problem"] for row in json.loads((data / f"processbench/{name}.json").read_text())}
math = rows(data / "math/prm800k_split_train.jsonl")
write("math-train.jsonl", [row for row in math if row["problem"] not in tested])
rated = rows(data / "prm800k/phase1_train.jsonl") + rows(data / "prm800k/labelled_paths.jsonl")
write("rated.jsonl", [row for row in rated if statement(row) not in tested])
EOF

once "$out/math" surefoot problems math "$out/math-train.jsonl" --split train --out "$out/math"
once "$out/gsm8k" surefoot problems gsm8k "$data/gsm8k" --split train --out "$out/gsm8k"
once "$out/base/training.json" surefoot train base --recipe small --problems "$out/math" "$out/gsm8k" \
    --width "${WIDTH:-256}" --layers "${LAYERS:-8}" --vocabulary "${VOCABULARY:-4096}" --out "$out/base"

once "$out/ratings" surefoot label import "$out/rated.jsonl" --out "$out/ratings"
once "$out/prm/training.json" surefoot train prm --base "$out/base" --problems "$out/ratings/problems" \
    --solutions "$out/ratings/solutions" --labels "$out/ratings/labels" \
    --sessions "$out/ratings/sessions" --skip-long --rating-tokens-only --probe-first \
    --optimizer muon --learning-rate 5e-4 --bf16 --batch-tokens 4096 --out "$out/prm"

# Each rated alternative of the test part, and the training part for the predictors without eyes.
once "$out/test" surefoot label import "$data/prm800k/phase1_test.jsonl" --each-step --out "$out/test"
once "$out/each" surefoot label import "$out/rated.jsonl" --each-step --out "$out/each"
surefoot score "$out/test/solutions" --problems "$out/test/problems" --verifier "$out/prm" \
    --skip-long --out "$out/scores"
surefoot evaluate steps --scores "$out/scores" --labels "$out/test/labels" \
    --solutions "$out/test/solutions" --baselines-from "$out/each/labels" \
    --baseline-solutions "$out/each/solutions" --figure "$out/steps.svg" --overwrite
surefoot evaluate processbench --data "$data/processbench" --verifier "$out/prm" --skip-long \
    --threshold-from math --out "$out/processbench"
