"""Reports of a review. Each takes the reviews of documents one by one and writes them where it was told to, whole or not at all.

A report is made with its target and `Heading`, is given every Review with `add`, and `finish` with the `Closing` makes it appear under its
name; `discard` removes what was written before that. None holds more than it must: a folder may have ten thousand documents.
"""
