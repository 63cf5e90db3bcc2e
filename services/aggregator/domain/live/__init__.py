"""What is happening now, from memory."""
