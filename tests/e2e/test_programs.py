"""The test programs alone and under filters: their exact outputs and exit codes are what cases rely on."""
import os
import platform
import signal
import subprocess
import time

import confine
import pytest
from confine import NUMBERS, filtered
from conftest import PROGRAMS, as_nobody, run

EPERM, ENOSYS = 1, 38
MKDIR = NUMBERS.get("mkdir", NUMBERS.get("mkdirat"))


def test_uname_prints_the_user_and_the_system():
    ended = run(PROGRAMS / "uname")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"ID: {os.getuid()}\nUNAME SYSNAME:{platform.system()}\nUNAME RELEASE:{platform.release()}\n"


def test_uname_that_fails_has_printed_the_user_already():
    ended = run(PROGRAMS / "uname", preexec_fn=filtered({NUMBERS["uname"]: confine.errno(EPERM)}))
    assert (ended.code, ended.out, ended.err) == (2, f"ID: {os.getuid()}\n", "uname failed: Operation not permitted\n")


def test_uname_that_is_killed_has_printed_the_user_already():
    ended = run(PROGRAMS / "uname", preexec_fn=filtered({NUMBERS["uname"]: confine.KILL_PROCESS}))
    assert (ended.code, ended.out, ended.err) == (-signal.SIGSYS, f"ID: {os.getuid()}\n", "")


def test_getuid_prints_the_user():
    ended = run(PROGRAMS / "getuid")
    assert (ended.code, ended.out, ended.err) == (0, f"ID: {os.getuid()}\n", "")


def test_getuid_prints_another_user():
    ended = run(*as_nobody(PROGRAMS / "getuid"))
    assert (ended.code, ended.out, ended.err) == (0, "ID: 65534\n", "")


@pytest.mark.parametrize("errno", [EPERM, ENOSYS])
def test_getuid_shows_the_raw_negative_result(errno):
    ended = run(PROGRAMS / "getuid", preexec_fn=filtered({NUMBERS["getuid"]: confine.errno(errno)}))
    assert (ended.code, ended.out, ended.err) == (3, "", f"getuid failed: -{errno}\n")


def test_getuid_under_errno_zero_believes_to_be_root():
    ended = run(PROGRAMS / "getuid", preexec_fn=filtered({NUMBERS["getuid"]: confine.errno(0)}))
    assert (ended.code, ended.out) == (0, "ID: 0\n")


def test_killed_program_is_159_to_a_shell():
    ended = run("sh", "-c", f"{PROGRAMS}/uname; echo $?", preexec_fn=filtered({NUMBERS["uname"]: confine.KILL_PROCESS}))
    assert ended.out == f"ID: {os.getuid()}\n159\n"


def test_mkdir_creates_its_directory_in_silence(tmp_path):
    ended = run(PROGRAMS / "mkdir", cwd=tmp_path)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert (tmp_path / "teste").is_dir()


def test_mkdir_that_fails_says_why_and_leaves_nothing(tmp_path):
    ended = run(PROGRAMS / "mkdir", cwd=tmp_path, preexec_fn=filtered({MKDIR: confine.errno(EPERM)}))
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "mkdir: cannot create directory 'teste': Operation not permitted\n"
    assert not (tmp_path / "teste").exists()


def test_mkdir_takes_a_name_and_reports_that_it_exists(tmp_path):
    assert run(PROGRAMS / "mkdir", "here", cwd=tmp_path).code == 0
    ended = run(PROGRAMS / "mkdir", "here", cwd=tmp_path)
    assert (ended.code, ended.err) == (1, "mkdir: cannot create directory 'here': File exists\n")


def test_language_of_the_user_does_not_change_the_messages(tmp_path):
    (tmp_path / "teste").mkdir()
    ended = run(PROGRAMS / "mkdir", cwd=tmp_path, env={"LANG": "pt_BR.UTF-8", "LC_ALL": "pt_BR.UTF-8"})
    assert ended.err == "mkdir: cannot create directory 'teste': File exists\n"


@pytest.mark.parametrize("code", [0, 1, 159, 255])
def test_exit_with_exits_with_its_code(code):
    assert run(PROGRAMS / "exit-with", code).code == code


