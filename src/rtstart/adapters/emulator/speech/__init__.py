"""Speech on this machine, both ways: what `rtstart[speech]` brings.

eSpeak NG speaks (its library is GPL-3.0-or-later, from the package espeakng-loader) and
PocketSphinx listens (BSD-2-Clause, with its English model). Both are loaded only when they are
asked for, and neither is part of rtstart.
"""
