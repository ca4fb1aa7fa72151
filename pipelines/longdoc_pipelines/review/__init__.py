"""Documents against a playbook: a verdict for every rule, each with what it rests on."""
