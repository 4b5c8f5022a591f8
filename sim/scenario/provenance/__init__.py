"""What every value rests on."""
