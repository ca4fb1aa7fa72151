"""Playbooks: rules that documents are reviewed by, as YAML files."""

from __future__ import annotations

from longdoc_pipelines.playbook.loading import Loaded, check, load_playbook, shipped
from longdoc_pipelines.playbook.problems import Problem
from longdoc_pipelines.playbook.schema import Playbook, Rule, json_schema

__all__ = ["Loaded", "Playbook", "Problem", "Rule", "check", "json_schema", "load_playbook", "shipped"]
