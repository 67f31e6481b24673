"""Tests of the app. They need no key and no network; some need `rtstart` or Chrome, and say so."""
