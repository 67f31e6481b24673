"""A voice app: a page that talks with a model of the OpenAI Realtime API, and its server."""
