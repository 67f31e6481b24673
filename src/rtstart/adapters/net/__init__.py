"""Small clients that ask one question of a network address."""
