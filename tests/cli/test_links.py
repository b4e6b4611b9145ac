"""`mlwf links`: the addresses, as a browser and a server would read them."""

import json
from html.parser import HTMLParser
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import mistune
import pytest

from mlwf.cli import main

NOTEBOOK = "notebooks/constraint_tax.ipynb"


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["links", *arguments])
    out, err = capsys.readouterr()
    return ended.value.code or 0, out, err


def found(capsys, *arguments: str) -> dict[str, str]:
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    return {name: link["url"] for name, link in json.loads(out).items()}


def test_binder_is_told_repository_branch_and_what_to_open(capsys):
    """Do the two links name the copy, and lead to the lab in JupyterLab and as a page?"""
    links = found(capsys, "ada/constraint-tax", "--branch", "autumn/2026+fix")
    assert [*links] == ["lab", "page"]
    for name, opened in (("lab", f"lab/tree/{NOTEBOOK}"), ("page", f"voila/render/{NOTEBOOK}")):
        parts = urlsplit(links[name])
        assert (parts.scheme, parts.netloc) == ("https", "mybinder.org")
        assert unquote(parts.path) == "/v2/gh/ada/constraint-tax/autumn/2026+fix"
        assert parse_qs(parts.query) == {"urlpath": [opened]}


def test_settings_reach_the_lab_through_two_layers(capsys):
    """Are the lab's settings still whole when Binder, the hub or a page has read its own part of the address?"""
    settings = "decay=0.99&small_cycle=12&context=a+b%26c"
    wanted = [("decay", "0.99"), ("small_cycle", "12"), ("context", "a b&c")]
    links = found(
        capsys,
        "ada/x",
        "--settings",
        settings,
        "--hub",
        "https://hub.example.org/jupyter/",
        "--site",
        "https://example.org/tax/",
    )
    for name in ("lab", "page", "hub"):
        (opened,) = parse_qs(urlsplit(links[name]).query)["urlpath"]
        assert parse_qsl(urlsplit(opened).query) == wanted
    assert parse_qsl(urlsplit(links["reader"]).query) == wanted
    assert urlsplit(links["reader"]).path == "/tax/"


def test_a_hub_is_told_what_to_copy_and_where_it_opens(capsys):
    """Does the link for a hub carry what nbgitpuller reads, below the hub's own path?"""
    link = urlsplit(found(capsys, "ada/x", "--hub", "https://hub.example.org/jupyter/")["hub"])
    assert (link.netloc, link.path) == ("hub.example.org", "/jupyter/hub/user-redirect/git-pull")
    told = {name: values[0] for name, values in parse_qs(link.query).items()}
    assert told == {"repo": "https://github.com/ada/x", "branch": "main", "urlpath": f"lab/tree/x/{NOTEBOOK}"}


class Links(HTMLParser):
    """Collects what a browser makes of a piece of HTML: addresses, and pictures with their words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses, self.pictures = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "a":
            self.addresses.append(attributes["href"])
        if tag == "img":
            self.pictures.append((attributes["src"], attributes["alt"]))


@pytest.mark.parametrize("written", ["html", "markdown"])
def test_badges_lead_where_the_links_do(capsys, written):
    """Do a page and a README show the badges, with words for them, and have the very same addresses behind them?"""
    arguments = (
        "ada/my_x.y",
        "--branch",
        "a(b)&c",
        "--hub",
        "https://hub.example.org",
        "--site",
        "https://example.org/a_(b)",
    )
    links = found(capsys, *arguments)
    code, out, _ = run(capsys, *arguments, "--format", written)
    page = Links(mistune.html(out) if written == "markdown" else out)
    assert code == 0
    assert page.addresses == [*links.values()]
    assert [source for source, _ in page.pictures] == ["https://mybinder.org/badge_logo.svg"] * 2
    assert all(words for _, words in page.pictures)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ada"], "'ada' is not OWNER/REPO"),
        (["ada/b/c"], "is not OWNER/REPO"),
        (["https://example.org/ada/b"], "is not OWNER/REPO"),
        (["-ada/b"], ""),
        (["ada/.."], "is not OWNER/REPO"),
        (["ada/b c"], "is not OWNER/REPO"),
        (["ada/b\"><script>"], "is not OWNER/REPO"),
        (["ada/b", "--branch", ""], "can't be the name of a branch"),
        (["ada/b", "--branch", "a b"], "can't be the name of a branch"),
        (["ada/b", "--branch", "../x"], "can't be the name of a branch"),
        (["ada/b", "--branch", "x.lock"], "can't be the name of a branch"),
        (["ada/b", "--branch", "-x"], "can't be the name of a branch"),
        (["ada/b", "--hub", "hub.example.org"], "is not an address"),
        (["ada/b", "--hub", "ftp://hub.example.org"], "is not an address"),
        (["ada/b", "--hub", "javascript:alert(1)"], "is not an address"),
        (["ada/b", "--hub", "https://"], "is not an address"),
        (["ada/b", "--hub", "https://hub:99999999"], "is not an address"),
        (["ada/b", "--hub", "https://ines:secret@hub.example.org"], "is not an address"),
        (["ada/b", "--site", "https://example.org/?x=1"], "is not an address"),
        (["ada/b", "--site", 'https://example.org/"'], "is not an address"),
        (["ada/b", "--settings", "decay"], "is not of the form"),
        (["ada/b", "--format", "rst"], "'rst' is not one of"),
        ([], "Missing argument"),
    ],
)  # fmt: skip
def test_what_is_no_name_or_address_is_one_line(capsys, arguments, said):
    """Is a wrong repository, branch, address or format one line that names it, with exit code 2 and no link?"""
    code, out, err = run(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert err.startswith("mlwf links: ")


def test_words_can_be_read(capsys):
    """Does a person see what each link is for, and none for a hub or a site that was not named?"""
    _, out, _ = run(capsys, "ada/x")
    assert out.splitlines()[::2] == ["Open the lab in JupyterLab on Binder", "Open the lab as a page on Binder"]
    assert "example" not in out
