/** What a call needs of the way to the API: straight by WebRTC or WebSocket, or by way of our server. */
