"""The Realtime API as pure types and machines: messages, session, turns, tokens."""
