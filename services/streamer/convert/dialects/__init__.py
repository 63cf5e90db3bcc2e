"""What sockets of other dashboards say and understand: words alone, what is followed is the hub's."""
