"""A program of one's own: where it runs, under which name, and what becomes of the processes that it starts."""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import PROGRAMS, as_nobody, run, sandgauge, SANDGAUGE

WAYS = ["exec", "preload", "needed", "runc", "crun"]
KILLED = "by KILL_PROCESS on uname (63), x86_64"


@pytest.fixture
def kill_uname(tmp_path) -> Path:
    (tmp_path / "kill.yaml").write_text("rules: [{syscalls: [uname], action: KILL_PROCESS}]\n")
    return tmp_path / "kill.yaml"


def attached(way, policy, *words, **options):
    """Runs a command under a policy that another brings; skips the test where that one is not here."""
    ended = sandgauge("run", "--attach", way, "--policy", policy, *words, timeout=120, **options)
    if ended.code == 4:
        pytest.skip(ended.out.strip())
    return ended


def needs_records():
    if os.geteuid() != 0:
        pytest.skip("audit records need CAP_AUDIT_READ")


@pytest.mark.parametrize("way", WAYS)
def test_a_child_that_the_filter_killed_is_seen_and_named_though_its_parent_does_not_care(kill_uname, way):
    needs_records()
    ended = attached(way, kill_uname, "--", "sh", "-c", "uname; exit 0")
    assert ended.code == 1 and KILLED in ended.out and '("uname")' in ended.out, ended.out


def test_a_killed_process_is_found_in_another_session_and_among_many(kill_uname):
    needs_records()
    for script in ("setsid sh -c 'uname; true'; exit 0", "(uname & wait $!) & wait; exit 0",
                   "for i in 1 2 3 4 5 6 7 8 9; do /bin/true; done; uname; exit 9"):
        ended = sandgauge("run", "--policy", kill_uname, "--", "sh", "-c", script)
        assert ended.code == 1 and KILLED in ended.out, ended.out


def test_a_killed_child_is_the_call_that_the_run_is_about(kill_uname):
    needs_records()
    command = ("--", "sh", "-c", "uname; exit 0")
    ended = sandgauge("run", "--policy", kill_uname, "--call", "uname", *command)
    assert ended.code == 0, ended.out
    kernel_is_right = sandgauge("run", "--policy", kill_uname, "--call", "getpid", *command)
    assert kernel_is_right.code == 1 and KILLED in kernel_is_right.out


def test_a_logged_call_of_a_child_is_seen_too(tmp_path):
    needs_records()
    (tmp_path / "log.yaml").write_text("rules: [{syscalls: [uname], action: LOG}]\n")
    ended = sandgauge("run", "--policy", tmp_path / "log.yaml", "--call", "uname", "--", "sh", "-c", "uname; exit 0")
    assert ended.code == 0, ended.out


def test_a_kill_that_the_caller_expects_is_no_surprise(kill_uname):
    for words, script in ((("--expect-exit", "159"), "uname; exit $?"), (("--expect-signal", "SIGSYS"), "exec uname")):
        ended = sandgauge("run", "--policy", kill_uname, "--call", "uname", *words, "--", "sh", "-c", script)
        assert ended.code == (0 if os.geteuid() == 0 else 4), ended.out
    ended = sandgauge("run", "--policy", kill_uname, "--expect-exit", "159", "--", "sh", "-c", "uname; exit $?")
    assert ended.code == 0, ended.out


def test_a_kill_in_another_program_is_not_taken_for_ones_own(kill_uname):
    needs_records()
    loop = subprocess.Popen([SANDGAUGE, "run", "--policy", kill_uname, "--repeat", "40", "--", "sh", "-c", "uname; exit 0"],
                            stdout=subprocess.DEVNULL)
    ended = sandgauge("run", "--policy", kill_uname, "--repeat", "40", "--", "sh", "-c", "/bin/true; exit 0")
    assert loop.wait(timeout=60) == 1
    assert ended.code == 0, ended.out


