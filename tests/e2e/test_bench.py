"""`sandgauge bench` as a user calls it. No verdict here depends on a time: a machine that is too uneven for a run is told so."""
import html.parser
import json
import os
import re
import shutil
import signal
import subprocess

import pytest
from conftest import SANDGAUGE, as_nobody, run, sandgauge

PROFILE = """default: ALLOW
rules:
  - {syscalls: [uname], action: ERRNO(EPERM)}
  - {syscalls: [futex], action: ERRNO(EACCES), when: ["arg1 == 99"]}
  - {syscalls: [getsid], action: TRAP}
  - {syscalls: [getcwd], action: KILL_PROCESS}
  - {syscalls: [exit], action: ERRNO(EPERM)}
"""
STRACE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 90.00    0.000900           0     10000           read
 10.00    0.000100           1       500         3 futex
  0.00    0.000000           0         1           nosuchcall
------ ----------- ----------- --------- --------- ----------------
100.00    0.001000                 10501         3 total
"""
MEASURED = (0, 3)  # 3: the run was measured and found invalid


@pytest.fixture(scope="module")
def standard(tmp_path_factory):
    """A short standard report, as JSON."""
    path = tmp_path_factory.mktemp("bench") / "run.json"
    ended = sandgauge("bench", "--budget", "1s", "--format", "json", "-o", path, timeout=120)
    assert ended.code in MEASURED, ended.err
    assert ended.code == 0 or "the run is invalid: " in ended.err
    return path


@pytest.fixture
def valid(standard, tmp_path):
    """The same, as if its controls had been what they should be."""
    json_run = json.loads(standard.read_text())
    json_run["invalid"] = ""
    path = tmp_path / "valid.json"
    path.write_text(json.dumps(json_run))
    return path


@pytest.fixture
def profile(tmp_path):
    path = tmp_path / "profile.yaml"
    path.write_text(PROFILE)
    return path


def row(path, name):
    return next(each for each in json.loads(path.read_text())["rows"] if each["id"] == name)


def test_the_standard_report_has_its_rows_and_says_where_it_ran(standard):
    report = json.loads(standard.read_text())
    assert report["schema"] == "sandgauge.bench/1" and report["rounds"] >= 7
    ids = {each["id"] for each in report["rows"]}
    for wanted in ("getppid/none", "getppid/A/A control", "getppid/allow-all x16", "getppid/argument rule x4", "getppid/ERRNO(EPERM)",
                   "getppid/TRAP with a handler", "getppid/TRACE, same CPU", "getppid/NOTIFY, same CPU", "getppid/LOG",
                   "open+close/Landlock x16", "mkdir+rmdir/allow-all", "uname/none", "getuid/none", "install/1 instruction",
                   "install/300 rules, libseccomp:2", "process/fork, filter, call and death by KILL_PROCESS"):
        assert wanted in ids
    assert {"kernel", "cpu", "hypervisor", "mitigations", "jit", "lsm", "audit", "libseccomp", "pmu",
            "store bypass under a filter"} <= set(report["environment"])


def test_each_measured_row_keeps_its_samples_and_an_interval_around_their_median(standard):
    for each in json.loads(standard.read_text())["rows"]:
        if each["problem"]:
            continue
        samples = sorted(sample for sample in each["samples_ns"] if sample is not None)
        middle = (samples[(len(samples) - 1) // 2] + samples[len(samples) // 2]) / 2
        assert each["cost_ns"]["median"] == pytest.approx(middle)
        assert each["cost_ns"]["low"] <= middle <= each["cost_ns"]["high"]
        assert each["batch"] >= 1


def test_hits_and_misses_are_predicted(standard):
    assert row(standard, "getppid/allow-all x16")["bitmap_hit"]
    argument = row(standard, "getppid/argument rule x4")
    assert not argument["bitmap_hit"] and argument["instructions"] == 20 and argument["filters"] == 4


def test_text_and_markdown_name_every_row_and_no_negative_cost(valid):
    report = json.loads(valid.read_text())
    for form in ("text", "markdown"):
        ended = sandgauge("bench", "--from", valid, "--format", form)
        assert ended.code == 0, ended.err
        for each in report["rows"]:
            assert each["condition"].replace("_", "\\_" if form == "markdown" else "_") in ended.out
    text = sandgauge("bench", "--from", valid).out
    costs = re.findall(r"^  (?!A/A).*? [\d.]+ [num]?s +(-[\d.]+ [num]?s)", text, re.M)
    assert costs == []


def test_google_benchmarks_compare_reads_the_run(valid, tmp_path):
    out = tmp_path / "google.json"
    assert sandgauge("bench", "--from", valid, "--format", "google", "-o", out).code == 0
    benchmarks = json.loads(out.read_text())["benchmarks"]
    for each in benchmarks:
        assert {"name", "run_name", "run_type", "real_time", "cpu_time", "time_unit", "iterations"} <= set(each)
    tool = next((path for path in ("/usr/share/benchmark/compare.py", "/usr/share/benchmark/tools/compare.py")
                 if os.path.exists(path)), None)
    if tool is None or run("/usr/bin/python3", "-c", "import scipy, numpy").code != 0:
        pytest.skip("compare.py of libbenchmark-tools is not installed")
    ended = run("/usr/bin/python3", tool, "--no-color", "benchmarks", out, out, timeout=120)
    assert ended.code == 0, ended.err
    assert "getppid/none" in ended.out


class Marks(html.parser.HTMLParser):
    """Every element of a page that carries a row's numbers, and everything that a page could load."""

    def __init__(self):
        super().__init__()
        self.rows, self.cells, self.loads, self.ids = [], {}, [], set()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if "data-row" in given:
            self.rows.append((given["data-row"], *(float(given[f"data-{key}"]) for key in ("median", "low", "high"))))
        if "data-call" in given:
            self.cells[given["data-call"]] = float(given["data-ns"])
        if tag == "svg" and given.get("id"):
            self.ids.add(given["id"])
        self.loads += [value for key, value in given.items() if key in ("src", "href")] + [tag] * (tag in ("script", "link"))


