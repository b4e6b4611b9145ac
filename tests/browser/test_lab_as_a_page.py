"""The lab as a page of its own, by mouse: light and dark, wide and narrow."""

import re
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from choices import ANSWERS
from playwright.sync_api import Browser, Page, expect
from processes import started_with
from student import Student

from mlwf import model
from mlwf.figures.palette import DARK, LIGHT

pytestmark = pytest.mark.browser
RACE, TIMELINE, MAP = "Race of the two models", "Timeline of the project", "Map of all races"
CORNER = """async picture => {
  await picture.decode();
  const canvas = document.createElement('canvas'), draw = canvas.getContext('2d');
  draw.drawImage(picture, 0, 0);
  return '#' + [...draw.getImageData(2, 2, 1, 1).data.slice(0, 3)].map(part => part.toString(16).padStart(2, '0')).join('');
}"""


@pytest.fixture(scope="module")
def reader(browser: Browser, page_url: str) -> Iterator[Student]:
    """A reader who has gone through the whole lab."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(30_000)
    reader = Student(page)
    reader.open_page(page_url)
    yield reader
    page.close()


def drag(page: Page, handle, pixels: int, moves: int = 20) -> None:
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for move in range(1, moves + 1):
        page.mouse.move(x + pixels * move / moves, y)
        page.wait_for_timeout(30)
    page.mouse.up()


def test_a_reader_goes_through_it_by_mouse(reader: Student):
    """Does each answer open what comes next, without a flaw for those who read with other means?"""
    assert reader.violations("body") == []
    reader.answer_all("cost")
    timeline = reader.instrument(TIMELINE)
    drag(reader.page, timeline.slider("Stage of discovery"), 800)
    expect(timeline.slider("Stage of discovery")).to_have_attribute("aria-valuetext", "6")
    expect(timeline.place.locator(".mlwf-card").first).to_contain_text(f"{model.cost_multiplier(6)}×")
    reader.answer_all("failure", "strategy", "crossing", "battery", "rate")
    expect(reader.page.get_by_text("Your predictions and the model")).to_be_visible()
    expect(reader.page.get_by_role("heading", name="Where do the curves cross?")).to_be_visible()
    assert reader.violations("body") == []


def test_a_drag_ends_where_the_hand_stops(reader: Student):
    """After a long drag, do slider, cards, title and status bar agree, with no queue of pictures behind?"""
    race = reader.instrument(RACE)
    race.move("Decay of the gain (r)")
    window = race.slider("Project window (weeks)")
    for pixels in (150, -250, 120):
        drag(reader.page, window, pixels)
    weeks = int(race.value("Project window (weeks)"))
    found = model.crossover(model.small_strategy(1, 0.99), model.large_strategy(168, 0.99), weeks)
    expect(race.place.locator(".mlwf-physics")).to_contain_text(f"{weeks} × 168 = {weeks * 168:,}", timeout=1000)
    assert race.card("Small model, final").endswith(f"{found.challenger_final:.1f} %")
    expect(race.description).to_contain_text(f"over {weeks} weeks")
    still = race.picture.get_attribute("src")
    reader.page.wait_for_timeout(1000)
    assert race.picture.get_attribute("src") == still


def test_a_minute_of_dragging_leaves_memory_flat(reader: Student):
    """Does a slider that is dragged for a minute leave no picture behind, in the kernel or in the browser?"""
    page = reader.page
    window = reader.instrument(RACE).slider("Project window (weeks)")

    def swing(seconds: int) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for pixels in (180, -360, 180):
                drag(page, window, pixels, moves=12)

    def memory() -> tuple[float, float]:
        page.wait_for_timeout(1000)
        page.evaluate("() => globalThis.gc?.()")
        in_browser = page.evaluate("() => performance.memory.usedJSHeapSize")
        in_kernels = max(kernel.memory_info().rss for kernel in started_with("ipykernel_launcher"))
        return in_kernels / 2**20, in_browser / 2**20

    swing(15)  # the pictures' backgrounds, and the browser's caches, fill once
    before = memory()
    swing(60)
    after = memory()
    assert after[0] - before[0] < 10, f"kernel: {before[0]:.0f} to {after[0]:.0f} MiB"
    assert after[1] - before[1] < 25, f"browser: {before[1]:.0f} to {after[1]:.0f} MiB"


def test_a_link_carries_the_settings_to_another_reader(reader: Student, browser: Browser):
    """Does the link open the lab as it is set here, with no prediction in it, and can it be selected without a clipboard?"""
    box = reader.page.locator(".mlwf-link")
    reader.page.wait_for_timeout(500)
    box.click()
    link = box.input_value()
    assert reader.page.evaluate("() => getSelection().toString()") == link
    told = parse_qs(urlsplit(link).query)
    assert told["stage"] == ["6"]
    assert told["decay"] == ["0.99"]
    assert not re.search("10x|small&|predict|answer", link)

    other = browser.new_page(viewport={"width": 1280, "height": 900})
    other.set_default_timeout(30_000)
    friend = Student(other)
    friend.open_page(link)
    expect(other.locator(".mlwf-question input:checked")).to_have_count(0)
    friend.answer_all("cost", "failure", "strategy", "crossing")
    expect(friend.instrument(TIMELINE).slider("Stage of discovery")).to_have_attribute("aria-valuetext", "6")
    race = friend.instrument(RACE)
    expect(race.slider("Decay of the gain (r)")).to_have_attribute("aria-valuetext", "0.99")
    expect(race.slider("Project window (weeks)")).to_have_attribute("aria-valuetext", told["weeks"][0])
    other.close()


def test_a_link_with_nonsense_says_so(browser: Browser, page_url: str):
    """Does a link that asks for what there is not lead to one sentence and to the lab, and run nothing?"""
    page = browser.new_page()
    reader = Student(page)
    script = "<script>window.ran = true</script>"
    reader.open_page(f"{page_url}?stage=9&decy=0.99&weeks={script}&decay=0.99&theme={quote(chr(34) + '>' + script)}")
    page.wait_for_timeout(1000)
    said = f'they were left out: stage=9, decy=0.99, weeks={script}, theme=">{script}.'
    expect(page.get_by_text(said)).to_be_visible()
    assert page.evaluate("() => window.ran === undefined")
    page.close()


def test_a_report_can_be_saved(reader: Student, browser: Browser, tmp_path):
    """Is the report a file with one's answers and pictures that needs no server?"""
    page = reader.page
    page.get_by_role("button", name="Make my report").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save the report").click()
    assert saved.value.suggested_filename == "constraint-tax-report.html"
    path = tmp_path / "report.html"
    saved.value.save_as(path)
    report = browser.new_page()
    asked: list[str] = []
    report.on("request", lambda request: asked.append(request.url))
    report.goto(path.as_uri())
    expect(report.get_by_role("heading", name="The Constraint Tax: my report")).to_be_visible()
    expect(report.get_by_text("You said 10×")).to_be_visible()
    assert report.locator("figure img").count() == 4
    assert report.evaluate("() => [...document.images].every(image => image.naturalWidth > 0)")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    report.close()


