"""Profiles in the formats that people have them in: run, converted, compared, looked over."""
import json
from pathlib import Path

import urllib.parse

import pytest
from conftest import PROGRAMS, ROOT, SANDGAUGE, as_nobody, run, sandgauge

PROFILES = ROOT / "tests/profiles"


@pytest.fixture
def block_mkdir(tmp_path) -> Path:
    """What the documentation of container runtimes shows first."""
    profile = tmp_path / "block_mkdir.json"
    profile.write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{"name": "mkdir", "action": "SCMP_ACT_ERRNO", "args": []}]}))
    return profile


def test_a_command_runs_under_a_container_profile(block_mkdir, tmp_path):
    ended = sandgauge("run", "--policy", block_mkdir, "--backend", "bpf,libseccomp", "--expect-exit", "1", "--",
                      PROGRAMS / "mkdir", tmp_path / "teste")
    assert ended.code == 0, ended.out
    assert not (tmp_path / "teste").exists()


def test_a_profile_of_dockers_size_runs_and_says_for_whom_it_was_resolved():
    ended = sandgauge("run", "--policy", PROFILES / "container.json", "--", PROGRAMS / "uname")
    assert ended.code == 0, ended.out
    assert "its conditions were resolved for amd64, Linux " in ended.err


def test_a_case_names_its_profile_by_path(block_mkdir, tmp_path):
    (tmp_path / "case.yaml").write_text("program: mkdir\npolicy: block_mkdir.json\n"
                                        "expect: {exit: 1, absent: teste}\n")
    ended = sandgauge("run", tmp_path / "case.yaml")
    assert ended.code == 0, ended.out
    (tmp_path / "case.yaml").write_text("program: mkdir\npolicy: none.json\nexpect: {exit: 1}\n")
    ended = sandgauge("run", tmp_path / "case.yaml")
    assert ended.code == 2
    assert f"case.yaml:2:9: {tmp_path}/none.json: cannot open it: ENOENT" in ended.err


def test_an_unknown_name_in_a_profile_is_said_and_does_not_stop_the_run(tmp_path):
    profile = tmp_path / "p.json"
    profile.write_text('{"defaultAction": "SCMP_ACT_ALLOW",\n "syscalls": [{"names": ["unmae"], "action": "SCMP_ACT_KILL"}]}')
    ended = sandgauge("run", "--policy", profile, "--", PROGRAMS / "uname")
    assert ended.code == 0
    assert f"warning: {profile}:2:26: unknown syscall 'unmae', did you mean 'uname'?" in ended.err


def test_converting_to_yaml_and_back_keeps_every_decision(tmp_path):
    assert sandgauge("convert", PROFILES / "container.json", "--to", "yaml", "-o", tmp_path / "p.yaml").code == 0
    assert sandgauge("convert", tmp_path / "p.yaml", "--to", "oci", "-o", tmp_path / "p.json").code == 0
    same = sandgauge("diff", tmp_path / "p.json", PROFILES / "container.json")
    assert (same.code, same.out) == (0, "")


def test_conditions_are_resolved_for_the_stated_context():
    plain = PROFILES / "container.json"
    as_admin = sandgauge("convert", plain, "--caps", "sys_admin", "--to", "yaml")
    assert '"unshare"' in as_admin.out and '"ptrace"' in as_admin.out
    old = sandgauge("convert", plain, "--kernel", "4.7", "--to", "yaml")
    assert '"unshare"' not in old.out and '"ptrace"' not in old.out
    assert "Linux 4.7" in old.err


def test_convert_says_what_the_target_cannot_say_and_which_calls_change(tmp_path):
    (tmp_path / "p.yaml").write_text("default: ALLOW\nrules: [{syscalls: [uname], action: TRAP(7)}]\n")
    ended = sandgauge("convert", tmp_path / "p.yaml", "--to", "oci")
    assert ended.code == 1 and json.loads(ended.out)["syscalls"][0]["names"] == ["uname"]
    assert "oci cannot say: rule 1 (uname): TRAP(7): the data of TRAP(7), which becomes TRAP\n" in ended.err
    assert "x86_64: TRAP(7) -> TRAP\n    uname\n" in ended.err
    assert "x32: KILL_PROCESS -> KILL\n    every call\n" in ended.err


