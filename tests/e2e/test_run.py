"""`sandgauge run`: selection, options, formats and exit codes, as a user meets them."""
import json
import os
import re
import xml.etree.ElementTree as xml

import pytest
from conftest import PROGRAMS, as_nobody, run, sandgauge

CLOSING = re.compile(r"(\d+) passed, (\d+) failed, (\d+) broken, (\d+) skipped$")

DENIED = """
program: uname
policy: {rules: [{syscalls: [uname], action: ERRNO(EPERM)}]}
expect: {exit: 2, stdout: "ID: {uid}\\n", stderr: "uname failed: Operation not permitted\\n"}
"""


def totals(ended) -> tuple[int, ...]:
    return tuple(int(number) for number in CLOSING.search(ended.out.rstrip("\n").splitlines()[-1]).groups())


@pytest.fixture
def case_file(tmp_path):
    def write(text: str, name: str = "own.yaml") -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)
    return write


# Which cases.

def test_the_built_in_suite_passes_here():
    ended = sandgauge("run", "actions")
    passed, failed, broken, skipped = totals(ended)
    assert (failed, broken) == (0, 0), ended.out
    assert passed + skipped >= 250 and ended.code == 0
    if os.geteuid() == 0:
        assert skipped == 0


def test_the_built_in_suite_passes_as_an_ordinary_user_and_names_what_it_skips():
    ended = run(*as_nobody(*["env", "TMPDIR=/tmp", str(PROGRAMS.parent / "sandgauge"), "run", "actions"]))
    passed, failed, broken, skipped = totals(ended)
    assert (failed, broken) == (0, 0), ended.out
    assert passed >= 150 and skipped > 0
    assert "CAP_AUDIT_READ" in ended.out


def test_list_prints_ids_and_runs_nothing(case_file):
    ended = sandgauge("run", "--list", case_file(DENIED.replace("uname\n", "/no/such/program\n")))
    assert (ended.code, ended.out) == (0, "own/case\n")


def test_list_as_json_tells_what_each_case_is_about():
    cases = json.loads(sandgauge("run", "--list", "--format", "json", "actions").out)["cases"]
    assert len(cases) >= 250
    assert all(case["id"] and case["title"] and case["source"] for case in cases)


def test_a_filter_selects_by_glob_and_several_add_up():
    one = sandgauge("run", "--list", "--filter", "mkdir/*", "actions").out.splitlines()
    both = sandgauge("run", "--list", "--filter", "mkdir/*", "--filter", "uname/*", "actions").out.splitlines()
    assert one and all(line.startswith("mkdir/") for line in one)
    assert len(both) == 2 * len(one)


def test_a_filter_that_matches_nothing_is_wrong_usage():
    ended = sandgauge("run", "--filter", "no-such-*")
    assert ended.code == 2 and "no-such-*" in ended.err and ended.out == ""


def test_shards_divide_the_cases_without_loss():
    whole = sandgauge("run", "--list", "actions").out.splitlines()
    parts = [sandgauge("run", "--list", "--shard", f"{i}/3", "actions").out.splitlines() for i in (1, 2, 3)]
    assert sorted(sum(parts, [])) == sorted(whole)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_googletests_shard_variables_are_understood(tmp_path):
    status = tmp_path / "status"
    environment = {**os.environ, "GTEST_TOTAL_SHARDS": "3", "GTEST_SHARD_INDEX": "0", "GTEST_SHARD_STATUS_FILE": str(status)}
    shard = sandgauge("run", "--list", "actions", env=environment).out
    assert shard == sandgauge("run", "--list", "--shard", "1/3", "actions").out
    assert status.exists()


def test_an_empty_shard_runs_nothing_and_says_so(case_file):
    ended = sandgauge("run", "--shard", "2/2", case_file(DENIED))
    assert ended.code == 4 and totals(ended) == (0, 0, 0, 0)


# How they run.

def test_repeat_and_jobs_run_every_case_as_often_as_asked(case_file):
    ended = sandgauge("run", "--repeat", "7", "--jobs", "3", case_file(DENIED))
    assert ended.code == 0 and totals(ended) == (7, 0, 0, 0)


