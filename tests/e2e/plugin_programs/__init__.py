"""Small Pulumi programs for the tests of the stand-in plugins, and what runs them under the real engine."""
