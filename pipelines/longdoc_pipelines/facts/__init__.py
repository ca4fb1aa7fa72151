"""Key facts: what a person looks up first in a contract, a filing or a paper, each with the place that says it."""