def test_what_cannot_be_known_without_records_is_said(public_path):
    (public_path / "kill.yaml").write_text("rules: [{syscalls: [uname, getpgid], action: KILL_PROCESS}]\n")
    (public_path / "deny.yaml").write_text("rules: [{syscalls: [uname, getpgid], action: ERRNO(EPERM)}]\n")
    words = ("--", "sh", "-c", "uname; exit 0")
    ended = run(*as_nobody(SANDGAUGE, "run", "--policy", public_path / "kill.yaml", *words))
    assert "what the filter does to processes that the command starts is not seen: audit records need CAP_AUDIT_READ" in ended.out
    ended = run(*as_nobody(SANDGAUGE, "run", "--policy", public_path / "deny.yaml", *words))
    assert ended.code == 0 and "is not seen" not in ended.out


@pytest.mark.parametrize("way", WAYS)
def test_the_program_has_the_name_that_the_user_wrote(tmp_path, way):
    """The introductions' own words: a container whose profile denies mkdir."""
    if way == "needed" and not shutil.which("patchelf"):
        pytest.skip("patchelf is not installed")
    (tmp_path / "block.json").write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{"name": name, "action": "SCMP_ACT_ERRNO", "args": []} for name in ("mkdir", "chmod", "chown")]}))
    ended = attached(way, tmp_path / "block.json", "--expect-exit", "1", "--expect-stderr",
                     "mkdir: cannot create directory 'teste': Operation not permitted\n", "--", "mkdir", "teste",
                     cwd=tmp_path, env={**os.environ, "LC_ALL": "C"})
    assert ended.code == 0, ended.out
    assert not (tmp_path / "teste").exists()


@pytest.mark.parametrize("way", WAYS)
def test_a_command_runs_in_the_callers_directory(tmp_path, way):
    (tmp_path / "allow.yaml").write_text("default: ALLOW\n")
    (tmp_path / "input").write_text("hello\n")
    ended = attached(way, tmp_path / "allow.yaml", "--expect-stdout", "hello\n", "--", "sh", "-c", "cat input; touch made",
                     cwd=tmp_path)
    if way != "needed":  # a copy of sh that has the library; cat has not
        assert ended.code == 0, ended.out
    assert (tmp_path / "made").exists()
    assert attached(way, tmp_path / "allow.yaml", "--", "true", cwd="/").code == 0


def test_a_case_file_still_has_a_directory_of_its_own(tmp_path):
    (tmp_path / "case.yaml").write_text("program: [sh, -c, 'touch made; ls']\nmechanism: none\nexpect: {stdout: \"made\\n\"}\n")
    assert sandgauge("run", tmp_path / "case.yaml", cwd=tmp_path).code == 0
    assert sandgauge("run", tmp_path / "case.yaml", "--", "ls", cwd=tmp_path).code == 1
    assert not (tmp_path / "made").exists()


def test_looking_for_the_call_once_more_does_not_carry_it_out(tmp_path):
    (tmp_path / "deny.yaml").write_text("rules: [{syscalls: [mkdir], action: ERRNO(EPERM)}]\n")
    words = ("--policy", tmp_path / "deny.yaml", "--call", "mkdir", "--expect-exit", "1")
    ended = sandgauge("run", *words, "--", "mkdir", "teste", cwd=tmp_path)
    assert ended.code == 0, ended.out
    assert not (tmp_path / "teste").exists()


def test_a_compiler_that_was_learnt_finds_its_source_again(tmp_path):
    if not shutil.which("gcc"):
        pytest.skip("there is no gcc")
    (tmp_path / "h.c").write_text("int main(void) { return 0; }\n")
    for i in range(3):  # which of its parts waits for which differs
        learnt = sandgauge("learn", "--table", f"{i}.txt", "--", "gcc", "-c", "h.c", cwd=tmp_path)
        assert learnt.code == 0, learnt.err
    (tmp_path / "all.txt").write_text("".join((tmp_path / f"{i}.txt").read_text() for i in range(3)))
    assert sandgauge("learn", "--from", "all.txt", "-o", "p.json", cwd=tmp_path).code == 0
    ended = sandgauge("run", "--policy", "p.json", "--", "gcc", "-c", "h.c", cwd=tmp_path)
    assert ended.code == 0, ended.out
