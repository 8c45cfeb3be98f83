"""`sandgauge compare`: intents against mechanisms, here and in a real guest with all of them."""
import json
import os
import re
import signal
import subprocess
import time

import pytest
from conftest import ROOT, SANDGAUGE, as_nobody, run, sandgauge
from test_lab import BOOT, KERNEL, kernel  # noqa: F401

INTENT = ROOT / "cases/intents/deny-mkdir-below.yaml"
SANDBOXES = ["none", "seccomp", "AppArmor", "Landlock", "BPF LSM", "seccomp+AppArmor"]


def pairings(document: dict, intent: str) -> dict[str, dict]:
    found = next(one for one in document["intents"] if one["id"] == intent)
    return {one["sandbox"]: one for one in found["pairings"]}


def ends(pairing: dict) -> dict[str, str]:
    """How each act ended: an errno, a signal, or done."""
    return {act["name"]: act.get("errno") or act.get("signal") or act["end"] for act in pairing["acts"]}


@pytest.fixture(scope="module")
def in_guest(kernel, tmp_path_factory):  # noqa: F811
    """Three intents on Debian's 6.1, which has all four; and one that wants another name in the record than the program's."""
    folder = tmp_path_factory.mktemp("compare")
    report = folder / "report.json"
    recording = (ROOT / "cases/intents/record-exec.yaml").read_text()
    wrong = re.sub(r'names: "{\w+}"', 'names: "{victim_name}"', recording.replace("id: record-exec", "id: wrong-name"))
    (folder / "wrong.yaml").write_text(wrong)
    ended = sandgauge("compare", "--kernel", kernel, "deny-mkdir", "deny-mkdir-below", "record-exec", folder / "wrong.yaml", "--no-cost",
                      "--format", "json", "-o", report, timeout=BOOT)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    return json.loads(report.read_text())


def test_all_four_mechanisms_are_enforced_in_the_guest(in_guest):
    seen = pairings(in_guest, "deny-mkdir")
    assert list(seen) == SANDBOXES and in_guest["kernel"].startswith("6.1.")
    assert {name: (one["fit"], ends(one)[""]) for name, one in seen.items()} == {
        "none": ("no", "done"), "seccomp": ("partly", "EPERM"), "AppArmor": ("partly", "EACCES"), "Landlock": ("yes", "EACCES"),
        "BPF LSM": ("yes", "EPERM"), "seccomp+AppArmor": ("partly", "EPERM")}
    assert all(not act["effect"] for name, one in seen.items() if name != "none" for act in one["acts"][:1])


def test_what_gets_through_is_seen(in_guest):
    seen = pairings(in_guest, "deny-mkdir")
    assert ends(seen["seccomp"])["by io_uring"] == "done" and ends(seen["seccomp"])["by the i386 entry"] == "SIGSYS"
    assert ends(seen["AppArmor"])["remove a directory"] == "EACCES"
    below = pairings(in_guest, "deny-mkdir-below")
    assert below["seccomp"]["acts"] == [] and "address of a path" in below["seccomp"]["why"]
    assert ends(below["AppArmor"])["by a bind mount"] == "done" and ends(below["BPF LSM"])["by a bind mount"] == "EPERM"
    assert ends(below["Landlock"])["mkdir beside it"] == "EACCES" and below["BPF LSM"]["fit"] == "yes"


def test_each_mechanism_leaves_its_own_record(in_guest):
    records = {name: one["acts"][0].get("record", "") for name, one in pairings(in_guest, "deny-mkdir").items() if one["acts"]}
    assert records["none"] == "" and records["seccomp"] == "audit 1326 syscall=83 sig=0 code=0x50000"
    assert records["AppArmor"].startswith('audit 1400 apparmor="DENIED" operation="mkdir" name="{scene}/in/new/"')
    assert records["BPF LSM"] == "BPF event inode_mkdir denied new"
    # The filter answers before the profile is asked.
    assert records["seccomp+AppArmor"] == records["seccomp"]


def test_a_record_of_an_execution_has_to_name_the_program(in_guest):
    seen = pairings(in_guest, "record-exec")
    assert {name: one["fit"] for name, one in seen.items()} == {
        "none": "no", "seccomp": "partly", "AppArmor": "yes", "Landlock": "no", "BPF LSM": "yes", "seccomp+AppArmor": "yes"}
    assert [act.get("record") for act in seen["BPF LSM"]["acts"]] == [
        "BPF event bprm_committed_creds other", "BPF event bprm_committed_creds other", "BPF event bprm_committed_creds program", None]
    assert seen["seccomp"]["acts"][0]["named"] is False
    assert {one["fit"] for one in pairings(in_guest, "wrong-name").values()} == {"no", "partly"}


def test_who_may_apply_them_and_who_is_rid_of_them(in_guest):
    traits = {one["sandbox"]: one for one in in_guest["sandboxes"]}
    assert {name: one["unprivileged"].split(":")[0] for name, one in traits.items()} == {
        "seccomp": "yes", "AppArmor": "no", "Landlock": "yes", "BPF LSM": "no"}
    assert all(one["lifted_inside"].startswith("no ") for one in traits.values()), traits
    assert {name: one["lifted_outside"].split()[0] for name, one in traits.items()} == {
        "seccomp": "no", "AppArmor": "yes", "Landlock": "no", "BPF LSM": "yes"}


