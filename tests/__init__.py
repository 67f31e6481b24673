"""Tests of rtstart."""
