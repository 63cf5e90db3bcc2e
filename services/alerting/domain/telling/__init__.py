"""Telling people of incidents: whom, when, how often, and that it arrives."""
