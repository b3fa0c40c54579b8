"""Small shapes, each drawn with lines in a square of 16: told apart without colours, and the same everywhere."""

from collections.abc import Mapping
from typing import Final

ICONS: Final[Mapping[str, str]] = {
    "postgres": "M2.5 4c0-1.4 2.5-2.5 5.5-2.5s5.5 1.1 5.5 2.5-2.5 2.5-5.5 2.5S2.5 5.4 2.5 4zv8c0 1.4 2.5 "
    "2.5 5.5 2.5s5.5-1.1 5.5-2.5V4M2.5 8c0 1.4 2.5 2.5 5.5 2.5s5.5-1.1 5.5-2.5",
    "pooler": "M1.5 3.5h4l3 4.5h6M1.5 12.5h4l3-4.5M1.5 8h6",
    "redis": "M8 1.5l6.5 3L8 7.5l-6.5-3zM1.5 8L8 11l6.5-3M1.5 11.5L8 14.5l6.5-3",
    "bucket": "M2 3.5h12l-1.5 11h-9zM2 3.5c0-1 2.7-2 6-2s6 1 6 2",
    "internet": "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13zM1.5 8h13M8 1.5c2 1.8 3 4 3 6.5s-1 4.7-3 "
    "6.5c-2-1.8-3-4-3-6.5s1-4.7 3-6.5z",
    "further": "M8 2v12M2 8h12M3.5 3.5l9 9M12.5 3.5l-9 9",
    "ingress": "M6.5 2.5h7v11h-7M1.5 8h8M6.5 5l3 3-3 3",
    "monitoring": "M1.5 9.5h3l2-6 3 9 2-5h3",
    "setup": "M8 5.3a2.7 2.7 0 1 1 0 5.4a2.7 2.7 0 1 1 0-5.4zM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 "
    "3.4l1.4 1.4M11.2 11.2l1.4 1.4M3.4 12.6l1.4-1.4M11.2 4.8l1.4-1.4",
    "keda": "M2 14V9M6 14V6M10 14V3.5M14 14V1.5",
}
"""Paths of SVG."""