def test_a_seed_repeats_its_order(case_file):
    def order(*options):
        return [result["id"] for result in json.loads(sandgauge("run", "strict", "--format", "json", *options).out)["results"]]
    assert order("--shuffle=1") == order("--shuffle=1")
    assert len({tuple(order(f"--shuffle={seed}")) for seed in range(6)}) > 1
    assert "seed 5" in sandgauge("run", "strict", "--shuffle=5").out


def test_a_case_that_does_not_end_fails_at_its_deadline(case_file):
    path = case_file("program: [sleep, '60']\nmechanism: none\nexpect: {exit: 0}\n")
    ended = sandgauge("run", "--timeout", "300ms", path, timeout=20)
    assert ended.code == 1 and totals(ended) == (0, 1, 0, 0) and "did not end within 3" in ended.out


def test_fail_fast_starts_nothing_after_the_first_failure(case_file):
    path = case_file(DENIED.replace("exit: 2", "exit: 3"))
    ended = sandgauge("run", "--fail-fast", "--repeat", "50", "--jobs", "1", path)
    assert ended.code == 1 and totals(ended) == (0, 1, 0, 0)


def test_a_required_case_must_not_be_skipped(case_file):
    path = case_file(DENIED + "needs: {since: '99.0'}\n")
    assert sandgauge("run", path).code == 4
    ended = sandgauge("run", "--require", "own/case", path)
    assert ended.code == 1 and "own/case" in ended.err and "99.0" in ended.err
    assert sandgauge("run", "--require", "not/there", path).code == 2


def test_mutate_lists_a_case_that_does_not_notice(case_file):
    blind = case_file("program: uname\npolicy: {rules: [{syscalls: [uname], action: LOG}]}\nexpect: {exit: 0}\n")
    ended = sandgauge("run", "--mutate", blind)
    assert ended.code == 1 and "SURVIVED own/case" in ended.out and "LOG -> ALLOW" in ended.out
    assert sandgauge("run", "--mutate", case_file(DENIED + "call: uname(scratch)\n")).code == 0


# The report.

def test_a_failure_says_what_was_expected_seen_and_how_to_see_it_again(case_file):
    path = case_file(DENIED.replace("exit: 2", "exit: 3"))
    ended = sandgauge("run", path)
    assert ended.code == 1 and totals(ended) == (0, 1, 0, 0)
    assert "exit: expected 3, observed 2" in ended.out
    assert "ret  0x00050001" in ended.out and "ERRNO(EPERM)" in ended.out
    again = re.search(r"run: sandgauge (run .*)", ended.out)[1].split()
    assert sandgauge(*again).code == 1


def test_tap_has_a_plan_and_a_line_for_each_case(case_file):
    path = case_file(DENIED.replace("exit: 2", "exit: '{n}'") + "matrix: {n: [2, 3]}\n")
    lines = sandgauge("run", "--format", "tap", path).out.splitlines()
    assert lines[:2] == ["TAP version 13", "1..2"]
    assert [line for line in lines if line.startswith(("ok", "not ok"))] == ["ok 1 - own/case/2", "not ok 2 - own/case/3"]


def test_junit_counts_what_its_cases_say(case_file):
    path = case_file(DENIED.replace("exit: 2", "exit: '{n}'") + "matrix: {n: [2, 3]}\n")
    suites = xml.fromstring(sandgauge("run", "--format", "junit", path).out)
    suite = suites.find("testsuite")
    assert suite.get("tests") == "2" and suite.get("failures") == "1"
    assert [case.get("name") for case in suites.iter("testcase") if case.find("failure") is not None] == ["own/case/3"]


def test_json_holds_every_result():
    ended = sandgauge("run", "--format", "json", "strict")
    report = json.loads(ended.out)
    assert report["schema"] == "sandgauge.run/1"
    assert {result["status"].upper() for result in report["results"]} == {"PASS"}


def test_output_goes_to_a_file_that_is_whole_or_not_there(tmp_path, case_file):
    target = tmp_path / "report.json"
    ended = sandgauge("run", "--format", "json", "-o", target, case_file(DENIED))
    assert ended.code == 0 and ended.out == "" and len(json.loads(target.read_text())["results"]) == 1
    full = sandgauge("run", "-o", "/dev/full", case_file(DENIED))
    assert full.code == 3 and "/dev/full" in full.err and "ENOSPC" in full.err
    folder = sandgauge("run", "-o", tmp_path, case_file(DENIED))
    assert folder.code == 3 and str(tmp_path) in folder.err


