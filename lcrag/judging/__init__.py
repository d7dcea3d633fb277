"""Scoring by models: verdicts that survive a kill, what they cost, how far a judge can be trusted."""