def check_page(text, path):
    report = json.loads(path.read_text())
    marks = Marks()
    marks.feed(text)
    assert marks.loads == []
    by_id = {each["id"]: each for each in report["rows"]}
    for name, *values in marks.rows:
        numbers = by_id[name]["extra_ns" if by_id[name]["baseline"] else "cost_ns"]
        assert values == pytest.approx([numbers["median"], numbers["low"], numbers["high"]], abs=0.001)
    drawn = {name for name, *_ in marks.rows}
    assert drawn == {each["id"] for each in report["rows"] if not each["problem"] and (each["baseline"] or each["group"] in ("install", "process"))}
    assert {"depth", "length"} <= marks.ids
    return marks


def test_the_page_holds_the_numbers_of_the_json_and_loads_nothing(valid):
    check_page(sandgauge("bench", "--from", valid, "--format", "html").out, valid)


def test_a_browser_shows_the_page_without_scrolling_sideways(valid, tmp_path):
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("chromium is not installed")
    page = tmp_path / "page.html"
    text = sandgauge("bench", "--from", valid, "--format", "html").out
    probe = ("<script>onload=()=>{let w=[...document.querySelectorAll('svg')].filter(s=>s.getBoundingClientRect().width<10).length;"
             "document.title=`wide ${document.documentElement.scrollWidth-document.documentElement.clientWidth} tiny ${w}`}</script></body>")
    page.write_text(text.replace("</body>", probe))
    for width in (500, 1200):  # headless Chromium makes no window narrower than 500
        ended = run(browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/chromium",
                    f"--window-size={width},900", "--dump-dom", page.as_uri(), timeout=120)
        assert "<title>wide 0 tiny 0</title>" in ended.out, ended.err[-500:]
    check_page(re.sub(r"<script>.*?</script>", "", ended.out), valid)


