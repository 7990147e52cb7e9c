"""The four services. They never import each other; facts pass as events, questions over HTTP."""
