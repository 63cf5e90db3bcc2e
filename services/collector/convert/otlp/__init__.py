"""OTLP, OpenTelemetry's protocol: requests in protobuf or JSON to columns, outcomes to its answers."""
