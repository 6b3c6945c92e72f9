#!/bin/sh
# Is active learning more data-efficient? Generations of a loop with the exact checker as rater
#
#     runs/active_learning.sh OUT
#
# For each seed: problems, a generator, a pool of solutions. A first generation is chosen at
# random; then, for each policy, a PRM that is trained on all that was rated chooses the next
# one from the pool, GENERATIONS times. Whatever is rated goes through the labelling room:
# its server, and a program that signs in as a person does. After each generation the PRM is
# tried on held-out problems. CHOICE says how many are chosen: "-n 160" of all together, or
# "--per-problem -n 5". The pool has to hold many more, or every policy ends with all of it. A
# run that was killed goes on at the stage where it stopped.
set -euf  # -f: a rating token is a question mark
out=$1
python=${PYTHON:-python}
seeds=${SEEDS:-0 1 2} policies=${POLICIES:-uniform mixture} generations=${GENERATIONS:-3}
problems=${PROBLEMS:-120} pool=${POOL:-48} first=${FIRST:-1} choice=${CHOICE:--n 160}
tests=${TESTS:-200} n=${N:-16} few=${FEW:-440} errors=${ERRORS:-0}
train="--rating-tokens wrong ? right --rating-tokens-only --probe-first --epochs ${EPOCHS:-2} \
--optimizer muon --learning-rate 1e-3 --warmup 0.1 --weight-by solution --batch-tokens 1408"
surefoot() { "$python" -m surefoot "$@"; }
# Runs a command unless its output is there; what it says goes to OUTPUT.json beside it.
once() { test -e "$1.json" || { place=$1; shift; "$@" --json > "$place.part"; mv "$place.part" "$place.json"; }; }
mkdir -p "$out"

# All that is open in the room $db is rated by one rater, who makes the errors that were asked for.
rate() {
    rm -f "$db.serving"
    # Not by the function: that would be killed alone.
    "$python" -m surefoot label serve "$@" --port 0 --per-problem 0 --json > "$db.serving" & server=$!
    trap 'kill $server 2> /dev/null || true' EXIT
    until test -s "$db.serving"; do kill -0 $server; sleep 0.2; done
    link=$(surefoot label invite Ada --db "$db" --json | sed 's/.*"link": "\([^"]*\)".*/\1/')
    surefoot label rate "$link" --error-rate "$errors" --session "$db.session" --json
    kill $server; wait $server || true
    trap - EXIT
}
# How good a PRM is on held-out problems: on any solution, on those that convince, best of N.
try() {
    once "$2-scores" surefoot score "$data/test" --problems "$data/test-problems" --verifier "$1" --out "$2-scores"
    for kind in any convincing; do
        test $kind = any -o -e "$data/convincing-labels.json" || continue
        once "$2-$kind" surefoot evaluate steps --scores "$2-scores" --labels "$data/$kind-labels"
    done
    once "$2-best" surefoot evaluate best-of-n --problems "$data/test-problems" \
        --solutions "$data/test" --grades "$data/test-grades" --scores "$2-scores"
}

# One generator for all.
g=$out/generator-data
mkdir -p "$g"
once "$g/problems" surefoot problems arith -n "$few" --split train --levels 3 4 5 --seed 1000 --out "$g/problems" --overwrite
once "$g/few" surefoot sample "$g/problems" --generator nano -n 2 --few-shot 2 --examples "$g/problems" --out "$g/few"
once "$g/grades" surefoot grade "$g/problems" "$g/few" --out "$g/grades"
once "$g/generator" surefoot train generator --base nano --problems "$g/problems" --solutions "$g/few" \
    --grades "$g/grades" --learning-rate 3e-4 --out "$g/generator"

