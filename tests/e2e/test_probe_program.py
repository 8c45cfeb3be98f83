"""The probe program: its facts, exit codes and messages, alone and under filters."""
import os
import platform
import signal

import confine
import pytest
from confine import NUMBERS, filtered
from conftest import PROGRAMS, run

PROBE = PROGRAMS / "probe"
x86_only = pytest.mark.skipif(platform.machine() != "x86_64", reason="the machine has one ABI only")


def probe(*arguments, **options):
    ended = run(PROBE, *arguments, **options)
    return ended, dict(line.split("=", 1) for line in ended.out.splitlines())


def test_call_that_works_is_reported_with_its_result():
    ended, facts = probe("getuid")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("started=1\n")
    assert facts == {"started": "1", "returned": "1", "result": str(os.getuid()), "handler_runs": "0", "thread_died": "0",
                     "survivor_ran": "0"}


def test_call_that_fails_is_reported_with_its_errno():
    ended, facts = probe("close", "-1")
    assert ended.code == 1
    assert (facts["result"], facts["error"]) == ("-9", "EBADF")


def test_numbers_may_be_decimal_hex_or_octal():
    for number in (NUMBERS["getuid"], hex(NUMBERS["getuid"]), oct(NUMBERS["getuid"])):
        assert probe(number)[1]["result"] == str(os.getuid())


def test_scratch_and_text_are_buffers_in_the_probe(tmp_path):
    ended, _ = probe("mkdirat", "-100", "text:made", "0750", cwd=tmp_path)
    assert ended.code == 0
    assert (tmp_path / "made").is_dir()
    assert probe("uname", "scratch")[0].code == 0
    assert probe("uname", "0")[1]["error"] == "EFAULT"


def test_texts_with_control_characters_reach_the_kernel_unchanged(tmp_path):
    assert probe("mkdirat", "-100", "text:a\n\x1b b", "0700", cwd=tmp_path)[0].code == 0
    assert (tmp_path / "a\n\x1b b").is_dir()


def test_facts_go_to_the_descriptor_that_is_named():
    reader, writer = os.pipe()
    ended = run(PROBE, "--fd", writer, "getuid", pass_fds=[writer])
    os.close(writer)
    with os.fdopen(reader) as pipe:
        assert pipe.read().startswith("started=1\nreturned=1\n")
    assert (ended.code, ended.out) == (0, "")


def test_errno_of_a_filter_is_reported():
    ended, facts = probe("getuid", preexec_fn=filtered({NUMBERS["getuid"]: confine.errno(13)}))
    assert (ended.code, facts["result"], facts["error"]) == (1, "-13", "EACCES")


def test_trap_without_a_handler_kills():
    ended, facts = probe("getuid", preexec_fn=filtered({NUMBERS["getuid"]: confine.trap(7)}))
    assert ended.code == -signal.SIGSYS
    assert facts == {"started": "1"}


def test_trap_with_a_handler_shows_its_siginfo():
    ended, facts = probe("--handler", "getuid", preexec_fn=filtered({NUMBERS["getuid"]: confine.trap(0xDEAD)}))
    assert ended.code == 0
    assert facts["handler_runs"] == "1"
    assert facts["sigsys_signo"] == str(int(signal.SIGSYS))
    assert facts["sigsys_code"] == "1"
    assert facts["sigsys_errno"] == str(0xDEAD)
    assert facts["sigsys_syscall"] == str(NUMBERS["getuid"])
    assert facts["sigsys_arch"] == hex(confine.AUDIT_ARCH)
    assert facts["sigsys_ip"] == facts["sigsys_call_addr"] != "0x0"


def test_kill_of_the_second_thread_leaves_the_first_one():
    ended, facts = probe("--threads", "getuid", preexec_fn=filtered({NUMBERS["getuid"]: confine.KILL}))
    assert ended.code == 3
    assert (facts["returned"], facts["thread_died"], facts["survivor_ran"]) == ("0", "1", "1")