def test_a_profile_is_measured_and_its_calls_are_verified(profile, tmp_path):
    weights = tmp_path / "strace.txt"
    weights.write_text(STRACE)
    out = tmp_path / "profile.json"
    ended = sandgauge("bench", "--policy", profile, "--calls", "read,futex,uname,getsid,getcwd,exit", "--weights", weights, "--budget", "1s",
                      "--format", "json", "-o", out, timeout=120)
    assert ended.code in MEASURED, ended.err
    assert row(out, "read/under the profile")["problem"] == ""
    assert row(out, "uname/under the profile")["note"].startswith("ERRNO(EPERM), made as uname(")
    assert row(out, "getsid/under the profile")["problem"] == ""
    assert row(out, "getcwd/under the profile")["problem"] == "the filter killed the process (SIGSYS)"
    assert not row(out, "futex/under the profile")["bitmap_hit"]
    report = json.loads(out.read_text())
    workload = report["workload"][0]
    assert workload["calls"] == 10500 and workload["unknown"] == ["nosuchcall"]
    assert workload["total_s"] == pytest.approx(sum(workload[part] for part in ("entry_s", "misses_s", "instructions_s", "trips_s")))
    page = sandgauge("bench", "--from", out, "--format", "html").out
    assert check_page(page, out).cells["futex"] == pytest.approx(
        next(cell["modelled_ns"] for cell in report["strip"] if cell["name"] == "futex"), abs=0.001)


def test_a_profile_that_kills_everything_has_no_times_and_says_why(tmp_path):
    path = tmp_path / "kill.yaml"
    path.write_text("default: KILL_PROCESS\n")
    ended = sandgauge("bench", "--policy", path, "--calls", "read,write", "--budget", "1s", timeout=120)
    assert ended.code in MEASURED
    assert ended.out.count("not measured: the filter killed the process (SIGSYS)") == 2


def test_the_gate_says_both_numbers_and_fails_only_for_what_is_slower(valid, tmp_path):
    same = sandgauge("bench", "--from", valid, "--baseline", valid)
    assert same.code == 0 and "regressions: 0, missing: 0" in same.out
    old = json.loads(valid.read_text())
    for each in old["rows"]:
        if each["id"] == "getppid/allow-all x1":
            each["samples_ns"] = [sample and sample / 10 for sample in each["samples_ns"]]
    before = tmp_path / "before.json"
    before.write_text(json.dumps(old))
    ended = sandgauge("bench", "--from", valid, "--baseline", before, "--max-regression", "50%")
    assert ended.code == 1
    assert re.search(r"regression: getppid/allow-all x1 was [\d.]+ times its baseline row, is [\d.]+: \+", ended.err)
    assert ended.err.count("regression: ") == 1


def changed(path, tmp_path, **fields):
    report = json.loads(path.read_text())
    for key, value in fields.items():
        report[key] = {**report[key], **value} if isinstance(value, dict) else value
    other = tmp_path / "other.json"
    other.write_text(json.dumps(report))
    return other


def test_baselines_that_cannot_be_compared_are_refused(valid, tmp_path):
    for fields, message in [
        ({"environment": {"cpu": "Z80"}}, 'another machine: its cpu is "Z80"'),
        ({"rows": []}, "no row of the baseline is in this run"),
        ({"invalid": "x"}, "not a valid run: x"),
        ({"schema": "other"}, "expected the schema sandgauge.bench/1"),
        ({"rounds": "many"}, "rounds: expected a whole number"),
    ]:
        ended = sandgauge("bench", "--from", valid, "--baseline", changed(valid, tmp_path, **fields))
        assert ended.code == 2 and ended.out == "" and message in ended.err, ended.err
    text = tmp_path / "text"
    text.write_text("hello")
    assert "it is not JSON" in sandgauge("bench", "--from", valid, "--baseline", text).err
    text.write_text("[" * 100_000)
    assert sandgauge("bench", "--from", text).code == 2


