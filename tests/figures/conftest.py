"""``pytest tests/figures --refresh-pictures`` takes the pictures as they are now for right; review them as a diff."""


def pytest_addoption(parser):
    parser.addoption("--refresh-pictures", action="store_true", help="write tests/figures/baseline/ anew")
