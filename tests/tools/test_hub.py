"""What `make hub` refuses before it makes anything, and what its files hold together by."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import hub
import install
import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy" / "hub"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"STUDENTS": "ada Bob"}, "'Bob' can't be a user"),
        ({"STUDENTS": "ada ../etc"}, "'../etc' can't be a user"),
        ({"STUDENTS": "ada a+b"}, "can't be a user"),
        ({"STUDENTS": "-rf"}, "can't be a user"),
        ({"STUDENTS": "a" * 32}, "can't be a user"),
        ({"STUDENTS": "ada bob ada"}, "ada is named twice"),
        ({"STUDENTS": "ada", "INSTRUCTOR": "ada"}, "ada is named twice"),
        ({"EXCHANGE": "nfs"}, "EXCHANGE=nfs can't be had; there are folder and ngshare"),
        ({"CERT": __file__}, "HTTPS needs both files"),
        ({"CERT": __file__, "KEY": "nowhere.pem"}, "nowhere.pem can't be read"),
        ({"HOST": "0.0.0.0"}, "would send passwords in the clear"),
        ({"HOST": "hub.example.org"}, "would send passwords in the clear"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line(given, said, tmp_path):
    """Is a name that is no user, half of HTTPS, or a password in the clear refused before anything is made?"""
    with pytest.raises(SystemExit, match=re.escape(said)) as refused:
        hub.Options({"STATE": str(tmp_path / "state"), **given})
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "state").exists()


def test_it_listens_on_this_machine_unless_there_is_https(tmp_path):
    """Is the hub reachable from elsewhere only with a certificate?"""
    assert hub.Options({}).host == "127.0.0.1"
    assert hub.Options({"HOST": "::1"}).host == "::1"
    secure = hub.Options({"CERT": __file__, "KEY": __file__})
    assert (secure.host, secure.cert) == ("0.0.0.0", __file__)


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    """Is a folder with other things in it neither used nor removed?"""
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(SystemExit, match="holds something else"):
        hub.State(tmp_path).make()
    command = [sys.executable, ROOT / "tools" / "hub.py", "remove"]
    done = subprocess.run(
        command, env={"STATE": str(tmp_path)}, input="remove\n", capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"there is no hub in {tmp_path}" in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_everybody_gets_one_password_and_keeps_it(tmp_path):
    """Does a second start keep passwords, also changed ones, and make new ones only for who is new?"""
    state = hub.State(tmp_path)
    state.make()
    new = hub.prepare_passwords(state, {"instructor": "ines", "students": ["ada"]})
    assert list(new) == ["ines", "ada"]
    state.passwords_file.write_text(state.passwords_file.read_text().replace(new["ada"], "her-own"))
    later = hub.prepare_passwords(state, {"instructor": "ines", "students": ["ada", "bob"]})
    assert list(later) == ["bob"]
    assert state.passwords() == {"ines": new["ines"], "ada": "her-own", **later}
    assert stat.S_IMODE(state.passwords_file.stat().st_mode) == 0o600
    assert all(re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", password) for password in (*new.values(), *later.values()))


def prepare(folder, **given):
    """Have people prepared as without root, so that no user of this machine is made."""
    state = hub.State(folder)
    state.make()
    options = hub.Options({"STATE": str(folder), **given})
    options.root = False
    return hub.prepare_people(state, options)


def test_an_exchange_is_chosen_once(tmp_path):
    """Does a course go on with the exchange that it began with, and is another one refused before anything changes?"""
    assert prepare(tmp_path / "a")["exchange"] == "folder"
    assert prepare(tmp_path / "b", EXCHANGE="ngshare")["exchange"] == "ngshare"
    assert prepare(tmp_path / "b")["ngshare"] == "mlwf-grader-ngshare"
    for folder, other in (("a", "ngshare"), ("b", "folder")):
        before = hub.State(tmp_path / folder).read()
        with pytest.raises(SystemExit, match=f"{before['exchange']}, and goes on with it; for {other} take another"):
            prepare(tmp_path / folder, EXCHANGE=other, STUDENTS="eve")
        assert hub.State(tmp_path / folder).read() == before


@pytest.mark.parametrize("given", [{"STUDENTS": "ngshare"}, {"STUDENTS": "ada", "INSTRUCTOR": "constraint_tax_course"}])
def test_nobody_is_called_as_a_service_is(tmp_path, given):
    """Is a name refused under which ngshare would take a student for the course's instructor or its own?"""
    with pytest.raises(SystemExit, match="a service of the hub has that name"):
        prepare(tmp_path, EXCHANGE="ngshare", **given)
    assert hub.State(tmp_path).read() == {}


