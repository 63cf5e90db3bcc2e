"""Judges what happens by rules, keeps each alert's state through restarts, and tells who watches.

Of several processes one leads: it judges, keeps the state in Redis, and records every transition through the collector
as an event. The others answer from what it keeps, and one takes over when it ends. Judging goes on while Redis or the
collector is away; without the aggregator nothing is judged, so nothing fires or resolves but for rules that say so.
"""
