"""Fits the fast judge: sentences from public data and of our own -> the arrays in plugin/judge/model."""
