"""`sandgauge lab`: commands on another kernel, in a real virtual machine, and what goes wrong on the way there.

The kernel is Debian's 6.1. It is fetched once into the cache (XDG_CACHE_HOME or ~/.cache); a machine that has neither it nor a
mirror skips these tests.
"""
import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from conftest import SANDGAUGE, as_nobody, run, sandgauge

KERNEL = "debian:6.1"
BOOT = 200  # seconds, on a machine that is busy with other tests


@pytest.fixture(scope="module")
def kernel():
    """The path of the image; the tests below may also boot it as a file."""
    if shutil.which("qemu-system-x86_64") is None:
        pytest.skip("there is no qemu-system-x86_64")
    listed = json.loads(sandgauge("lab", "list", "--json", timeout=BOOT).out or '{"cached": []}')
    if KERNEL not in [one["name"] for one in listed["cached"]]:
        fetched = sandgauge("lab", "fetch", KERNEL, timeout=BOOT)
        if fetched.code != 0:
            pytest.skip(f"{KERNEL} is not in the cache and cannot be fetched: {fetched.err}")
        listed = json.loads(sandgauge("lab", "list", "--json").out)
    return next(one["image"] for one in listed["cached"] if one["name"] == KERNEL)


def test_cases_run_on_the_other_kernel_and_the_report_comes_back(kernel, tmp_path):
    case = tmp_path / "own.yaml"
    case.write_text("suite: own\nname: denied\nprogram: uname\npolicy: {default: ALLOW, rules: [{syscalls: [uname], action: ERRNO(EPERM)}]}\n"
                    "expect: {exit: 2, stderr: \"uname failed: Operation not permitted\\n\", stdout: \"ID: {uid}\\n\"}\n")
    ended = sandgauge("lab", "-k", KERNEL, "--", "run", "own.yaml", "--format", "json", "-o", "report.json", cwd=tmp_path, timeout=BOOT)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["kernel"].startswith("6.1.") and report["totals"]["passed"] == 1
    assert sorted(os.listdir(tmp_path)) == ["own.yaml", "report.json"]


def test_a_mismatch_there_is_a_mismatch_here(kernel):
    ended = sandgauge("lab", "-k", kernel, "--", "run", "--expect-exit", "3", "--", "exit-with", "4", timeout=BOOT)
    assert ended.code == 1 and "4" in ended.out


def test_a_kernel_that_panics_is_broken_with_its_last_words(kernel, tmp_path):
    ended = sandgauge("lab", "-k", kernel, "--append", "rdinit=/no/such/init", "--", "run", timeout=BOOT,
                      env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)})
    assert ended.code == 3 and "BROKEN: the kernel panicked: Kernel panic - not syncing" in ended.err
    log = ended.err.splitlines()[-1].removeprefix("All of it: ")
    assert log.startswith(str(tmp_path)) and "Kernel panic" in open(log).read()


def test_a_guest_that_does_not_end_is_ended(kernel):
    ended = sandgauge("lab", "-k", kernel, "--timeout", "1s", "--", "run", timeout=BOOT)
    assert ended.code == 3 and "BROKEN: the command did not end within 1 s" in ended.err


