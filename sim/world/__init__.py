"""The world at t = 0: providers, businesses, operators and the target, as frozen columns."""
