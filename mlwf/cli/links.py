"""`mlwf links`: the addresses under which a published copy of this project opens, and badges for them."""

import html
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import click

BINDER = "https://mybinder.org"
FORGE = "https://github.com"
NOTEBOOK = "notebooks/constraint_tax.ipynb"
BADGE = f"{BINDER}/badge_logo.svg"
# What GitHub lets an owner and a repository be called.
OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?")
NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
# What git refuses in the name of a branch; a slash is fine between two parts.
BAD_IN_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|^[-/.]|[/.]$|\.lock(?:/|$)|^@$")


@dataclass(frozen=True)
class Link:
    """One way in.

    Attributes
    ----------
    title : str
        What is behind it, in words that can stand on a page.
    url : str
    badge : str or None
        The address of a picture to click.
    """

    title: str
    url: str
    badge: str | None = None


def repository(_ctx: click.Context, _param: click.Parameter, text: str) -> tuple[str, str]:
    """Take OWNER/REPO apart; raises `click.BadParameter` for anything else."""
    owner, slash, name = text.removesuffix(".git").partition("/")
    if not (slash and OWNER.fullmatch(owner) and NAME.fullmatch(name)):
        raise click.BadParameter(f"{text!r} is not OWNER/REPO, such as ada/constraint-tax on GitHub.")
    return owner, name


def branch_name(_ctx: click.Context, _param: click.Parameter, text: str) -> str:
    """Return the name of a branch, tag or commit; raises `click.BadParameter` for what git would not take for one."""
    if not text or BAD_IN_BRANCH.search(text):
        raise click.BadParameter(f"{text!r} can't be the name of a branch, tag or commit.")
    return text


def web_address(_ctx: click.Context, _param: click.Parameter, text: str | None) -> str | None:
    """Return an address; raises `click.BadParameter` for what is none."""
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or re.search(r"[\s\"'<>\\]", text) or "@" in parts.netloc or parts.query or parts.fragment:
        raise click.BadParameter(f"{text!r} is not an address like https://hub.example.org, without ? and #.")
    return text.replace("(", "%28").replace(")", "%29")  # they would end a link in Markdown


def settings_query(_ctx: click.Context, _param: click.Parameter, text: str | None) -> str:
    """Return the settings of a link as a query, safely written; raises `click.BadParameter` if they are none."""
    try:
        pairs = parse_qsl((text or "").lstrip("?"), keep_blank_values=True, strict_parsing=True) if text else []
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not of the form 'decay=0.99&small_cycle=12'.") from error
    return f"?{urlencode(pairs)}" if pairs else ""


def links(owner: str, name: str, branch: str, hub: str | None, site: str | None, settings: str) -> dict[str, Link]:
    """Return all ways in, by a short name."""
    binder = f"{BINDER}/v2/gh/{owner}/{name}/{quote(branch)}?"
    found = {
        "lab": Link(
            "Open the lab in JupyterLab on Binder",
            binder + urlencode({"urlpath": f"lab/tree/{NOTEBOOK}{settings}"}),
            BADGE,
        ),
        "page": Link(
            "Open the lab as a page on Binder",
            binder + urlencode({"urlpath": f"voila/render/{NOTEBOOK}{settings}"}),
            BADGE,
        ),
    }
    if hub:
        pull = {"repo": f"{FORGE}/{owner}/{name}", "branch": branch, "urlpath": f"lab/tree/{name}/{NOTEBOOK}{settings}"}
        found["hub"] = Link(
            "Open the lab on our JupyterHub", f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(pull)}"
        )
    if site:
        found["reader"] = Link("Read and play on a page of its own", site + settings)
    return found


def _as_text(found: dict[str, Link]) -> str:
    return "\n".join(f"{link.title}\n  {link.url}" for link in found.values())


def _as_markdown(found: dict[str, Link]) -> str:
    # In a picture's words, brackets would end it; ours have none.
    return "\n".join(
        f"[![{link.title}]({link.badge})]({link.url})" if link.badge else f"[{link.title}]({link.url})"
        for link in found.values()
    )


def _as_html(found: dict[str, Link]) -> str:
    rows = []
    for link in found.values():
        title, url = html.escape(link.title), html.escape(link.url)
        inside = f'<img src="{html.escape(link.badge)}" alt="{title}">' if link.badge else title
        rows.append(f'<a href="{url}">{inside}</a>')
    return "\n".join(rows)


FORMATS: dict[str, Callable[[dict[str, Link]], str]] = {"text": _as_text, "markdown": _as_markdown, "html": _as_html}


@click.command("links")
@click.argument("repo", metavar="OWNER/REPO", callback=repository)
@click.option(
    "--branch",
    default="main",
    show_default=True,
    callback=branch_name,
    help="Or a tag or commit, to open the same for ever.",
)
@click.option(
    "--hub",
    metavar="URL",
    callback=web_address,
    help="A JupyterHub that has nbgitpuller, for a link that copies the lab there.",
)
@click.option("--site", metavar="URL", callback=web_address, help="Where the page for readers is published.")
@click.option(
    "--settings",
    metavar="QUERY",
    callback=settings_query,
    help="Open the lab with these settings, as the lab's own link has them.",
)
@click.option(
    "--format",
    "written",
    type=click.Choice([*FORMATS]),
    default="text",
    show_default=True,
    help="Badges are in the last two.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
def links_command(
    repo: tuple[str, str], branch: str, hub: str | None, site: str | None, settings: str, written: str, as_json: bool
) -> None:
    """Links that open the lab from a copy of this project on GitHub, OWNER/REPO.

    On Binder the lab opens in JupyterLab, or as a page without code; nobody needs an account. With --hub there is a link for
    students of a JupyterHub, with --site one for readers.

    \b
    Example: mlwf links ada/constraint-tax --format markdown
    Example: mlwf links ada/constraint-tax --settings 'decay=0.99&small_cycle=12'
    """
    found = links(*repo, branch, hub, site, settings)
    click.echo(json.dumps({name: asdict(link) for name, link in found.items()}) if as_json else FORMATS[written](found))
