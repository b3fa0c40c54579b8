"""What a change would do to data, running tasks, permissions and routing: a preview, judged."""
