"""Words of all documents: numbers, names, sentences, languages."""
