"""Pages without Beautiful Soup: are they what it would make of them?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwf.grading import tidy as module
from mlwf.grading.tidy import by_soup, tidy

USUAL = (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n\n<meta charset="utf-8" />\n<title>A b</title>\n</head></html>\n\n',
    '<p>1 &lt; 2 & 3 &amp; 4 &lt;b&gt; &quot;x&quot; &#39;y&#39; &nbsp;&rarr; > "z"</p>',
    "<div>  \n  <pre>  \n  </pre> \t <b> </b></div>",
    '<span class=" highlight  hl-ipython3 " id="b" data-a="1"><a name="top"></a></span>',
    "<p>open<em>and</b> never</p> closed <td>1<td>2<br>x<hr/>",
    '<img src=\'a.png\'><img alt="" src=x.png><img alt="it\'s &lt; &amp;" width=432>',
    '<script src="x"> </script><script>if (a < b && c > d) {}</script><style>\n</style>',
    "<!-- a comment -->text<!-- - b > -->",
    "a</p>b</div>",
    "  \n ",
    "",
)
UNUSUAL = (
    "<textarea>\n</textarea>", "<svg><path d='M0 0'/></svg>", "<iframe>a<b></iframe>", "<p/>x", "a < b", "a <", "&", "&lt", "a &copy b",
    "</br>", "<br></br>", "<P CLASS=x>", "<a href=x/>", "<!---->", "<!--  -->", "<!-- a -- b -->", "<?php x ?>", "<![CDATA[x]]>", "<p a=1 a=2 b>", "<p a='>'>",
    "<script>'</p>'</script>", "<script>", "<style><!-- x --></style>", '<div class="jp-Notebook"><div class="jp-OutputArea-output"></div></div>',
    "<title>a &amp; b</title>", "<title><b></title>", "<p a=\"1\"b='2'>", "<p\n>", "<!DOCTYPE foo>", "&#0;", "&#128;", "&#xD800;", "&nothing;", "\0",
)  # fmt: skip


@pytest.mark.parametrize("html", USUAL)
def test_what_nbconvert_writes(html):
    """Is it the same, and without Beautiful Soup, entities, white space, attributes and what is left open included?"""
    assert module._Page(html).written() == by_soup(html)


@pytest.mark.parametrize("html", UNUSUAL)
def test_what_it_does_not_write(html):
    """Is it the same, too, whoever reads it?"""
    assert tidy(html) == by_soup(html)
    assert tidy(f"<p>a</p>{html}<p>b</p>") == by_soup(f"<p>a</p>{html}<p>b</p>")


names = st.sampled_from(
    ["p", "b", "pre", "div", "br", "img", "td", "table", "title", "script", "style", "svg", "textarea", "x-y", "h1"]
)
values = st.text("ab \"'<>&;=/\n-", max_size=5)
attributes = st.lists(
    st.tuples(st.sampled_from(["class", "id", "alt", "src", "A"]), values, st.sampled_from(['="{}"', "='{}'", "={}", ""])),
    max_size=2,
)  # fmt: skip


@st.composite
def tags(draw):
    written = "".join(f" {name}{form.format(value)}" for name, value, form in draw(attributes))
    return f"<{draw(names)}{written}{draw(st.sampled_from(['>', ' />', '/>']))}"


pieces = st.one_of(
    tags(),
    names.map("</{}>".format),
    st.text(" \n\tab&;<>\"'#1é\xa0", max_size=6),
    st.sampled_from(["&amp;", "&lt;", "&#39;", "&#x27;", "&rarr;", "&nbsp;", "<!-- c -->", "<!---->", "-->", "<!DOCTYPE html>", "</script>"]),
)  # fmt: skip


@given(st.lists(pieces, max_size=12).map("".join))
def test_whatever_a_student_writes(html):
    """Is every mixture of tags, text, references and comments the same as through Beautiful Soup?"""
    try:
        soup = by_soup(html)
    except Exception as error:  # noqa: BLE001 - then nbgrader fails as well
        with pytest.raises(type(error)):
            tidy(html)
    else:
        assert tidy(html) == soup
