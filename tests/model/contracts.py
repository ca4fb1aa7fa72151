"""What the small contracts that training is tested on are made of."""

from __future__ import annotations

from longdoc.labels import parse_labels

LABELS = parse_labels(
    """
name: tiny
labels:
  - {name: Law, description: Which law governs., answer: jurisdiction}
  - {name: Made On, description: The date of the contract., answer: date}
""",
    "test",
)
STATES = ["Ohio", "Texas", "Nevada", "Utah", "Oregon", "Kansas"]
FILLER = ["The buyer pays on time.", "Notices are in writing.", "Goods are delivered on time.", "No waiver is implied."]