for seed in $seeds; do
    data=$out/seed-$seed/data
    mkdir -p "$data"
    once "$data/problems" surefoot problems arith -n "$problems" --split train --levels 3 4 5 --seed "$seed" --out "$data/problems" --overwrite
    once "$data/test-problems" surefoot problems arith -n "$tests" --split test --levels 3 4 5 --seed "$seed" --out "$data/test-problems" --overwrite
    once "$data/pool" surefoot sample "$data/problems" --generator "$g/generator" -n "$pool" --seed "$seed" --out "$data/pool"
    once "$data/test" surefoot sample "$data/test-problems" --generator "$g/generator" -n "$n" \
        --temperature "${TEMPERATURE:-0.4}" --seed "$seed" --out "$data/test"
    once "$data/test-grades" surefoot grade "$data/test-problems" "$data/test" --out "$data/test-grades"
    once "$data/any-labels" surefoot label auto "$data/test-problems" "$data/test" --out "$data/any-labels"

    once "$data/first" surefoot select "$data/pool" --policy uniform --per-problem -n "$first" --seed "$seed" --out "$data/first" --overwrite
    room=$out/seed-$seed/first.db db=$room
    test -e "$room.rated.json" || {
        rate "$data/first" --problems "$data/problems" --db "$room" > "$room.part"
        mv "$room.part" "$room.rated.json"
    }
    once "$data/rated" surefoot label collect --db "$room" --out "$data/rated" --overwrite
    prm=$out/seed-$seed/first-prm
    # shellcheck disable=SC2086
    once "$prm" surefoot train prm --base nano --problems "$data/rated/problems" --solutions "$data/rated/solutions" \
        --labels "$data/rated/labels" --seed "$seed" $train --out "$prm"
    try "$prm" "$out/seed-$seed/first"
    # Held-out answers chosen as the mixture chooses, by the PRM that both policies begin with.
    once "$data/convincing" surefoot select "$data/test" --policy mixture --per-problem -n 4 --seed "$seed" \
        --scores "$out/seed-$seed/first-scores" --grades "$data/test-grades" --out "$data/convincing" --overwrite
    once "$data/convincing-labels" surefoot label auto "$data/test-problems" "$data/convincing" --out "$data/convincing-labels"
    try "$prm" "$out/seed-$seed/first"

    for policy in $policies; do
        run=$out/seed-$seed/$policy
        mkdir -p "$run"
        test -e "$run/labels.db" || surefoot label backup --db "$room" --out "$run/labels.db"
        for generation in $(seq "$generations"); do
            folder=$run/generation-$generation
            by=$(test "$generation" = 1 && echo "--verifier $prm" || echo "--base nano")
            training=$(test "$generation" = 1 || echo "$train")
            # Killed between its last stage and its result: what it said is in its notes.
            test -e "$folder.json" || ! grep -qs '"room"' "$folder/generation.json" || "$python" -c \
                'import json, sys; print(json.dumps({"tasks": json.load(open(sys.argv[1]))["done"]["room"]["given"]}))' \
                "$folder/generation.json" > "$folder.json"
            # shellcheck disable=SC2086
            once "$folder" surefoot label next-generation --db "$run/labels.db" --problems "$data/problems" \
                --solutions "$data/pool" $by ${training:+"--train=$training"} --policy "$policy" \
                $choice --seed "$seed" --out "$folder"
            test "$generation" = 1 || try "$folder/prm" "$run/after-$((generation - 1))"
            db=$run/labels.db
            test -e "$folder-rated.json" || { rate --db "$db" > "$folder.part"; mv "$folder.part" "$folder-rated.json"; }
        done
        once "$run/rated" surefoot label collect --db "$run/labels.db" --out "$run/rated" --overwrite
        # shellcheck disable=SC2086
        once "$run/prm" surefoot train prm --base nano --problems "$run/rated/problems" --solutions "$run/rated/solutions" \
            --labels "$run/rated/labels" --seed "$seed" $train --out "$run/prm"
        try "$run/prm" "$run/after-$generations"
        surefoot label replay --db "$run/labels.db" --check
    done
done

"$python" - "$out" "$seeds" "$policies" "$generations" <<'END' | tee "$out/results.txt"
import json, sys
from pathlib import Path

import numpy as np

from surefoot.evaluation.curves import compute_curves
from surefoot.evaluation.first_error import NO_ERROR, first_below
from surefoot.evaluation.intervals import bootstrap_interval, resampled_shares
from surefoot.evaluation.pools import pools_from_records
from surefoot.records import Grade, Labels, Problem, Scores, Solution
from surefoot.tables import read

out, seeds, policies, last = Path(sys.argv[1]), sys.argv[2].split(), sys.argv[3].split(), int(sys.argv[4])
KINDS = ("any", "convincing")
WHAT = ["any", "any, fitted", "convincing", "convincing, fitted", "best of N"]
GRID = np.linspace(0.02, 0.98, 49)  # the middle one is 0.5

