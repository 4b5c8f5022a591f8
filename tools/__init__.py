"""What contributors run in a clone: pages made from declarations, and checks of a contribution."""
