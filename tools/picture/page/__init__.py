"""The picture as one HTML page, which the browser lays out."""
