"""The gRPC faces of the streamer."""
