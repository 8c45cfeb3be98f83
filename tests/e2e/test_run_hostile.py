"""`sandgauge run` when something goes against it: hostile programs, signals, outer filters, other runs."""
import fcntl
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import confine
import pytest
from conftest import PROGRAMS, SANDGAUGE, run, sandgauge


def processes_with(marker: str) -> list[int]:
    """The processes whose environment holds the marker: whatever a run has left, daemons included."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and marker.encode() in open(f"/proc/{entry}/environ", "rb").read():
                found.append(int(entry))
        except OSError:
            continue  # it has ended, or is not ours
    return found


def open_files(pid: int) -> list[str]:
    try:
        return [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return []  # it has closed one, or ended


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


@pytest.fixture
def marked(tmp_path):
    """An environment that marks every process of a run, with a TMPDIR of its own; checks that nothing is left of it."""
    marker = f"SANDGAUGE_TEST_MARK={tmp_path}"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    name, value = marker.split("=")
    yield {**os.environ, name: value, "TMPDIR": str(scratch)}
    deadline = time.monotonic() + 15
    while processes_with(marker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes_with(marker) == []
    assert list(scratch.iterdir()) == []


def own(program: str, *words: str, timeout: str = "400ms"):
    return ("run", "--timeout", timeout, "--", PROGRAMS / program, *words)


@pytest.mark.parametrize("words", [("fork-tree", "30"), ("stop-self",), ("ignore-signals",), ("flood", "0"), ("close-all", "60000")])
def test_a_program_that_does_not_end_fails_at_the_deadline_and_leaves_nothing(marked, words):
    ended = sandgauge(*own(*words), env=marked, timeout=30)
    assert ended.code == 1 and re.search(r"did not end within \d+ ms", ended.out)


def test_a_program_that_leaves_a_tree_behind_passes_and_the_tree_is_ended(marked):
    assert sandgauge(*own("fork-tree", "30", "leave", timeout="10s"), env=marked, timeout=30).code == 0


def test_much_output_is_bounded(marked):
    ended = sandgauge(*own("flood", "5000000", timeout="10s"), env=marked, timeout=30)
    assert ended.code == 0 and len(ended.out) < 10_000


def test_a_program_that_kills_its_group_kills_only_itself(marked):
    ended = sandgauge(*own("kill-group"), env=marked, timeout=30)
    assert ended.code == 1 and "killed by SIGKILL" in ended.out


def test_a_program_that_kills_its_parent_breaks_one_case_and_not_the_run(marked, tmp_path):
    path = tmp_path / "parent.yaml"
    path.write_text(f"mechanism: none\nexpect: {{exit: 0}}\ncases:\n  - {{name: a, program: ['{PROGRAMS}/kill-group', parent]}}\n"
                    "  - {name: b, program: 'true'}\n  - {name: c, program: 'true'}\n")
    ended = sandgauge("run", "--jobs", "1", path, env=marked, timeout=30)
    assert ended.out.splitlines()[-1] == "2 passed, 0 failed, 1 broken, 0 skipped"
    assert "worker process was killed by SIGKILL" in ended.out


@pytest.mark.parametrize("deed, last", [
    ("os.killpg(os.getpgid(os.getppid()), 9)", "2 passed, 0 failed, 1 broken, 0 skipped"),
    ("os.kill(os.getppid(), 19)", "3 passed, 0 failed, 0 broken, 0 skipped"),
])
def test_what_a_program_does_to_its_parents_ends_no_run(marked, tmp_path, deed, last):
    path = tmp_path / "parents.yaml"
    path.write_text(f"mechanism: none\nexpect: {{exit: 0}}\ncases:\n"
                    f"  - {{name: a, program: [/usr/bin/python3, -c, 'import os; {deed}']}}\n"
                    "  - {name: b, program: 'true'}\n  - {name: c, program: 'true'}\n")
    ended = sandgauge("run", "--jobs", "1", path, env=marked, timeout=60)
    assert ended.out.splitlines()[-1] == last, ended


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE])
def test_a_signal_ends_the_run_and_reports_what_was_finished(marked, number):
    process = subprocess.Popen([SANDGAUGE, "run", "actions", "--repeat", "200", "--jobs", "2"], env=marked, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    scratch = marked["TMPDIR"]
    while not os.listdir(scratch):  # until its workers have their directories
        time.sleep(0.01)
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 3
    assert f"ended early by {number.name}" in out and "cases not run" in out
    assert re.search(r"\d+ passed, 0 failed, 0 broken, \d+ skipped$", out.rstrip())


def test_a_run_whose_supervisor_is_killed_leaves_no_process(tmp_path):
    marker = f"SANDGAUGE_TEST_MARK={tmp_path}"
    name, value = marker.split("=")
    process = subprocess.Popen([SANDGAUGE, "run", "--", "sleep", "60"], env={**os.environ, name: value, "TMPDIR": str(tmp_path)},
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while len(processes_with(marker)) < 3 and time.monotonic() < deadline:  # supervisor, worker, sleep
        time.sleep(0.02)
    process.kill()
    process.wait()
    while processes_with(marker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes_with(marker) == []


def test_a_reader_that_goes_away_ends_the_run(marked):
    ended = run("bash", "-c", f"'{SANDGAUGE}' run actions --repeat 500 | true; exit ${{PIPESTATUS[0]}}", env=marked, timeout=30)
    assert ended.code == 3


# Under a filter of somebody else's.

@pytest.mark.parametrize("call, cases", [
    ("prctl", ["uname"]),
    ("tgkill", ["calls", "--filter", "*/uname/kill/bpf", "--timeout", "1s"]),
])
def test_what_the_harness_cannot_do_under_an_outer_filter_is_a_skip(marked, call, cases):
    outer = confine.filtered({confine.NUMBERS[call]: confine.errno(1)})
    ended = sandgauge("run", *cases, env=marked, preexec_fn=outer, timeout=60)
    assert ended.code == 4 and ended.out.splitlines()[-1].startswith("0 passed, 0 failed, 0 broken, "), ended
    assert f"{call}(" in ended.out and "sandgauge itself runs under" in ended.out


def test_cases_that_an_outer_filter_answers_first_are_skipped_and_others_run(marked):
    outer = confine.filtered({confine.NUMBERS["uname"]: confine.errno(13)})
    ended = sandgauge("run", "uname", "getuid", env=marked, preexec_fn=outer, timeout=60)
    assert "runs under 1 seccomp filter" in ended.out
    assert re.search(r"\d+ passed, 0 failed, 0 broken, \d+ skipped$", ended.out.rstrip()), ended.out
    assert "getuid  27 passed" in ended.out or os.geteuid() != 0


def test_where_no_filter_can_be_loaded_everything_is_skipped_with_the_reason(marked):
    outer = confine.filtered({confine.NUMBERS["seccomp"]: confine.errno(1)})
    ended = sandgauge("run", "getuid", env=marked, preexec_fn=outer, timeout=60)
    assert ended.code == 4 and "0 passed, 0 failed, 0 broken, 27 skipped" in ended.out
    assert "seccomp(SECCOMP_SET_MODE_FILTER)" in ended.out and "EPERM" in ended.out


def test_sandgauge_runs_inside_its_own_policy(marked, tmp_path):
    policy = tmp_path / "outer.yaml"
    policy.write_text("rules: [{syscalls: [sethostname], action: ERRNO(EACCES)}]\n")
    inner = tmp_path / "inner.txt"
    ended = sandgauge("run", "--timeout", "60s", "--policy", policy, "--", SANDGAUGE, "run", "getuid", "-o", inner, env=marked)
    assert ended.code == 0, ended.out
    outside = sandgauge("run", "getuid", env=marked)  # what this user gets: without audit records, some are skipped
    assert "runs under 1 seccomp filter" in inner.read_text()
    assert inner.read_text().splitlines()[-1] == outside.out.splitlines()[-1] and outside.code == 0, inner.read_text()


# Beside another run of sandgauge's, which may be changing what the whole machine logs.

LOCKS = [Path("/run/lock/sandgauge.turnstile"), Path("/run/lock/sandgauge.room")]


@pytest.fixture
def machine_locks():
    sandgauge("run", "--filter", "*/allow/bpf", "getuid")  # makes them
    if not all(os.access(path, os.R_OK) for path in LOCKS):
        pytest.skip("/run/lock has no lock files of sandgauge's")
    return LOCKS


def test_a_run_looks_at_the_machine_only_when_nobody_is_changing_it(machine_locks, marked):
    with open(machine_locks[0], encoding="ascii") as turnstile:
        fcntl.flock(turnstile, fcntl.LOCK_EX)
        process = subprocess.Popen([SANDGAUGE, "run", "--", "true"], env=marked, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while os.path.realpath(machine_locks[0]) not in open_files(process.pid):
            assert process.poll() is None, "it did not wait"
    assert process.wait(timeout=60) == 0


def test_nobody_changes_what_is_logged_while_a_command_may_be_killed(machine_locks, marked, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs CAP_AUDIT_READ")
    (tmp_path / "p.yaml").write_text("rules: [{syscalls: [uname, sethostname], action: KILL_PROCESS}]\n")
    os.mkfifo(tmp_path / "fifo")
    process = subprocess.Popen([SANDGAUGE, "run", "--timeout", "60s", "--policy", tmp_path / "p.yaml", "--",
                                "sh", "-c", f"echo > {tmp_path}/fifo; cat {tmp_path}/fifo; exec uname"],
                               env=marked, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    (tmp_path / "fifo").read_text(encoding="ascii")
    room = os.stat(machine_locks[1])
    held = re.findall(rf"FLOCK +ADVISORY +READ +(\d+) +\S+:{room.st_ino} ", Path("/proc/locks").read_text(encoding="ascii"))
    holders = [parent_of(int(pid)) for pid in held]
    (tmp_path / "fifo").write_text("\n")
    out, _ = process.communicate(timeout=60)
    assert process.pid in holders and "KILL_PROCESS on uname" in out, out
