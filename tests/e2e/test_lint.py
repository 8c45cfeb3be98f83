"""ci/lint and ci/check-includes find what they are there for; ci/tally adds up right."""
import shutil

import pytest
from conftest import ROOT, run

CLEAN = {"harness/base/slot.h": "#pragma once\n\n#include <cstdint>\n",
         "harness/model/noun.h": '#pragma once\n\n#include "base/slot.h"\n',
         "harness/judge/verb.cc": '#include "model/noun.h"\n'}


@pytest.fixture
def tree(tmp_path):
    """A function that writes files over a clean tree and gives its root."""
    def write(files: dict[str, str]):
        shutil.copy(ROOT / ".clang-format", tmp_path)
        for name, text in (CLEAN | files).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path
    return write


def lint(root):
    return run(ROOT / "ci/lint", root)


def test_clean_tree_passes(tree):
    ended = lint(tree({}))
    assert (ended.code, ended.out, ended.err) == (0, "", "")


@pytest.mark.parametrize("file, include, fault", [
    ("harness/base/a.h", '"model/noun.h"', 'base may not include "model/noun.h"'),
    ("harness/model/a.h", '"judge/verb.h"', 'model may not include "judge/verb.h"'),
    ("harness/judge/a.cc", '"report/verb.h"', 'judge may not include "report/verb.h"'),
    ("harness/report/a.cc", '"app/main.h"', 'report may not include "app/main.h"'),
    ("harness/evaluate/a.cc", '"probe/raw_call.h"', 'evaluate may not include "probe/raw_call.h"'),
    ("cases/programs/a.cc", '"judge/verb.h"', 'cases may not include "judge/verb.h"'),
    ("harness/judge/a.cc", '"judge/gone.h"', "there is no harness/judge/gone.h; a quoted name starts at harness/"),
    ("harness/judge/a.cc", '"verb.h"', "there is no harness/verb.h; a quoted name starts at harness/"),
    ("harness/evaluate/a.cc", "<seccomp.h>", "evaluate may not include <seccomp.h>"),
    ("harness/judge/a.cc", "<yaml.h>", "judge may not include <yaml.h>"),
    ("harness/judge/a.cc", "<nlohmann/json.hpp>", "judge may not include <nlohmann/json.hpp>"),
    ("harness/report/a.cc", "<CLI/CLI.hpp>", "report may not include <CLI/CLI.hpp>"),
    ("harness/judge/a.cc", "<gtest/gtest.h>", "judge may not include <gtest/gtest.h>"),
    ("harness/judge/a.cc", "<boost/any.hpp>", "judge may not include <boost/any.hpp>"),
    ("cases/programs/a.cc", "<fmt/format.h>", "cases may not include <fmt/format.h>"),
])
def test_include_against_the_rules_fails(tree, file, include, fault):
    root = tree({"harness/judge/verb.h": "", "harness/report/verb.h": "", "harness/app/main.h": "",
                 "harness/probe/raw_call.h": "", file: f"#include {include}\n"})
    ended = lint(root)
    assert (ended.code, ended.out) == (1, f"{file}:1: {fault}\n")


@pytest.mark.parametrize("file, include", [
    ("harness/app/a.cc", '"judge/verb.h"'), ("harness/app/a.cc", "<CLI/CLI.hpp>"),
    ("harness/judge/a.cc", '"judge/verb.h"'), ("harness/judge/a.cc", "<fmt/format.h>"),
    ("harness/compile/a.cc", "<seccomp.h>"), ("harness/policy/a.cc", "<yaml.h>"),
    ("harness/report/a.cc", "<nlohmann/json.hpp>"), ("harness/execute/a.cc", '"probe/raw_call.h"'),
    ("cases/programs/a.cc", '"probe/raw_call.h"'), ("tests/unit/judge/a_test.cc", '"judge/verb.h"'),
    ("tests/unit/judge/a_test.cc", "<gtest/gtest.h>"), ("bench/a_bench.cc", "<benchmark/benchmark.h>"),
    ("harness/judge/a.cc", "<sys/wait.h>"), ("harness/judge/a.cc", "<linux/seccomp.h>"),
])
def test_include_within_the_rules_passes(tree, file, include):
    root = tree({"harness/judge/verb.h": "", "harness/probe/raw_call.h": "", file: f"#include {include}\n"})
    ended = lint(root)
    assert (ended.code, ended.out) == (0, "")


