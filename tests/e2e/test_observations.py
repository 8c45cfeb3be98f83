"""What others saw of a program - strace, the audit log, go-audit - as a profile, and held against one."""
import json
import os
import re
import shutil
import subprocess

import pytest
from conftest import PROGRAMS, run, sandgauge

# A Go program that asks for its user, as `strace -cfq` counted it: 19 calls.
SEEN = {"read": 4, "write": 1, "close": 4, "mmap": 23, "rt_sigaction": 114, "rt_sigprocmask": 14, "sched_yield": 1, "nanosleep": 2,
        "clone": 4, "execve": 1, "sigaltstack": 11, "arch_prctl": 1, "gettid": 5, "futex": 4, "sched_getaffinity": 1, "openat": 4,
        "fcntl": 3, "getuid": 1, "mlock": 4}
# What a generator read off its binary: 17 names, and not the same ones.
READ_OFF = ["arch_prctl", "clone", "close", "exit_group", "futex", "getpid", "gettid", "getuid", "kill", "mmap", "munmap", "openat",
            "read", "rt_sigaction", "rt_sigprocmask", "sigaltstack", "write"]
RECORD = ('auid=1000 uid=1000 gid=1000 ses=4 subj=unconfined pid=23772 comm="getuid" exe="/vagrant/examples/getuid" sig=0 '
          "arch=c000003e syscall=102 compat=0 ip=0x7f3739414b2b code=0x7ffc0000")


def strace_table(counts) -> str:
    rows = "".join(f"  0.00    0.000000           0 {count:9}           {name}\n" for name, count in counts.items())
    ruler = "------ ----------- ----------- --------- --------- ----------------\n"
    return (f"% time     seconds  usecs/call     calls    errors syscall\n{ruler}{rows}{ruler}"
            f"100.00    0.000000           0 {sum(counts.values()):9}           total\n")


def needs_strace():
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")


def allowed(profile) -> set[str]:
    return set(json.loads(profile.read_text())["syscalls"][0]["names"])


def test_a_generated_list_is_held_against_what_was_seen(tmp_path):
    (tmp_path / "table").write_text(strace_table(SEEN))
    (tmp_path / "profile.json").write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{"names": READ_OFF, "action": "SCMP_ACT_ALLOW", "args": []}]}))
    ended = sandgauge("diff", "--format", "json", tmp_path / "profile.json", tmp_path / "table")
    assert ended.code == 1
    found = json.loads(ended.out)
    text = sandgauge("diff", tmp_path / "profile.json", tmp_path / "table").out
    refused, unseen = text.split("allowed and never seen:")
    for name in set(SEEN) - set(READ_OFF):
        assert f"    {name}, x86_64: ERRNO(EPERM); " in refused
    assert set(unseen.split()) == {"x86_64:", "getpid", "kill", "munmap"}
    assert {call["syscall"] for call in found["seenNotAllowed"]} == set(SEEN) - set(READ_OFF)
    assert "exit and exit_group are not missed in it" in ended.err


def test_the_table_of_a_run_is_enough_for_the_next(tmp_path):
    needs_strace()
    program = PROGRAMS / "getuid"
    traced = run("strace", "-cfq", "-o", tmp_path / "table", program)
    if traced.code != 0:
        pytest.skip("strace cannot trace here")
    assert "exit_group" not in (tmp_path / "table").read_text()
    learnt = sandgauge("learn", "--from", tmp_path / "table", "-o", tmp_path / "p.json")
    assert learnt.code == 0 and "exit and exit_group are allowed too" in learnt.err
    assert allowed(tmp_path / "p.json") >= {"getuid", "execve", "exit", "exit_group"}
    ended = sandgauge("run", "--policy", tmp_path / "p.json", "--", program)
    assert ended.code == 0, ended.out
    same = sandgauge("diff", tmp_path / "p.json", tmp_path / "table")
    assert (same.code, same.out) == (0, "") and "exit and exit_group are not missed in it" in same.err


def test_a_table_of_sandgauges_own_has_the_end_and_gets_nothing_added(tmp_path):
    (tmp_path / "table").write_text("    calls    errors syscall\n        1           read\n        1           total\n")
    learnt = sandgauge("learn", "--from", tmp_path / "table", "-o", tmp_path / "p.json")
    assert learnt.code == 0 and learnt.err == "" and allowed(tmp_path / "p.json") == {"read"}


def test_a_log_with_its_table_counts_each_call_once(tmp_path):
    needs_strace()
    if run("strace", "-C", "-f", "-o", tmp_path / "both", "/bin/true").code != 0:
        pytest.skip("strace cannot trace here")
    log = [line for line in (tmp_path / "both").read_text().splitlines() if "close(" in line]
    table = sandgauge("learn", "--from", tmp_path / "both").out
    assert next(line for line in table.splitlines() if line.endswith(" close")).split()[0] == str(len(log))


