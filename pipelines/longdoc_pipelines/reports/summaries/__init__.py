"""Reports of summaries: a page and a Word file."""
