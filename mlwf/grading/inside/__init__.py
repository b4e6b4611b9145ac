"""What runs inside the walls: a zygote, and for each submission a fork of it that gives up its rights and runs cells.

Nothing in here holds a secret, and nothing that comes out of here is believed as more than an answer.
"""
