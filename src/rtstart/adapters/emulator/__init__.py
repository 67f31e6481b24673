"""The Realtime API on this machine: HTTP, WebSocket and WebRTC around core.realtime."""