def test_diff_is_by_decision_and_argument_by_argument(tmp_path):
    a, b = tmp_path / "a.yaml", tmp_path / "b.yaml"
    a.write_text("rules:\n  - {syscalls: [mkdir, write], action: ERRNO(EPERM)}\n")
    b.write_text("rules:\n  - {syscalls: write, action: ERRNO(1), when: arg0 < 5}\n"
                 "  - {syscalls: mkdir, action: ERRNO(1)}\n  - {syscalls: write, action: ERRNO(1), when: arg0 >= 5}\n")
    assert sandgauge("diff", a, b).code == 0
    b.write_text(b.read_text().replace(">= 5", ">= 6"))
    ended = sandgauge("diff", a, b)
    assert (ended.code, ended.out) == (1, f"--- {a}\n+++ {b}\nx86_64: ERRNO(EPERM) -> ALLOW, for some arguments\n    write(0x5)\n")
    changes = json.loads(sandgauge("diff", a, b, "--format", "json").out)["changes"]
    assert changes == [{"abi": "x86_64", "number": 1, "syscall": "write", "args": [5, 0, 0, 0, 0, 0],
                        "before": "ERRNO(EPERM)", "after": "ALLOW", "someArguments": True}]


@pytest.mark.parametrize("words, message", [
    (("convert", "/none", "--to", "oci"), "/none: cannot open it: ENOENT"),
    (("convert", "/none", "--to", "xml"), "--to: unknown format 'xml', expected one of yaml, oci, kafel"),
    (("convert", "/none"), "--to is required"),
    (("diff", "/none"), "B is required"),
    (("diff", "/none", "/none", "--caps", "a b"), "--caps: found 'a b', expected names such as CAP_SYS_ADMIN"),
    (("convert", "/none", "--caps", "CAP_SYS_ADMN", "--to", "yaml"), "--caps: unknown capability 'CAP_SYS_ADMN', did you mean 'CAP_SYS_ADMIN'?"),
    (("convert", "/none", "--caps", "chown,sys_admn", "--to", "yaml"), "--caps: unknown capability 'sys_admn', did you mean 'CAP_SYS_ADMIN'?"),
    (("convert", "/none", "--caps", "none,CAP_SYS_ADMIN", "--to", "yaml"), "--caps: found 'none', expected names such as CAP_SYS_ADMIN divided by commas, or the word none alone"),
    (("convert", "/none", "--caps", "CAP_CHOWN,", "--to", "yaml"), "--caps: found '', expected names"),
    (("diff", "/none", "/none", "--kernel", "6"), "--kernel: found '6', expected a version such as 6.1"),
    (("diff", "/none", "/none", "--machine", "pdp11"), "--machine: found 'pdp11', expected x86_64"),
    (("diff", "/none", "/none", "--format", "xml"), "--format: found 'xml', expected text or json")])
def test_wrong_words_are_one_error_and_exit_code_2(words, message):
    ended = sandgauge(*words)
    assert ended.code == 2 and message in ended.err and ended.out == ""


POLICY = """default: KILL
foreign: KILL
rules:
  - {syscalls: [read, close], action: ALLOW}
  - {syscalls: [uname], action: ERRNO(38)}
  - {syscalls: [write], action: ALLOW, when: ["arg2 & 0xff == 0x3", "arg1 > 0x100000000"]}
  - {syscalls: [write], action: ALLOW, when: ["arg0 == 1"]}
  - {syscalls: [ioctl], action: ALLOW, when: ["arg1 != 0x5412"]}
  - {syscalls: [ioctl], action: ERRNO(1), when: ["arg1 == 0x5412"]}
"""