@pytest.mark.parametrize("arguments", [[], ["256"], ["-1"], ["x"], ["1x"], [""]])
def test_exit_with_refuses_what_is_no_exit_code(arguments):
    ended = run(PROGRAMS / "exit-with", *arguments)
    assert (ended.code, ended.err) == (2, "usage: exit-with CODE (0 to 255)\n")


@pytest.mark.parametrize("size", [1, 4096, 100_000])
def test_flood_writes_as_much_to_both(size):
    ended = run(PROGRAMS / "flood", size)
    assert (ended.code, len(ended.out), len(ended.err)) == (0, size, size)
    assert set(ended.out) <= {"o", "\n"} and set(ended.err) <= {"e", "\n"}


def test_flood_without_an_end_dies_of_its_closed_pipe():
    process = subprocess.Popen([PROGRAMS / "flood", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert len(process.stdout.read(1_000_000)) == 1_000_000
    process.stdout.close()
    assert process.wait(timeout=30) == -signal.SIGPIPE


def test_stop_self_stops_until_it_is_continued():
    process = subprocess.Popen([PROGRAMS / "stop-self"])
    stopped, status = os.waitpid(process.pid, os.WUNTRACED)
    assert stopped == process.pid and os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGSTOP
    process.send_signal(signal.SIGCONT)
    assert process.wait(timeout=30) == 0


def test_ignore_signals_lives_through_all_but_sigkill():
    process = subprocess.Popen([PROGRAMS / "ignore-signals"])
    wait_for(lambda: blocked_signals(process.pid) & 1 << (signal.SIGUSR1 - 1))
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGSYS, signal.SIGSEGV):
        process.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.2)
    process.kill()
    assert process.wait(timeout=30) == -signal.SIGKILL


def test_close_all_closes_its_output_and_lives_on():
    process = subprocess.Popen([PROGRAMS / "close-all", "60000"], stdout=subprocess.PIPE)
    assert process.stdout.read() == b""  # the end of the pipe, long before the minute is over
    assert process.poll() is None
    process.kill()
    process.wait(timeout=30)
    assert run(PROGRAMS / "close-all").code == 0


def test_kill_group_takes_its_whole_group_along():
    ended = run("sh", "-c", f"{PROGRAMS}/kill-group; echo survived", start_new_session=True)
    assert (ended.code, ended.out) == (-signal.SIGKILL, "")


def test_kill_group_parent_kills_its_parent_only():
    ended = run("sh", "-c", f"{PROGRAMS}/kill-group parent; echo survived", start_new_session=True)
    assert (ended.code, ended.out) == (-signal.SIGKILL, "")


def test_fork_tree_has_as_many_processes_as_asked_for():
    process = subprocess.Popen([PROGRAMS / "fork-tree", "9"], stdout=subprocess.PIPE, text=True, start_new_session=True)
    tree = {}
    try:
        assert process.stdout.readline() == "9 processes\n"
        tree = processes_of(process.stdout)
        assert len(tree) == 10
        assert len({session for session, _ in tree.values()}) > 1, "some have a session of their own"
        for pid in tree:
            os.kill(pid, signal.SIGTERM)
        time.sleep(0.1)
        assert set(processes_of(process.stdout)) == set(tree), "they ignore SIGTERM"
    finally:
        for pid in tree or [process.pid]:
            os.kill(pid, signal.SIGKILL)
        process.wait(timeout=30)


def test_fork_tree_leave_leaves_its_processes_behind():
    process = subprocess.Popen([PROGRAMS / "fork-tree", "4", "leave"], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "4 processes\n"
    assert process.wait(timeout=30) == 0
    left = processes_of(process.stdout)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert len(left) == 4


def wait_for(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited for 30 seconds"
        time.sleep(0.01)


def blocked_signals(pid: int) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1], 16) for line in status if line.startswith("SigBlk:"))


def processes_of(pipe) -> dict[int, tuple[int, str]]:
    """Who else has this pipe as stdout and is no zombie: pid -> session and name."""
    wanted = os.readlink(f"/proc/self/fd/{pipe.fileno()}")
    found = {}
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()):
        try:
            if os.readlink(f"/proc/{pid}/fd/1") == wanted:
                with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                    name, fields = stat.read().rsplit(")", 1)
                found[pid] = (int(fields.split()[3]), name.split("(", 1)[1])
        except OSError:
            continue  # it has gone, or is another user's
    return found
