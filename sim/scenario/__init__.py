"""What was asked, and the cited numbers it rests on."""
