"""The servicers: a request in, the domain asked, an answer out."""
