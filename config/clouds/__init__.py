"""What a stack file may say about its cloud: one folder each, and nothing outside of them knows a cloud by name."""
