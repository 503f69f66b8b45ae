"""Tests of the stand-in Zendesk, and what other tests need around it."""