def guest_of(parent: int) -> str | None:
    """The process of the virtual machine that a lab has started."""
    listed = run("ps", "-o", "pid=,comm=", "--ppid", parent).out.splitlines()
    return next((line.split()[0] for line in listed if "qemu-system" in line), None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_the_guest(kernel, tmp_path, number):
    lab = subprocess.Popen([SANDGAUGE, "lab", "-k", kernel, "--", "run"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    guest = None
    while guest is None:  # until qemu itself runs
        guest = guest_of(lab.pid)
        time.sleep(0.01)
    lab.send_signal(number)
    _, err = lab.communicate(timeout=60)
    if number != signal.SIGKILL:
        assert lab.returncode == 3 and f"interrupted by {number.name}" in err
    while os.path.exists(f"/proc/{guest}") and "zombie" not in open(f"/proc/{guest}/status").read():
        time.sleep(0.01)


def test_a_reader_that_goes_away_ends_the_guest(kernel, tmp_path):
    ended = run("sh", "-c", f"{SANDGAUGE} lab -k {kernel} -- run --list --format json | head -n 1", timeout=BOOT,
                env={**os.environ, "TMPDIR": str(tmp_path)})
    assert ended.out == "{\n" and os.listdir(tmp_path) == [] and "interrupted by SIGPIPE" in ended.err


def test_a_kernel_that_is_none_is_refused(tmp_path):
    (tmp_path / "bzImage").write_bytes(b"x" * 100_000)
    (tmp_path / "cut.deb").write_bytes(b"!<arch>\n" + b"x" * 100)
    for name, words in (("bzImage", "is no kernel for x86"), ("missing", "ENOENT"), ("cut.deb", "cannot unpack")):
        ended = sandgauge("lab", "-k", tmp_path / name, "--", "run")
        assert ended.code == 3 and words in ended.err and ended.err.count("\n") == 1, ended


FAKE_QEMU = """#!/usr/bin/python3
# A machine that boots nothing: it says what a guest's init would, and the guests wait for each other. The first to be
# started prints only when the last has ended.
import os, signal, struct, sys, time
from pathlib import Path

PLACE = Path({place!r})


def frame(kind, text):
    os.write(4, kind + struct.pack("<I", len(text)) + text.encode())


def wait_for(condition):
    while not condition():
        time.sleep(0.01)


me = Path(sys.argv[sys.argv.index("-kernel") + 1]).name
frame(b"R", "1.2.3")
frame(b"O", me + " begins\\n")
(PLACE / f"{{me}}.began").touch()
wait_for(lambda: len(list(PLACE.glob("*.began"))) == {guests})
{act}
"""


def fake_lab(tmp_path, guests: int, act: str, *words) -> list[str]:
    """The command line of a lab with kernels k0, k1, ... that boots each in a machine of the above."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    program = bin_folder / "qemu-system-x86_64"
    program.write_text(FAKE_QEMU.format(place=str(tmp_path), guests=guests, act=act))
    program.chmod(0o755)
    for number in range(guests):
        (tmp_path / f"k{number}").write_bytes(bytes(0x202) + b"HdrS")
    kernels = [word for number in range(guests) for word in ("-k", tmp_path / f"k{number}")]
    return [str(word) for word in [SANDGAUGE, "lab", "--jobs", guests, "--timeout", "60s", *kernels, *words, "--", "run", "--list"]]


def fake_environment(tmp_path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(tmp_path)}


def test_kernels_run_side_by_side_and_are_told_whole_and_in_order(tmp_path):
    # Of three that all begin before one ends, k1 fails; k0 ends last.
    act = """if me == "k0":
    wait_for(lambda: len(list(PLACE.glob("*.done"))) == 2)
(PLACE / f"{me}.done").touch()
if me == "k1":
    os.write(2, b"the machine broke\\n")
    sys.exit(1)
frame(b"E", me + " complains\\n")
frame(b"O", me + " ends\\n")
frame(b"X", "256" if me == "k2" else "0")
time.sleep(600)"""
    ended = run(*fake_lab(tmp_path, 3, act), env=fake_environment(tmp_path), timeout=BOOT)
    told = [f"== {tmp_path}/k{number}\nk{number} begins\n" + ("" if number == 1 else f"k{number} ends\n") for number in range(3)]
    assert ended.out == "".join(told), ended
    assert ended.err == f"k0 complains\nsandgauge: {tmp_path}/k1: BROKEN: the machine broke\nk2 complains\n"
    assert ended.code == 3  # k1's; k2's is 1


def test_fewer_jobs_than_kernels_run_one_after_another(tmp_path):
    act = """assert len(list(PLACE.glob("*.began"))) == len(list(PLACE.glob("*.done"))) + 1
(PLACE / f"{me}.done").touch()
frame(b"X", "0")
time.sleep(600)"""
    words = fake_lab(tmp_path, 2, act)
    words[words.index("--jobs") + 1] = "1"
    program = tmp_path / "bin/qemu-system-x86_64"
    program.write_text(program.read_text().replace("== 2)", ">= 1)"))
    ended = run(*words, env=fake_environment(tmp_path), timeout=BOOT)
    assert (ended.code, ended.err) == (0, ""), ended


def test_an_interrupt_ends_all_guests(tmp_path):
    lab = subprocess.Popen(fake_lab(tmp_path, 2, "(PLACE / f'{os.getpid()}.pid').touch()\ntime.sleep(600)"),
                           env=fake_environment(tmp_path), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True)
    while len(list(tmp_path.glob("*.pid"))) < 2:
        time.sleep(0.01)
    lab.send_signal(signal.SIGINT)
    _, err = lab.communicate(timeout=BOOT)
    assert lab.returncode == 3 and err.count("BROKEN: interrupted by SIGINT") == 2
    assert [path for path in tmp_path.glob("*.pid") if os.path.exists(f"/proc/{path.stem}")] == []


def test_complaints_that_nobody_reads_do_not_abort_it(tmp_path):
    words = fake_lab(tmp_path, 2, 'os.write(2, b"broke\\n")\nsys.exit(1)')
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write) as closed:
        ended = subprocess.run(words, env=fake_environment(tmp_path), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=closed,
                               timeout=BOOT, check=False)
    assert ended.returncode == 3


def test_a_kernel_that_is_not_there_does_not_keep_the_others(tmp_path):
    words = fake_lab(tmp_path, 2, 'frame(b"X", "0")\ntime.sleep(600)')
    (tmp_path / "k0").unlink()
    (tmp_path / "k0.began").touch()
    ended = run(*words, env=fake_environment(tmp_path), timeout=BOOT)
    assert ended.code == 3 and "k0: ENOENT" in ended.err and ended.out.endswith("k1 begins\n"), ended


@pytest.mark.parametrize("words, message", [
    (["--kernel", "debian:6.1"], "expected a sandgauge command"),
    (["--", "run"], "expected --kernel"),
    (["--kernel", "debian:x", "--", "run"], "expected a version"),
    (["--kernel", "debian:6.1", "--", "run", "--jobs", "x"], "--jobs"),
    (["--kernel", "debian:6.1", "--", "walk"], "unknown command"),
    (["--kernel", "debian:6.1", "--", "lab", "list"], "lab does not run in a guest"),
    (["--kernel", "debian:6.1", "--memory", "1", "--", "run"], "--memory"),
    (["--kernel", "debian:6.1", "--jobs", "0", "--", "run"], "--jobs"),
    (["--kernel", "debian:6.1", "-k", "debian:5.10", "--", "run", "-o", "x"], "several kernels"),
    (["fetch", "/boot/vmlinuz"], "expected debian:"),
])
def test_wrong_usage_is_refused_before_anything_is_done(words, message):
    ended = sandgauge("lab", *words)
    assert ended.code == 2 and message in ended.err and ended.out == ""


def test_without_qemu_it_says_what_to_install(kernel, tmp_path):
    ended = sandgauge("lab", "-k", kernel, "--", "run", env={**os.environ, "PATH": str(tmp_path)})
    assert ended.code == 3 and "install qemu-system-x86" in ended.err


def test_without_a_mirror_fetching_fails_and_leaves_no_kernel(tmp_path):
    nowhere = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    ended = sandgauge("lab", "fetch", KERNEL, env=nowhere, timeout=BOOT)
    assert ended.code == 3 and "apt could not read" in ended.err
    assert os.listdir(tmp_path / "sandgauge/kernels") == []


def test_a_full_cache_is_named_and_left_without_half_a_kernel(kernel, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "sandgauge"
    script = f"""mount -t tmpfs -o size=512k none {tmp_path} && {SANDGAUGE} lab fetch {KERNEL}; code=$?
                 ls {folder}/kernels; exit $code"""
    ended = run("unshare", "--mount", "sh", "-c", script, env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)}, timeout=BOOT)
    assert ended.code == 3 and ended.out == "" and f"no space in the cache {folder}" in ended.err, ended


def test_an_unprivileged_user_boots_a_guest_too(kernel, public_path):
    readable = public_path / "vmlinuz"
    shutil.copy(kernel, readable)
    readable.chmod(0o644)
    words = as_nobody(SANDGAUGE, "lab", "-k", readable, "--", "run", "actions", "--filter", "uname/*", "--format", "tap")
    ended = run(*words, cwd="/", env={**os.environ, "HOME": "/nonexistent", "TMPDIR": "/tmp"}, timeout=BOOT)
    assert ended.code == 0 and "TAP version" in ended.out, ended
