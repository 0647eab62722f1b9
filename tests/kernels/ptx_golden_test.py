#!/usr/bin/env python3
"""The plug-in's objects, with their PTX run on the CPU, give the hashes of the CPU kernels; what fails on a device is told.

  ptx_golden_test.py GOLDEN PLUGIN      reeve_golden and libreeve_cuda_on_cpu.so
"""

import os
import subprocess
import sys
import unittest

SMALL = ["--size", "20x12", "--samples", "6", "--detail", "6"]  # leaves that reach beyond the tile; samples that are no whole units


def golden(*options, **environment):
    return subprocess.run([GOLDEN, *SMALL, *options], env=os.environ | environment, capture_output=True, text=True, check=False)


def hashes(run):
    return [line.split(" kernel ")[0] + line.split(" hash ")[1] for line in run.stdout.splitlines()]


class PtxGolden(unittest.TestCase):
    def refused(self, why, **environment):
        run = golden("--plugin", PLUGIN, **environment)
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertIn(why, run.stderr)

    def test_ptx_gives_the_hashes_of_the_cpu_in_any_order_of_threads(self):
        expected = hashes(golden("--kernel", KERNEL))
        self.assertEqual(len(expected), 4)
        for order in ("forward", "reverse"):
            run = golden("--plugin", PLUGIN, REEVE_PTX_ORDER=order)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual(hashes(run), expected, order)

    def test_a_machine_without_devices_says_so(self):
        self.refused("no CUDA-capable device", REEVE_PTX_DEVICES="0")

    def test_a_device_without_room_says_so(self):
        self.refused("copying the frame to the device: out of memory", REEVE_PTX_MEMORY_MIB="0")

    def test_a_device_that_is_lost_at_any_launch_says_so(self):
        for launch in ("1", "2"):
            self.refused("uncorrectable ECC error", REEVE_PTX_LOSE_AT=launch)

    def test_a_library_that_is_no_plug_in_is_refused(self):
        run = golden("--plugin", "libc.so.6")
        self.assertEqual(run.returncode, 2)
        self.assertIn("version", run.stderr)


if __name__ == "__main__":
    GOLDEN, PLUGIN = sys.argv[1:]
    KERNEL = subprocess.run([GOLDEN, "--list"], capture_output=True, text=True, check=True).stdout.split()[0]
    unittest.main(argv=sys.argv[:1])
