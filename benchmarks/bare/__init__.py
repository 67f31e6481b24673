"""The least page that does the same on aiortc alone: the peer of first_sound."""
