"""Classic BPF as the kernel runs it for seccomp, written from Documentation/networking/filter.rst and seccomp(2) alone: a
second opinion on what sandgauge's evaluator, explorer and bitmap predictor say."""
import errno
import struct

WORD = 0xFFFFFFFF
ALLOW = 0x7FFF0000


def hexadecimal(program):
    return "\n".join(struct.pack("<HBBI", *step).hex() for step in program) + "\n"


def run(program, number, arch, args, pointer=0):
    """The return value and how many instructions were executed."""
    data = struct.pack("<IIQ6Q", number & WORD, arch, pointer, *args)
    a = x = at = count = 0
    memory = [0] * 16
    while True:
        code, yes, no, k = program[at]
        at, count = at + 1, count + 1
        kind, source = code & 7, x if code & 8 else k
        if kind == 6:
            return (a if code & 0x18 == 0x10 else k), count
        if kind in (0, 1):
            value = {0x00: lambda: k, 0x20: lambda: struct.unpack_from("<I", data, k)[0], 0x60: lambda: memory[k],
                     0x80: lambda: len(data)}[code & 0xE0]()
            a, x = (value, x) if kind == 0 else (a, value)
        elif kind in (2, 3):
            memory[k] = a if kind == 2 else x
        elif kind == 7:
            a, x = (x, x) if code & 0x80 else (a, a)
        elif kind == 4:
            if code & 0xF0 == 0x30 and source == 0:
                return 0, count
            a = {0x00: lambda: a + source, 0x10: lambda: a - source, 0x20: lambda: a * source, 0x30: lambda: a // source,
                 0x40: lambda: a | source, 0x50: lambda: a & source, 0x60: lambda: a << (source & 31),
                 0x70: lambda: a >> (source & 31), 0x80: lambda: -a, 0xA0: lambda: a ^ source}[code & 0xF0]() & WORD
        elif code & 0xF0 == 0:
            at += k
        else:
            holds = {0x10: a == source, 0x20: a > source, 0x30: a >= source, 0x40: a & source != 0}[code & 0xF0]
            at += yes if holds else no


def always_allowed(program, number, arch):
    """Whether the kernel remembers the call as allowed: kernel/seccomp.c follows a filter as far as number and arch decide."""
    a = at = 0
    while True:
        code, yes, no, k = program[at]
        at += 1
        if code == 0x20 and k in (0, 4):
            a = number if k == 0 else arch
        elif code == 0x54:
            a &= k
        elif code == 0x05:
            at += k
        elif code in (0x15, 0x25, 0x35, 0x45):
            at += yes if {0x15: a == k, 0x25: a > k, 0x35: a >= k, 0x45: a & k != 0}[code] else no
        else:
            return code == 0x06 and k == ALLOW


def words(value):
    """As sandgauge writes the action of a return value."""
    action, data = value & 0xFFFF0000, value & 0xFFFF
    if action == 0x50000:
        return f"ERRNO({errno.errorcode[data]})"
    plain = {0: "KILL", 0x30000: "TRAP", 0x7FC00000: "NOTIFY", 0x7FF00000: f"TRACE({data})", 0x7FFC0000: "LOG", ALLOW: "ALLOW"}
    return plain.get(action, "KILL_PROCESS")
