"""How a router becomes a file, and what a file may hold."""
