"""`sandgauge matrix`: one command on several kernels."""
import json

import pytest
from conftest import sandgauge
from test_lab import BOOT, kernel  # noqa: F401


def test_two_kernels_become_two_columns(kernel, tmp_path):  # noqa: F811
    ended = sandgauge("matrix", "--here", "-k", kernel, "--format", "json", "-o", tmp_path / "matrix.json", "--", "run", "actions",
                      "--filter", "uname/*", timeout=BOOT)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    matrix = json.loads((tmp_path / "matrix.json").read_text())
    assert matrix["kernels"][1]["release"].startswith("6.1.") and all(len(row["cells"]) == 2 for row in matrix["rows"])
    assert {cell["word"] for row in matrix["rows"] for cell in row["cells"]} <= {"PASS", "SKIP"} and matrix["rows"]


def test_a_kernel_that_gives_nothing_is_a_broken_column(tmp_path):
    (tmp_path / "bzImage").write_bytes(b"x" * 1000)
    ended = sandgauge("matrix", "--here", "-k", tmp_path / "bzImage", "--", "run", "actions", "--filter", "uname/*", timeout=BOOT)
    assert ended.code == 3 and "BROKEN: " in ended.out and "is no kernel for x86" in ended.err


@pytest.mark.parametrize("words, message", [
    (["--", "run"], "expected --kernel"),
    (["-k", "debian:6.1"], "expected a sandgauge command"),
    (["-k", "debian:6.1", "--", "explain", "x"], "expected run or check"),
    (["-k", "debian:6.1", "--", "run", "-o", "x"], "leave out its --format"),
    (["-k", "debian:6.1", "--format", "x", "--", "run"], "--format"),
])
def test_wrong_usage_is_refused(words, message):
    ended = sandgauge("matrix", *words)
    assert ended.code == 2 and message in ended.err
