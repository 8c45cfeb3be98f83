"""Filters that a library loads inside the program: the library alone, and the attach modes that use it."""
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import PROGRAMS, SANDGAUGE, as_nobody, run, sandgauge

LIBRARY = SANDGAUGE.parent / "lib/libsandgauge-preload.so"
ID = f"ID: {os.getuid()}\n"


def preloaded(program, **variables):
    return run(program, env={**os.environ, "LD_PRELOAD": str(LIBRARY), **variables})


@pytest.fixture
def static_program(tmp_path) -> Path:
    """A program that no library can be brought into."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("there is no C compiler")
    source = tmp_path / "static.c"
    source.write_text("int main(void) { return 0; }\n")
    if subprocess.run([compiler, "-static", "-o", tmp_path / "static", source], capture_output=True, check=False).returncode:
        pytest.skip("there is no static C library")
    return tmp_path / "static"


@pytest.fixture
def deny_uname(tmp_path) -> Path:
    (tmp_path / "deny.yaml").write_text("rules: [{syscalls: [uname], action: ERRNO(EPERM)}]\n")
    return tmp_path / "deny.yaml"


def test_a_denied_call_that_the_program_does_not_make():
    ended = preloaded(PROGRAMS / "getuid", SECCOMP_SYSCALL_DENY="uname")
    assert (ended.code, ended.out) == (0, ID)
    assert ended.err == ("initializing seccomp with default action (allow)\n"
                         "adding uname to the process seccomp filter (kill process)\n")


def test_a_denied_call_that_the_program_makes_kills_it():
    ended = preloaded(PROGRAMS / "getuid", SECCOMP_SYSCALL_DENY="getuid")
    assert (ended.code, ended.out) == (-signal.SIGSYS, "")


def test_a_shell_reports_the_death_as_people_know_it():
    ended = run("bash", "-c", f"LD_PRELOAD={LIBRARY} SECCOMP_SYSCALL_DENY=getuid {PROGRAMS}/getuid; echo $?")
    assert ended.out == "159\n" and re.search(r"Bad system call( +\(core dumped\))?", ended.err)


def test_an_empty_list_of_allowed_calls_may_be_logged_instead():
    ended = preloaded(PROGRAMS / "getuid", SECCOMP_SYSCALL_ALLOW="", SECCOMP_DEFAULT_ACTION="log")
    assert (ended.code, ended.out) == (0, ID)
    assert ended.err == "initializing seccomp with default action (log then allow)\n"
    ended = preloaded(PROGRAMS / "getuid", SECCOMP_SYSCALL_ALLOW=":read:", SECCOMP_DEFAULT_ACTION="log")
    assert ended.err.endswith("\nadding read to the process seccomp filter (allow)\n") and ended.code == 0


def test_allow_wins_over_deny_and_only_the_word_log_logs():
    ended = preloaded(PROGRAMS / "getuid", SECCOMP_SYSCALL_ALLOW="read", SECCOMP_SYSCALL_DENY="uname",
                      SECCOMP_DEFAULT_ACTION="logs")
    assert ended.code == -signal.SIGSYS
    assert ended.err == ("initializing seccomp with default action (kill process)\n"
                         "adding read to the process seccomp filter (allow)\n")


def test_without_variables_nothing_is_filtered():
    ended = preloaded(PROGRAMS / "getuid")
    assert (ended.code, ended.out, ended.err) == (0, ID, "")


def test_the_program_does_not_see_the_variables():
    ended = preloaded("/usr/bin/env", SECCOMP_SYSCALL_DENY="uname", SECCOMP_DEFAULT_ACTION="log")
    assert ended.code == 0 and "SECCOMP" not in ended.out


@pytest.mark.parametrize("name", ["unmae", "x" * 100_000, "socketcall"])
def test_an_unknown_call_ends_the_program_before_main(name):
    ended = preloaded(PROGRAMS / "getuid", SECCOMP_SYSCALL_DENY=f"getuid:{name}")
    assert (ended.code, ended.out) == (1, "")
    assert f"unknown syscall '{name[:100]}'" in ended.err and len(ended.err) < 1000


@pytest.mark.parametrize("sheet", ["", "x", "0", "99", "1"])
def test_a_sheet_that_is_not_from_sandgauge_is_refused(sheet):
    ended = preloaded(PROGRAMS / "getuid", SANDGAUGE_PRELOAD_SHEET=sheet)
    assert ended.code == 1 and "SANDGAUGE_PRELOAD_SHEET is not from sandgauge" in ended.err


@pytest.mark.parametrize("way", ["exec", "preload", "needed"])
def test_a_command_gets_its_policy_in_each_way(deny_uname, way):
    if way == "needed" and not shutil.which("patchelf"):
        pytest.skip("patchelf is not installed")
    words = ("run", "--attach", way, "--policy", deny_uname, "--call", "uname", "--format", "json")
    ended = sandgauge(*words, "--expect-exit", "2", "--", PROGRAMS / "uname")
    assert ended.code == 0, ended.out
    assert sandgauge(*words, "--", PROGRAMS / "uname").code == 1


def test_a_users_own_preloaded_libraries_stay(deny_uname, tmp_path):
    own = shutil.copy(LIBRARY, tmp_path / "own.so")
    ended = sandgauge("run", "--attach", "preload", "--policy", deny_uname, "--expect-stdout", f"{LIBRARY}:{own}\n", "--",
                      "sh", "-c", "echo $LD_PRELOAD", env={**os.environ, "LD_PRELOAD": str(own)})
    assert ended.code == 0, ended.out


@pytest.mark.parametrize("way", ["preload", "needed"])
def test_a_static_program_is_broken_for_nothing_was_applied(static_program, deny_uname, way):
    if way == "needed" and not shutil.which("patchelf"):
        pytest.skip("patchelf is not installed")
    ended = sandgauge("run", "--attach", way, "--policy", deny_uname, "--", static_program)
    assert ended.code == 1 and "BROKEN" in ended.out
    if way == "preload":
        assert "nothing was applied: the library was never loaded into the program: it is linked statically" in ended.out


def test_a_privileged_program_is_broken_for_its_loader_ignores_the_library(public_path, deny_uname):
    if os.geteuid() != 0:
        pytest.skip("only root can make a program set-user-ID to another user")
    program = public_path / "program"
    shutil.copy(PROGRAMS / "getuid", program)
    os.chown(program, 65534, 65534)
    program.chmod(0o4755)
    ended = sandgauge("run", "--attach", "preload", "--policy", deny_uname, "--", program)
    assert ended.code == 1 and "nothing was applied" in ended.out and "set-user-ID" in ended.out


def test_a_notify_action_has_nobody_to_answer_it(tmp_path):
    (tmp_path / "p.yaml").write_text("rules: [{syscalls: [uname], action: NOTIFY}]\n")
    ended = sandgauge("run", "--attach", "preload", "--policy", tmp_path / "p.yaml", "--", PROGRAMS / "uname")
    assert ended.code == 1 and "BROKEN" in ended.out and "attach preload has no listener" in ended.out


def test_a_list_of_variables_reaches_the_program_as_such(tmp_path):
    # Two calls: of one alone, the action would be identified, and without audit records that is a SKIP.
    (tmp_path / "deny.env").write_text("SECCOMP_SYSCALL_DENY=getuid:uname\n")
    ended = sandgauge("run", "--attach", "preload", "--policy", tmp_path / "deny.env", "--expect-signal", "SIGSYS",
                      "--expect-stderr", "initializing seccomp with default action (allow)\n"
                      "adding getuid to the process seccomp filter (kill process)\n"
                      "adding uname to the process seccomp filter (kill process)\n", "--", PROGRAMS / "getuid")
    assert ended.code == 0, ended.out


def test_listed_cases_name_their_way():
    listed = json.loads(sandgauge("run", "--list", "--format", "json", "attach").out)
    assert {case["attach"] for case in listed["cases"]} >= {"exec", "preload", "needed"}


@pytest.mark.parametrize("words, message", [
    (("--attach", "docker", "--policy", "/dev/null"), "--attach: found 'docker', expected exec, preload, needed, runc or crun"),
    (("--attach", "preload"), "--attach preload needs a --policy to bring")])
def test_wrong_words_are_one_error_and_exit_code_2(words, message):
    ended = sandgauge("run", *words, "--", "/bin/true")
    assert ended.code == 2 and message in ended.err and ended.out == ""


RUNTIMES = ["runc", "crun"]


def container(runtime, policy, *words, program, scratch="/tmp"):
    """Runs a program in a container; skips the test where the runtime runs none."""
    ended = sandgauge("run", "--attach", runtime, "--policy", policy, *words, "--", *program, timeout=120,
                      env={**os.environ, "LC_ALL": "C", "TMPDIR": str(scratch)})
    if ended.code == 4:
        pytest.skip(ended.out.strip())
    return ended


def control_groups() -> list[tuple[int, Path]]:
    """Those of containers, with the process that made each."""
    found = [group for pattern in ("sandgauge-*", "*/sandgauge-*") for group in Path("/sys/fs/cgroup").glob(pattern)]
    return [(int(group.name.split("-")[1]), group) for group in found]


def leftovers(scratch: Path) -> set[str]:
    """What runs have left: files in this folder of theirs, control groups of those that have ended."""
    return {str(file) for file in scratch.iterdir()} | {
        str(group) for maker, group in control_groups() if not Path(f"/proc/{maker}").exists()}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_runtime_runs_the_profile_of_every_introduction(tmp_path, runtime):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = leftovers(scratch)
    profile = tmp_path / "block_mkdir.json"
    profile.write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{"name": name, "action": "SCMP_ACT_ERRNO", "args": []} for name in ("mkdir", "chmod", "chown")]}))
    ended = container(runtime, profile, "--expect-exit", "1", "--expect-stderr",
                      "mkdir: cannot create directory 'teste': Operation not permitted\n", program=["mkdir", "teste"], scratch=scratch)
    assert ended.code == 0, ended.out
    assert leftovers(scratch) <= before


def is_of(maker: int, scratch: Path) -> bool:
    try:
        return f"TMPDIR={scratch}".encode() in Path(f"/proc/{maker}/environ").read_bytes()
    except OSError:
        return False  # it has ended, or is another user's


def test_an_interrupt_removes_the_container(tmp_path):
    profile = tmp_path / "p.json"
    profile.write_text('{"defaultAction": "SCMP_ACT_ALLOW"}')
    if container("runc", profile, program=["/bin/true"]).code != 0:
        pytest.skip("runc runs no container here")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = leftovers(scratch)
    with subprocess.Popen([SANDGAUGE, "run", "--attach", "runc", "--policy", profile, "--", "/bin/sleep", "1000"],
                          env={**os.environ, "TMPDIR": str(scratch)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not any(is_of(maker, scratch) for maker, _ in control_groups()):  # from here on runc is at work
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 3
    assert leftovers(scratch) <= before


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_runtime_passes_over_a_name_that_it_does_not_know(tmp_path, runtime):
    profile = tmp_path / "p.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["unmae", "uname"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}))
    ended = container(runtime, profile, "--expect-exit", "2", "--expect-stderr",
                      "uname failed: Function not implemented\n", program=[PROGRAMS / "uname"])
    assert ended.code == 0, ended.out


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_runtime_keeps_flags_or_refuses_them_in_so_many_words(tmp_path, runtime):
    profile = tmp_path / "p.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_LOG"], "syscalls": [
        {"names": ["uname"], "action": "SCMP_ACT_ERRNO"}]}))
    ended = container(runtime, profile, "--expect-exit", "2", program=[PROGRAMS / "uname"])
    assert ended.code == 0 or ended.code == 1 and "BROKEN" in ended.out and "flags are not" in ended.out, ended.out


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_what_a_runtime_refuses_is_broken_and_in_its_own_words(tmp_path, runtime):
    profile = tmp_path / "p.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["uname"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}]}))
    assert container(runtime, profile, program=[PROGRAMS / "uname"]).code == 0
    (tmp_path / "policy.yaml").write_text("rules: [{syscalls: [uname], action: TRAP(7)}]\n")
    ended = container(runtime, tmp_path / "policy.yaml", program=[PROGRAMS / "uname"])
    assert ended.code == 1 and "BROKEN" in ended.out and "cannot say" in ended.out
    ended = container(runtime, profile, program=[tmp_path / "missing"])
    assert ended.code == 1 and "BROKEN" in ended.out


def test_a_container_needs_root(public_path):
    if not shutil.which("runc") and not Path("/usr/sbin/runc").exists():
        pytest.skip("runc is not installed")
    (public_path / "p.yaml").write_text("default: ALLOW\n")
    ended = run(*as_nobody(SANDGAUGE, "run", "--attach", "runc", "--policy", public_path / "p.yaml", "--", "/bin/true"))
    assert ended.code == 4 and "runc needs root here" in ended.out