def test_here_it_tries_what_this_machine_has_and_says_what_it_lacks(tmp_path):
    ended = sandgauge("compare", INTENT, "--no-cost", "--format", "json", env={**os.environ, "TMPDIR": str(tmp_path)})
    assert ended.code == 0, ended
    seen = pairings(json.loads(ended.out), "deny-mkdir-below")
    assert ends(seen["none"])[""] == "done" and os.listdir(tmp_path) == []
    for one in seen.values():
        assert one["fit"] != "absent" or one["trouble"]


def test_the_page_of_results_has_every_intent_and_mechanism():
    ended = run(ROOT / "ci/comparison-doc", "--check", SANDGAUGE)
    assert ended.code == 0, ended.err


def test_without_privilege_seccomp_and_landlock_still_work():
    ended = run(*as_nobody(SANDGAUGE, "compare", "deny-mkdir", "--no-cost", "--format", "json"), cwd="/",
                env={**os.environ, "TMPDIR": "/tmp"})
    assert ended.code == 0, ended
    seen = pairings(json.loads(ended.out), "deny-mkdir")
    assert ends(seen["seccomp"])[""] == "EPERM" and seen["AppArmor"]["trouble"] and seen["BPF LSM"]["trouble"]


def test_an_interrupted_comparison_leaves_nothing(tmp_path):
    started = subprocess.Popen([SANDGAUGE, "compare"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               text=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    while not os.listdir(tmp_path):
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=60)
    assert started.returncode == 3 and err == "sandgauge: interrupted by SIGINT\n" and os.listdir(tmp_path) == []


KILLED = r"""# What is left when it is killed while a profile is loaded, and while the parser is still at work.
profiles() {
  while read -r name rest; do case $name in sandgauge-*) echo "$name" ;; esac; done < /sys/kernel/security/apparmor/profiles
}
# Of sandgauge's processes and the parser's, those that have not ended.
running() {
  for stat in /proc/[0-9]*/stat; do
    read -r pid name state rest < "$stat" && case "$name $state" in *" Z") ;; "(sg-"*|"(apparmor_parser"*|"(parser"*) echo "$name" ;; esac
  done 2> /dev/null
}
fail() { echo "$1"; profiles; running; exit 1; }

sandgauge compare deny-mkdir --no-cost > /dev/null 2>&1 &
while [ -z "$(profiles)" ]; do :; done
kill -KILL $!
wait $!
while [ -n "$(running)" ]; do :; done
[ -z "$(profiles)" ] || fail "a profile is left"

mv /usr/sbin/apparmor_parser /usr/sbin/parser
printf '#!/bin/sh\necho > /started; while [ ! -e /go ]; do :; done; exec /usr/sbin/parser "$@"\n' > /usr/sbin/apparmor_parser
chmod 755 /usr/sbin/apparmor_parser
sandgauge compare deny-mkdir --no-cost > /dev/null 2>&1 &
while [ ! -e /started ]; do :; done
kill -KILL $!
wait $!
echo > /go
while [ -n "$(running)" ]; do :; done
[ -z "$(profiles)" ] || fail "a profile that a parser loaded late is left"
[ -z "$(ls /sys/fs/bpf)" ] || fail "something is pinned"
echo nothing is left
"""


def test_a_comparison_that_is_killed_leaves_no_profile_and_no_pin(kernel, tmp_path):  # noqa: F811
    (tmp_path / "killed.sh").write_text(KILLED)
    (tmp_path / "allow.yaml").write_text("default: ALLOW\n")
    ended = sandgauge("lab", "--kernel", kernel, "--file", "/usr/bin/chmod", "--file", "/usr/bin/mv", "--", "run", "--timeout", "150s",
                      "--policy", "allow.yaml", "--expect-exit", "0", "--", "/bin/sh", tmp_path / "killed.sh", cwd=tmp_path, timeout=BOOT)
    assert ended.code == 0, ended


@pytest.mark.parametrize("words, message", [
    (["no-such-intent"], "there is no intent 'no-such-intent', expected a file or one of deny-"),
    (["/no/such.yaml"], "ENOENT"),
    (["--format", "x"], "--format"),
    (["-k", "debian:x"], "expected a version"),
    (["-k", "debian:6.1", "-k", "debian:6.12"], "one --kernel at a time"),
])
def test_wrong_usage_is_refused_before_anything_is_done(words, message):
    ended = sandgauge("compare", *words)
    assert ended.code == 2 and message in ended.err and ended.out == ""


@pytest.mark.parametrize("old, new, message", [
    ("mkdirat(-100", "mkdirta(-100", "own.yaml:5:"),
    ("{in_fd}", "{in_df}", "there is no '{in_df}' in the scene, expected {in_fd}"),
    ("deny: [make_dir, refer]", "deny: [make_dri]", "Landlock has no right 'make_dri'"),
    ("seccomp:", "secomp:", "did you mean 'seccomp'"),
])
def test_a_mistake_in_an_intent_is_told_with_its_place(tmp_path, old, new, message):
    own = tmp_path / "own.yaml"
    own.write_text(INTENT.read_text().replace(old, new, 1))
    ended = sandgauge("compare", own)
    assert ended.code == 2 and message in ended.err and ended.out == "" and ended.err.count("\n") == 1, ended
