"""Words in, words out: options are parsed here and events are shown here. No step of work."""
