#!/usr/bin/env python3
"""Translates PTX to C++ that kernels/verify/ptx_machine.h runs on a CPU, an instruction at a time.

  ptx_to_cpp.py OUT.cpp FILE.ptx...
"""

import re
import sys
from pathlib import Path

from ptx import PtxError, parse
from ptx_instructions import CTYPES, OFFSET, SPECIAL, find, unsigned

FLOAT = re.compile(r"0[fF]([0-9A-Fa-f]{8})")
NUMBER = re.compile(r"-?(0x[0-9A-Fa-f]+|\d+)U?")


def identifier(name):
    return re.sub(r"\W", "_", name)


class Translator:
    """Writes one entry as a function that a thread of the machine calls until it ends."""

    def __init__(self, module, entry):
        self.entry = entry
        self.code = []
        self.waits = 0
        self.fixed_shared = 0  # bytes of the block's shared memory before what a launch adds
        self.symbols = {}      # name -> expression of its address
        self.params = {parameter.name: parameter for parameter in entry.parameters}
        self.locals = []
        for variable in module.variables + entry.variables:
            self._place(variable)

    def _place(self, variable):
        if variable.space == "shared":
            start = -(-self.fixed_shared // variable.align) * variable.align
            self.symbols[variable.name] = f"u64{{{start}}}"
            self.fixed_shared = start + variable.size
        elif variable.space == "local":
            self.locals.append(f"alignas({max(variable.align, 16)}) unsigned char {identifier(variable.name)}[{variable.size}];")
            self.symbols[variable.name] = f"reinterpret_cast<u64>(thread.{identifier(variable.name)})"
        else:
            self.symbols[variable.name] = f"reinterpret_cast<u64>({identifier(variable.name)})"

    def emit(self, text):
        self.code.append("    " + text)

    def label(self, name):
        return "at_" + identifier(name)

    def register(self, s, name):
        name = name.lstrip("%")
        if name not in self.entry.registers:
            raise PtxError(s.line, f"not on the allow-list: '%{name}' in '{s.text}'")
        return "thread." + identifier(name), self.entry.registers[name]

    def value(self, s, word, kind):
        """The operand as a C++ expression of the type that `kind` has."""
        kind = kind if kind in CTYPES else {"u16": "u16"}.get(kind, kind)
        if word.startswith("!"):
            return "!" + self.value(s, word[1:], kind)
        if word in SPECIAL:
            text = SPECIAL[word]
        elif word.startswith("%"):
            text, own = self.register(s, word)
            if (own == "pred") != (kind == "pred"):
                raise PtxError(s.line, f"a predicate where a number is wanted: '{s.text}'")
            if CTYPES[own] == CTYPES[kind]:
                return text
        elif match := FLOAT.fullmatch(word):
            return f"0x{match[1]}u"
        elif match := NUMBER.fullmatch(word):
            text = f"{word.rstrip('U')}{'' if word.startswith('-') else 'u'}ll"
        elif word in self.symbols:
            text = self.symbols[word]
        elif word in self.params:
            text = f"(lane.parameters + {self.params[word].offset})"
        else:
            raise PtxError(s.line, f"not on the allow-list: '{word}' in '{s.text}'")
        return f"static_cast<{CTYPES[kind]}>({text})"

    def get(self, s, index, kind):
        if index >= len(s.operands):
            raise PtxError(s.line, f"too few operands: '{s.text}'")
        return self.value(s, s.operands[index], kind)

    def assign(self, s, name, expression, kind):
        if name == "_":
            return
        text, own = self.register(s, name)
        source = f"static_cast<{CTYPES[kind]}>({expression})"
        self.emit(f"{text} = {source};" if own == kind else f"{text} = static_cast<{unsigned(own) if own != 'pred' else 'bool'}>({source});")

    def set(self, s, expression, kind):
        self.assign(s, s.operands[0], expression, kind)

    def set_predicate(self, s, expression, mix):
        targets = s.operands[0].split("|")
        if mix:
            sign = {"and": "&", "or": "|", "xor": "^"}[mix]
            self.emit(f"{{ const bool holds = {expression}, other = {self.get(s, 3, 'pred')};")
            pairs = [f"holds {sign} other", f"!holds {sign} other"]
        else:
            self.emit(f"{{ const bool holds = {expression};")
            pairs = ["holds", "!holds"]
        for target, pair in zip(targets, pairs):
            self.assign(s, target, pair, "pred")
        self.emit("}")

    def vector(self, s, index, count):
        word = s.operands[index]
        names = [name.strip() for name in word[1:-1].split(",")] if word.startswith("{") else [word]
        if len(names) != count:
            raise PtxError(s.line, f"a vector of another length: '{s.text}'")
        return names

    def unpack(self, s, kind):
        names = s.operands[0][1:-1].split(",")
        width = int(kind[1:]) // len(names)
        whole = self.get(s, 1, unsigned(kind))
        self.emit(f"{{ const {unsigned(kind)} whole = {whole};")
        for i, name in enumerate(names):
            self.assign(s, name.strip(), f"whole >> {i * width}", f"u{width}")
        self.emit("}")

    def packed(self, s, kind):
        names = s.operands[1][1:-1].split(",")
        width = int(kind[1:]) // len(names)
        parts = [f"u64{{{self.value(s, name.strip(), f'u{width}')}}} << {i * width}" for i, name in enumerate(names)]
        return " | ".join(parts)

    def address(self, s, operand, space):
        match = OFFSET.match(operand)
        if not match:
            raise PtxError(s.line, f"cannot read the address '{operand}'")
        if space == "param" and not match[1].startswith("%") and match[1] not in self.params:
            raise PtxError(s.line, f"a parameter that the entry does not have: '{operand}'")
        place = f"{self.value(s, match[1], 'u64')} + {match[2] or 0}"
        return f"block.shared_base() + {place}" if space == "shared" else place

    def wait(self, what):
        self.waits += 1
        self.emit(f"lane.resume = {self.waits}; return {what}; resume_{self.waits}:;")

    def translate(self):
        for s in self.entry.statements:
            if s.label:
                self.code.append(f"  {self.label(s.label)}:;")
                continue
            function, groups = find(s)
            if s.predicate:
                self.emit(f"if ({self.value(s, s.predicate, 'pred')}) {{")
            function(self, s, *groups)
            if s.predicate:
                self.emit("}")
        return self

    def write(self, out, index):
        out.append(f"struct Thread{index} {{")
        out += [f"  {CTYPES[kind] if kind == 'pred' else 'u' + kind[1:]} {identifier(name)} = {{}};"
                for name, kind in self.entry.registers.items()]
        out += ["  " + line for line in self.locals] + ["};"]
        out.append(f"Wait run{index}([[maybe_unused]] Thread{index}& thread, [[maybe_unused]] Lane& lane, [[maybe_unused]] Block& block) {{")
        cases = " ".join(f"case {i}: goto resume_{i};" for i in range(1, self.waits + 1))
        out.append(f"  switch (lane.resume) {{ {cases} default: break; }}")
        out += self.code + ["    return Wait::kEnd;", "}"]


def globals_of(module):
    for variable in module.variables:
        if variable.space in ("global", "const"):
            values = ", ".join(str(byte) for byte in variable.values)
            yield f"alignas({max(variable.align, 16)}) unsigned char {identifier(variable.name)}[{variable.size}] = {{{values}}};"


def translate(modules):
    """The text of a translation unit that defines kEntries."""
    out = ['#include "kernels/verify/ptx_operations.h"', "", "namespace reeve::ptx {", "namespace {"]
    rows = []
    for module in modules:
        out += globals_of(module)
        for entry in module.entries:
            index = len(rows)
            translator = Translator(module, entry).translate()
            translator.write(out, index)
            sizes = ", ".join(f"{{{p.offset}, {p.size}}}" for p in entry.parameters)
            out.append(f"constexpr std::array<Parameter, {len(entry.parameters)}> kParameters{index}{{{{{sizes}}}}};")
            shared = -(-translator.fixed_shared // 16) * 16
            call = "run_alone" if translator.waits == 0 else "run_together"
            rows.append(f'    {{"{entry.name}", kParameters{index}, {shared}, {call}<Thread{index}, run{index}>}},')
    out += ["}  // namespace", f"constexpr std::array<Entry, {len(rows)}> kTable{{{{", *rows, "}};",
            "std::span<const Entry> entries() { return kTable; }", "}  // namespace reeve::ptx", ""]
    return "\n".join(out)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    modules = []
    for path in sys.argv[2:]:
        try:
            modules.append(parse(Path(path).read_text()))
            translate(modules[-1:])
        except PtxError as error:
            sys.exit(f"{path}:{error.line}: {error}")
    Path(sys.argv[1]).write_text(translate(modules))


if __name__ == "__main__":
    main()
