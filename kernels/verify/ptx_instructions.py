"""The allow-list: each PTX instruction that a kernel may use, with the C++ that does the same on a CPU.

What is not here is refused, and so nothing is allowed that was not also run. Of floats there are only operations with one rounding
(.rn, no .ftz, no .sat, no .approx, no f64, no f16), comparisons and moves; of atomics only those on integers. All registers are
unsigned integers of their width: an f32 is its 32 bits.
"""

import re

from ptx import PtxError

CTYPES = {"b8": "u8", "u8": "u8", "s8": "s8", "b16": "u16", "u16": "u16", "s16": "s16", "b32": "u32", "u32": "u32", "s32": "s32",
          "f32": "u32", "b64": "u64", "u64": "u64", "s64": "s64", "pred": "bool"}
INTEGER = "[us](?:16|32|64)"
SPACE = "global|shared|local|param|const"
SPECIAL = {f"%{word}.{axis}": f"lane.{word}[{i}]" for word in ("tid", "ntid", "ctaid", "nctaid") for i, axis in enumerate("xyz")}
SPECIAL |= {"%laneid": "lane.index % 32", "WARP_SZ": "32"}
OFFSET = re.compile(r"^\[([%\w$]+)(?:\+(-?\d+))?\]$")

RULES = []


def rule(pattern):
    """Declares what an instruction whose whole name fits does; its groups are passed on."""
    def declare(function):
        RULES.append((re.compile(pattern), function))
        return function
    return declare


def unsigned(kind):
    return CTYPES[kind].replace("s", "u")


def bits(kind):
    return 8 * {"8": 1, "16": 2, "32": 4, "64": 8}[re.sub(r"\D", "", kind)]


@rule(r"(add|sub|mul|div)\.rn\.f32")
def _(c, s, op):
    c.set(s, f"{op}_f32({c.get(s, 1, 'f32')}, {c.get(s, 2, 'f32')})", "f32")


@rule(r"fma\.rn\.f32")
def _(c, s):
    c.set(s, f"fma_f32({c.get(s, 1, 'f32')}, {c.get(s, 2, 'f32')}, {c.get(s, 3, 'f32')})", "f32")


@rule(r"sqrt\.rn\.f32")
def _(c, s):
    c.set(s, f"sqrt_f32({c.get(s, 1, 'f32')})", "f32")


@rule(r"(neg|abs)\.f32")
def _(c, s, op):
    c.set(s, f"{c.get(s, 1, 'f32')} " + ("^ 0x80000000u" if op == "neg" else "& 0x7fffffffu"), "f32")


@rule(rf"cvt\.rn\.f32\.({INTEGER})")
def _(c, s, kind):
    c.set(s, f"bits_of(static_cast<float>({c.get(s, 1, kind)}))", "f32")


@rule(r"cvt\.rzi\.([us](?:32|64))\.f32")
def _(c, s, kind):
    c.set(s, f"truncate<{CTYPES[kind]}>({c.get(s, 1, 'f32')})", kind)


@rule(r"cvt\.([us](?:8|16|32|64))\.([us](?:8|16|32|64))")
def _(c, s, to, source):
    c.set(s, f"static_cast<{CTYPES[to]}>({c.get(s, 1, source)})", to)


@rule(r"setp\.(eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan)(?:\.(and|or|xor))?\.f32")
def _(c, s, compare, mix):
    c.set_predicate(s, f"compare_{compare}({c.get(s, 1, 'f32')}, {c.get(s, 2, 'f32')})", mix)


@rule(r"setp\.(eq|ne|lt|le|gt|ge|lo|ls|hi|hs)(?:\.(and|or|xor))?\.([usb](?:16|32|64))")
def _(c, s, compare, mix, kind):
    sign = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "lo": "<", "ls": "<=", "hi": ">", "hs": ">="}[compare]
    c.set_predicate(s, f"{c.get(s, 1, kind)} {sign} {c.get(s, 2, kind)}", mix)


@rule(r"selp\.([usb](?:16|32|64)|f32)")
def _(c, s, kind):
    c.set(s, f"{c.get(s, 3, 'pred')} ? {c.get(s, 1, kind)} : {c.get(s, 2, kind)}", kind)


@rule(r"(and|or|xor)\.(pred|b16|b32|b64)")
def _(c, s, op, kind):
    sign = {"and": "&", "or": "|", "xor": "^"}[op]
    c.set(s, f"{c.get(s, 1, kind)} {sign} {c.get(s, 2, kind)}", kind)


@rule(r"not\.(pred|b16|b32|b64)")
def _(c, s, kind):
    c.set(s, ("!" if kind == "pred" else "~") + c.get(s, 1, kind), kind)


