"""Tests of longdoc.ingest."""
