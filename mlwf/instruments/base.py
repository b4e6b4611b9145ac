"""What every instrument is made of: a traitlets model that needs no browser, and a thin view that binds it to widgets."""

import threading
from collections.abc import Sequence
from html import escape
from typing import Any, ClassVar, Generic, TypeVar

import ipywidgets as widgets
from traitlets import HasTraits, link

from mlwf.figures import Picture
from mlwf.instruments.cards import STYLE, box

AnyPicture = TypeVar("AnyPicture", bound=Picture)


class InstrumentModel(HasTraits, Generic[AnyPicture]):
    """The settings of an instrument, as traits, and what follows from them.

    Attributes
    ----------
    picture_class : type of Picture
    inputs : tuple of str
        Names of the traits that change the picture.
    """

    picture_class: ClassVar[type[Picture]]
    inputs: ClassVar[tuple[str, ...]]

    def depict(self, picture: AnyPicture) -> None:
        """Bring `picture` up to date with the traits."""
        raise NotImplementedError

    def readout(self) -> str:
        """Return the figures beside the picture, as HTML."""
        raise NotImplementedError


class Instrument(widgets.VBox):  # type: ignore[misc]
    """Controls, picture and readout of a model, kept in step with it.

    Parameters
    ----------
    model : InstrumentModel
    controls : sequence of widgets
        Already bound to the model's traits.
    """

    def __init__(self, model: InstrumentModel[Any], controls: Sequence[widgets.Widget]) -> None:
        self.model = model
        self.picture = model.picture_class()  # type: ignore[call-arg]
        self.image = widgets.Image(format="png", layout=widgets.Layout(width="100%", max_width="800px", height="auto"))
        self.readout = widgets.HTML()
        # JupyterLab runs callbacks on a second thread: one at a time, and each draws what the traits say by then.
        self._lock = threading.Lock()
        self.refresh()
        model.observe(self.refresh, names=list(model.inputs))
        super().__init__([styled(), *controls, self.image, self.readout])

    def refresh(self, _change: object = None) -> None:
        """Draw what the model says now; what goes wrong is said in the readout, and the instrument goes on."""
        with self._lock:
            try:
                self.model.depict(self.picture)
                picture, description = self.picture.png(), self.picture.description
                readout = self.model.readout()
            except Exception as error:  # noqa: BLE001 - a student never sees a traceback
                self.readout.value = block(
                    box(f"This could not be drawn ({escape(str(error))}). Move a control to go on.", "bad")
                )
                return
            # The picture goes first: small messages sent ahead of it hold it back for some 40 ms.
            self.image.value = picture
            self.readout.value = block(f'<p class="mlwf-hidden" role="status">{escape(description)}</p>{readout}')


def block(html: str) -> str:
    """Wrap HTML so that the style sheet applies."""
    return f'<div class="mlwf">{html}</div>'


def styled() -> widgets.HTML:
    """A widget without size that carries the style sheet."""
    return widgets.HTML(STYLE, layout=widgets.Layout(height="0", margin="0", overflow="hidden"))


def bound(control: widgets.Widget, model: HasTraits, trait: str) -> widgets.Widget:
    """Bind a control's value to a trait of the model, both ways, and lay it out; return the control."""
    control.value = getattr(model, trait)
    link((model, trait), (control, "value"))
    control.add_class("mlwf-control")
    control.style.description_width = "180px"
    control.layout = widgets.Layout(width="100%", max_width="640px")
    return control


def steps(label: str, values: Sequence[Any], unit: str = "") -> widgets.SelectionSlider:
    """A slider over a short list of values."""
    options = [(f"{value} {unit}".strip(), value) for value in values]
    return widgets.SelectionSlider(description=label, options=options)
