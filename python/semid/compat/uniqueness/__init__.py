"""Unique IDs by counters."""
