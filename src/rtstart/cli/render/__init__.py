"""Renderers: functions from events to what a person or a program reads."""
