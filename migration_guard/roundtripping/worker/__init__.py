"""The process in which the project's code runs, what is said to it and by it, and the fence around it."""