@pytest.mark.parametrize("form", ["yaml", "oci", "kafel", "minijail", "bpf", "hex", "c"])
def test_a_round_trip_through_every_format_keeps_every_decision(tmp_path, form):
    (tmp_path / "p.yaml").write_text(POLICY)
    written = sandgauge("convert", tmp_path / "p.yaml", "--to", form, "-o", tmp_path / "other")
    assert written.code == 0, written.err
    assert sandgauge("diff", tmp_path / "p.yaml", tmp_path / "other").code == 0
    if form not in ("bpf", "hex", "c"):
        assert sandgauge("convert", tmp_path / "other", "--to", "yaml", "-o", tmp_path / "again.yaml").code == 0
        assert sandgauge("diff", tmp_path / "p.yaml", tmp_path / "again.yaml").code == 0


@pytest.mark.parametrize("form", ["yaml", "oci", "kafel", "minijail", "env", "bpf", "hex", "c"])
def test_a_profile_of_dockers_size_is_written_in_every_format(tmp_path, form):
    written = sandgauge("convert", PROFILES / "container.json", "--to", form, "-o", tmp_path / "other")
    assert written.code == (1 if form in ("kafel", "minijail", "env") else 0), written.err
    assert sandgauge("diff", PROFILES / "container.json", tmp_path / "other").code == written.code


def test_an_environment_list_round_trips(tmp_path):
    (tmp_path / "p.env").write_text("SECCOMP_SYSCALL_ALLOW=read:write:exit_group\nSECCOMP_DEFAULT_ACTION=log\n")
    assert sandgauge("convert", tmp_path / "p.env", "--to", "env").out == (tmp_path / "p.env").read_text()


def test_the_rules_of_a_compiled_filter_are_recovered(tmp_path):
    (tmp_path / "p.yaml").write_text("architectures: [x86_64, i386]\ndefault: ERRNO(1)\nrules: [{syscalls: [read, uname], action: ALLOW}]\n")
    assert sandgauge("convert", tmp_path / "p.yaml", "--to", "hex", "-o", tmp_path / "p.hex").code == 0
    recovered = sandgauge("convert", tmp_path / "p.hex", "--to", "yaml", "-o", tmp_path / "again.yaml")
    assert recovered.code == 0, recovered.err
    assert sandgauge("diff", tmp_path / "p.yaml", tmp_path / "again.yaml").code == 0
    assert sandgauge("lint", tmp_path / "p.hex").code == 0
    assert sandgauge("run", "--policy", tmp_path / "p.hex", "--", "/bin/true").code == 2


def test_lint_finds_the_open_twin_and_the_kernel_agrees(block_mkdir):
    ended = sandgauge("lint", "--live", block_mkdir)
    assert ended.code == 1
    assert f"{block_mkdir}:1:" in ended.out
    assert "high: mkdir gets ERRNO(EPERM), but mkdirat can do the same and is open [open-twin]\n" \
           "    mkdirat(), x86_64: ALLOW; this kernel: ALLOW\n" in ended.out


# Of the objects of SARIF 2.1.0 that are written: what each must have, and what else it may have. Its schema allows nothing else.
SARIF = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool", "results"}, {"columnKind"}),
    "driver": ({"name"}, {"semanticVersion", "rules"}),
    "rule": ({"id"}, {"shortDescription", "fullDescription", "help"}),
    "result": ({"message"}, {"ruleId", "ruleIndex", "level", "locations", "properties"}),
    "place": ({"artifactLocation"}, {"region"}),
}


def sarif_object(kind, value):
    required, allowed = SARIF[kind]
    assert required <= set(value) <= required | allowed, (kind, value)
    return value


