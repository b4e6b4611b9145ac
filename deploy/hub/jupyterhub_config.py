"""A course on one server. `make hub` starts JupyterHub with it; docs/hub.md says what another hub needs of it."""

import json
import os
import secrets
from pathlib import Path

from jupyterhub.auth import Authenticator
from jupyterhub.handlers import BaseHandler
from jupyterhub.spawner import Spawner

c = get_config()  # noqa: F821 - JupyterHub puts it here

# Everything that is kept stands below one folder, so that one folder is backed up.
STATE = Path(os.environ["MLWF_HUB_STATE"])
# Who takes part, and where to listen, as tools/hub.py wrote it down.
COURSE = json.loads((STATE / "hub" / "course.json").read_text())
SERVING = json.loads((STATE / "hub" / "serving.json").read_text())
NAME, GRADER, INSTRUCTOR, STUDENTS = (COURSE[key] for key in ("name", "grader", "instructor", "students"))
# What hands files over: a folder that all share, or ngshare.
NGSHARE = f"http://127.0.0.1:{SERVING['ngshare_port']}" if COURSE["exchange"] == "ngshare" else None
# With system users each person's processes and files are their own; without, all run under the account that starts the hub.
SYSTEM_USERS = COURSE["system_users"]
BIN = STATE / "env" / "bin"


def environment(role: str) -> dict[str, str]:
    """What the servers of a role are told."""
    # Found before ~/.jupyter is looked at: which menus there are, and what nbgrader needs to know.
    told = {"JUPYTER_CONFIG_PATH": str(STATE / "config" / role)}
    if NGSHARE:
        # Not by way of the proxy, whose certificate a server may not trust; it says who asks by its token, which each has.
        told["NGSHARE_URL"] = f"{NGSHARE}/services/ngshare"
    return told


# -- Who may log in


class PasswordFile(Authenticator):
    """Looks passwords up in a file that only the owner of the hub can read: a line for each person, name and password."""

    async def authenticate(self, handler: BaseHandler, data: dict[str, str]) -> str | None:
        lines = (STATE / "hub" / "passwords").read_text().splitlines()
        password = dict(line.split() for line in lines if line.strip()).get(data["username"].lower())
        # In constant time, so that how long it takes tells nothing of how much of a guess is right.
        known = password is not None and secrets.compare_digest(password.encode(), data["password"].encode())
        return data["username"].lower() if known else None


# A hub with single sign-on names its own class here instead.
c.JupyterHub.authenticator_class = PasswordFile
# These and nobody else: the machine's other users are none of the course's.
c.Authenticator.allowed_users = {INSTRUCTOR, *STUDENTS}
# Who once took part is in the hub's database for ever; being there shall not be enough.
c.Authenticator.allow_existing_users = False
# Nobody needs to be an admin of the hub: whoever starts it has the files, and a stolen password opens one account.
c.Authenticator.admin_users = set()

# -- Roles

# nbgrader's Course List looks for groups of these names.
c.JupyterHub.load_groups = {
    f"formgrade-{NAME}": {"users": [INSTRUCTOR]},
    f"nbgrader-{NAME}": {"users": STUDENTS},
}
c.JupyterHub.load_roles = [
    {
        "name": f"formgrade-{NAME}",
        "description": "may open the course's Formgrader, and find it in Course List",
        "groups": [f"formgrade-{NAME}"],
        "scopes": [f"{may}:services!service={NAME}" for may in ("access", "list", "read")],
    }
]
# What a person's server may ask of the hub: the first two are the default, the others are for Course List, which looks for
# its person's groups and for the service. Who lacks a right does not get it from here.
c.Spawner.server_token_scopes = [
    "users:activity!user",
    "access:servers!server",
    "read:users:groups!user",
    f"list:services!service={NAME}",
    f"read:services!service={NAME}",
]

# -- The course: a server of its own, under an account that is neither the instructor's nor a student's

service = {
    # Course List finds the service by the course's name.
    "name": NAME,
    "url": f"http://127.0.0.1:{SERVING['service_port']}",
    # In the course's folder, which nbgrader takes for the course.
    "command": [str(BIN / "jupyterhub-singleuser"), f"--ServerApp.root_dir={STATE / 'course'}"],
    "cwd": str(STATE / "course"),
    # nbgrader calls alembic by its name, and our grader bwrap.
    "environment": environment("grader") | {"PATH": os.environ["PATH"]},
    # Only instructors may open it, and asking them each time whether they want to tells them nothing.
    "oauth_no_confirm": True,
}
if SYSTEM_USERS:
    # Owns source, gradebook and submissions, in a folder that nobody else can enter.
    service["user"] = GRADER
