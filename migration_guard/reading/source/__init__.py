"""A Python file as libcst parses it: where each node, comment and call stands. Knows nothing of directives."""
