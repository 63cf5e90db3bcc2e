"""Judges what happens by rules, keeps each alert's state through restarts, and tells who watches.

It reads the aggregator's live overview, keeps its state in Redis, and records every transition through the collector as
an event. Evaluation goes on while Redis or the collector is away; without the aggregator nothing is judged, so nothing
fires or resolves.
"""
