"""What holds alerts back from people: silences and inhibitions."""
