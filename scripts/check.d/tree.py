"""What the rules of scripts/check share: the tracked files of the tree they run in, and how a finding is printed."""

import re
import subprocess
import sys
from pathlib import Path

CPP_SUFFIXES = {".cpp", ".h", ".cu", ".cuh"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def tracked(*suffixes):
    """Paths relative to the root, sorted; all of them, or those that end in one of the suffixes."""
    listing = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    paths = [Path(name) for name in sorted(listing.split("\0")) if name and Path(name).is_file()]
    return [path for path in paths if not suffixes or path.suffix in suffixes]


def includes(path):
    """Yields (line number, quoted or angled, included path) of a C++ file."""
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1] == '"', match[2]


class Findings:
    """Collects `file:line: what; remedy` and ends the process with 1 where there is one."""

    def __init__(self):
        self.count = 0

    def add(self, path, line, text):
        self.count += 1
        print(f"{path}:{line}: {text}")

    def end(self):
        sys.exit(1 if self.count else 0)
