"""Each rule of scripts/check can fail: a small tree that breaks it is refused by file and line, and one that does not is passed."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

RULES = Path(__file__).resolve().parents[2] / "scripts" / "check.d"
ROOT = RULES.parents[1]
CLEAN = "#pragma once\n\nnamespace reeve {\n\nint answer();\n\n}  // namespace reeve\n"


class RuleTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.tree = Path(self.folder.name)
        self.environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "GIT_CONFIG_COUNT": "0"}
        for name in (".clang-format", ".clang-tidy"):
            self.write(name, (ROOT / name).read_text())

    def write(self, name, text):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_rule(self, rule, *arguments):
        for command in (["git", "init", "-q"], ["git", "add", "-A"]):
            subprocess.run(command, cwd=self.tree, env=self.environment, check=True)
        return subprocess.run([str(RULES / rule), *arguments], cwd=self.tree, env=self.environment, capture_output=True, text=True)

    def refuses(self, rule, where, *arguments):
        done = self.run_rule(rule, *arguments)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn(where, done.stdout + done.stderr)

    def passes(self, rule, *arguments):
        done = self.run_rule(rule, *arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Format(RuleTest):
    def test_passes_what_clang_format_leaves(self):
        self.write("protocol/a.h", CLEAN)
        self.passes("format")

    def test_refuses_wrong_indentation(self):
        self.write("protocol/a.h", CLEAN.replace("int", "   int"))
        self.refuses("format", "protocol/a.h:5")


class Layers(RuleTest):
    def include(self, path, included):
        self.write(path, f'#include "{included}"\n')

    def test_passes_what_runs_one_way(self):
        self.include("scheduler/shell/a.cpp", "scheduler/core/b.h")
        self.include("client/a.cpp", "openjd/b.h")
        self.include("agent/shell/a.cpp", "kernels/b.h")
        self.include("client/b.cpp", "kernels/render/scene_format.h")
        self.passes("layers")

    def test_refuses_every_forbidden_direction(self):
        for path, included in [
            ("protocol/a.h", "openjd/b.h"), ("openjd/a.h", "client/b.h"), ("kernels/a.h", "protocol/b.h"),
            ("scheduler/core/a.h", "scheduler/shell/b.h"), ("scheduler/core/a.h", "openjd/b.h"),
            ("scheduler/shell/a.h", "kernels/b.h"), ("scheduler/a.h", "agent/core/b.h"), ("agent/a.h", "scheduler/core/b.h"),
            ("agent/core/a.h", "kernels/b.h"), ("client/a.h", "scheduler/core/b.h"), ("client/a.h", "agent/b.h"),
            ("client/a.h", "kernels/render/render.h"), ("client/a.h", "tests/b.h"),
        ]:
            with self.subTest(path=path, included=included):
                self.include(path, included)
                self.refuses("layers", f"{path}:1")
                (self.tree / path).unlink()

    def test_refuses_paths_that_do_not_start_at_the_root(self):
        self.include("protocol/a.h", "b.h")
        self.refuses("layers", "protocol/a.h:1")
        self.include("protocol/a.h", "protocol/../openjd/b.h")
        self.refuses("layers", "protocol/a.h:1")

    def test_a_pure_core_has_no_clock_thread_or_floating_point(self):
        for text in ("#include <chrono>", "#include <thread>", "#include <sqlite3.h>", "double price;"):
            with self.subTest(text=text):
                self.write("scheduler/core/a.h", f"{text}\n")
                self.refuses("layers", "scheduler/core/a.h:1")
        self.write("scheduler/core/a.h", "// no double spending\n")
        self.passes("layers")


class Lengths(RuleTest):
    def test_passes_at_the_bounds(self):
        body = "  answer();\n" * 58
        self.write("protocol/a.cpp", "void f() {\n" + body + "}\n" + "\n" * 440)
        self.passes("lengths")

    def test_refuses_a_long_file(self):
        self.write("protocol/a.cpp", "\n" * 501)
        self.refuses("lengths", "protocol/a.cpp:501")

    def test_refuses_a_long_function_test_or_kernel(self):
        for path, head in [("protocol/a.cpp", "void f() {"), ("tests/a_test.cpp", "TEST(Lease, Ends) {"),
                           ("kernels/a.cu", "__global__ void f() {"), ("protocol/a.h", "#pragma once\ninline void f() {")]:
            with self.subTest(path=path):
                self.write(path, head + "\n" + "  answer();\n" * 59 + "}\n")
                self.refuses("lengths", f"{path}:")
                (self.tree / path).unlink()

    def test_refuses_a_long_cmakelists_and_a_header_without_guard(self):
        self.write("protocol/CMakeLists.txt", "\n" * 61)
        self.refuses("lengths", "protocol/CMakeLists.txt:61")
        self.write("protocol/CMakeLists.txt", "")
        self.write("protocol/a.h", "int f();\n")
        self.refuses("lengths", "protocol/a.h:1")


class Words(RuleTest):
    def test_refuses_unfinished_words_paths_of_a_machine_and_conflicts(self):
        for text in ("// TO" "DO: later", "// FIX" "ME", "TEST(A, DISABLED" "_b)", "cd /ho" "me/ann/x", "cat /ro" "ot/x", "<" * 7 + " ours"):
            with self.subTest(text=text):
                self.write("docs/a.md", f"fine\n{text}\n")
                self.refuses("words", "docs/a.md:2")

    def test_passes_urls_and_relative_paths(self):
        self.write("docs/a.md", "https://example.org/home/x and out/work/ and `tests/farm/a`\n")
        self.passes("words")


class Docs(RuleTest):
    def test_refuses_what_is_not_in_the_tree(self):
        for text in ("[page](missing.md)", "see `protocol/missing.h`", "see `missing.cpp`", "run `scripts/missing --fast`"):
            with self.subTest(text=text):
                self.write("protocol/a.h", CLEAN)
                self.write("scripts/there", "")
                self.write("README.md", f"{text}\n")
                self.refuses("docs", "README.md:1")

    def test_passes_what_is(self):
        self.write("protocol/a.h", CLEAN)
        self.write("docs/page.md", "[up](../README.md) [web](https://example.org) `client/` `reeve/x`\n")
        self.write("README.md", "`protocol/a.h` in `protocol/`, `a.h`\n")
        self.passes("docs")

    REFERENCE = "# Commands\n\n| `--home DIR` | |\n\n## reeve job\n\n### reeve job list\n\n| `--limit N` | |\n"

    def test_refuses_commands_that_the_reference_does_not_have(self):
        for text in ("`reeve jobs`", "`reeve job lost`", "`reeve job list|lost`", "`reeve job list --colour`",
                     "```\nreeve --home x job list --colour\n```", "```\nscripts/missing\n```"):
            with self.subTest(text=text):
                self.write("docs/reference/commands.md", self.REFERENCE)
                self.write("scripts/there", "")
                self.write("README.md", f"{text}\n")
                self.refuses("docs", "README.md:" + ("2" if "\n" in text else "1"))

    def test_passes_commands_that_it_has(self):
        self.write("docs/reference/commands.md", self.REFERENCE)
        self.write("README.md", "`reeve job list --limit 5` `reeve …` `reeve-worker`\n"
                                "```\nreeve --home job job list | wc  # --colour\n```\n")
        self.passes("docs")


class Shell(RuleTest):
    def test_refuses_an_unquoted_variable(self):
        self.write("scripts/a", "#!/usr/bin/env bash\nrm $1\n")
        self.refuses("shell", "scripts/a:2")

    def test_passes_a_quoted_one(self):
        self.write("scripts/a", '#!/usr/bin/env bash\nrm "$1"\n')
        self.passes("shell")


class Registered(RuleTest):
    def configure(self, lists):
        self.write("CMakeLists.txt", "cmake_minimum_required(VERSION 3.25)\nproject(t LANGUAGES CXX)\nenable_testing()\n" + lists)
        self.write("tests/a_test.cpp", "int main() {}\n")
        subprocess.run(["cmake", "-G", "Ninja", "-B", "build", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"], cwd=self.tree, check=True,
                       capture_output=True)

    def test_refuses_a_source_that_no_target_compiles(self):
        self.write("tests/b.cpp", "int main() {}\n")
        self.configure("add_executable(b tests/b.cpp)\n")
        self.refuses("registered", "tests/a_test.cpp:1: no target", "build")

    def test_refuses_a_test_that_ctest_does_not_run(self):
        self.configure("add_executable(a_test tests/a_test.cpp)\n")
        self.refuses("registered", "tests/a_test.cpp:1: ctest does not run it", "build")

    def test_passes_a_test_that_it_does_run(self):
        self.configure("add_executable(a_test tests/a_test.cpp)\nadd_test(NAME a COMMAND a_test)\n")
        self.passes("registered", "build")


class Tidy(RuleTest):
    def compile_commands(self, text):
        self.write("protocol/a.h", "#pragma once\n\n#define ZERO 0\n")
        self.write("protocol/a.cpp", '#include "protocol/a.h"\n' + text)
        entry = {"directory": str(self.tree), "file": str(self.tree / "protocol/a.cpp"),
                 "command": "c++ -std=c++20 -I. -Wno-restrict -c protocol/a.cpp"}
        self.write("build/dev/compile_commands.json", json.dumps([entry]))

    def test_refuses_a_badly_named_function(self):
        self.compile_commands("int BadName() { return ZERO; }\n")
        self.refuses("tidy", "protocol/a.cpp:2")

    def test_remembers_a_pass_until_a_header_changes(self):
        self.compile_commands("int good_name() { return ZERO; }\n")
        self.passes("tidy")
        self.assertIn("1 remembered", self.run_rule("tidy").stdout)
        self.write("protocol/a.h", "#pragma once\n\n#define ZERO 1\n")
        self.assertIn("0 remembered", self.run_rule("tidy").stdout)


if __name__ == "__main__":
    unittest.main()
