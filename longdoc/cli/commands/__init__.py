"""All commands, in the order in which the help lists them."""

from longdoc.cli.app import app
from longdoc.cli.commands import bench, compare, config, corpus, doctor, find, ingest, playbook, read, review, show, train

__all__ = ["app", "bench", "compare", "config", "corpus", "doctor", "find", "ingest", "playbook", "read", "review", "show", "train"]
