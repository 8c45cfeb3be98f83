"""Profiles in the formats that people have them in: run, converted, compared, looked over."""
import json
from pathlib import Path

import pytest
from conftest import PROGRAMS, ROOT, sandgauge

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
