"""The installed wheel, used in a folder that holds nothing but one document: python try_wheel.py DOCUMENT."""

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import longdoc
from longdoc import Pipeline
from longdoc.labels import shipped

COMMAND = Path(sys.executable).with_name("longdoc")


def run(*arguments: str) -> str:
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"longdoc {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def main(document: str) -> None:
    package = Path(longdoc.__file__).parent
    if Path(sys.prefix) not in package.parents:
        sys.exit(f"longdoc was imported from {package}, not from the wheel")
    if run("--version").split()[-1] != longdoc.__version__:
        sys.exit("longdoc --version is not the package's version")
    if shipped() != ["cuad", "filing", "paper"]:
        sys.exit(f"label sets in the wheel: {shipped()}")
    for part in ("py.typed", "model/weights/cuad.safetensors", "model/weights/MODEL_CARD.md"):
        if not resources.files("longdoc").joinpath(part).is_file():
            sys.exit(f"the wheel lacks longdoc/{part}")
    lines = [json.loads(line) for line in run("extract", document, "--format", "jsonl").splitlines()]
    if not any(line["label"] == "Governing Law" for line in lines):
        sys.exit("no governing law was found in the example")
    with Pipeline() as pipeline:
        text = pipeline.document(document).text
    wrong = [line for line in lines if text[line["start"] : line["end"]] != line["text"]]
    if wrong:
        sys.exit(f"{len(wrong)} of {len(lines)} citations are not exact: {wrong[0]}")
    print(f"wheel: {len(lines)} clauses of {document}, all exact")


if __name__ == "__main__":
    main(sys.argv[1])
