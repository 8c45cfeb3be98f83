"""`sandgauge check`: its formats, --require, --against, and that it leaves nothing behind."""
import json
import os
import re
import resource
import signal
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

import confine
import pytest
from conftest import ROOT, SANDGAUGE, as_nobody, run, sandgauge

LABEL = re.compile(r"sandgauge\.feature\.node\.kubernetes\.io/[A-Za-z0-9][A-Za-z0-9._-]{0,61}[A-Za-z0-9]"
                   r"=[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")
STANDINGS = {"none", "yes", "no", "unknown", "untested"}


@pytest.fixture(scope="module")
def report() -> dict:
    ended = sandgauge("check", "--format", "json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def by_id(report: dict) -> dict:
    return {one["id"]: one for one in report["capabilities"]}


def one_with(report: dict, *standings: str) -> str:
    for one in report["capabilities"]:
        if one["works"]["standing"] in standings:
            return one["id"]
    pytest.skip(f"nothing is {standings} here")


def test_the_page_of_capabilities_is_current():
    assert run(ROOT / "ci/capabilities-doc", "--check", SANDGAUGE).code == 0


def test_there_are_enough_capabilities_and_each_column_has_its_evidence(report):
    assert report["schema"] == "sandgauge.check/1"
    assert len(report["capabilities"]) >= 70 and len(by_id(report)) == len(report["capabilities"])
    for one in report["capabilities"]:
        for column in ("claimed", "advertised", "works"):
            assert one[column]["standing"] in STANDINGS
            assert bool(one[column]["evidence"]) == (one[column]["standing"] != "none"), one
        standings = {one[column]["standing"] for column in ("claimed", "advertised", "works")}
        if {"yes", "no"} <= standings or one["works"]["standing"] == "untested":
            assert one["reason"], one["id"]
        assert one["title"] and one["meaning"] and one["source"], one["id"]


def test_what_every_kernel_with_seccomp_does_works_here(report):
    found = by_id(report)
    if found["host.filters"]["advertised"]["standing"] == "yes":
        pytest.skip("under outer filters")
    for name in ("strict", "filter", "syscall", "inherit", "kill", "kill_process", "trap", "errno", "trace", "allow", "notify",
                 "flag.tsync", "limit.instructions"):
        assert found[f"seccomp.{name}"]["works"]["standing"] == "yes", found[f"seccomp.{name}"]


def test_the_text_has_every_id_and_ends_in_the_totals(report):
    ended = sandgauge("check")
    assert ended.code == 0 and "\x1b" not in ended.out
    assert all(name in ended.out for name in by_id(report))
    assert re.fullmatch(r"\d+ yes, \d+ no, \d+ untested, \d+ unknown", ended.out.splitlines()[-1])
    assert sandgauge("check", "-v").out.count("source  ") == len(report["capabilities"])


def test_list_has_one_line_for_each_id_and_tries_nothing(report):
    ended = sandgauge("check", "--list")
    assert [line.split()[0] for line in ended.out.splitlines()] == list(by_id(report))
    assert "works" not in json.loads(sandgauge("check", "--list", "--format", "json").out)["capabilities"][0]


def test_nfd_writes_labels_that_kubernetes_takes(report, tmp_path):
    target = tmp_path / "sandgauge"
    assert sandgauge("check", "--format", "nfd", "-o", target).code == 0
    lines = [line for line in target.read_text().splitlines() if not line.startswith("#")]
    assert all(LABEL.fullmatch(line) for line in lines), lines
    labels = dict(line.split("/")[1].split("=") for line in lines)
    assert set(by_id(report)) <= set(labels)
    assert labels["seccomp.filter"] == "true"
    assert os.listdir(tmp_path) == ["sandgauge"]


def test_tap_and_junit_have_a_test_for_each_capability(report):
    tap = sandgauge("check", "--format", "tap")
    assert tap.code == 0 and tap.out.startswith(f"TAP version 13\n1..{len(report['capabilities'])}\n")
    assert not re.search("^not ok", tap.out, re.M)
    suites = xml.fromstring(sandgauge("check", "--format", "junit").out)
    assert sorted(case.get("name") for case in suites.iter("testcase")) == sorted(by_id(report))
    assert suites.get("failures") == "0"


def test_require_is_met_by_what_works(report):
    assert sandgauge("check", "--require", "seccomp.filter,seccomp.errno").code == 0


def test_require_names_what_is_missing_and_why(report):
    missing = one_with(report, "no", "untested")
    ended = sandgauge("check", "--require", f"seccomp.filter,{missing}")
    assert ended.code == 1
    assert re.search(rf"required, but (no|untested): {re.escape(missing)}: \S", ended.err)
    assert "seccomp.filter" not in ended.err
    tap = sandgauge("check", "--format", "tap", "--require", missing)
    assert tap.code == 1 and re.search(rf"^not ok \d+ - {re.escape(missing)}$", tap.out, re.M)


def test_require_takes_a_glob(report):
    assert sandgauge("check", "--require", "seccomp.e*").code == 0


@pytest.mark.parametrize("bad", ["seccomp.notfy", "", "*x*y*z*", "SECCOMP.FILTER"])
def test_require_refuses_what_no_capability_is_called(bad):
    ended = sandgauge("check", "--require", f"seccomp.filter,{bad}" if bad else "nothing.such")
    assert ended.code == 2 and ended.out == "" and "--list" in ended.err


def test_against_itself_there_is_no_drift(tmp_path):
    before = tmp_path / "before.json"
    assert sandgauge("check", "--format", "json", "-o", before).code == 0
    ended = sandgauge("check", "--against", before)
    assert (ended.code, ended.err) == (0, "")


def test_against_an_earlier_report_prints_each_drift(report, tmp_path):
    changed = json.loads(json.dumps(report))
    found = by_id(changed)
    found["seccomp.filter"]["works"]["standing"] = "no"
    found["seccomp.limit.instructions"]["value"] = "4000"
    found["seccomp.errno"]["id"] = "seccomp.of_yore"
    before = tmp_path / "before.json"
    before.write_text(json.dumps(changed))
    ended = sandgauge("check", "--against", before)
    assert ended.code == 1
    for line in ("drift: seccomp.filter: works was no, is yes", "drift: seccomp.limit.instructions: the value was '4000', is '4096'",
                 "drift: seccomp.of_yore: is not known any more", "drift: seccomp.errno: was not known before"):
        assert line in ended.err
    assert ended.err.count("drift: ") == 4
    with open(before, encoding="utf-8") as stdin:
        assert sandgauge("check", "--against", "-", stdin=stdin).code == 1


def test_against_a_changed_evidence_there_is_no_drift(report, tmp_path):
    for one in report["capabilities"]:
        one["works"]["evidence"] += " once"
    before = tmp_path / "before.json"
    before.write_text(json.dumps(report))
    assert sandgauge("check", "--against", before).code == 0


@pytest.mark.parametrize("text, complaint", [
    ("", "not JSON"), ("{", "not JSON"), ("[]", "expected an object"), ("{}", "schema: is missing"), ("\0", "not JSON"),
    ("[" * 1_000_000, "nested deeper"), ('{"a":' * 200_000, "nested deeper"), ('{"schema": "sandgauge.run/1"}', "sandgauge.check/1"),
    ('{"schema": "sandgauge.check/1", "version": "", "kernel": "", "machine": "", "user": "", "capabilities": [{}]}',
     "capabilities[0].id: is missing"),
], ids=range(9))
def test_against_refuses_a_bad_file(text, complaint, tmp_path):
    before = tmp_path / "bad.json"
    before.write_text(text)
    ended = sandgauge("check", "--against", before)
    assert (ended.code, ended.out) == (2, "") and complaint in ended.err and ended.err.count("\n") == 1


def test_against_refuses_what_cannot_be_read_or_has_no_end(tmp_path):
    for path, complaint in ((tmp_path / "none", "ENOENT"), (tmp_path, "is a folder"), ("/dev/zero", "larger than")):
        ended = sandgauge("check", "--against", path)
        assert (ended.code, ended.out) == (2, "") and complaint in ended.err


@pytest.mark.parametrize("words", [["--format", "yaml"], ["--format="], ["--no-such"], ["word"], ["--", "true"], ["--require"]])
def test_wrong_usage_is_exit_code_2(words):
    ended = sandgauge("check", *words)
    assert (ended.code, ended.out) == (2, "") and ended.err


def test_help_names_the_exit_codes_and_has_examples():
    ended = sandgauge("check", "--help")
    assert ended.code == 0 and "Exit codes" in ended.out and "--against before.json" in ended.out
    assert "confined-step" not in ended.out


def test_an_unwritable_report_is_exit_code_3():
    assert sandgauge("check", "-o", "/dev/full").code == 3
    assert sandgauge("check", "-o", "/no/such/folder/x").code == 3


def test_without_root_it_says_what_it_could_not_try():
    ended = run(*as_nobody("env", "TMPDIR=/tmp", SANDGAUGE, "check", "--format", "json"))
    assert ended.code == 0, ended.err
    found = by_id(json.loads(ended.out))
    assert found["seccomp.filter"]["works"]["standing"] == "yes"
    assert found["bpf_lsm.enforce"]["works"]["standing"] in ("untested", "no")
    for name in ("seccomp.ptrace.get_filter", "landlock.make_char", "observe.auditd"):
        assert found[name]["works"]["standing"] != "yes"
        assert found[name]["works"]["evidence"]


# What the calls are that an outer filter may deny: x86_64's numbers.
TRIED = {"seccomp": 317, "getppid": 110, "ptrace": 101, "unshare": 272, "mount": 165, "bpf": 321, "perf_event_open": 298,
         "io_uring_setup": 425, "landlock_create_ruleset": 444, "lsm_list_modules": 461, "socket": 41, "syslog": 103, "ioperm": 173}


@pytest.mark.skipif(confine.NATIVE != "x86_64", reason="the numbers are x86_64's")
@pytest.mark.parametrize("answer", [confine.KILL_PROCESS, confine.KILL, confine.trap(), confine.errno(1), confine.errno(38)],
                         ids=["kill_process", "kill", "trap", "eperm", "enosys"])
def test_under_an_outer_filter_that_denies_what_is_tried_it_still_reports(answer, report):
    ended = sandgauge("check", "--format", "json", preexec_fn=confine.filtered({number: answer for number in TRIED.values()}))
    assert ended.code == 0, ended.err
    found = by_id(json.loads(ended.out))
    assert len(found) == len(report["capabilities"])
    assert found["host.filters"]["advertised"]["standing"] == "yes"
    for name in ("seccomp.syscall", "seccomp.notify", "seccomp.flag.tsync", "around.io_uring", "landlock.abi", "bpf_lsm.enforce"):
        assert found[name]["works"]["standing"] in ("no", "untested"), found[name]
    if answer in (confine.KILL_PROCESS, confine.KILL, confine.trap()):
        assert found["seccomp.syscall"]["works"]["standing"] == "untested"


@pytest.mark.skipif(confine.NATIVE != "x86_64", reason="the numbers are x86_64's")
def test_under_an_outer_filter_only_what_it_denies_is_different(report):
    ended = sandgauge("check", "--format", "json", preexec_fn=confine.filtered({TRIED["io_uring_setup"]: confine.errno(1)}))
    found, free = by_id(json.loads(ended.out)), by_id(report)
    assert found["around.io_uring"]["works"]["standing"] == "no"
    for name in ("seccomp.filter", "seccomp.kill", "seccomp.notify", "landlock.abi", "observe.ptrace"):
        assert found[name]["works"]["standing"] == free[name]["works"]["standing"], found[name]


@pytest.mark.skipif(confine.NATIVE != "x86_64", reason="the numbers are x86_64's")
def test_calls_that_only_seem_to_succeed_are_not_taken_for_working():
    # An outer filter that answers ERRNO(0): each of these calls returns 0 and does nothing.
    idle = [TRIED[name] for name in ("seccomp", "ptrace", "unshare", "bpf", "perf_event_open", "io_uring_setup")] + [444, 445, 446]
    ended = sandgauge("check", "--format", "json", preexec_fn=confine.filtered({number: confine.errno(0) for number in idle}))
    assert ended.code == 0, ended.err
    working = {one["id"] for one in json.loads(ended.out)["capabilities"] if one["works"]["standing"] == "yes"}
    needing_them = ("seccomp.syscall", "seccomp.action_query", "seccomp.flag.", "seccomp.notify", "seccomp.trace", "seccomp.ptrace.",
                    "landlock.", "around.io_uring", "around.user_namespaces", "observe.ptrace", "observe.perf", "bpf_lsm.enforce")
    assert not [name for name in working if name.startswith(needing_them)]
    # Without a flag a filter is loaded by prctl(2).
    assert {name for name in working if name.startswith("libseccomp.")} <= {"libseccomp.filter", "libseccomp.binary_tree"}


# What trials themselves rely on, and ways that have another one beside them.
TOOLS = {"poll": 7, "dup": 32, "dup2": 33, "wait4": 61, "kill": 62, "fcntl": 72, "getppid": 110, "prctl": 157, "tgkill": 234,
         "waitid": 247, "unshare": 272, "dup3": 292, "seccomp": 317}
OF_ITSELF = {"seccomp.syscall", "seccomp.action_query", "seccomp.filter", "seccomp.no_new_privs"}


def denied(names: str, answer: int):
    return confine.filtered({TOOLS[name]: answer for name in names.split()})


@pytest.mark.skipif(confine.NATIVE != "x86_64", reason="the numbers are x86_64's")
@pytest.mark.parametrize("names, answer", [
    *(("getppid", confine.errno(number)) for number in (0, 1, 18, 38)), ("getppid", 0x7FF00000), ("getppid", confine.KILL_PROCESS),
    ("wait4", confine.errno(1)), ("waitid", confine.errno(1)), ("waitid wait4", confine.errno(1)), ("tgkill", confine.errno(1)),
    ("kill", confine.errno(1)), ("kill", confine.errno(38)), ("fcntl", confine.errno(1)), ("poll", confine.errno(1)),
    ("prctl", confine.errno(1)), ("unshare", confine.errno(1)), ("seccomp", confine.errno(1)), ("seccomp", confine.errno(38)),
    ("seccomp", confine.errno(0)),
], ids=str)
def test_a_denied_tool_of_the_trials_makes_no_wrong_yes_or_no(names, answer, report, tmp_path):
    ended = sandgauge("check", "--format", "json", preexec_fn=denied(names, answer), env={**os.environ, "TMPDIR": str(tmp_path)})
    assert ended.code == 0, ended.err
    free, wrong = by_id(report), {}
    for name, one in by_id(json.loads(ended.out)).items():
        if {one["works"]["standing"], free[name]["works"]["standing"]} == {"yes", "no"} and name not in OF_ITSELF:
            wrong[name] = one["works"]
    assert not wrong
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(confine.NATIVE != "x86_64", reason="the numbers are x86_64's")
def test_a_denied_way_is_not_missed_where_there_is_another_one(report):
    def found_without(name: str) -> dict:
        return by_id(json.loads(sandgauge("check", "--format", "json", preexec_fn=denied(name, confine.errno(1))).out))
    free, found = by_id(report), found_without("seccomp")
    for name in ("kill", "trap", "errno", "allow", "trace", "ptrace.skip", "limit.instructions"):
        assert found[f"seccomp.{name}"]["works"]["standing"] == free[f"seccomp.{name}"]["works"]["standing"], found[f"seccomp.{name}"]
    assert "seccomp(2) is denied: EPERM" in found["seccomp.flag.tsync"]["works"]["evidence"]
    found = found_without("unshare")
    assert found["around.user_namespaces"]["works"]["standing"] == free["around.user_namespaces"]["works"]["standing"]
    found = found_without("getppid")
    assert found["around.i386"]["works"]["standing"] == free["around.i386"]["works"]["standing"]
    assert "getppid(2) does not work here: EPERM" in found["seccomp.notify.sizes"]["works"]["evidence"]


@pytest.mark.skipif(confine.NATIVE != "x86_64", reason="the numbers are x86_64's")
@pytest.mark.parametrize("names", ["kill", "waitid wait4", "poll"])
def test_run_says_at_once_that_no_case_can_be_ended_here(names):
    ended = sandgauge("run", "actions", preexec_fn=denied(names, confine.errno(1)))
    assert (ended.code, ended.out) == (3, "") and "no case can be run: " in ended.err


@pytest.mark.skipif(confine.NATIVE != "x86_64", reason="the numbers are x86_64's")
def test_a_helper_program_never_has_our_standard_output():
    ended = sandgauge("check", "--format", "json", preexec_fn=denied("dup dup2 dup3", confine.errno(1)))
    assert json.loads(ended.out)["schema"] == "sandgauge.check/1"


def test_below_limits_nothing_is_missed_for_another_reason_and_nothing_stays_behind(report, tmp_path):
    for which, limit in ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, 16), (resource.RLIMIT_NOFILE, 4)):
        ended = sandgauge("check", "--format", "json", env={**os.environ, "TMPDIR": str(tmp_path)},
                          preexec_fn=lambda: resource.setrlimit(which, (limit, limit)))  # pylint: disable=cell-var-from-loop
        assert ended.code in (0, 3) and bool(ended.out) == (ended.code == 0), ended.err
        assert leftovers(tmp_path) == []
        free = by_id(report)
        for name, one in by_id(json.loads(ended.out or '{"capabilities": []}')).items():
            if free[name]["works"]["standing"] == "yes":
                assert one["works"]["standing"] != "no", one


