"""`sandgauge run conformance`: the suite passes here, its data are complete, its page is current."""
import json
import re
import subprocess

from conftest import ROOT, SANDGAUGE, as_nobody, run, sandgauge

CLOSING = re.compile(r"(\d+) passed, 0 failed, 0 broken, (\d+) skipped$")


def test_the_suite_passes_here():
    ended = sandgauge("run", "conformance", timeout=120)
    assert CLOSING.search(ended.out.rstrip()), ended.out
    assert ended.code == 0


def test_the_suite_passes_as_an_ordinary_user():
    ended = run(*as_nobody("env", "TMPDIR=/tmp", SANDGAUGE, "run", "conformance"), timeout=120)
    assert CLOSING.search(ended.out.rstrip()), ended.out


def test_every_case_says_what_it_promises_why_and_who_says_so():
    cases = json.loads(sandgauge("run", "--list", "--format", "json", "conformance").out)["cases"]
    assert len(cases) >= 250
    assert [case["id"] for case in cases if not (case["title"] and case["why"] and case["source"])] == []


def test_the_page_about_it_is_current():
    ended = run(ROOT / "ci/conformance-doc", "--check", SANDGAUGE)
    assert ended.code == 0, ended.err


def test_the_checks_and_filters_of_a_scenario_are_mutated():
    listed = sandgauge("run", "--list", "kill").out.splitlines()
    ended = sandgauge("run", "--mutate", "--filter", listed[0], "kill", timeout=60)
    assert ended.code == 0 and re.search(r"[1-9]\d* mutants, [1-9]\d* noticed, 0 survived", ended.out)


def test_two_runs_at_once_leave_each_others_audit_records_alone():
    # Some of these cases change which actions the whole machine logs, others count the records.
    runs = [subprocess.Popen([SANDGAUGE, "run", "--repeat", "2", "--jobs", "1", "log-audit", "calls"], text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) for _ in range(2)]
    for each in runs:
        out, _ = each.communicate(timeout=120)
        assert CLOSING.search(out.rstrip()), out
