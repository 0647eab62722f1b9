#!/usr/bin/env python3
"""The PTX of the plug-in has allowed instructions alone, and the lint sees what it must.

  ptx_lint_test.py NVCC PTX...      PTX: of the plug-in, as built
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "kernels/verify"))

import ptx_lint  # noqa: E402

CONTROL = ROOT / "kernels/verify/control.cu"


def ptx_of(*options):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out.ptx")
        subprocess.run([NVCC, "-std=c++20", "-arch=compute_75", "-ptx", *options, CONTROL, "-o", out], check=True)
        return out.read_text()


def refused(text):
    """name of the kernel -> what was refused in it."""
    lines = text.splitlines()
    found = {}
    for line, what in ptx_lint.findings(text):
        entry = next(row for row in reversed(lines[:line]) if ".entry" in row)
        found.setdefault(entry.split("(")[0].split()[-1], []).append(what)
    return found


class Lint(unittest.TestCase):
    def test_the_plug_in_has_allowed_instructions_alone(self):
        self.assertTrue(any("render" in path for path in PTX))
        for path in PTX:
            self.assertEqual(ptx_lint.findings(Path(path).read_text()), [], path)

    def test_each_control_is_refused_by_the_instruction_that_breaks_the_bits(self):
        found = refused(ptx_of("--fmad=false"))
        for kernel, instruction in {"sine": "sin.approx", "reciprocal": "rcp.rz.f32", "division": "div.approx", "root": "rsqrt.approx",
                                    "atomic": ".add.f32", "minimum": "min.f32", "double": "f64", "clock": "clock64"}.items():
            self.assertIn(instruction, " ".join(found.get("control_" + kernel, [])), kernel)
        self.assertNotIn("control_contraction", found)  # two roundings, as its source says

    def test_fast_math_flushes_and_is_refused(self):
        self.assertIn(".ftz", " ".join(refused(ptx_of("--use_fast_math"))["control_contraction"]))

    def test_a_refusal_names_the_line_and_the_instruction(self):
        text = ptx_of("--fmad=false")
        for line, what in ptx_lint.findings(text):
            self.assertIn(text.splitlines()[line - 1].strip().split(";")[0].split()[-1], what)

    def test_contraction_shows_in_plain_floats(self):
        # The PTX of F32 is the same with and without --fmad (scripts/prove kernels); here is what would not be.
        self.assertNotIn("fma.rn.f32", ptx_of("--fmad=false"))
        self.assertIn("fma.rn.f32", ptx_of("--fmad=true"))

    def test_an_unknown_directive_or_operand_is_refused(self):
        body = ".visible .entry k(\n.param .u64 p\n)\n{\n.reg .b32 %r<2>;\n%s\nret;\n}\n"
        for line in ("tex.2d.v4.f32.s32 {%r0}, [a, {%r1}];", "mov.u32 %r0, %smid;", ".tex .u64 t;", "mov.u32 %r9, 0;"):
            self.assertNotEqual(ptx_lint.findings(body.replace("%s", line)), [], line)
        self.assertEqual(ptx_lint.findings(body.replace("%s", "mov.u32 %r0, %tid.x;")), [])


if __name__ == "__main__":
    NVCC, *PTX = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