else:
    service["environment"] |= {"HOME": str(STATE / "home" / GRADER), "USER": GRADER}
c.JupyterHub.services = [service]

# -- Handing over without a shared folder

if NGSHARE:
    ngshare = {
        # Its users ask for it by this name.
        "name": "ngshare",
        "url": NGSHARE,
        # In an environment of its own, for it needs older libraries. Database and files are in the exchange's folder.
        "command": [
            *(str(STATE / "ngshare-env" / name) for name in ("bin/python", "serve_ngshare.py")),
            f"--database=sqlite:///{STATE / 'exchange' / 'ngshare.db'}",
            f"--storage={STATE / 'exchange' / 'files'}",
            # Who makes courses: nobody who can log in. `make hub` enters course and students with the service's own token.
            "--admins=ngshare",
        ],
        "cwd": str(STATE / "exchange"),
        "api_token": SERVING["ngshare_token"],
        # Nobody has to go there with a browser.
        "display": False,
    }
    if SYSTEM_USERS:
        # It learns everybody's token, and must not be who may read passwords, the gradebook or anybody's home.
        ngshare["user"] = COURSE["ngshare"]
    c.JupyterHub.services.append(ngshare)

# -- People's servers

if SYSTEM_USERS:
    # As the system user of that name, in their home.
    c.JupyterHub.spawner_class = "localprocess"
else:
    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = str(STATE / "home" / "{username}")


def prepare(spawner: Spawner) -> None:
    """Give everybody what belongs to their role."""
    is_instructor = spawner.user.name == INSTRUCTOR
    spawner.environment = environment("instructor" if is_instructor else "student")
    # The story opens by itself, once; the instructor starts at the launcher.
    spawner.default_url = "/lab" if is_instructor else "/lab/tree/lab/constraint_tax.ipynb"


c.Spawner.pre_spawn_hook = prepare
# By its path, for a person's own PATH may name another one.
c.Spawner.cmd = [str(BIN / "jupyterhub-singleuser")]
# A server's settings are the hub's: what a notebook from somewhere leaves in a home shall not be run at the next start.
c.Spawner.disable_user_config = True
# What servers inherit of the hub's surroundings: where programs are, and the language. Nothing else is theirs to see.
c.Spawner.env_keep = ["PATH", "LANG", "LC_ALL"]
# When a class logs in at once on a small machine, a server may take longer than the half minute that is the default.
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
# So many start at once, and the others wait for their turn: better a short wait than a machine on its knees.
c.JupyterHub.concurrent_spawn_limit = 10

# -- The hub itself

# The hub, its proxy and the servers talk on this machine only; this is the one address that others reach.
c.JupyterHub.bind_url = f"{'https' if SERVING['cert'] else 'http'}://{SERVING['host']}:{SERVING['port']}/"
if SERVING["cert"]:
    c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = SERVING["cert"], SERVING["key"]
# A server of one's own is one's own web page: with a name for each person the browser keeps what others have put there away from
# the hub, the course and one's own server. Wants *.DOMAIN in the name service and in the certificate.
if SERVING["domain"]:
    # With its scheme where a web server before this one has the certificate, and another port.
    port = "" if SERVING["port"] in (80, 443) else f":{SERVING['port']}"
    here = f"{'https' if SERVING['cert'] else 'http'}://{SERVING['domain']}{port}"
    c.JupyterHub.subdomain_host = SERVING["domain"] if "://" in SERVING["domain"] else here
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{SERVING['hub_port']}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{SERVING['proxy_port']}"
# The installed one by its path, so that no other version is taken.
c.ConfigurableHTTPProxy.command = [
    SERVING["node"],
    str(STATE / "proxy" / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"),
]
c.ConfigurableHTTPProxy.pid_file = str(STATE / "hub" / "proxy.pid")
# Logins and who is who outlive a restart.
c.JupyterHub.cookie_secret_file = str(STATE / "hub" / "cookie_secret")
c.JupyterHub.db_url = f"sqlite:///{STATE / 'hub' / 'jupyterhub.sqlite'}"
# A new version of JupyterHub may want its database changed; it keeps a copy of the old one.
c.JupyterHub.upgrade_db = True
# When the hub ends it takes all with it, so that nothing is left to be hunted down.
c.JupyterHub.cleanup_servers = True
c.JupyterHub.cleanup_proxy = True