def test_the_playground_works_without_code(reader: Student):
    """Does `interact` answer on the page too, with a picture that is described?"""
    place = reader.page.locator(".widget-interact").first
    picture = place.locator("img")
    before = picture.get_attribute("alt")
    place.get_by_role("slider").focus()
    reader.page.keyboard.press("ArrowRight")
    expect(place.locator("img")).not_to_have_attribute("alt", before)


def test_no_request_left_this_machine(reader: Student):
    """Did the whole page ask nothing of the network?"""
    assert reader.asked_elsewhere == []


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_nothing_is_cut_off_at_any_width(reader: Student, width: int):
    """Does the page never scroll sideways, and is each picture drawn for its room, sharp and not stretched?"""
    page = reader.page
    page.set_viewport_size({"width": width, "height": 900})
    for picture in page.locator("img.mlwf-picture:not([hidden])").all():
        expect(picture).to_have_js_property("naturalWidth", 400 if width == 390 else 800)
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.mlwf, .mlwf-panel, .mlwf-control, .mlwf-choices')]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && e.offsetParent).map(e => e.outerHTML.slice(0, 120))"""
    )
    assert cut == []
    for picture in page.locator("img.mlwf-picture:not([hidden])").all():
        size = picture.evaluate("p => [p.naturalWidth, p.naturalHeight, p.clientWidth, p.clientHeight]")
        assert size[0] / size[1] == pytest.approx(size[2] / size[3], rel=0.02)
        assert size[2] <= size[0]
    assert reader.violations("body") == []
    page.set_viewport_size({"width": 1280, "height": 900})


def test_pictures_are_sharp_on_a_dense_screen(browser: Browser, page_url: str):
    """Does a screen of two pixels to one get pictures of twice the size?"""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, device_scale_factor=2)
    reader = Student(page)
    reader.open_page(page_url)
    reader.answer_all("cost")
    timeline = reader.instrument(TIMELINE)
    expect(timeline.picture).to_have_js_property("naturalWidth", 1600)
    assert timeline.picture.evaluate("p => p.clientWidth") <= 800
    page.close()


def test_light_and_dark(reader: Student, browser: Browser, dark_page_url: str):
    """Is each picture drawn for the theme around it, with enough contrast for all?"""
    assert reader.instrument(TIMELINE).picture.evaluate(CORNER) == LIGHT.surface
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(30_000)
    student = Student(page)
    student.open_page(dark_page_url)
    student.answer_all(*ANSWERS)
    for name in (TIMELINE, RACE, MAP):
        assert student.instrument(name).picture.evaluate(CORNER) == DARK.surface
    assert student.violations("body") == []
    page.close()