def test_lint_speaks_sarif(tmp_path):
    profile = tmp_path / "a ü.json"
    profile.write_text('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [\n'
                       '  {"comment": "äöü😀", "names": ["unmae", "mkdir"], "action": "SCMP_ACT_ERRNO"}]}\n')
    assert sandgauge("lint", "--format", "sarif", "-o", tmp_path / "lint.sarif", profile).code == 1
    log = sarif_object("log", json.loads((tmp_path / "lint.sarif").read_text()))
    assert log["version"] == "2.1.0" and len(log["runs"]) == 1
    run = sarif_object("run", log["runs"][0])
    rules = [sarif_object("rule", rule) for rule in sarif_object("driver", run["tool"]["driver"])["rules"]]
    assert len({rule["id"] for rule in rules}) == len(rules)
    places = {}
    for result in run["results"]:
        sarif_object("result", result)
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] and result["message"]["text"]
        assert result["level"] in ("error", "warning", "note")
        place = sarif_object("place", result["locations"][0]["physicalLocation"])
        uri = urllib.parse.urlsplit(place["artifactLocation"]["uri"])
        assert uri.scheme == "file" and urllib.parse.unquote(uri.path) == str(profile)
        if "region" in place:
            assert set(place["region"]) == {"startLine", "startColumn"} and min(place["region"].values()) >= 1
            places.setdefault(result["ruleId"], place["region"])
    assert {"open-twin", "default-open", "unknown-syscall"} <= {result["ruleId"] for result in run["results"]}
    line = profile.read_text().splitlines()[1]
    assert run["columnKind"] == "unicodeCodePoints"
    assert places["unknown-syscall"] == {"startLine": 2, "startColumn": line.index('"unmae"') + 1}
    assert places["open-twin"] == {"startLine": 2, "startColumn": line.index('"mkdir"') + 1}


def test_lint_of_a_profile_of_dockers_size_finds_only_the_upper_half_of_its_socket_rules():
    ended = sandgauge("lint", "--format", "json", PROFILES / "container.json")
    grave = [finding for finding in json.loads(ended.out)["findings"] if finding["severity"] == "high"]
    assert ended.code == 1 and {finding["check"] for finding in grave} == {"upper-half"}
    assert all(finding["message"].startswith("socket gets ") for finding in grave)


# What people write by hand: the arch, the number, and nothing of x32.
DENY_MKDIR = ("20000000 04000000 15000100 3e0000c0 06000000 00000000 20000000 00000000 "
              "15000001 53000000 06000000 01000500 06000000 0000ff7f")


def test_lint_reads_a_filter_that_was_written_by_hand(tmp_path):
    (tmp_path / "p.bpf").write_bytes(bytes.fromhex(DENY_MKDIR))
    ended = sandgauge("lint", "--fail-on", "high", "--live", tmp_path / "p.bpf")
    assert ended.code == 1 and "inexact" not in ended.out
    for line in ("mkdir gets ERRNO(EPERM), but mkdirat can do the same and is open [open-twin]",
                 "mkdir is denied for x86_64, but open when made as x32 calls [open-abi]", "[open-io-uring]",
                 "mkdirat(), x86_64: ALLOW; this kernel: ALLOW"):
        assert line in ended.out


def test_what_a_filter_answers_by_abi_is_written_as_for_the_machine(tmp_path):
    (tmp_path / "p.bpf").write_bytes(bytes.fromhex(DENY_MKDIR))
    ended = sandgauge("convert", tmp_path / "p.bpf", "--to", "yaml")
    assert ended.code == 1 and '{syscalls: ["mkdir"], action: ERRNO(EPERM)}' in ended.out
    assert "cannot say: the answer to these depends on the ABI, and the rules have that of x86_64: mkdir\n" in ended.err
    assert "x32: ALLOW -> ERRNO(EPERM)\n    mkdir\n" in ended.err


def test_the_argument_tests_of_a_compiled_filter_are_recovered(tmp_path):
    assert sandgauge("convert", PROFILES / "container.json", "--to", "hex", "-o", tmp_path / "p.hex").code == 0
    assert sandgauge("convert", tmp_path / "p.hex", "--to", "oci", "-o", tmp_path / "p.json").code == 0
    assert sandgauge("diff", PROFILES / "container.json", tmp_path / "p.json").code == 0


def test_lint_knows_that_kafels_filter_does_not_look_at_x32(tmp_path):
    (tmp_path / "p.policy").write_text("KILL { mkdir, mkdirat } DEFAULT ALLOW\n")
    ended = sandgauge("lint", "--live", tmp_path / "p.policy")
    assert "high: mkdir and mkdirat are denied for x86_64, but open when made as x32 calls [open-abi]" in ended.out


