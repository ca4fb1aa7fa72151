"""Its place makes pytest put tests/ on the path, so that test modules can import helpers that lie here."""
