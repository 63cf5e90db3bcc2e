"""Frames to and from the wire: protobuf, the JSON dialect of the dashboard socket, Prometheus text."""