@pytest.mark.parametrize("text, line, found", [
    ("ALLOW { write { fd == 1 } }\nKILL { write { fd == 1 } }\n", 2, "[shadowed]"),
    ("ALLOW { read,\nwrite { fd > 5 && fd < 3 } }\n", 2, "[never-matches]"),
    ("read: 1\nwrite: arg0 == 1 && arg0 == 2\n", 2, "[never-matches]")])
def test_lint_finds_what_never_matches_in_languages_where_the_first_rule_wins(tmp_path, text, line, found):
    (tmp_path / "p").write_text(text)
    ended = sandgauge("lint", tmp_path / "p")
    assert ended.code == 1
    assert any(row.startswith(f"{tmp_path}/p:{line}:") and row.endswith(found) for row in ended.out.splitlines()), ended.out


def test_policies_may_include_files(tmp_path):
    (tmp_path / "base").write_text("write: 1\n")
    (tmp_path / "p").write_text("read: 1\n@include base\n")
    (tmp_path / "whole").write_text("read: 1\nwrite: 1\n")
    assert sandgauge("diff", tmp_path / "p", tmp_path / "whole").code == 0
    assert sandgauge("diff", tmp_path / "whole", tmp_path / "p").code == 0
    (tmp_path / "base").write_text("raed: 1\n")
    for command in (("lint",), ("convert", "--to", "yaml"), ("explain",), ("run", "--policy")):
        ended = sandgauge(*command, tmp_path / "p", *(("--", "/bin/true") if command[0] == "run" else ()))
        assert ended.code == 2 and f"{tmp_path}/base:1:1: unknown syscall 'raed', did you mean 'read'?\n" in ended.err
    ended = run(SANDGAUGE, "lint", "-", stdin=(tmp_path / "p").open())
    assert ended.code == 2 and "<stdin>:2:1: it includes 'base': that is done for files only, not for standard input\n" in ended.err


def test_a_policy_that_allows_nothing_is_written_so_that_it_is_recognised(tmp_path):
    (tmp_path / "p.yaml").write_text("default: KILL\nforeign: KILL\n")
    for form in ("minijail", "kafel", "yaml", "oci", "bpf", "hex", "c"):
        assert sandgauge("convert", tmp_path / "p.yaml", "--to", form, "-o", tmp_path / "written").code == 0
        assert sandgauge("diff", tmp_path / "p.yaml", tmp_path / "written").code == 0, form


def test_text_with_a_nul_is_no_compiled_filter(tmp_path):
    (tmp_path / "p").write_bytes(b"default: ALLOW\nrules:\n - \0\n")
    ended = sandgauge("lint", tmp_path / "p")
    assert (ended.code, ended.err) == (2, f"sandgauge: {tmp_path}/p:3:4: control character 0x00, expected text\n")
    (tmp_path / "p").write_bytes('{"defaultAction": "SCMP_ACT_ALLOW"}'.encode("utf-16"))
    ended = sandgauge("lint", tmp_path / "p")
    assert (ended.code, ended.err) == (2, f"sandgauge: {tmp_path}/p:1:1: byte 0xff is not UTF-8, expected UTF-8 text\n")


def test_lint_finds_a_denied_name_that_the_architecture_does_not_have(tmp_path):
    (tmp_path / "p.json").write_text('{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],\n'
                                     '"syscalls": [{"names": ["umount"], "action": "SCMP_ACT_ERRNO"}]}')
    ended = sandgauge("lint", "--live", "--fail-on", "high", tmp_path / "p.json")
    assert ended.code == 1
    assert "p.json:2:25: high: this rule stops nothing: the profile's architectures have no umount, and umount2, which can do the " \
           "same, is open [absent-syscall]\n    umount2(), x86_64: ALLOW; this kernel: ALLOW\n" in ended.out


def test_lint_needs_no_privilege(block_mkdir):
    ended = run(*as_nobody(SANDGAUGE, "lint", "--live", "-"), stdin=block_mkdir.open())
    assert ended.code == 1 and "; this kernel: ALLOW" in ended.out


HOSTILE = {
    "nothing": "", "cut": "{", "deep list": "[" * 100_000, "deep map": '{"a":' * 50_000, "nul": "\0", "surrogate": '"\\ud800"',
    "number": '{"defaultAction": 1e999}', "large": "x" * 2_000_000,
    "long": '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[' + '{"names":["a"]},' * 60_000}