def test_root_of_another_user_namespace_lacks_what_the_first_one_asks_for():
    if run("unshare", "-Ur", "true").code != 0:
        pytest.skip("no user namespace can be made")
    found = by_id(json.loads(run("unshare", "-Ur", SANDGAUGE, "check", "--format", "json").out))
    for name in ("seccomp.ptrace.get_filter", "seccomp.ptrace.get_metadata", "seccomp.ptrace.suspend", "bpf_lsm.load", "bpf_lsm.attach",
                 "bpf_lsm.enforce", "observe.audit"):
        assert found[name]["works"]["standing"] == "untested", found[name]


def test_without_a_folder_for_files_it_says_so():
    ended = sandgauge("check", "--format", "json", env={**os.environ, "TMPDIR": "/no/such"})
    found = by_id(json.loads(ended.out))
    if found["landlock.abi"]["works"]["standing"] == "yes":
        assert found["landlock.read_file"]["works"]["standing"] == "untested"
        assert "/no/such" in found["landlock.read_file"]["works"]["evidence"]


def leftovers(folder: Path) -> list[str]:
    return os.listdir(folder)


def test_it_leaves_no_file_no_mount_and_no_process_behind(tmp_path):
    mounts = Path("/proc/self/mounts").read_text()
    code = ("import os, subprocess, sys, ctypes\n"
            "ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)\n"  # PR_SET_CHILD_SUBREAPER: what is left comes here
            "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
            "left = 0\n"
            "while True:\n"
            "    try: pid, _ = os.waitpid(-1, os.WNOHANG)\n"
            "    except ChildProcessError: break\n"
            "    if pid == 0: left = 1; break\n"
            "sys.exit(code + 10 * left)\n")
    ended = run("/usr/bin/python3", "-c", code, SANDGAUGE, "check", env={**os.environ, "TMPDIR": str(tmp_path)})
    assert ended.code == 0, ended.err
    assert leftovers(tmp_path) == []
    assert Path("/proc/self/mounts").read_text() == mounts


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ended_early_it_still_leaves_nothing_behind(how, tmp_path):
    # Signals wait until the trials are over. SIGSTOP is not needed: the folder is there as soon as the trials begin.
    with subprocess.Popen([SANDGAUGE, "check", "-o", str(tmp_path / "report")], env={**os.environ, "TMPDIR": str(tmp_path)}) as child:
        while not leftovers(tmp_path) and child.poll() is None:
            pass
        child.send_signal(how)
        assert child.wait(60) in (-how, 0)
    assert set(leftovers(tmp_path)) <= {"report"}


def test_a_reader_that_goes_away_is_exit_code_3_not_a_death():
    with subprocess.Popen([SANDGAUGE, "check"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdout.close()
        assert child.wait(60) == 3
        assert b"EPIPE" in child.stderr.read()
