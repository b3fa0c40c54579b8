"""The picture as one SVG: laid out here, since nothing else does it where it is shown."""
