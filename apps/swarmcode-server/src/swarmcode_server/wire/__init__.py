"""What goes over the wire: OpenAI's requests, answers and events, and nothing of the engine."""
