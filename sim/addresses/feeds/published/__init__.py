"""JSON as providers and authorities publish it: range files, lists of objects, records of polls."""
