"""Tries the cases of the conformance suite; scripts/conformance says how it is called."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

REEVE = pathlib.Path(os.environ["REEVE_BIN"]) / "reeve"
SETS = ("base", "TASK_CHUNKING", "FEATURE_BUNDLE_1", "REDACTED_ENV_VARS")
KINDS = ("job_templates", "env_templates", "jobs")
CASE_SECONDS = 60
SYSTEM = "posix"
SANDBOX_PATH = "/usr/local/bin:/usr/bin:/bin"
EXIT_CODE = re.compile(r"exited with code:\s*(-?\d+)")


def reeve(words, folder):
    """The exit code and everything that was said; None for a code where it did not end in time."""
    try:
        done = subprocess.run([REEVE, *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=CASE_SECONDS, check=False)
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode("utf-8", "replace")
    return done.returncode, done.stdout.decode("utf-8", "replace")


def try_template(path, folder):
    """Why the case disagrees; empty where it agrees."""
    code, said = reeve(["check", str(path)], folder)
    wanted = 2 if ".invalid." in path.name else 0
    if code == wanted:
        return ""
    return f"exit code {code} instead of {wanted}: {said.strip()[:300]}"


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value)


def command_of(test, folder):
    """Writes the case's parts into `folder`, as the suite's own runner does, and returns the words that run it."""
    (folder / "template.yaml").write_text(yaml.safe_dump(test["template"], allow_unicode=True))
    words = ["run", "template.yaml", "--no-progress"]
    for name, value in test.get("parameters", {}).items():
        words += ["-p", f"{name}={text_of(value)}"]
    for number, environment in enumerate(test.get("environments", [])):
        name = f"environment{number}.yaml"
        (folder / name).write_text(yaml.safe_dump(environment, allow_unicode=True))
        words += ["--environment", name]
    if "pathMapping" in test:
        rules = {"version": "pathmapping-1.0", "path_mapping_rules": test["pathMapping"]}
        (folder / "path_mapping.json").write_text(json.dumps(rules))
        words += ["--path-mapping", "path_mapping.json"]
    return words


def wrong_output(expected, said):
    def listed(key):
        return expected.get(key, []) + expected.get(f"{key}_{SYSTEM}", [])

    for line in listed("output"):
        choices = line["anyOf"] if isinstance(line, dict) else [line]
        if not any(choice in said for choice in choices):
            return f"the output lacks {choices}: {said.strip()[-600:]}"
    for line in listed("forbidden"):
        if line in said:
            return f"the output holds {line!r}: {said.strip()[-600:]}"
    return ""


def wrong_end(failure, code, said):
    if failure is None:
        return f"exit code {code}: {said.strip()[-600:]}" if code != 0 else ""
    if code == 0:
        return "the job succeeded where a task should have failed"
    codes = [int(number) for number in EXIT_CODE.findall(said)]
    first = next((number for number in codes if number != 0), None)
    wanted = failure.get("exitCode", first)
    return f"the first exit code is {first}, not {wanted}: {said.strip()[-600:]}" if first != wanted else ""


def try_job(path, folder):
    """As try_template; None where the case is for another system."""
    test = yaml.safe_load(path.read_text(encoding="utf-8"))
    if SYSTEM not in test.get("runOn", [SYSTEM]):
        return None
    code, said = reeve(command_of(test, folder), folder)
    if code is None:
        return f"not at its end after {CASE_SECONDS} s: {said.strip()[-600:]}"
    if ".invalid." in path.name:
        return "the job succeeded, and should not" if code == 0 else ""
    expected = test.get("expected", {})
    return wrong_end(expected.get("taskFailure"), code, said) or wrong_output(expected, said)


def try_case(case):
    with tempfile.TemporaryDirectory(prefix="reeve-case-") as folder:
        try:
            tried = try_job if case["kind"] == "jobs" else try_template
            return case, tried(case["path"], pathlib.Path(folder))
        except (yaml.YAMLError, OSError, KeyError, TypeError) as broken:
            return case, f"the case cannot be read: {broken!r}"


def find_cases(root, pattern, proposed):
    cases = []
    for folder in sorted(root.rglob("*")):
        kind = folder.name.removesuffix("-2023-09")
        if kind not in KINDS or not folder.is_dir():
            continue
        # An earlier layout of the suite had no sets.
        name = folder.parent.name if kind == folder.name else "earlier layout"
        if name not in (*SETS, "earlier layout"):
            continue
        files = sorted(folder.glob("*")) + (sorted(folder.glob("proposed/*")) if proposed else [])
        ends = (".test.yaml",) if kind == "jobs" else (".yaml", ".json")
        for path in files:
            if path.is_file() and path.name.endswith(ends) and pattern in str(path.relative_to(root)):
                shown = name + (", proposed" if path.parent.name == "proposed" else "")
                cases.append({"path": path, "kind": kind, "set": shown, "name": str(path.relative_to(root))})
    return cases


def print_table(results):
    rows = {}
    for case, reason in results:
        row = rows.setdefault((case["set"], case["kind"]), [0, 0, 0])
        row[2 if reason is None else 1 if reason else 0] += 1
    print(f"{'set':32} {'cases':14} {'tried':>6} {'agreed':>7} {'disagreed':>10} {'other system':>13}")
    for (name, kind), (good, bad, other) in sorted(rows.items()):
        print(f"{name:32} {kind:14} {good + bad:6} {good:7} {bad:10} {other:13}")
    good, bad, other = (sum(row[i] for row in rows.values()) for i in range(3))
    print(f"{'all':32} {'':14} {good + bad:6} {good:7} {bad:10} {other:13}")
    return bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--proposed", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    given = parser.parse_args()
    cases = find_cases(given.root, given.pattern, given.proposed)
    if not cases:
        sys.exit(f"conformance: no case below {given.root} fits")
    pythons = [shutil.which(name, path=SANDBOX_PATH) for name in ("python", "python3")]
    if any(case["kind"] == "jobs" for case in cases) and not any(pythons):
        sys.exit("conformance: no python3 in /usr or /usr/local: install the package python3")
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        results = []
        for case, reason in pool.map(try_case, cases):
            results.append((case, reason))
            if reason:
                print(f"DISAGREES {case['name']}: {reason}\n", flush=True)
    sys.exit(1 if print_table(results) else 0)


if __name__ == "__main__":
    main()
