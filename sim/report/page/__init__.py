"""The page of a run, a comparison, or a case with own sites: one HTML file, without a script."""
