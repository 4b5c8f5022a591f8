"""The page over time: charts, what is known of the days, days that changed most."""
