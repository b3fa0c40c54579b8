"""What a stack file may say: sections, value types, the loader and its errors. No resource is made here.

A value goes one way: `Pulumi.<stack>.yaml`, then `load()`, then a frozen `StackConfig`. Nothing else in the program
reads Pulumi's configuration, the environment or the stack's name.
"""

from config.errors import ConfigError, Problem
from config.load import StackConfig, load, parse, read_stack_file
from config.sections import StackSettings

__all__ = ["ConfigError", "Problem", "StackConfig", "StackSettings", "load", "parse", "read_stack_file"]
