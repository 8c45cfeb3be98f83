"""What the end-to-end tests share: where the programs are, how they are run, and filters to run them under.

The programs come from $SANDGAUGE, the path of the built binary (ctest sets it), or from build/.
"""
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SANDGAUGE = Path(os.environ.get("SANDGAUGE", ROOT / "build/sandgauge"))
PROGRAMS = SANDGAUGE.parent / "programs"


@dataclass
class Ended:
    """How a command ended. `code` is negative for a death by that signal."""
    code: int
    out: str
    err: str


def run(*command, timeout: float = 60, **options) -> Ended:
    """Runs a command without stdin; fails the test by TimeoutExpired if it does not end. Bytes that are no UTF-8 show as \\x.."""
    options.setdefault("stdin", subprocess.DEVNULL)
    ended = subprocess.run([str(word) for word in command], capture_output=True, timeout=timeout, text=True,
                           errors="backslashreplace", check=False, **options)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def sandgauge(*arguments, **options) -> Ended:
    return run(SANDGAUGE, *arguments, **options)


def as_nobody(*command) -> list[str]:
    """The command line that runs a command as the user nobody, without groups or capabilities. Needs root."""
    if os.geteuid() != 0:
        pytest.skip("only root can become nobody")
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    if subprocess.run([*become, "test", "-x", SANDGAUGE], check=False).returncode != 0:
        pytest.skip(f"nobody may not enter the folder of {SANDGAUGE}")
    return [*become, *(str(word) for word in command)]


@pytest.fixture
def public_path():
    """A folder that every user may read. Those of pytest's tmp_path are closed to others by each pytest that starts beside it."""
    with tempfile.TemporaryDirectory(prefix="sandgauge-test-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)
