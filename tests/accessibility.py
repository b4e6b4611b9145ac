"""What keeps somebody from using a page, as far as a machine can tell."""

import json
from importlib.resources import files

from playwright.sync_api import Page

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
#: WCAG 2.1 A and AA, without axe's own advice on how a whole page should be built.
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")


def violations(page: Page, within: str = "html", rules: tuple[str, ...] = ()) -> list[str]:
    """What axe finds within an element; against all of its rules unless only some are named."""
    page.evaluate(AXE + ";0")
    options = {"resultTypes": ["violations"]} | ({"runOnly": [*rules]} if rules else {})
    found = page.evaluate("([within, options]) => axe.run({include: [[within]]}, options)", [within, options])
    return [
        f"{violation['id']}: {node['html'][:200]} {json.dumps(node['any'][:1])[:300]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
