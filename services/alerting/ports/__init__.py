"""What alerting needs from outside, and the values that cross.

Times are seconds since the Unix epoch, durations are seconds.
"""
