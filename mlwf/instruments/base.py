"""What every instrument is made of: a traitlets model that needs no browser, and a thin view that binds it to widgets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import ipywidgets as widgets
from traitlets import HasTraits

from mlwf.figures import Picture
from mlwf.figures.picture import DPI
from mlwf.instruments.browser import Panel
from mlwf.instruments.cards import block, failure
from mlwf.instruments.desk import Desk

AnyPicture = TypeVar("AnyPicture", bound=Picture)


class InstrumentModel(HasTraits, Generic[AnyPicture]):
    """The settings of an instrument, as traits, and what follows from them.

    Attributes
    ----------
    picture_class : type of Picture, or None
    inputs : tuple of str
        Names of the traits that are the student's settings; each changes what is shown.
    """

    picture_class: ClassVar[type[Picture] | None]
    inputs: ClassVar[tuple[str, ...]]

    def depict(self, picture: AnyPicture) -> None:
        """Bring `picture` up to date with the traits."""

    def readout(self) -> str:
        """Return the figures beside the picture, as HTML."""
        raise NotImplementedError

    def settings(self) -> dict[str, Any]:
        """Return the student's settings as plain values."""
        return {name: getattr(self, name) for name in self.inputs}

    def reset(self) -> None:
        """Go back to the settings at the start."""
        for name in self.inputs:
            setattr(self, name, self.traits()[name].default())


@dataclass(frozen=True)
class Bound:
    """A control that stands for a trait of the model."""

    control: widgets.Widget
    trait: str


class Instrument(widgets.VBox):  # type: ignore[misc]
    """Controls, picture and readout of a model, kept in step with it.

    Parameters
    ----------
    model : InstrumentModel
    parts : sequence of Bound or Widget
        What stands above the picture, in order.
    desk : Desk, optional
        Shared with the other instruments on the page.
    """

    def __init__(
        self, model: InstrumentModel[Any], parts: Sequence[Bound | widgets.Widget], desk: Desk | None = None
    ) -> None:
        self.model = model
        self.desk = desk or Desk()
        self.panel = Panel()
        self.picture: Picture | None = None
        self.bound = [part for part in parts if isinstance(part, Bound)]
        self._stale = False
        for part in self.bound:
            _lay_out(part.control)
            part.control.observe(self._moved_by(part), names="value")
        self.refresh()
        model.observe(self._changed, names=list(model.inputs))
        self.desk.page.observe(lambda _: self.refresh(), names="look")
        super().__init__([part.control if isinstance(part, Bound) else part for part in parts] + [self.panel])
        self.add_class("mlwf-instrument")

    def _moved_by(self, part: Bound) -> Callable[[Any], None]:
        def moved(change: Any) -> None:  # noqa: ANN401 - a traitlets Bunch
            with self.desk.taking(self):
                try:
                    setattr(self.model, part.trait, change["new"])
                except Exception as error:  # noqa: BLE001 - a student never sees a traceback
                    self._follow_model()
                    self.panel.readout = failure(error)
                    return
                if self._stale:
                    self.refresh()

        return moved

    def _changed(self, _change: object) -> None:
        with self.desk.lock:
            self._stale = True
            if self.desk.in_hand is None:
                self.refresh()
            elif self.desk.in_hand is not self:
                self.desk.later(self, self.refresh)

    def refresh(self) -> None:
        """Show what the model says now; what goes wrong is said in the readout, and the instrument goes on."""
        with self.desk.lock:
            self._stale = False
            try:
                self._show()
            except Exception as error:  # noqa: BLE001 - a student never sees a traceback
                self.panel.readout = failure(error)
            self._follow_model()

    def _follow_model(self) -> None:
        for part in self.bound:
            part.control.value = getattr(self.model, part.trait)

    def _show(self) -> None:
        picture, png = self._depicted(), b""
        if picture:
            png = picture.png()
        readout, status = self.model.readout(), self.desk.status()
        with self.panel.hold_sync():
            if picture:
                self.panel.picture, self.panel.name, self.panel.description = png, picture.name, picture.description
                self.panel.size = tuple(round(inches * DPI) for inches in picture.get_size_inches())
            self.panel.readout, self.panel.status = readout, status

    def _depicted(self) -> Picture | None:
        if self.model.picture_class is None:
            return None
        look = self.desk.page.picture_look
        if self.picture is None or self.picture.look != look:
            self.picture = self.model.picture_class(look)  # type: ignore[call-arg]
        self.model.depict(self.picture)
        return self.picture


class Action(widgets.VBox):  # type: ignore[misc]
    """A button that does something; what goes wrong is said below it."""

    def __init__(self, label: str, act: Callable[[], None], *, primary: bool = False) -> None:
        self.button = widgets.Button(
            description=label,
            button_style="primary" if primary else "",
            layout=widgets.Layout(width="max-content", height="auto"),
        )
        self._said = widgets.HTML()
        self._act = act
        self.button.on_click(self._do)
        super().__init__([self.button, self._said])

    def _do(self, _button: object) -> None:
        try:
            self._act()
            self._said.value = ""
        except Exception as error:  # noqa: BLE001 - a student never sees a traceback
            self._said.value = block(failure(error))


def _lay_out(control: widgets.Widget) -> None:
    if isinstance(control, widgets.Checkbox):
        control.add_class("mlwf-switch")
        control.indent = False
        control.layout = widgets.Layout(width="auto")
    else:
        control.add_class("mlwf-control")
        control.style.description_width = "180px"
        control.layout = widgets.Layout(width="100%", max_width="640px")


def steps(label: str, values: Sequence[Any], unit: str = "") -> widgets.SelectionSlider:
    """A slider over a short list of values."""
    options = [(f"{value} {unit}".strip(), value) for value in values]
    return widgets.SelectionSlider(description=label, options=options)
