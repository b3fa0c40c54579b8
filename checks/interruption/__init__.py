"""What becomes of running tasks when nodes and pods must go."""
