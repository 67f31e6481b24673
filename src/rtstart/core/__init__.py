"""Decisions without input, output, clock or chance; time and chance come in as arguments."""
