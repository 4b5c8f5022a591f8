"""How numbers and labels are said."""
