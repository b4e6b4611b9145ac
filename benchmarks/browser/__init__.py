"""From a key press to the new picture, in a real browser: the lab beside other ways to build it."""
