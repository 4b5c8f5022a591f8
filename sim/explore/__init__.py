"""What is played with: a page on this computer that answers while levers are moved."""
