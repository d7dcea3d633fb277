"""What several strategies are made of: no strategy stands here."""
