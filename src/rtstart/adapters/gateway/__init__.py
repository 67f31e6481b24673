"""The one origin that browsers and tunnels meet: routes, access, probes."""
