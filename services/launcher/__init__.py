"""`binnacle`: the whole suite on one machine, and the commands around it."""