# A program of one's own.

def test_a_command_runs_under_a_policy(tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text("rules: [{syscalls: [mkdir, mkdirat], action: ERRNO(EPERM)}]\n")
    assert sandgauge("run", "--policy", policy, "--expect-exit", "1", "--", "mkdir", tmp_path / "new").code == 0
    assert not (tmp_path / "new").exists()
    assert sandgauge("run", "--policy", policy, "--", "mkdir", tmp_path / "new").code == 1
    assert sandgauge("run", "--policy", policy, "--expect-stdout", "hello\n", "--", "echo", "hello").code == 0
    assert sandgauge("run", "--policy", policy, "--expect-stdout", "bye\n", "--", "echo", "hello").code == 1


def test_the_death_of_a_command_is_attributed_to_the_call(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs CAP_AUDIT_READ")
    policy = tmp_path / "policy.yaml"
    policy.write_text("rules: [{syscalls: [uname], action: KILL_PROCESS}]\n")
    ended = sandgauge("run", "--policy", policy, "--", "uname")
    assert ended.code == 1 and "killed by SIGSYS: KILL_PROCESS on uname (63), x86_64; the audit record says" in ended.out


def test_a_command_replaces_the_program_of_a_case_file(case_file):
    path = case_file("program: 'true'\nmechanism: none\nexpect: {exit: 7}\n")
    assert sandgauge("run", path, "--", "sh", "-c", "exit 7").code == 0
    assert sandgauge("run", path, "--", "sh", "-c", "exit 8").code == 1


def test_an_exit_code_is_told_from_a_death_by_signal(case_file):
    ended = sandgauge("run", "--expect-signal", "SIGSYS", "--", PROGRAMS / "exit-with", "159")
    assert ended.code == 1 and "exited with 159" in ended.out
    assert sandgauge("run", "--expect-exit", "159", "--", PROGRAMS / "exit-with", "159").code == 0


# Wrong input.

@pytest.mark.parametrize("text, message", [
    ("program: uname\npolicy: {rules: [{syscalls: [unmae], action: KILL}]}\nexpect: {exit: 0}\n", "2:30: unknown syscall 'unmae', did you mean 'uname'?"),
    ("program: uname\npolicy: {rules: [{syscalls: [uname], action: KIL}]}\nexpect: {exit: 0}\n", "2:46: unknown action 'KIL'"),
    ("program: uname\npolicy: {rules: [{syscalls: [uname], action: ERRNO(EPREM)}]}\nexpect: {exit: 0}\n", "2:46: unknown errno 'EPREM'"),
    ("program: uname\nexpct: {exit: 0}\n", "2:1: unknown key 'expct'"),
    ("program: uname\nexpect: {exit: many}\n", "2:16: "),
    ("", "1:1: "),
    ("a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)), "nodes"),
    ("[" * 100000, "1:"),
], ids=["syscall", "action", "errno", "key", "type", "empty", "bomb", "deep"])
def test_a_mistake_in_a_file_is_named_with_its_place_and_nothing_runs(case_file, text, message):
    path = case_file(text)
    ended = sandgauge("run", path, timeout=10)
    assert ended.code == 2 and ended.out == "" and f"{path}:" in ended.err and message in ended.err


def test_a_file_of_ten_megabytes_and_a_folder_without_cases_are_refused(case_file, tmp_path):
    large = sandgauge("run", case_file("# " + "x" * 10_000_000), timeout=10)
    assert large.code == 2 and "1 MiB" in large.err
    (tmp_path / "empty").mkdir()
    folder = sandgauge("run", tmp_path / "empty")
    assert folder.code == 2 and "no case files" in folder.err
    policy = sandgauge("run", "--policy", tmp_path, "--", "true")
    assert policy.code == 2 and str(tmp_path) in policy.err


@pytest.mark.parametrize("words", [["run", "--jobs", "0"], ["run", "--shard", "4/3"], ["run", "--timeout", "soon"],
                                   ["run", "--format", "xml"], ["run", "--frobnicate"], ["frobnicate"], [],
                                   ["run", "no-such-suite"], ["run", "--"], ["run", ""], ["run", "--policy", "x.yaml"], ["run", "--expect-exit", "256", "--", "true"]])
def test_wrong_usage_is_exit_code_2_with_a_message(words):
    ended = sandgauge(*words)
    assert ended.code == 2 and ended.err.startswith("sandgauge: ") and ended.out == ""


def test_a_missing_program_is_broken_and_named(case_file):
    ended = sandgauge("run", case_file("program: /no/such/program\nmechanism: none\nexpect: {exit: 0}\n"))
    assert ended.code == 1 and totals(ended) == (0, 0, 1, 0) and "/no/such/program" in ended.out


def test_the_program_is_told_its_working_directory():
    code = "import os, sys; sys.exit(os.environ['PWD'] != os.getcwd())"
    ended = sandgauge("run", "--", "/usr/bin/python3", "-c", code, env={**os.environ, "PWD": os.getcwd()})
    assert ended.code == 0, ended.out


def test_what_cannot_be_executed_is_named_with_the_reason(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("#!/no/interpreter\n")
    assert "cannot be executed" in sandgauge("run", "--", plain).out
    assert "is a folder" in sandgauge("run", "--", f"{tmp_path}/").out
    plain.chmod(0o755)
    ended = sandgauge("run", "--", plain)
    assert ended.code == 1 and f"({plain}); the interpreter that it names is not there" in ended.out, ended.out


def test_a_probe_that_cannot_tell_is_broken_and_never_passes(case_file):
    ended = sandgauge("run", case_file("program: uname\nprobe: plain\npolicy: {rules: [{syscalls: [uname], action: KILL}]}\nexpect: {signal: SIGSYS}\n"))
    assert totals(ended) == (0, 0, 1, 0) and "cannot tell KILL from KILL_PROCESS" in ended.out


@pytest.mark.parametrize("policy, expect, needs_records", [
    ("{}", "{action: ALLOW, exit: 0}", True),
    ("{rules: [{syscalls: [uname], action: ERRNO(EPERM)}]}", "{action: ERRNO(EPERM), exit: 0}", False),
    ("{rules: [{syscalls: [uname], action: TRACE(1)}]}", "{exit: 0}", False),
    ("{rules: [{syscalls: [uname], action: KILL_PROCESS}]}", "{signal: SIGSYS}", True),
])
def test_a_program_that_never_makes_the_call_is_broken_whatever_it_looks_like(case_file, policy, expect, needs_records):
    ended = sandgauge("run", case_file(f"program: /bin/true\ncall: uname(scratch)\npolicy: {policy}\nexpect: {expect}\n"))
    if needs_records and os.geteuid() != 0:  # it never counts as passed
        assert totals(ended) == (0, 0, 0, 1) and "CAP_AUDIT_READ: only an audit record tells" in ended.out, ended.out
    else:
        assert totals(ended) == (0, 0, 1, 0) and "did not make the call uname:" in ended.out, ended.out


def test_a_death_where_an_errno_was_claimed_is_a_failure_though_no_probe_tells_the_errno(case_file):
    ended = sandgauge("run", case_file("program: uname\nprobe: plain\npolicy: {rules: [{syscalls: [uname], action: KILL_PROCESS}]}\n"
                                       "expect: {action: ERRNO(EPERM)}\n"))
    assert totals(ended) == (0, 1, 0, 0) and "KILL_PROCESS" in ended.out, ended.out


def test_a_policy_that_keeps_the_program_from_starting_is_named(case_file):
    ended = sandgauge("run", case_file("program: uname\nprobe: plain\npolicy: {rules: [{syscalls: [execve], action: KILL_PROCESS}]}\n"
                                       "expect: {signal: SIGSYS}\n"))
    assert totals(ended) == (0, 0, 1, 0) and "the policy answers execve with KILL_PROCESS" in ended.out, ended.out


def test_help_and_version_stand_on_their_own():
    assert sandgauge("--version").out.startswith("sandgauge ")
    text = sandgauge("run", "--help").out
    for word in ("--filter", "--mutate", "--require", "Exit codes", "GTEST_TOTAL_SHARDS", "BROKEN"):
        assert word in text
