"""One use case a file: a sequence of steps that a user would recognise. Nothing prints here."""
