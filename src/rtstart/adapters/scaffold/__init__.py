"""Making an app: where templates lie, rendering, git, installing."""
