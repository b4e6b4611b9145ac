"""What a student chooses in the lab, on a page in a browser or without one."""

# Of somebody who gets all predictions wrong and all reflections right.
ANSWERS = {
    "cost": "10x",
    "failure": "requirement",
    "strategy": "small",
    "crossing": "week20",
    "battery": "hardware",
    "rate": "decay",
}