@rule(rf"(add|sub)\.({INTEGER})")
def _(c, s, op, kind):
    u = unsigned(kind)
    c.set(s, f"static_cast<{CTYPES[kind]}>({c.get(s, 1, u)} {'+' if op == 'add' else '-'} {c.get(s, 2, u)})", kind)


@rule(rf"mul\.lo\.({INTEGER})")
def _(c, s, kind):
    c.set(s, f"static_cast<{CTYPES[kind]}>(u64{{1}} * {c.get(s, 1, unsigned(kind))} * {c.get(s, 2, unsigned(kind))})", kind)


@rule(rf"mad\.lo\.({INTEGER})")
def _(c, s, kind):
    u = unsigned(kind)
    c.set(s, f"static_cast<{CTYPES[kind]}>(u64{{1}} * {c.get(s, 1, u)} * {c.get(s, 2, u)} + {c.get(s, 3, u)})", kind)


@rule(r"(mul|mad)\.hi\.([us](?:32|64))")
def _(c, s, op, kind):
    product = f"multiply_high<{CTYPES[kind]}>({c.get(s, 1, kind)}, {c.get(s, 2, kind)})"
    c.set(s, f"static_cast<{CTYPES[kind]}>({product} + {c.get(s, 3, unsigned(kind))})" if op == "mad" else product, kind)


@rule(r"(mul|mad)\.wide\.([us])(16|32)")
def _(c, s, op, sign, width):
    wide = f"{sign}{2 * int(width)}"
    product = f"static_cast<{wide}>({c.get(s, 1, sign + width)}) * {c.get(s, 2, sign + width)}"
    c.set(s, f"static_cast<u64>({product}) + {c.get(s, 3, unsigned(wide))}" if op == "mad" else product, wide)


@rule(rf"(div|rem)\.({INTEGER})")
def _(c, s, op, kind):
    c.set(s, f"{op}_integer<{CTYPES[kind]}>({c.get(s, 1, kind)}, {c.get(s, 2, kind)})", kind)


@rule(rf"(min|max)\.({INTEGER})")
def _(c, s, op, kind):
    a, b = c.get(s, 1, kind), c.get(s, 2, kind)
    c.set(s, f"{a} {'<' if op == 'min' else '>'} {b} ? {a} : {b}", kind)


@rule(r"(neg|abs)\.(s16|s32|s64)")
def _(c, s, op, kind):
    negated = f"static_cast<{CTYPES[kind]}>(0 - {c.get(s, 1, unsigned(kind))})"
    c.set(s, negated if op == "neg" else f"{c.get(s, 1, kind)} < 0 ? {negated} : {c.get(s, 1, kind)}", kind)


@rule(r"(shl|shr)\.([usb](?:16|32|64))")
def _(c, s, op, kind):
    c.set(s, f"{op}<{CTYPES[kind]}>({c.get(s, 1, kind)}, {c.get(s, 2, 'u32')})", kind)


@rule(r"shf\.(l|r)\.(wrap|clamp)\.b32")
def _(c, s, side, mode):
    c.set(s, f"funnel_{side}({c.get(s, 1, 'u32')}, {c.get(s, 2, 'u32')}, limit_{mode}({c.get(s, 3, 'u32')}))", "u32")


@rule(r"(popc|clz)\.(b32|b64)")
def _(c, s, op, kind):
    c.set(s, f"{op}({c.get(s, 1, kind)})", "u32")


@rule(r"brev\.(b32|b64)")
def _(c, s, kind):
    c.set(s, f"reverse_bits({c.get(s, 1, kind)})", kind)


@rule(r"bfind(\.shiftamt)?\.(u32|u64)")
def _(c, s, shift, kind):
    c.set(s, f"highest_bit({c.get(s, 1, kind)}, {'true' if shift else 'false'})", "u32")


@rule(r"bfe\.([us](?:32|64))")
def _(c, s, kind):
    c.set(s, f"extract_bits<{CTYPES[kind]}>({c.get(s, 1, kind)}, {c.get(s, 2, 'u32')}, {c.get(s, 3, 'u32')})", kind)


@rule(r"bfi\.(b32|b64)")
def _(c, s, kind):
    values = ", ".join([c.get(s, 1, kind), c.get(s, 2, kind), c.get(s, 3, "u32"), c.get(s, 4, "u32")])
    c.set(s, f"insert_bits<{CTYPES[kind]}>({values})", kind)


@rule(r"prmt\.b32")
def _(c, s):
    c.set(s, f"permute({c.get(s, 1, 'u32')}, {c.get(s, 2, 'u32')}, {c.get(s, 3, 'u32')})", "u32")


@rule(r"lop3\.b32")
def _(c, s):
    c.set(s, f"logic3({', '.join(c.get(s, i, 'u32') for i in (1, 2, 3, 4))})", "u32")


@rule(r"dp4a\.(s32)\.(s32)")
def _(c, s, a, b):
    c.set(s, f"dot4({c.get(s, 1, a)}, {c.get(s, 2, b)}, {c.get(s, 3, 's32')})", "s32")