def test_an_interpreter_below_a_closed_folder_is_not_for_all(tmp_path):
    """Is a Python that other users can't reach told from one that they can?"""
    closed, python = tmp_path / "closed", Path(sys.executable).resolve()
    closed.mkdir(mode=0o700)
    (closed / "python").symlink_to("/bin/sh")
    (closed / "own").touch(mode=0o755)
    assert hub.open_to_all(Path("/bin/sh"))
    assert not hub.open_to_all(closed / "own")
    assert isinstance(hub.open_to_all(python), bool)


def test_the_proxy_is_pinned_by_what_is_in_it():
    """Does each package of the proxy have its version and its hash, and no address?"""
    packages = json.loads((DEPLOY / "proxy" / "package-lock.json").read_text())["packages"]
    wanted = json.loads((DEPLOY / "proxy" / "package.json").read_text())["dependencies"]
    assert packages.pop("")["dependencies"] == wanted
    assert packages["node_modules/configurable-http-proxy"]["version"] == wanted["configurable-http-proxy"]
    for name, package in packages.items():
        assert package["version"], name
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


def test_each_role_has_its_menus_and_only_these():
    """Is every one of nbgrader's extensions either wanted in a role or switched off, in the browser and on the server alike?"""
    wanted = {
        "student": {"assignment-list", "validate-assignment"},
        "instructor": {"course-list"},
        "grader": {"formgrader", "create-assignment", "validate-assignment"},
    }
    everything = {name for names in wanted.values() for name in names}
    for role, names in wanted.items():
        page = json.loads((DEPLOY / role / "labconfig" / "page_config.json").read_text())
        off = {name.removeprefix("@jupyter/nbgrader:") for name, is_off in page["disabledExtensions"].items() if is_off}
        off.remove(install.NEWS)  # asks everybody, and the network
        assert off == everything - names, role
        on_server = (DEPLOY / role / "jupyter_server_config.py").read_text()
        for extension in off - {"create-assignment", "validate-assignment"}:
            assert f'"nbgrader.server_extensions.{extension.replace("-", "_")}": False' in on_server, role


@pytest.mark.parametrize(
    "name", ["jupyterhub_config.py", "everyone/jupyter_server_config.py", "everyone/nbgrader_config.py"]
)
def test_settings_that_are_copied_have_their_reasons(name):
    """Has each paragraph of settings a comment that says why?"""
    for paragraph in (DEPLOY / name).read_text().split("\n\n"):
        if re.search(r"^c\.\w+\.\w+ = ", paragraph, flags=re.MULTILINE) and "pre_spawn_hook" not in paragraph:
            assert "#" in paragraph, paragraph


def test_the_guide_names_every_option():
    """Does the page for whoever runs the server explain all that the command reads?"""
    guide, tool = ((ROOT / name).read_text() for name in ("docs/hub.md", "tools/hub.py"))
    options = set(re.findall(r'given(?:\.get\(|\[)"([A-Z]+)"', tool))
    assert {"STATE", "STUDENTS", "CERT", "HOST"} <= options
    assert [option for option in sorted(options) if f"`{option}`" not in guide] == []
