"""Learning which calls a program makes, and enforcing what was learnt."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from conftest import PROGRAMS, SANDGAUGE, as_nobody, run, sandgauge

WAYS = ["ptrace", "log", "notify"]
THREADED = "import threading; t = [threading.Thread(target=print, args=('x',)) for _ in range(4)]; [x.start() for x in t]; [x.join() for x in t]"


def needs(way):
    if way == "log" and os.geteuid() != 0:
        pytest.skip("audit records need CAP_AUDIT_READ")


def names_in(table: str) -> dict[str, str]:
    """The calls of a table, and what it says of their errors."""
    found = {}
    for line in table.splitlines():
        words = line.split()
        if words and words[0].isdigit() and words[-1] != "total":
            found[words[-1]] = words[1] if len(words) == 3 else ""
    return found


def learnt(tmp_path, *words, command):
    """The names of a learnt profile and its path."""
    profile = tmp_path / "profile.json"
    ended = sandgauge("learn", *words, "-o", profile, "--", *command, timeout=120)
    assert ended.code == 0, ended.err
    return set(json.loads(profile.read_text())["syscalls"][0]["names"]), profile


def test_the_table_and_how_the_program_ended():
    ended = sandgauge("learn", "--", "sh", "-c", "cd /nonexistent; exit 3")
    assert ended.code == 0
    assert names_in(ended.out)["chdir"] == "1" and "exit_group" in names_in(ended.out)
    assert ended.err.endswith("sandgauge: sh: exited with 3; tasks: 1\n")
    ended = sandgauge("learn", "--", "sh", "-c", "kill -SEGV $$")
    assert ended.code == 0 and "sh: killed by SIGSEGV" in ended.err


@pytest.mark.parametrize("way", WAYS)
def test_each_way_sees_the_same_calls_of_a_program(tmp_path, way):
    needs(way)
    traced, _ = learnt(tmp_path, command=[PROGRAMS / "uname"])
    assert "execve" in traced and "uname" in traced
    seen, _ = learnt(tmp_path, "--by", way, command=[PROGRAMS / "uname"])
    assert seen == traced
    errors = names_in(sandgauge("learn", "--by", way, "--", PROGRAMS / "uname").out)["uname"]
    assert errors == ("" if way == "ptrace" else "-")


@pytest.mark.parametrize("way", WAYS)
def test_a_preloaded_library_does_not_see_the_loader(tmp_path, way):
    needs(way)
    whole, _ = learnt(tmp_path, "--by", way, command=[PROGRAMS / "getuid"])
    after, profile = learnt(tmp_path, "--by", way, "--attach", "preload", command=[PROGRAMS / "getuid"])
    assert {"getuid", "write", "exit_group"} <= after < whole
    assert {"execve", "mmap", "openat"} <= whole - after
    assert sandgauge("run", "--attach", "preload", "--policy", profile, "--", PROGRAMS / "getuid").code == 0
    assert sandgauge("run", "--policy", profile, "--", PROGRAMS / "getuid").code == 1


PROGRAMS_TO_LEARN = {
    "ls": (["ls", "-l", "/usr"], "statx"),
    "cp": (["cp", "/etc/passwd", "copy"], "fadvise64"),
    "python": (["/usr/bin/python3", "-S", "-c", "print(1)"], "getcwd"),
    "threads": (["/usr/bin/python3", "-S", "-c", THREADED], "clone3"),
    "children": (["bash", "-c", "/bin/true; (cd /; /bin/ls >/dev/null) | cat; echo done"], "pipe2"),
}


@pytest.mark.parametrize("name", PROGRAMS_TO_LEARN)
def test_a_learnt_profile_lets_its_program_run_and_names_the_call_that_is_missing(tmp_path, name):
    command, call = PROGRAMS_TO_LEARN[name]
    # Which signals arrive and who waits for whom differs from run to run: what three of them saw is put together.
    tables = [sandgauge("learn", "--", "env", "-C", tmp_path, *command, timeout=120).out for _ in range(3)]
    (tmp_path / "tables").write_text("\n".join(tables))
    profile = tmp_path / "profile.json"
    assert sandgauge("learn", "--from", tmp_path / "tables", "-o", profile).code == 0
    names = json.loads(profile.read_text())["syscalls"][0]["names"]
    if call not in names:
        call = next(other for other in ("pipe", "clone", "write") if other in names)
    ended = sandgauge("run", "--policy", profile, "--", "env", "-C", tmp_path, *command)
    assert ended.code == 0, ended.out
    rest = json.loads(profile.read_text())
    rest["syscalls"][0]["names"].remove(call)
    profile.write_text(json.dumps(rest))
    ended = sandgauge("run", "--policy", profile, "--", "env", "-C", tmp_path, *command)
    assert ended.code == 1
    if os.geteuid() == 0:
        assert call in ended.out


def test_what_was_learnt_is_an_observation_for_diff(tmp_path):
    _, profile = learnt(tmp_path, "--table", tmp_path / "table", command=[PROGRAMS / "uname"])
    same = sandgauge("diff", profile, tmp_path / "table")
    assert (same.code, same.out) == (0, "")
    after = sandgauge("learn", "--attach", "preload", "--table", tmp_path / "after", "--", PROGRAMS / "uname")
    assert after.code == 0
    blind = sandgauge("diff", profile, tmp_path / "after")
    assert blind.code == 1 and "allowed and never seen" in blind.out and "execve" in blind.out


LOGS = {
    "table": "% time     seconds  usecs/call     calls    errors syscall\n"
             " 60.00    0.000050          50         3         1 mkdir\n100.00    0.000050       50     3         1 total\n",
    "log": 'mkdir("x", 0777) = 0\nmkdir("y", 0777) = 0\n[pid 7] mkdir("x", 0777) = -1 EEXIST (File exists)\n',
    "audit": 'type=1326 audit(1.2:3): auid=1 uid=1 gid=1 ses=4 subj=unconfined pid=7 comm="x" exe="/x" sig=0 arch=c000003e '
             'syscall=83 compat=0 ip=0x7f code=0x7ffc0000\n' * 3}


@pytest.mark.parametrize("kind", LOGS)
def test_a_profile_is_made_of_what_others_saw(tmp_path, kind):
    (tmp_path / "log").write_text(LOGS[kind])
    ended = sandgauge("learn", "--from", tmp_path / "log", "-o", "-", "--to", "kafel")
    assert ended.code == 0 and "mkdir" in ended.out and "calls" not in ended.out
    table = sandgauge("learn", "--from", tmp_path / "log").out
    assert names_in(table) == {"mkdir": "-" if kind == "audit" else "1"} and "        3 " in table


def test_calls_of_another_abi_are_told_apart(tmp_path):
    probed = run(PROGRAMS / "probe", "--abi=i386", "getpid")
    if probed.code != 0:
        pytest.skip("the kernel runs no i386 calls")
    _, profile = learnt(tmp_path, command=[PROGRAMS / "probe", "--abi=i386", "getpid"])
    assert set(json.loads(profile.read_text())["architectures"]) == {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"}
    assert "for 32 bit mode:" in sandgauge("learn", "--", PROGRAMS / "probe", "--abi=i386", "getpid").out


def test_a_static_program_is_not_learnt_through_a_library(tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc")
    (tmp_path / "x.c").write_text("int main(void) { return 0; }\n")
    if not compiler or subprocess.run([compiler, "-static", "-o", tmp_path / "x", tmp_path / "x.c"], check=False).returncode:
        pytest.skip("no static program can be made")
    for way in ("ptrace", "notify"):
        ended = sandgauge("learn", "--by", way, "--attach", "preload", "--", tmp_path / "x")
        assert ended.code == 3 and "nothing was applied" in ended.err and ended.out == ""
    names, _ = learnt(tmp_path, command=[tmp_path / "x"])
    assert "execve" in names


def test_an_interrupt_ends_the_tree_and_what_was_learnt_is_kept(tmp_path):
    script = "trap '' INT; echo $$; /bin/sleep 1000 & wait; while :; do /bin/sleep 1000; done"
    process = subprocess.Popen([SANDGAUGE, "learn", "--table", tmp_path / "table", "--", "sh", "-c", script],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    pid = int(process.stdout.readline())
    deadline = time.monotonic() + 30
    while not os.path.exists(f"/proc/{pid}/task/{pid}/children") or len(
            open(f"/proc/{pid}/task/{pid}/children", encoding="ascii").read().split()) < 1:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3 and "ended early by SIG" in err and "sh: killed" in err
    assert "execve" in (tmp_path / "table").read_text()
    assert not os.path.exists(f"/proc/{pid}")


def test_it_needs_no_privilege(public_path):
    for way in ("ptrace", "notify"):
        ended = run(*as_nobody(SANDGAUGE, "learn", "--by", way, "--", "/bin/true"))
        assert ended.code == 0 and "execve" in ended.out, ended.err
    ended = run(*as_nobody(SANDGAUGE, "learn", "--by", "log", "--", "/bin/true"))
    assert ended.code == 3 and "CAP_AUDIT_READ" in ended.err


def test_a_closed_pipe_is_an_error_and_no_death():
    process = subprocess.Popen([SANDGAUGE, "learn", "--", "/bin/true"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(timeout=60) == 3 and "EPIPE" in err


@pytest.mark.parametrize("words, code, message", [
    (["--by", "magic", "--", "x"], 2, "--by: found 'magic', expected ptrace, log or notify"),
    (["--attach", "needed", "--", "x"], 2, "--attach: found 'needed', expected exec or preload"),
    (["--to", "oci", "--", "x"], 2, "--to is the format of -o: add -o FILE"),
    (["--to", "xml", "-o", "x", "--", "x"], 2, "--to: unknown format 'xml'"),
    ([], 2, "expected either a program, as -- CMD [ARGS], or --from FILE"),
    (["--from", "x", "--", "x"], 2, "expected either a program"),
    (["--from", "/nonexistent"], 2, "/nonexistent: cannot open it: ENOENT"),
    (["--from", "/dev/null"], 2, "no system call in it"),
    (["--", "/nonexistent/x"], 3, "no such program: /nonexistent/x"),
    (["--", "/etc/passwd"], 3, "not a program: /etc/passwd"),
    (["--", "/proc/self/exe/x"], 3, "no such program")])
def test_wrong_words_are_one_error(words, code, message):
    ended = sandgauge("learn", *words)
    assert ended.code == code and message in ended.err and ended.out == ""
    assert ended.err.startswith("sandgauge: ") and sys.getsizeof(ended.err) < 1000