def values(data, scores):
    """(P, 5) for each held-out problem the share of first errors found, and best-of-N.

    At the threshold 0.5, and at the one that is best on the other half of the problems.
    """
    problems, rows = read(data / "test-problems", Problem), read(scores, Scores)
    by_id, found = {row.solution_id: row for row in rows}, []
    for kind in KINDS:
        hits = {problem.problem_id: [] for problem in problems}
        for one in read(data / f"{kind}-labels", Labels):
            scored = by_id[one.solution_id].step_scores
            error = NO_ERROR if one.first_error is None else one.first_error
            hits[one.problem_id].append([first_below(scored, t) == error for t in GRID])
        share = np.array([np.mean(hits[problem.problem_id], axis=0) for problem in problems])
        fitted = share[:, 24].copy()
        for half in (0, 1):
            fitted[half::2] = share[half::2, share[1 - half::2].mean(axis=0).argmax()]
        found += [share[:, 24], fitted]
    pools = pools_from_records(
        problems, read(data / "test", Solution), read(data / "test-grades", Grade), {"prm": rows}
    )
    best = compute_curves(pools, None).chances["prm"][:, -1]
    return np.stack([*map(np.array, found), best], axis=1)

def area(policy, generation, kind):
    """AUROC of steps, the mean of the seeds."""
    name = "first" if generation == 0 else f"{policy}/after-{generation}"
    texts = [(out / f"seed-{seed}" / f"{name}-{kind}.json").read_text() for seed in seeds]
    subsets = [list(json.loads(text)["subsets"].values())[0] for text in texts]
    return np.mean([subset["series"]["verifier"]["auroc"] for subset in subsets])

def rated(policy, generation):
    runs = [out / f"seed-{seed}" for seed in seeds]
    counts = [json.loads((run / "data/first.json").read_text())["chosen"] for run in runs]
    for number in range(1, generation + 1):
        for i, run in enumerate(runs):
            counts[i] += json.loads((run / policy / f"generation-{number}.json").read_text())["tasks"]
    return float(np.mean(counts))

table, size = {}, {}
for policy in policies:
    for generation in range(last + 1):
        found = []
        for seed in seeds:
            run = out / f"seed-{seed}"
            name = "first" if generation == 0 else f"{policy}/after-{generation}"
            found.append(values(run / "data", run / f"{name}-scores"))
        table[policy, generation], size[policy, generation] = found, rated(policy, generation)

def shown(ends, sign=""):
    return "  ".join(f"{100 * m:{sign}5.1f} ({100 * a:{sign}.1f} to {100 * b:{sign}.1f})" for m, (a, b) in ends)

print(f"first errors found, per cent, 95 % intervals over the held-out problems of {len(seeds)} seeds:", "; ".join(WHAT))
for (policy, generation), found in table.items():
    whole = np.concatenate(found)
    ends = list(zip(whole.mean(axis=0), bootstrap_interval(whole)))
    each = " | ".join(" ".join(f"{100 * m:.1f}" for m in one.mean(axis=0)) for one in found)
    areas = " and ".join(f"{area(policy, generation, kind):.3f}" for kind in KINDS)
    print(f"{policy:10} {generation} {size[policy, generation]:6.0f} rated  {shown(ends)}   by seed {each}   AUROC {areas}")
for policy in policies[1:]:
    for generation in range(1, last + 1):
        less = np.concatenate(table[policy, generation]) - np.concatenate(table[policies[0], generation])
        ends = list(zip(less.mean(axis=0), bootstrap_interval(less)))
        print(f"{policy} - {policies[0]} {generation}  {shown(ends, '+')}")
    # Ratings that the first policy needs for what the other one has in the end, by a line
    # through its figures over the logarithm of their number, divided by those the other took.
    x = np.log([size[policies[0], g] for g in range(last + 1)])
    shares = resampled_shares(sum(map(len, table[policy, last])))
    for place, what in enumerate(WHAT):
        y = np.stack([shares @ np.concatenate(table[policies[0], g])[:, place] for g in range(last + 1)])
        slope, start = np.polyfit(x, y, 1)
        end = shares @ np.concatenate(table[policy, last])[:, place]
        with np.errstate(all="ignore"):  # a line that does not rise tells nothing
            times = np.exp((end - start) / slope) / size[policy, last]
        low, middle, high = np.percentile(times, [2.5, 50, 97.5])
        print(f"{policy}: {middle:.2f} times as data-efficient ({low:.2f} to {high:.2f}) in {what}")
END
