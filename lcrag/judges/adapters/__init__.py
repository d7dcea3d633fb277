"""What makes our reader and embedder those of another library; each module is imported when it is used."""
