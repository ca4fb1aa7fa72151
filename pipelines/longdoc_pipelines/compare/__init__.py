"""Two versions of a document side by side: what was added, removed, moved and changed, with the place in each."""

from longdoc_pipelines.compare.differences import compare

__all__ = ["compare"]
