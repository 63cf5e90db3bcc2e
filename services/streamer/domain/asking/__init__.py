"""Questions in words, by a small grammar over what a tenant has sent.

Each reader takes the words that it knows the meaning of; what nobody takes was not understood, and is said.
"""
