"""Attention over long contexts: one file a pattern, each with its paper, and "longdoc" as an attn_implementation of transformers.

Importing this module registers the latter; nothing else of longdoc has an effect when it is imported.
"""

from longdoc.attention.function import register

register()
