"""Seccomp filters for the tests, without any code of sandgauge's: as a preexec_fn, or around a command.

    run(PROGRAMS / "uname", preexec_fn=confine.filtered({63: confine.errno(1)}))

The filter lets foreign architectures through; numbers are this machine's own.
"""
import ctypes
import platform
import resource
import struct

KILL_PROCESS = 0x80000000
KILL = 0
ALLOW = 0x7FFF0000
LOG = 0x7FFC0000

NATIVE = platform.machine()
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[NATIVE]
AUDIT_ARCH_I386 = 0x40000003
NUMBERS = {"x86_64": {"getuid": 102, "mkdir": 83, "uname": 63, "seccomp": 317, "exit": 60, "prctl": 157, "tgkill": 234},
           "aarch64": {"getuid": 174, "mkdirat": 34, "uname": 160, "seccomp": 277, "exit": 93, "prctl": 167, "tgkill": 131}}[NATIVE]

_libc = ctypes.CDLL(None, use_errno=True)


def errno(number: int) -> int:
    return 0x00050000 | number


def trap(data: int = 0) -> int:
    return 0x00030000 | data


def load(answers: dict[int, int], default: int = ALLOW, arch: int = AUDIT_ARCH) -> None:
    """Loads a filter into this process: call number -> return value. OSError if the kernel refuses."""
    statement = lambda code, value: struct.pack("<HBBI", code, 0, 0, value)
    jump = lambda value, skip_true, skip_false: struct.pack("<HBBI", 0x15, skip_true, skip_false, value)
    code = [statement(0x20, 4), jump(arch, 1, 0), statement(0x06, ALLOW), statement(0x20, 0)]
    for number, value in answers.items():
        code += [jump(number & 0xFFFFFFFF, 0, 1), statement(0x06, value)]
    code.append(statement(0x06, default))
    instructions = ctypes.create_string_buffer(b"".join(code))
    program = struct.pack("@HP", len(code), ctypes.addressof(instructions))
    if _libc.prctl(38, 1, 0, 0, 0) != 0 or _libc.syscall(NUMBERS["seccomp"], 1, 0, program) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def filtered(answers: dict[int, int], default: int = ALLOW, arch: int = AUDIT_ARCH):
    """A preexec_fn that loads the filter, with core dumps off."""
    def confine() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        load(answers, default, arch)
    return confine
