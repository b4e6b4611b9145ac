"""What is fast here, and against what."""
