"""What happens: the discrete-event simulation of one strategy in one replicate."""
