"""What we say: figures, the page, documents, and the words of all of them."""
