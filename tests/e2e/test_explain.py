"""`sandgauge explain` as a user calls it."""
import json
import re

import cbpf
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


def test_a_backend_that_is_named_twice_is_explained_once(policy):
    ended = sandgauge("explain", policy, "read", "--backend", "bpf,libseccomp,bpf,libseccomp:1", "--format", "json")
    explained = json.loads(ended.out, object_pairs_hook=lambda pairs: pairs and (len(pairs) == len(dict(pairs)) or pytest.fail("a key twice")) and dict(pairs))
    assert [backend["name"] for backend in explained["backends"]] == ["bpf", "libseccomp:1"]


ALLOW, LOAD, RET, NR, ARG0, ARG0_HIGH, ARG2 = cbpf.ALLOW, 0x20, 0x06, 0, 16, 20, 32
FILTERS = {
    "returns A": [(LOAD, 0, 0, NR), (0x15, 0, 1, 63), (RET, 0, 0, 0x50001), (LOAD, 0, 0, ARG0), (0x16, 0, 0, 0)],
    "divides by an argument": [(LOAD, 0, 0, ARG0), (0x07, 0, 0, 0), (0x00, 0, 0, 100), (0x3C, 0, 0, 0), (0x25, 0, 1, 10),
                               (RET, 0, 0, ALLOW), (RET, 0, 0, 0x50002)],
    "divides by X of 0": [(0x01, 0, 0, 0), (LOAD, 0, 0, NR), (0x15, 0, 2, 1), (0x3C, 0, 0, 0), (RET, 0, 0, ALLOW),
                          (RET, 0, 0, 0x7FFC0000)],
    "its length": [(0x80, 0, 0, 0), (0x15, 0, 4, 64), (0x81, 0, 0, 0), (0x87, 0, 0, 0), (0x15, 0, 1, 64), (RET, 0, 0, ALLOW),
                   (RET, 0, 0, 0)],
    "scratch memory": [(LOAD, 0, 0, NR), (0x02, 0, 0, 3), (LOAD, 0, 0, ARG2), (0x02, 0, 0, 15), (0x60, 0, 0, 3), (0x15, 0, 4, 0),
                       (0x61, 0, 0, 15), (0x87, 0, 0, 0), (0x25, 0, 1, 5), (RET, 0, 0, 0x50003), (RET, 0, 0, ALLOW)],
    "X of memory": [(0x01, 0, 0, 7), (0x03, 0, 0, 0), (LOAD, 0, 0, NR), (0x1D, 0, 1, 0), (RET, 0, 0, 0x50007), (0x60, 0, 0, 0),
                    (0x2C, 0, 0, 0), (0x15, 0, 1, 49), (RET, 0, 0, ALLOW), (RET, 0, 0, 0)],
    "shifts": [(LOAD, 0, 0, NR), (0x64, 0, 0, 1), (0x15, 0, 1, 126), (RET, 0, 0, 0x50001), (LOAD, 0, 0, ARG0), (0x07, 0, 0, 0),
               (0x00, 0, 0, 1), (0x6C, 0, 0, 0), (0x15, 0, 1, 1), (RET, 0, 0, 0x50002), (RET, 0, 0, ALLOW)],
    "jumps": [(0x05, 0, 0, 1), (RET, 0, 0, 0), (LOAD, 0, 0, NR), (0x05, 0, 0, 0), (0x15, 0, 1, 9), (0x05, 0, 0, 2),
              (LOAD, 0, 0, ARG0_HIGH), (0x45, 1, 1, 4), (RET, 0, 0, 0), (RET, 0, 0, ALLOW)],
    "return values": [(LOAD, 0, 0, NR), (0x15, 0, 1, 1), (RET, 0, 0, ALLOW | 5), (0x15, 0, 1, 2), (RET, 0, 0, 0x12345678),
                      (0x15, 0, 1, 4), (RET, 0, 0, 0x7FC00000), (0x35, 0, 1, 300), (RET, 0, 0, 0x7FF00007), (RET, 0, 0, ALLOW)],
    "masks": [(LOAD, 0, 0, NR), (0x54, 0, 0, 0x3F), (0x15, 0, 1, 0x27), (RET, 0, 0, 0x50001), (LOAD, 0, 0, ARG0),
              (0x54, 0, 0, 0xF0), (0x35, 0, 3, 0x20), (LOAD, 0, 0, ARG0_HIGH), (0x25, 0, 1, 0xFFFFFFFE), (RET, 0, 0, 0x30000),
              (RET, 0, 0, ALLOW)],
    "arithmetic": [(LOAD, 0, 0, ARG0), (0xA4, 0, 0, 0x55), (0x15, 0, 1, 0x55), (RET, 0, 0, 0x50001), (0x04, 0, 0, 1), (0x84, 0, 0, 0),
                   (0x14, 0, 0, 2), (0x24, 0, 0, 3), (0x74, 0, 0, 3), (0x25, 0, 1, 50), (RET, 0, 0, 0x50002), (RET, 0, 0, ALLOW)],
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_handwritten_filter_is_explained_as_an_emulator_runs_it(name, tmp_path):
    program = FILTERS[name]
    path = tmp_path / "filter.hex"
    path.write_text(cbpf.hexadecimal(program))
    ended = sandgauge("explain", path, "--format", "json")
    assert ended.code == 0, ended.err
    halves = sorted({0, 1, 0xFFFFFFFF} | {(k + more) & 0xFFFFFFFF for _, _, _, k in program for more in (-1, 0, 1)})
    arch = {"x86_64": 0xC000003E, "i386": 0x40000003}
    for call in json.loads(ended.out)["calls"]:
        if call["abi"] not in arch or call["number"] > 320:  # every kernel with a bitmap has these
            continue
        cost = call["backends"]["cbpf"]
        value, count = cbpf.run(program, call["number"], arch[call["abi"]], [0] * 6)
        assert (count, cbpf.words(value)) == (cost["instructions"], cost["actions"][0]), call
        assert cost["bitmap_hit"] == cbpf.always_allowed(program, call["number"], arch[call["abi"]]), call
        if cost["worst"]:
            args = [int(text, 0) for text in re.search(r"\((.*)\)", cost["worst"]).group(1).split(", ") if text]
            assert cbpf.run(program, call["number"], arch[call["abi"]], args + [0] * (6 - len(args)))[1] == cost["most"], call
        if call["number"] > 64:
            continue
        for low in halves:
            for high in (0, 4, 0xFFFFFFFF) if call["abi"] == "x86_64" else (0,):
                argument = high << 32 | low
                value, count = cbpf.run(program, call["number"], arch[call["abi"]], [argument, 0, argument, 0, 0, 0])
                assert cost["least"] <= count <= cost["most"], (call, argument)
                assert not cost["exact"] or cbpf.words(value) in cost["actions"], (call, argument)


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
