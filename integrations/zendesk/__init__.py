"""Zendesk as an inbox: not there yet; the folder keeps its place."""
