"""Lets `python -m rtstart` run where the script is not on the PATH."""

from rtstart.cli.app import main

if __name__ == "__main__":
    main()