@rule(r"mov\.(pred|[usb](?:16|32|64)|f32)")
def _(c, s, kind):
    target, source = s.operands
    if target.startswith("{"):
        c.unpack(s, kind)
    elif source.startswith("{"):
        c.set(s, c.packed(s, kind), kind)
    else:
        c.set(s, c.get(s, 1, kind), kind)


@rule(rf"cvta(\.to)?\.({SPACE})\.(u64)")
def _(c, s, to, space, kind):
    value = c.get(s, 1, kind)
    if space == "shared":
        value += " - block.shared_base()" if to else " + block.shared_base()"
    c.set(s, value, kind)


@rule(rf"ld(?:\.volatile)?(?:\.({SPACE}))?(?:\.nc)?(?:\.v([24]))?\.([usb](?:8|16|32|64)|f32)")
def _(c, s, space, count, kind):
    place = c.address(s, s.operands[1], space or "generic")
    for i, name in enumerate(c.vector(s, 0, int(count or 1))):
        c.assign(s, name, f"load<{CTYPES[kind]}>({place} + {i * bits(kind) // 8})", kind)


@rule(r"st(?:\.volatile)?(?:\.(global|shared|local))?(?:\.v([24]))?\.([usb](?:8|16|32|64)|f32)")
def _(c, s, space, count, kind):
    place = c.address(s, s.operands[0], space or "generic")
    for i, name in enumerate(c.vector(s, 1, int(count or 1))):
        c.emit(f"store<{CTYPES[kind]}>({place} + {i * bits(kind) // 8}, {c.value(s, name, kind)});")


@rule(r"(atom|red)\.(global|shared)\.(add|min|max|and|or|xor|exch|cas)\.([usb](?:32|64))")
def _(c, s, op, space, what, kind):
    first = 1 if op == "atom" else 0
    place = c.address(s, s.operands[first], space)
    values = ", ".join(c.value(s, word, kind) for word in s.operands[first + 1:])
    call = f"atomic_{what}<{CTYPES[kind]}>({place}, {values})"
    if op == "atom":
        c.set(s, call, kind)
    else:
        c.emit(call + ";")


@rule(r"bra(?:\.uni)?")
def _(c, s):
    c.emit(f"goto {c.label(s.operands[0])};")


@rule(r"brx\.idx")
def _(c, s):
    labels = c.entry.targets.get(s.operands[1])
    if not labels:
        raise PtxError(s.line, f"no targets '{s.operands[1]}'")
    cases = " ".join(f"case {i}: goto {c.label(label)};" for i, label in enumerate(labels))
    c.emit(f"switch ({c.get(s, 0, 'u32')}) {{ {cases} default: stop(\"brx.idx beyond its targets\"); }}")


@rule(r"ret|exit")
def _(c, _s):
    c.emit("return Wait::kEnd;")


@rule(r"trap")
def _(c, _s):
    c.emit('stop("the kernel trapped");')


@rule(r"bar\.sync|barrier\.sync(?:\.aligned)?")
def _(c, s):
    if s.operands != ["0"]:
        raise PtxError(s.line, "a barrier other than that of the whole block")
    c.wait("Wait::kBlock")


@rule(r"bar\.warp\.sync")
def _(c, s):
    c.wait(f"lane.ask(Warp::kMeet, {c.get(s, 0, 'u32')}, 0, 0, 0)")


@rule(r"shfl\.sync\.(bfly|down|up|idx)\.b32")
def _(c, s, mode):
    c.wait(f"lane.ask(Warp::k{mode.title()}, {c.get(s, 4, 'u32')}, {c.get(s, 1, 'u32')}, {c.get(s, 2, 'u32')}, {c.get(s, 3, 'u32')})")
    target, _, inside = s.operands[0].partition("|")
    c.assign(s, target, "lane.answer", "u32")
    if inside:
        c.assign(s, inside, "lane.inside", "pred")


@rule(r"vote\.sync\.(any|all|ballot)\.(pred|b32)")
def _(c, s, mode, kind):
    c.wait(f"lane.ask(Warp::k{mode.title()}, {c.get(s, 2, 'u32')}, {c.get(s, 1, 'pred')}, 0, 0)")
    c.assign(s, s.operands[0], "lane.answer", kind)


@rule(r"membar\.(?:cta|gl)|fence\.(?:acq_rel|sc)\.(?:cta|gpu)")
def _(_c, _s):
    """Threads of a block run one after another here: memory is always in order."""


def find(statement):
    """(the rule's function, its groups). Raises PtxError where the instruction is not on the list."""
    for pattern, function in RULES:
        if match := pattern.fullmatch(statement.op):
            return function, match.groups()
    raise PtxError(statement.line, f"not on the allow-list: '{statement.text}'")
