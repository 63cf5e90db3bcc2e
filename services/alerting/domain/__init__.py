"""Rules and their state: pure, but for the tasks that carry it in and out."""
