"""The page of the HTML report: its markup, styles and script, and what it is given to show of the sources."""
