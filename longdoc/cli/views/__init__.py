"""How each command's results look as records, as a table and as Markdown."""
