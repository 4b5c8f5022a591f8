"""What can be measured: each measure and each curve declared once, without its formula."""
