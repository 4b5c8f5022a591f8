"""What we say: figures."""