def test_kill_process_of_the_second_thread_leaves_nothing():
    ended, facts = probe("--threads", "getuid", preexec_fn=filtered({NUMBERS["getuid"]: confine.KILL_PROCESS}))
    assert ended.code == -signal.SIGSYS
    assert facts == {"started": "1"}


def test_call_from_the_second_thread_may_well_succeed():
    ended, facts = probe("--threads", "getuid")
    assert ended.code == 0
    assert (facts["returned"], facts["thread_died"], facts["survivor_ran"]) == ("1", "0", "1")


def test_handler_works_in_the_second_thread():
    ended, facts = probe("--handler", "--threads", "getuid", preexec_fn=filtered({NUMBERS["getuid"]: confine.trap(3)}))
    assert (ended.code, facts["handler_runs"], facts["sigsys_errno"], facts["thread_died"]) == (0, "1", "3", "0")


def i386_runs() -> bool:
    return run(PROBE, "--abi", "i386", "getpid").code == 0


@x86_only
def test_i386_call_is_seen_under_its_own_arch():
    if not i386_runs():
        pytest.skip("the kernel runs no i386 calls")
    _, facts = probe("--abi", "i386", "--handler", "uname", "scratch",
                     preexec_fn=filtered({122: confine.trap(4)}, arch=confine.AUDIT_ARCH_I386))
    assert (facts["sigsys_errno"], facts["sigsys_arch"], facts["sigsys_syscall"]) == ("4", "0x40000003", "122")


@x86_only
def test_i386_call_finds_its_buffer_below_4_gib(tmp_path):
    if not i386_runs():
        pytest.skip("the kernel runs no i386 calls")
    assert probe("--abi", "i386", "mkdir", "text:low", "0700", cwd=tmp_path)[0].code == 0
    assert (tmp_path / "low").is_dir()


@x86_only
def test_x32_call_is_seen_with_bit_30():
    number = 0x40000000 | NUMBERS["getuid"]
    _, facts = probe("--abi", "x32", "--handler", "getuid", preexec_fn=filtered({number: confine.trap(5)}))
    assert (facts["sigsys_errno"], facts["sigsys_syscall"]) == ("5", str(number))


def test_help_explains_options_arguments_and_exit_codes():
    ended = run(PROBE, "--help")
    assert (ended.code, ended.err) == (0, "")
    for word in ("--abi", "--handler", "--threads", "--fd", "scratch", "text:", "started", "Exit code"):
        assert word in ended.out


@pytest.mark.parametrize("arguments, message", [
    ([], "which call? A name or a number is needed"),
    (["--fd"], "--fd needs a value"),
    (["--fd", "x", "getuid"], "x is no descriptor"),
    (["--abi", "z80", "getuid"], "there is no ABI z80; expected x86_64, i386, x32 or aarch64"),
    (["--quiet", "getuid"], "there is no option --quiet"),
    (["unmae"], "there is no system call unmae; did you mean uname?"),
    (["frobnicate"], "there is no system call frobnicate"),
    (["4294967296"], "4294967296 is no call number: it must fit into 32 bits"),
    (["getuid", "1", "2", "3", "4", "5", "6", "7"], "a call has at most 6 arguments, not 7"),
    (["getuid", "0x1zz"], "0x1zz is no argument: expected a 64-bit number, scratch or text:..."),
    (["getuid", "18446744073709551616"],
     "18446744073709551616 is no argument: expected a 64-bit number, scratch or text:..."),
    (["getuid", "text:" + "x" * 4096], "a text is at most 4095 bytes long"),
])
def test_bad_usage_is_refused_before_any_call(arguments, message):
    ended = run(PROBE, *arguments)
    assert (ended.code, ended.out, ended.err) == (2, "", f"probe: {message}\nTry 'probe --help'.\n")


def test_descriptor_that_is_not_open_is_refused():
    ended = run(PROBE, "--fd", 99, "getuid")
    assert (ended.code, ended.err) == (2, "probe: cannot write the facts: Bad file descriptor\n")
