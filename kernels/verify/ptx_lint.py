#!/usr/bin/env python3
"""Refuses PTX with an instruction that is not on the allow-list (ptx_instructions.py): names file, line and instruction.

  ptx_lint.py FILE.ptx...
"""

import sys
from pathlib import Path

from ptx import PtxError, parse
from ptx_instructions import find
from ptx_to_cpp import Translator


def findings(text):
    """(line, what is wrong) of everything in the text that is not allowed."""
    try:
        module = parse(text)
    except PtxError as error:
        return [(error.line, str(error))]
    found = []
    for entry in module.entries:
        before = len(found)
        for statement in entry.statements:
            try:
                if not statement.label:
                    find(statement)
            except PtxError as error:
                found.append((error.line, str(error)))
        if len(found) == before:  # operands too: registers, addresses, special registers
            try:
                Translator(module, entry).translate()
            except PtxError as error:
                found.append((error.line, str(error)))
    return found


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    failed = False
    for path in sys.argv[1:]:
        text = Path(path).read_text()
        found = findings(text)
        for line, what in found:
            print(f"{path}:{line}: {what}")
        failed = failed or bool(found)
        if not found:
            module = parse(text)
            count = sum(1 for entry in module.entries for s in entry.statements if not s.label)
            print(f"{path}: {len(module.entries)} kernels, {count} instructions, all allowed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
