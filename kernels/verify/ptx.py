"""Reads PTX as nvcc writes it: a statement a line, labels and braces on lines of their own."""

import re
from dataclasses import dataclass, field

SIZES = {"pred": 1, "b8": 1, "u8": 1, "s8": 1, "b16": 2, "u16": 2, "s16": 2, "f16": 2, "b32": 4, "u32": 4, "s32": 4, "f32": 4,
         "b64": 8, "u64": 8, "s64": 8, "f64": 8}
ENTRY = re.compile(r"^(?:\.visible |\.weak )*\.entry\s+([\w$]+)\s*(\(?)")
PARAMETER = re.compile(r"^\.param\s+(?:\.align (\d+)\s+)?\.(\w+)\s+(?:\.ptr\s+(?:\.\w+\s+)?\.align \d+\s+)?([\w$]+)(?:\[(\d+)\])?,?$")
VARIABLE = re.compile(r"^(?:\.visible |\.weak |\.extern )*\.(global|const|shared|local)\s+(?:\.align (\d+)\s+)?\.(\w+)\s+([\w$]+)"
                      r"(\[(\d*)\])?(?:\s*=\s*\{?([^};]*)\}?)?;$")
REGISTERS = re.compile(r"^\.reg\s+\.(\w+)\s+%?([\w$]+)(?:<(\d+)>)?;$")
LABEL = re.compile(r"^([\w$]+):$")
TARGETS = re.compile(r"^([\w$]+):\s*\.branchtargets\s*$")
INSTRUCTION = re.compile(r"^(?:@(!?)%([\w$]+)\s+)?([a-z][\w.:]*)\s*(.*);$")
OPERAND = re.compile(r"\{[^}]*\}|\[[^\]]*\]|[^,\s][^,]*")
IGNORED = re.compile(r"^(\.version|\.target|\.address_size|\.maxntid|\.minnctapersm|\.reqntid|\.pragma|\.loc|\.file|\.section)\b")


class PtxError(Exception):
    """What is wrong, at which line."""

    def __init__(self, line, what):
        super().__init__(what)
        self.line = line


@dataclass
class Variable:
    space: str  # global, const, shared, local
    name: str
    align: int
    size: int  # bytes; 0: as many as the launch says
    values: bytes = b""


@dataclass
class Parameter:
    name: str
    align: int
    size: int
    offset: int


@dataclass
class Statement:
    line: int
    text: str
    op: str = ""  # without its type suffixes split: "add.rn.f32"; empty for a label
    operands: list = field(default_factory=list)
    predicate: str = ""  # "%p1", "!%p1"
    label: str = ""


@dataclass
class Entry:
    name: str
    line: int
    parameters: list = field(default_factory=list)
    registers: dict = field(default_factory=dict)  # name -> type
    variables: list = field(default_factory=list)
    statements: list = field(default_factory=list)
    targets: dict = field(default_factory=dict)  # of brx.idx: label -> [labels]


@dataclass
class Module:
    variables: list = field(default_factory=list)
    entries: list = field(default_factory=list)


def _variable(line, match):
    space, align, kind, name, array, count, values = match.groups()
    if kind not in SIZES:
        raise PtxError(line, f"a variable of type .{kind}")
    length = int(count) if count else 0
    data = b""
    if values:
        size = SIZES[kind]
        if not re.fullmatch(r"[\s\d,-]*", values):
            raise PtxError(line, f"initial values of {name} that are no numbers")
        data = b"".join((int(v) & (256**size - 1)).to_bytes(size, "little") for v in values.split(","))
    return Variable(space, name, int(align or SIZES[kind]), SIZES[kind] * (length if array else 1), data)


def _parameter(line, text, entry):
    match = PARAMETER.match(text)
    if not match or match[2] not in SIZES:
        raise PtxError(line, f"cannot read the parameter '{text}'")
    align = int(match[1] or SIZES[match[2]])
    size = SIZES[match[2]] * int(match[4] or 1)
    end = entry.parameters[-1].offset + entry.parameters[-1].size if entry.parameters else 0
    entry.parameters.append(Parameter(match[3], align, size, (end + align - 1) // align * align))


class _Reader:
    def __init__(self):
        self.module = Module()
        self.entry = None
        self.state = "module"  # module, parameters, before body, body, targets
        self.depth = 0
        self.targets = ""

    def read(self, number, text):
        if self.state == "module":
            self._module(number, text)
        elif self.state == "parameters":
            if text.startswith(")"):
                self.state = "before body"
            else:
                _parameter(number, text, self.entry)
        elif self.state == "before body":
            if text == "{":
                self.state, self.depth = "body", 1
            elif not IGNORED.match(text):
                raise PtxError(number, f"not on the allow-list: directive '{text}'")
        elif self.state == "targets":
            labels = [word.strip() for word in text.rstrip(";").split(",") if word.strip()]
            self.entry.targets[self.targets] += labels
            if text.endswith(";"):
                self.state = "body"
        else:
            self._body(number, text)

    def _module(self, number, text):
        if match := ENTRY.match(text):
            self.entry = Entry(match[1], number)
            self.module.entries.append(self.entry)
            self.state = "parameters" if match[2] and not text.endswith(")") else "before body"
        elif match := VARIABLE.match(text):
            self.module.variables.append(_variable(number, match))
        elif not IGNORED.match(text):
            raise PtxError(number, f"not on the allow-list: directive '{text}'")

    def _body(self, number, text):
        if text in "{}":
            self.depth += 1 if text == "{" else -1
            if self.depth == 0:
                self.state = "module"
        elif match := REGISTERS.match(text):
            names = [f"{match[2]}{i}" for i in range(int(match[3]))] if match[3] else [match[2]]
            self.entry.registers.update({name: match[1] for name in names})
        elif match := VARIABLE.match(text):
            self.entry.variables.append(_variable(number, match))
        elif match := TARGETS.match(text):
            self.targets, self.state = match[1], "targets"
            self.entry.targets[match[1]] = []
        elif match := LABEL.match(text):
            self.entry.statements.append(Statement(number, text, label=match[1]))
        elif match := INSTRUCTION.match(text):
            predicate = f"{match[1]}%{match[2]}" if match[2] else ""
            operands = [operand.strip() for operand in OPERAND.findall(match[4])]
            self.entry.statements.append(Statement(number, text, match[3], operands, predicate))
        elif not IGNORED.match(text):
            raise PtxError(number, f"not on the allow-list: '{text}'")


def parse(text):
    """The module that the text describes. Raises PtxError."""
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), 1):
        line = re.sub(r"//.*", "", line).strip()
        if line:
            reader.read(number, line)
    return reader.module
