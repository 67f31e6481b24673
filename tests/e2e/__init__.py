"""The whole, as a user meets it: the installed wheel, a real browser, real sound."""