@pytest.mark.parametrize("command", [("lint",), ("diff", "/dev/null"), ("convert", "--to", "yaml")], ids=lambda words: words[0])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_one_clear_error(tmp_path, command, name):
    (tmp_path / "p").write_text(HOSTILE[name])
    ended = sandgauge(*command, tmp_path / "p", timeout=10)
    assert ended.code == 2 and ended.out == "" and ended.err.startswith("sandgauge: ") and len(ended.err) < 1000


TABLE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000050          50         3         1 mkdir
 40.00    0.000030          50        12           read
------ ----------- ----------- --------- --------- ----------------
100.00    0.000080                    15         1 total
"""
RECORD = 'arch=c000003e syscall=83 compat=0 ip=0x7f3739414b2b code=0x7ffc0000'
FIELDS = 'auid=1000 uid=1000 gid=1000 ses=4 subj=unconfined pid=7 comm="x" exe="/x" sig=0 ' + RECORD
SEEN = {
    "table": TABLE,
    "strace log": 'execve("/x", ["x"], 0x7ffc /* 9 vars */) = 0\n'.replace("execve", "read") + '[pid 7] 12:00:01.5 mkdir("x", 0777) = -1 EPERM\n'
                  '<... read resumed>) = 0\n+++ exited with 0 +++\n',
    "kernel log": f"kernel: audit: type=1326 audit(1.2:3): {FIELDS}\nother\ntype=1326 audit(1.2:4): {FIELDS.replace('=83', '=0')}\n",
    "go-audit": json.dumps({"sequence": 1, "messages": [{"type": 1326, "data": FIELDS}, {"type": 1300, "data": "x"}]}) + "\n"
                + json.dumps({"messages": [{"type": 1326, "data": FIELDS.replace("=83", "=0")}]})}


@pytest.mark.parametrize("kind", SEEN)
def test_a_profile_is_held_against_what_was_seen(tmp_path, kind):
    (tmp_path / "p.yaml").write_text("default: ERRNO(1)\nrules: [{syscalls: [read, write], action: ALLOW}]\n")
    (tmp_path / "seen").write_text(SEEN[kind])
    ended = sandgauge("diff", tmp_path / "p.yaml", tmp_path / "seen")
    assert ended.code == 1, ended.err
    assert "seen and not allowed:\n    mkdir, x86_64: ERRNO(EPERM); " in ended.out
    assert ended.out.endswith("allowed and never seen:\n    x86_64: write\n")
    (tmp_path / "p.yaml").write_text("default: ERRNO(1)\nrules: [{syscalls: [read, mkdir], action: ALLOW}]\n")
    assert sandgauge("diff", tmp_path / "p.yaml", tmp_path / "seen").code == 0
    told = json.loads(sandgauge("diff", tmp_path / "p.yaml", tmp_path / "seen", "--format", "json").out)
    assert told["same"] and told["seenNotAllowed"] == []


def test_a_real_trace_is_read(tmp_path):
    if run("strace", "-cfo", tmp_path / "table", "/bin/true").code != 0:
        pytest.skip("strace cannot trace here")
    ended = sandgauge("diff", PROFILES / "container.json", tmp_path / "table")
    assert ended.code == 1 and "seen and not allowed" not in ended.out and "allowed and never seen:" in ended.out


@pytest.mark.parametrize("text, message", [
    (TABLE.replace("mkdir", "mkdri"), ":3: unknown syscall 'mkdri'"),
    (TABLE.replace("3         1 mkdir", "x mkdir"), ":3: expected a line of strace's table"),
    ("type=1326 audit(1.2:3): pid=1\n", ":1: audit record: no field comm="),
    ('{"messages": [{"type": 1326}]}\n', ":1: a message of type 1326 without 'data'")])
def test_a_broken_log_is_one_error_with_its_line(tmp_path, text, message):
    (tmp_path / "seen").write_text(text)
    ended = sandgauge("diff", "/dev/stdin", tmp_path / "seen", input="{}", stdin=None)
    assert ended.code == 2 and message in ended.err
