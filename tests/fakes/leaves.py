"""A plug-in that ends the program which imports it."""

import sys

sys.exit(7)
