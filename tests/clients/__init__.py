"""The official clients, as they are published, against the emulator."""