@pytest.mark.parametrize("options", [("-i",), ("-n",), ("-tt", "-T", "-i", "-n"), ("-c", "-U", "name,calls"),
                                     ("-c", "-w", "-U", "time-percent,calls,errors,name,max-time"), ("-f", "--decode-pids=comm")])
def test_other_options_of_strace_are_read_too(tmp_path, options):
    needs_strace()
    if run("strace", *options, "-o", tmp_path / "log", "/bin/true").code != 0:
        pytest.skip("this strace has no such option, or cannot trace here")
    ended = sandgauge("learn", "--from", tmp_path / "log")
    assert ended.code == 0, ended.err
    assert {"execve", "openat", "close"} <= {line.split()[-1] for line in ended.out.splitlines()}


def test_the_kernels_record_and_go_audits_line_are_the_same_call(tmp_path):
    (tmp_path / "kernel").write_text(f"audit: type=1326 audit(169610.106246:394): {RECORD}\n")
    (tmp_path / "go").write_text(json.dumps({
        "sequence": 499, "timestamp": "1606791644.847", "messages": [{"type": 1326, "data": RECORD}],
        "uid_map": {"1000": "vagrant"}}) + "\n")
    tables = [sandgauge("learn", "--from", tmp_path / name).out for name in ("kernel", "go")]
    assert tables[0] == tables[1] and tables[0].splitlines()[2].split() == ["1", "-", "getuid"]


def test_a_line_that_was_cut_is_an_error_and_a_mark_before_the_text_is_none(tmp_path):
    line = json.dumps({"sequence": 499, "messages": [{"type": 1326, "data": RECORD}]})
    (tmp_path / "cut").write_text(line + "\n" + line[:-30])
    ended = sandgauge("learn", "--from", tmp_path / "cut")
    assert ended.code == 2 and "cut:2: a line of JSON that is cut or broken, expected an event of go-audit" in ended.err
    (tmp_path / "marked").write_bytes(b'\xef\xbb\xbfmkdir("x", 0777) = 0\nclose(3) = 0\n')
    assert "mkdir" in sandgauge("learn", "--from", tmp_path / "marked").out


def go_program(tmp_path):
    """A program of Go's, made here or one that every machine with containers has."""
    if shutil.which("runc"):
        return [shutil.which("runc"), "--version"]
    pytest.skip("there is no program of Go's here")


def test_a_profile_of_a_go_program_allows_what_its_runtime_calls_when_it_likes(tmp_path):
    command = go_program(tmp_path)
    profile = tmp_path / "p.json"
    ended = sandgauge("learn", "--table", tmp_path / "table", "-o", profile, "--", *command)
    assert ended.code == 0, ended.err
    seen = {line.split()[-1] for line in (tmp_path / "table").read_text().splitlines() if line.split()}
    besides = re.search("runc: a Go program: its runtime's own calls differ from run to run, so these are allowed too: (.*)", ended.err)
    assert besides and not seen & set(besides[1].split()), ended.err
    assert allowed(profile) >= {"futex", "getpid", "tgkill", "epoll_pwait", "sched_yield", "timer_delete", *besides[1].split()}
    for _ in range(3):
        assert sandgauge("run", "--policy", profile, "--", *command).code == 0
    needed = json.loads(profile.read_text())
    for rule in needed["syscalls"]:
        rule["names"].remove("rt_sigaction")
    profile.write_text(json.dumps(needed))
    ended = sandgauge("run", "--policy", profile, "--", *command)
    assert ended.code == 1
    if os.geteuid() == 0:
        assert "rt_sigaction" in ended.out, ended.out


def test_threads_are_a_reason_to_learn_more_than_once_and_children_are_none(tmp_path):
    code = "import threading; t = threading.Thread(target=print); t.start(); t.join()"
    ended = sandgauge("learn", "-o", tmp_path / "p.json", "--", "/usr/bin/python3", "-S", "-c", code)
    assert ended.code == 0 and "it has threads: its calls differ from run to run" in ended.err
    ended = sandgauge("learn", "-o", tmp_path / "p.json", "--", "sh", "-c", "/bin/true; (/bin/true) & wait")
    assert ended.code == 0 and "differ" not in ended.err
    assert "differ" not in sandgauge("learn", "--", "/usr/bin/python3", "-S", "-c", code).err


@pytest.mark.parametrize("option", ["-o", "--table"])
def test_a_place_that_cannot_be_written_is_said_before_the_program_runs(tmp_path, option):
    ended = sandgauge("learn", option, "/nonexistent/x", "--", "touch", tmp_path / "ran")
    assert ended.code == 3 and "/nonexistent/x" in ended.err and not (tmp_path / "ran").exists()