@pytest.mark.parametrize("name, lines, code", [("a.h", 199, 0), ("a.h", 200, 1), ("a.cc", 399, 0), ("a.cc", 400, 1)])
def test_long_files_fail(tree, name, lines, code):
    ended = lint(tree({f"harness/judge/{name}": "//\n" * lines}))
    assert ended.code == code
    assert ("too long" in ended.out) == bool(code)


def test_bad_format_fails_and_the_other_checks_are_still_made(tree):
    ended = lint(tree({"harness/judge/a.cc": "int   a;\n", "harness/judge/b.cc": "#include <seccomp.h>\n"}))
    assert ended.code == 1
    assert "harness/judge/a.cc:1:" in ended.err and "harness/judge/b.cc:1:" in ended.out


def test_tree_without_sources_is_an_error(tmp_path):
    assert lint(tmp_path).code == 2


def test_this_tree_keeps_the_include_rules():
    ended = run(ROOT / "ci/check-includes")
    assert (ended.code, ended.out) == (0, "")


def tally(folder, ctest: dict[str, str], **pytests: list[str]):
    def write(name, outcomes):
        cases = "".join(f'<testcase name="{test}">{f"<{mark}/>" if mark else ""}</testcase>' for test, mark in outcomes)
        (folder / f"{name}.xml").write_text(f"<testsuite>{cases}</testsuite>")
    write("ctest", ctest.items())
    for name, marks in pytests.items():
        write(name, [(f"case{at}", mark) for at, mark in enumerate(marks)])
    ended = run(ROOT / "ci/tally", folder)
    return ended.code, ended.out


def test_tally_sums_unit_tests_and_the_tests_inside_pytest(tmp_path):
    assert tally(tmp_path, {"a": "", "b": "skipped", "e2e: test_x": ""}, test_x=["", "", "skipped"]) == (
        0, "3 passed, 0 failed, 2 skipped\n")


def test_tally_fails_on_a_failure_inside_pytest(tmp_path):
    assert tally(tmp_path, {"a": "", "e2e: test_x": "failure"}, test_x=["", "failure", "error"]) == (
        1, "2 passed, 2 failed, 0 skipped\n")


def test_tally_counts_a_pytest_that_left_no_results_as_failed(tmp_path):
    assert tally(tmp_path, {"a": "", "e2e: test_x": "failure"}) == (1, "1 passed, 1 failed, 0 skipped\n")
    assert tally(tmp_path, {"a": "", "e2e: test_x": ""}) == (1, "1 passed, 1 failed, 0 skipped\n")


def test_tally_of_nothing_fails(tmp_path):
    assert tally(tmp_path, {}) == (1, "0 passed, 0 failed, 0 skipped\n")
    assert run(ROOT / "ci/tally", tmp_path / "absent").code == 1


def test_two_types_of_one_name_fail(tree):
    root = tree({"harness/judge/a.h": "struct Finding {\n  int line;\n};\n", "harness/report/b.h": "class Finding {\n  int line;\n};\n"})
    ended = lint(root)
    assert (ended.code, ended.out) == (1, "harness/report/b.h:1: a second type 'Finding', the first is harness/judge/a.h:1\n")


def test_types_of_one_name_in_unnamed_namespaces_pass(tree):
    hidden = "namespace {\n\nstruct Row {\n  int line;\n};\n\n}  // namespace\n"
    ended = lint(tree({"harness/judge/a.cc": hidden, "harness/judge/b.cc": hidden, "harness/report/c.h": "struct Row;\n"}))
    assert (ended.code, ended.out) == (0, "")
