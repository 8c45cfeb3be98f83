"""`sandgauge explain` as a user calls it."""
import json
import re

import pytest
from conftest import ROOT, sandgauge

POLICY = """default: ALLOW
architectures: [x86_64, i386]
rules:
  - {syscalls: [uname], action: ERRNO(EPERM)}
  - {syscalls: [socket], action: ERRNO(EACCES), when: ["arg0 == 16"]}
"""


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


def test_the_text_has_findings_backends_calls_and_listings(policy):
    ended = sandgauge("explain", policy)
    assert ended.code == 0 and ended.err == ""
    assert "socket is allowed but misses the bitmap: argument rule" in ended.out
    assert re.search(r"uname \(63\) +ERRNO\(EPERM\) ", ended.out)
    for backend in ("bpf", "libseccomp:1", "libseccomp:2"):
        assert f"Listing of {backend}\n" in ended.out


def test_json_counts_what_an_emulator_of_its_own_counts(policy):
    """The listing itself is executed here, for every call of two ABIs with all arguments 0."""
    explained = json.loads(sandgauge("explain", policy, "--format", "json").out)
    assert explained["schema"] == "sandgauge.explain/1"
    arch = {"x86_64": 0xC000003E, "i386": 0x40000003}
    for backend in explained["backends"]:
        steps = [re.match(r" *(?:L\d+:)? +(\d+)  (\w+) +([^;]*?) *(?:;.*)?$", line).groups() for line in backend["listing"]]
        for call in explained["calls"]:
            if call["abi"] not in arch:
                continue
            at = count = a = 0
            while True:
                _, word, operands = steps[at]
                count += 1
                if word == "ld":
                    a = {"arch": arch[call["abi"]], "nr": call["number"]}.get(operands, 0)
                    at += 1
                elif word == "ret":
                    break
                elif word == "ja":
                    at = int(operands[1:])
                else:
                    k, yes, no = operands.split(", ")
                    holds = {"jeq": a == int(k, 0), "jge": a >= int(k, 0), "jgt": a > int(k, 0), "jset": a & int(k, 0) != 0}[word]
                    at = int((yes if holds else no)[1:])
            assert call["backends"][backend["name"]]["instructions"] == count, call


def test_one_call_with_arguments_shows_its_way(policy):
    ended = sandgauge("explain", policy, "socket(16)", "--backend", "bpf")
    assert "ERRNO(EACCES)" in ended.out and "or ALLOW" not in ended.out
    assert re.search(r"^> .* ret  0x0005000d +; ERRNO\(EACCES\): rule 2$", ended.out, re.M)


def test_a_filter_as_it_is(tmp_path):
    path = tmp_path / "filter.c"
    path.write_text("{ 0x20, 0, 0, 0 }, { 0x15, 0, 1, 63 }, { 0x06, 0, 0, 0x00050001 }, { 0x06, 0, 0, 0x7fff0000 },\n")
    ended = sandgauge("explain", path)
    assert ended.code == 0, ended.err
    assert "Listing of cbpf" in ended.out and re.search(r"uname \(63\) +ERRNO\(EPERM\) +3 ", ended.out)
    path.write_text("{ 0x20, 0, 0, 3 }, { 0x06, 0, 0, 0x7fff0000 },\n")
    ended = sandgauge("explain", path)
    assert ended.code == 2 and "the kernel would not load it: instruction 0: load from offset 3" in ended.err


def test_a_profile_of_a_container_runtime():
    ended = sandgauge("explain", ROOT / "tests/profiles/container.json", "--show", "summary", "--backend", "bpf")
    assert ended.code == 0 and "personality is allowed but misses the bitmap: argument rule" in ended.out


def test_parts_and_output(policy, tmp_path):
    out = tmp_path / "out.txt"
    ended = sandgauge("explain", policy, "--show", "summary", "-o", out)
    assert ended.code == 0 and ended.out == ""
    assert "Findings" in out.read_text() and "Listing" not in out.read_text()


@pytest.mark.parametrize("words, message", [
    (("no-such-file",), "no-such-file: cannot open it"),
    (("{policy}", "unmae"), "did you mean 'uname'?"),
    (("{policy}", 'open("x")'), "argument 0 is a text"),
    (("{policy}", "--backend", "llvm"), "unknown backend 'llvm'"),
    (("{policy}", "--format", "xml"), "--format"),
    ((), "POLICY is required"),
])
def test_wrong_words_are_one_clear_error(policy, words, message):
    ended = sandgauge("explain", *(word.format(policy=policy) for word in words))
    assert ended.code == 2 and ended.out == ""
    assert message in ended.err and ended.err.count("\n") <= 2


def test_a_closed_pipe_is_an_error_and_no_death(policy):
    import subprocess
    from conftest import SANDGAUGE
    ended = subprocess.run(["bash", "-c", f"'{SANDGAUGE}' explain '{policy}' | true; exit ${{PIPESTATUS[0]}}"],
                           capture_output=True, text=True, check=False)
    assert ended.returncode in (0, 3)
