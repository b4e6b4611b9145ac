"""The configuration in docs/lms.md, as it stands there, with a platform that signs launches as Canvas and Moodle do."""

import http.server
import json
import re
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import hub as tool
import pytest
from people import ROOT

pytestmark = [pytest.mark.hub, pytest.mark.timeout(600)]
PACKAGES = ("jupyterhub-ltiauthenticator", "PyJWT", "cachetools", "escapism")
CLAIM = "https://purl.imsglobal.org/spec/lti/claim"
CLIENT = "125900000000000318"
MORE = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = {proxy}
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.spawner_class = "simple"
c.LTI13Authenticator.issuer = "{platform}"
c.LTI13Authenticator.authorize_url = "{platform}/authorize"
c.LTI13Authenticator.jwks_endpoint = "{platform}/keys"
"""
KEYS = """
import json
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import RSAAlgorithm
keys = [rsa.generate_private_key(65537, 2048) for _ in range(2)]
public = {**json.loads(RSAAlgorithm.to_jwk(keys[0].public_key())), "kid": "1", "use": "sig"}
print(json.dumps([public, *(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode() for key in keys)]))
"""
SIGN = "import json, sys, jwt\nkey, claims = json.load(sys.stdin)\nprint(jwt.encode(claims, key, 'RS256', headers={'kid': '1'}))"


@dataclass
class Platform:
    """A learning platform with a key, and another key that is not its own."""

    url: str
    hub: str
    python: list
    key: str
    foreign: str

    def sign(self, key: str, **claims) -> str:
        now = int(time.time())
        launch = {
            "iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "sub": "7f3c", f"{CLAIM}/version": "1.3.0",
            f"{CLAIM}/deployment_id": "1", f"{CLAIM}/target_link_uri": f"{self.hub}/hub", f"{CLAIM}/roles": [],
            f"{CLAIM}/message_type": "LtiResourceLinkRequest", f"{CLAIM}/resource_link": {"id": "1"}, f"{CLAIM}/custom": {"login": "Ada"},
        }  # fmt: skip
        return subprocess.run(
            [*self.python, SIGN], input=json.dumps([key, launch | claims]), capture_output=True, text=True, check=True
        ).stdout.strip()


@pytest.fixture(scope="module")
def platform(hub, tmp_path_factory):
    """The platform, and a hub with the page's configuration that trusts it."""
    folder = tmp_path_factory.mktemp("lti")
    env = hub.state / "env" / "bin"
    install = [
        env / "python",
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-deps",
        "--target",
        folder / "more",
    ]
    subprocess.run(
        [*install, "--constraint", ROOT / "constraints.txt", *PACKAGES], check=True, capture_output=True, text=True
    )
    python = ["env", f"PYTHONPATH={folder / 'more'}", str(env / "python"), "-c"]
    public, key, foreign = json.loads(
        subprocess.run([*python, KEYS], capture_output=True, text=True, check=True).stdout
    )

    class Keys(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": [public]}).encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        at = f"http://127.0.0.1:{server.server_port}"
        ports: dict[str, int] = {}
        for name in ("port", "hub_port", "proxy_port"):
            ports[name] = tool.free_port(list(ports.values()))
        proxy = hub.state / "proxy" / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
        node = json.loads((hub.state / "hub" / "serving.json").read_text())["node"]
        (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "lms.md").read_text(), flags=re.DOTALL)
        config = folder / "jupyterhub_config.py"
        config.write_text(block + MORE.format(**ports, proxy=[node, str(proxy)], folder=folder, platform=at))
        command = ["env", f"PYTHONPATH={folder / 'more'}", str(env / "jupyterhub"), "--config", str(config)]
        with (folder / "log").open("w") as log:
            running = subprocess.Popen(
                command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            url = f"http://127.0.0.1:{ports['port']}"
            wait_for(f"{url}/hub/health", running, folder / "log")
            yield Platform(at, url, python, key, foreign)
        finally:
            running.terminate()
            running.wait(60)
            server.shutdown()


def wait_for(url: str, running: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 90
    while subprocess.run(["curl", "-fs", url], capture_output=True, check=False).returncode:
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.3)


@pytest.fixture
def visitor(browser):
    """A browser's way to ask, with cookies of its own."""
    context = browser.new_context()
    yield context.request
    context.close()


def begin(platform, visitor) -> dict[str, str]:
    """Begin a login as the platform does, and return what the hub asks it for."""
    asked = {"iss": platform.url, "login_hint": "7f3c", "target_link_uri": f"{platform.hub}/hub", "client_id": CLIENT}
    answer = visitor.get(f"{platform.hub}/hub/lti13/oauth_login", params=asked, max_redirects=0)
    assert answer.status == 302
    assert answer.headers["location"].startswith(f"{platform.url}/authorize?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def launch(platform, visitor, token: str, state: str):
    return visitor.post(
        f"{platform.hub}/hub/lti13/oauth_callback", form={"id_token": token, "state": state}, max_redirects=0
    )


def test_the_addresses_that_a_platform_is_told_answer(platform, visitor):
    """Does the hub describe itself, and send a login to the platform with the address to come back to?"""
    told = visitor.get(f"{platform.hub}/hub/lti13/config").json()
    assert told["oidc_initiation_url"] == f"{platform.hub}/hub/lti13/oauth_login"
    asked = begin(platform, visitor)
    assert asked["redirect_uri"] == f"{platform.hub}/hub/lti13/oauth_callback"
    assert asked["client_id"] == CLIENT
    page = (ROOT / "docs" / "lms.md").read_text()
    for path in ("/hub/lti13/config", "/hub/lti13/oauth_login", "/hub/lti13/oauth_callback"):
        assert f"https://HUB{path}" in page


def test_a_launch_that_the_platform_signed_logs_in(platform, visitor):
    """Is a student let in, under the login name of the platform, which the files of marks have too?"""
    asked = begin(platform, visitor)
    answer = launch(platform, visitor, platform.sign(platform.key, nonce=asked["nonce"]), asked["state"])
    assert answer.status == 302, answer.text()
    home = visitor.get(f"{platform.hub}/hub/home")
    assert home.url.endswith("/hub/home")
    assert re.search(r"\bada\b", home.text())


@pytest.mark.parametrize("wrong", ["key", "client", "issuer", "old", "nonce", "state", "nothing", "name", "again"])
def test_another_launch_is_refused(platform, visitor, browser, wrong):
    """Is nobody let in by a launch that is not the platform's, not for this hub, not of now, or not this one's?"""
    asked = begin(platform, visitor)
    claims = {
        "client": {"aud": "another"}, "issuer": {"iss": "https://evil.example"}, "old": {"exp": int(time.time()) - 600},
        "nonce": {"nonce": "0"}, "name": {f"{CLAIM}/custom": {"login": "../ada"}},
    }.get(wrong, {})  # fmt: skip
    token = platform.sign(platform.foreign if wrong == "key" else platform.key, **{"nonce": asked["nonce"], **claims})
    if wrong == "nothing":
        token = ""
    asks = visitor
    if wrong == "again":  # somebody else has learnt of it
        asks = browser.new_context().request
    answer = launch(platform, asks, token, "another" if wrong == "state" else asked["state"])
    assert answer.status in (400, 401), answer.text()
    assert "/hub/home" not in asks.get(f"{platform.hub}/hub/home").url
