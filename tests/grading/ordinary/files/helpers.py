"""Conversions."""


def celsius(fahrenheit):
    """Convert degrees."""
    return (fahrenheit - 32) * 5 / 9
