"""`python -m longdoc`: the command line."""

from longdoc.cli import main

if __name__ == "__main__":
    main()
