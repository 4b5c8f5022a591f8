"""The catalogue: each measure and each curve declared once, without its formula."""
