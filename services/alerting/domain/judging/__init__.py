"""What rules are judged by, and when: on intake, on schedule, and by replay. Every driver tells one book."""
