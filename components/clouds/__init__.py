"""What a cloud can be asked for, and one folder for each cloud's answers."""
