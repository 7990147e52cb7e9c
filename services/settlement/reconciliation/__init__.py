"""Bank statements against the book: lines matched, items left open, each with its age."""