def test_a_place_that_cannot_be_written_is_said_before_anything_is_measured():
    ended = sandgauge("bench", "--budget", "600s", "-o", "/nonexistent/report", timeout=60)
    assert ended.code == 3 and "/nonexistent/report" in ended.err


def test_a_workload_that_the_profile_kills_is_not_priced(tmp_path):
    profile = tmp_path / "p.yaml"
    profile.write_text("default: KILL_PROCESS\nrules: [{syscalls: [getppid], action: ALLOW}]\n")
    weights = tmp_path / "table"
    weights.write_text("% time     seconds  usecs/call     calls    errors syscall\n"
                       "------ ----------- ----------- --------- --------- ----------------\n"
                       " 50.00    0.000010           1      1000           read\n"
                       " 50.00    0.000010           1      1000           getppid\n"
                       "------ ----------- ----------- --------- --------- ----------------\n"
                       "100.00    0.000020           1      2000           total\n")
    ended = sandgauge("bench", "--policy", profile, "--weights", weights, "--budget", "2s", "--format", "json", timeout=120)
    report = json.loads(ended.out)
    ids = [row["id"] for row in report["rows"]]
    assert len(ids) == len(set(ids)) and "getppid, once more/under the profile" in ids
    killed = next(row for row in report["rows"] if row["id"] == "read/under the profile")
    assert killed["problem"] and killed["cost_ns"] is None and killed["extra_ns"] is None
    assert report["workload"][0]["deadly"] == ["read"] and report["workload"][0]["calls"] == 1000
    said = any("does not survive the profile: read ends it" in found for found in report["findings"])
    assert said or report["invalid"]  # a machine that is too busy gives no findings


def test_rows_that_are_missing_are_named(valid, tmp_path):
    report = json.loads(valid.read_text())
    report["rows"] = [each for each in report["rows"] if each["id"] != "getppid/ERRNO(EPERM)"]
    fewer = tmp_path / "fewer.json"
    fewer.write_text(json.dumps(report))
    ended = sandgauge("bench", "--from", fewer, "--baseline", valid)
    assert ended.code == 1 and "missing: getppid/ERRNO(EPERM): not in this run" in ended.err


@pytest.mark.parametrize("words, message", [
    (("--cpu", "999"), "may not run on CPU 999"),
    (("--budget", "0"), "--budget"),
    (("--max-regression", "5"), "expected a percentage"),
    (("--max-regression", "5%"), "needs --baseline"),
    (("--calls", "read"), "add --policy FILE"),
    (("--baseline", "/nonexistent"), "/nonexistent: cannot open it"),
    (("--baseline", ""), "--baseline"),
    (("--max-regression", ""), "--max-regression"),
    (("--from", "x", "--weights", "y"), "leave out --policy, --calls, --weights"),
    (("--policy", "/nonexistent"), "/nonexistent"),
    (("--format", "xml"), "--format"),
    (("--policy", "{profile}", "--calls", "raed"), "did you mean 'read'?"),
    (("--policy", "{profile}", "--calls", "reboot"), "no harmless way to make reboot is known"),
    (("--policy", "{profile}", "--weights", "{profile}"), "no table of strace -c"),
])
def test_wrong_words_are_one_clear_error(profile, words, message):
    ended = sandgauge("bench", *(word.format(profile=profile) for word in words))
    assert ended.code == 2 and ended.out == ""
    assert message in ended.err and ended.err.count("\n") <= 2, ended.err


def test_a_signal_ends_the_measuring_with_a_report():
    process = subprocess.Popen([SANDGAUGE, "bench", "--budget", "60s"], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    while not os.path.exists(f"/proc/{process.pid}/task/{process.pid}/children") or not open(
            f"/proc/{process.pid}/task/{process.pid}/children").read():
        pass  # until its first sample
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3 and "interrupted" in err


def test_nobody_can_measure_too():
    ended = run(*as_nobody(SANDGAUGE, "bench", "--budget", "1s"), timeout=120)
    assert ended.code in MEASURED, ended.err
    assert "getppid" in ended.out
