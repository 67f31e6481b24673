"""Ways to a public or LAN address. Providers never import one another."""
