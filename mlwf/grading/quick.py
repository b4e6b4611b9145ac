"""nbconvert's HTML exporter, which does for a class once what it would do anew for every page."""

from collections.abc import Callable
from functools import cache, lru_cache
from hashlib import sha256
from inspect import getsource
from typing import Any

import nbformat
from jinja2 import BaseLoader, Environment, pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat import NotebookNode, reader
from traitlets.config import Config

from mlwf.grading.tidy import tidy

# The versions of nbconvert's `HTMLExporter.from_notebook_node` that `QuickHTML.from_notebook_node` does the work of.
KNOWN = frozenset({"3dccafff45cc4e749766089c7de2f5385ac071e03f4f5a15bfb3b025f54893b9"})  # 7.17
REMEMBERED = 2048  # texts; those of the instructor come again on each page


def quick(exporter: type[Any]) -> type[Any]:
    """Return an exporter that writes the same pages in less time, where there is one.

    Parameters
    ----------
    exporter : type
        What ``c.GenerateFeedback.exporter_class`` names.

    Returns
    -------
    type
        A subclass of it; `exporter` itself if it makes something else than HTML, or nbconvert is one that we do not know.
    """
    if not issubclass(exporter, HTMLExporter) or not _is_known():
        return exporter
    # Between the course's class and nbconvert's, so that whatever the course's does stays as it is.
    bases = (QuickHTML,) if exporter is HTMLExporter else (exporter, QuickHTML)
    return type(f"Quick{exporter.__name__}", bases, {})


@cache
def _is_known() -> bool:
    try:
        source = getsource(HTMLExporter.from_notebook_node)
    except OSError:  # installed without its sources
        return False
    return sha256(source.encode()).hexdigest() in KNOWN


class _Own(NotebookNode):
    """A notebook that nobody else holds, so that the copies that nbconvert makes to be safe would be for nothing."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Own":
        return self


class QuickHTML(HTMLExporter):
    """Reads a notebook once, checks it once, and remembers what texts and templates come to."""

    def __init__(self, config: Config | None = None, **kw: Any) -> None:  # noqa: ANN401 - nbconvert's
        super().__init__(config=config, **kw)  # type: ignore[no-untyped-call]
        self.optimistic_validation = True
        self._highlighted = lru_cache(REMEMBERED)(self._highlight)
        self._html = lru_cache(REMEMBERED)(self._markdown)

    def from_file(  # type: ignore[override] # as TemplateExporter does
        self,
        file_stream: Any,  # noqa: ANN401
        resources: dict[str, Any] | None = None,
        **kw: Any,  # noqa: ANN401
    ) -> tuple[str, dict[str, Any]]:
        """Return the page for a notebook, and nbconvert's resources."""
        # `nbformat.read` would check it here too, and only log what it finds.
        nb = nbformat.convert(reader.reads(file_stream.read()), 4)  # type: ignore[no-untyped-call]
        own = _Own(nb)  # type: ignore[no-untyped-call]
        return self.from_notebook_node(own, resources, **kw)

    def from_notebook_node(  # type: ignore[override] # as HTMLExporter does
        self,
        nb: NotebookNode,
        resources: dict[str, Any] | None = None,
        **kw: Any,  # noqa: ANN401
    ) -> tuple[str, dict[str, Any]]:
        """Return the page for a notebook, and nbconvert's resources."""
        info = nb.metadata.get("language_info", {})
        language = info.get("pygments_lexer", info.get("name", None))
        resources = self._init_resources(resources)  # type: ignore[no-untyped-call]
        filters = {
            "highlight_code": self.filters.get("highlight_code") or self._highlighter(language),
            "filter_data_type": WidgetsDataTypeFilter(  # type: ignore[no-untyped-call]
                notebook_metadata=self._nb_metadata, parent=self, resources=resources
            ),
        }
        for name, jinja_filter in filters.items():
            self.register_filter(name, jinja_filter)  # type: ignore[no-untyped-call]
        html, resources = TemplateExporter.from_notebook_node(self, nb, resources, **kw)
        self._nb_metadata.clear()  # one entry for each page of the class otherwise
        return tidy(html), resources

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Return Markdown as HTML."""
        cell = context.get("cell", {})
        if self.embed_images or cell.get("attachments"):
            return str(super().markdown2html(context, source))
        return self._html(source)

    def _markdown(self, source: str) -> str:
        return str(super().markdown2html({}, source))

    def _highlighter(self, lexer: str | None) -> Callable[..., str]:
        def highlighted(source: str, language: str | None = None, metadata: Any = None) -> str:  # noqa: ANN401
            magic = metadata.get("magics_language") if metadata else None
            return self._highlighted(lexer, source, language, magic)

        return highlighted

    def _highlight(self, lexer: str | None, source: str, language: str | None, magic: str | None) -> str:
        metadata = {} if magic is None else {"magics_language": magic}
        highlight = Highlight2HTML(pygments_lexer=lexer, parent=self)  # type: ignore[no-untyped-call]
        return str(highlight(source, language, metadata))

    def _create_environment(self) -> Environment:
        environment: Environment = super()._create_environment()  # type: ignore[no-untyped-call]
        environment.auto_reload = False
        if environment.loader:
            environment.loader = _Remembering(environment.loader)
        return environment


class QuickStyles(CSSHTMLHeaderPreprocessor):
    """Makes the style sheets once."""

    def _generate_header(self, resources: dict[str, Any]) -> list[str]:
        if not hasattr(self, "_header"):
            self._header: list[str] = super()._generate_header(resources)  # type: ignore[no-untyped-call]
        return self._header


class _Remembering(BaseLoader):
    """Finds each template, and each file that a template includes, once."""

    def __init__(self, loader: BaseLoader) -> None:
        self._found = cache(loader.get_source)

    def get_source(self, environment: Environment, template: str) -> Any:  # noqa: ANN401 - Jinja's
        return self._found(environment, template)
