"""deploy/kubernetes: are its values keys that the charts know, its image of our pins, and its Python what a real hub takes?"""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import image
import pytest
import yaml
from jupyterhub.app import JupyterHub
from packaging.requirements import Requirement

import mlwf

# KubeSpawner's own, when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore:metadata .* was set from the constructor:DeprecationWarning")
ROOT = Path(__file__).parents[2]
HERE = ROOT / "deploy" / "kubernetes"
KEYS = {keys["chart"]: keys for keys in (json.loads(path.read_text()) for path in (HERE / "keys").iterdir())}
CHARTS = [("values.yaml", "jupyterhub"), ("site.yaml", "jupyterhub"), ("ngshare.yaml", "ngshare")]
# KubeSpawner wants to know of a cluster before it says anything; this one is asked for nothing.
CLUSTER = """
apiVersion: v1
kind: Config
current-context: nowhere
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
clusters: [{name: nowhere, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: nobody, user: {}}]
"""
TYPES = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    list: "array",
    type(None): "null",
    dict: "object",
}


def read(name):
    return yaml.safe_load((HERE / name).read_text())


def merged(one, other):
    """Values as helm merges those of two files."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return other
    return one | {name: merged(one.get(name), part) for name, part in other.items()}


def wrong(values, keys, path=""):
    """Say which keys a chart does not know, and which values are of another type than it wants."""
    for name, part in values.items():
        here = f"{path}.{name}".lstrip(".")
        known = next((one for one in (here, f"{path}.*".lstrip(".")) if one in keys), None)
        if known is None:
            if "any" not in keys.get(path, "").split():
                yield f"{here} is no key of the chart"
            continue
        types = keys[known].split()
        if TYPES[type(part)] not in types and types != ["any"]:
            yield f"{here} is {TYPES[type(part)]}, not {' or '.join(types)}"
        elif isinstance(part, dict):
            yield from wrong(part, keys, known)


@pytest.mark.parametrize(("name", "chart"), CHARTS)
def test_the_chart_knows_every_key(name, chart):
    """Is each value where the chart's own schema has one, and of a type that it takes?"""
    assert [*wrong(read(name), KEYS[chart]["keys"])] == []


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("singleuser.memory.garantee", "320M", "singleuser.memory.garantee is no key of the chart"),
        ("singleuser.memory", {"limit": ["1G"]}, "singleuser.memory.limit is array, not number or string or null"),
        ("hub.extraConfigs", {}, "hub.extraConfigs is no key of the chart"),
        ("cull.timeout", "2h", "cull.timeout is string, not number or null"),
        ("singleuser.networkPolicy.egressAllowRules.privateIP", False, "privateIP is no key of the chart"),
    ],
)  # fmt: skip
def test_a_misspelt_key_is_seen(path, value, says):
    """Would the test above fail? The chart itself refuses such a key only when somebody installs it."""
    *folders, last = path.split(".")
    values = part = read("values.yaml")
    for folder in folders:
        part = part.setdefault(folder, {})
    part[last] = value
    found = [*wrong(values, KEYS["jupyterhub"]["keys"])]
    assert len(found) == 1
    assert says in found[0]


def test_versions_agree():
    """Do chart, image and project speak of the same versions, and does the image take all others from the pins?"""
    chart = KEYS["jupyterhub"]
    text = (HERE / "values.yaml").read_text()
    assert f"version {chart['version']}, which brings JupyterHub {chart['appVersion']}." in text
    recipe = (HERE / "Containerfile").read_text()
    assert re.findall(r"^ARG JUPYTERHUB=(.*)$", recipe, flags=re.MULTILINE) == [chart["appVersion"]]
    extras = __import__("tomllib").loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (hub,) = (Requirement(line) for line in extras["hub"])
    assert hub.specifier.contains(chart["appVersion"])
    assert read("values.yaml")["singleuser"]["image"]["tag"] == read("ngshare.yaml")["image"]["tag"] == mlwf.__version__
    for name in ("Containerfile", "Containerfile.ngshare"):
        for word, rest in image.instructions((HERE / name).read_text()):
            if word == "FROM":
                assert image.BASE.fullmatch(rest).group(1) == "3.11"
            for install in re.findall(r"pip install (.*?)(?:&&|$)", rest) if word == "RUN" else ():
                assert "--constraint" in install


@pytest.mark.parametrize("name", ["Containerfile", "Containerfile.ngshare"])
def test_the_recipe_copies_what_there_is(name):
    """Is all that goes into the image in the project, and is its user not root?"""
    lines = [*image.instructions((HERE / name).read_text())]
    sources = [source for word, rest in lines if word == "COPY" for source in rest.split()[:-1]]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert {rest for word, rest in lines if word == "USER"} <= {"jovyan", "65535:65535"}
    assert [word for word, _ in lines if word == "USER"]


def secrets(values, name=""):
    """Texts under a name that speaks of a secret."""
    if isinstance(values, dict):
        return [found for name, part in values.items() for found in secrets(part, name)]
    return (
        [values]
        if isinstance(values, str) and re.search("password|token|secret|credential", name, re.IGNORECASE)
        else []
    )


def test_no_secret_is_written_down():
    """Is nothing among the values that nobody may see? What a secret is for is said, and where it comes from."""
    for name, _ in CHARTS:
        assert {*secrets(read(name))} <= {"", "https://login.example.org/token"}, name
    assert secrets({"hub": {"services": {"ngshare": {"apiToken": "x"}}}}) == ["x"]


def test_the_sizing_table_is_worked_out():
    """Do as many students go onto a node as the values' guarantee lets the cluster put there, one GiB being the node's own?"""
    guarantee = int(
        read("values.yaml")["singleuser"]["memory"]["guarantee"].removesuffix("M")
    )  # MiB, as KubeSpawner reads it
    table = re.findall(
        r"^\| (\d+) GiB \|.*\| (\d+) \|$", (ROOT / "docs" / "kubernetes.md").read_text(), flags=re.MULTILINE
    )
    assert [int(memory) for memory, _ in table] == [8, 16, 32]
    assert [int(students) for _, students in table] == [(int(memory) - 1) * 1024 // guarantee for memory, _ in table]


# -- The Python in the values, in a real hub, and the pods that a real KubeSpawner makes of them


@pytest.fixture
def config(monkeypatch, tmp_path):
    """What JupyterHub's own loader makes of our values: the chart's part of it is done as its documentation says."""
    values = merged(read("values.yaml"), read("site.yaml"))
    values["hub"]["config"]["JupyterHub"] = read("values.yaml")["hub"]["config"][
        "JupyterHub"
    ]  # the other's class is not installed here

    def get_config(key, default=None):
        """As the chart's module of that name has it."""
        value = values
        for level in key.split("."):
            value = value.get(level, default) if isinstance(value, dict) else default
        return value

    z2jh = ModuleType("z2jh")
    z2jh.get_config = get_config
    monkeypatch.setitem(sys.modules, "z2jh", z2jh)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(CLUSTER)
    single = values["singleuser"]
    blocks = [
        f"c.{name}.{key} = {value!r}" for name, part in values["hub"]["config"].items() for key, value in part.items()
    ]
    blocks += [
        f"c.KubeSpawner.environment = {single['extraEnv']!r}",
        f"c.KubeSpawner.image = {':'.join((single['image']['name'], single['image']['tag']))!r}",
        *(f"c.KubeSpawner.{new} = {single[kind][what]!r}" for kind, new_kind in (("memory", "mem"), ("cpu", "cpu"))
          for what, new in (("limit", f"{new_kind}_limit"), ("guarantee", f"{new_kind}_guarantee"))),
        f"c.KubeSpawner.default_url = {single['defaultUrl']!r}",
        "c.KubeSpawner.volumes = {'home': {'name': 'home', 'persistentVolumeClaim': {'claimName': '{pvc_name}'}}}",
        "c.KubeSpawner.volume_mounts = {'home': {'name': 'home', 'mountPath': '/home/jovyan'}}",
        "c.KubeSpawner.cmd = ['jupyterhub-singleuser']",
        "c.KubeSpawner.uid, c.KubeSpawner.fs_gid = 1000, 100",
        *values["hub"]["extraConfig"].values(),
    ]  # fmt: skip
    file = tmp_path / "jupyterhub_config.py"
    file.write_text("c = get_config()\n" + "\n".join(blocks))
    app = JupyterHub()
    app.load_config_file(str(file))
    return app.config


@pytest.fixture
def pod(config):
    """How to get the pod that a real KubeSpawner would ask the cluster for."""
    from kubernetes_asyncio.client import ApiClient
    from kubespawner import KubeSpawner

    def of(name):
        async def make():
            user = SimpleNamespace(
                name=name, id=1, escaped_name=name, url=f"/user/{name}/", settings={}, groups=[], spawners={}
            )
            server = SimpleNamespace(base_url=f"/user/{name}/", ip="", port=8888)
            hub = SimpleNamespace(
                public_host="", base_url="/hub/", api_url="http://hub:8081/hub/api", server=server, oauth_client_id=""
            )
            orm = SimpleNamespace(name="", server=None, oauth_client_id="jupyterhub-user", user_options={}, state={})
            spawner = KubeSpawner(
                config=config, user=user, hub=hub, orm_spawner=orm, _mock=True, oauth_client_allowed_scopes=[]
            )
            spawner.api_token = "t"
            spawner.pre_spawn_hook(spawner)
            async with ApiClient() as client:
                made = client.sanitize_for_serialization(await spawner.get_pod_manifest())
            await spawner.api.api_client.close()
            return made, spawner

        return asyncio.run(make())

    return of


def environment(made):
    return {one["name"]: one.get("value", "") for one in made["spec"]["containers"][0]["env"]}


def test_a_students_pod(pod):
    """Does a student get menus of a student, limits, and nothing of the course's?"""
    made, spawner = pod("ada")
    (container,) = made["spec"]["containers"]
    told = environment(made)
    assert told["JUPYTER_CONFIG_PATH"] == "/srv/mlwf/config/student"
    assert told["USER"] == "ada"
    assert told["NGSHARE_URL"] == "http://ngshare:8080/services/ngshare"
    assert spawner.default_url == "/lab/tree/lab/constraint_tax.ipynb"
    assert container["image"] == f"images.example.org/constraint-tax:{mlwf.__version__}"
    assert container["args"][0] == "jupyterhub-singleuser"
    assert "command" not in container  # so that the image's entry point prepares the volume
    assert container["securityContext"] == {"runAsUser": 1000, "allowPrivilegeEscalation": False}
    assert {"memory", "cpu"} <= container["resources"]["limits"].keys() & container["resources"]["requests"].keys()
    assert [mount["name"] for mount in container["volumeMounts"]] == ["home"]
    assert "gradebook" not in json.dumps(made)
    assert made["metadata"]["labels"]["mlwf-role"] == "student"


def test_an_instructors_pod(pod):
    """Does an instructor get Formgrader's settings, the gradebook's secret, and what sealing needs, in a user namespace of their own?"""
    made, spawner = pod("ines")
    (container,) = made["spec"]["containers"]
    told = environment(made)
    assert told["JUPYTER_CONFIG_PATH"] == "/srv/mlwf/config/grader:/srv/mlwf/config/gradebook"
    assert told["PGSERVICEFILE"] == "/srv/mlwf/gradebook/pg_service.conf"
    assert (spawner.notebook_dir, spawner.default_url) == ("/srv/mlwf/course", "/lab")
    assert {"name": "gradebook", "secret": {"secretName": "gradebook"}} in made["spec"]["volumes"]
    assert made["spec"]["hostUsers"] is False
    assert container["securityContext"]["procMount"] == "Unmasked"
    assert container["securityContext"]["seccompProfile"] == {"type": "Unconfined"}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert made["metadata"]["labels"]["mlwf-role"] == "instructor"


def test_policies_speak_of_the_same_pods(pod):
    """Does what may reach the gradebook carry the label that the hub gives instructors, and no student?"""
    policies = [*yaml.safe_load_all((HERE / "gradebook-policy.yaml").read_text())]
    out, into = policies[0]["spec"], policies[1]["spec"]
    role = out["podSelector"]["matchLabels"]
    assert into["ingress"][0]["from"] == [{"podSelector": {"matchLabels": role}}]
    assert role.items() <= pod("ines")[0]["metadata"]["labels"].items()
    assert not role.items() <= pod("ada")[0]["metadata"]["labels"].items()


# -- What the image begins with


@pytest.mark.parametrize("role", ["student", "grader:/srv/mlwf/config/gradebook"])
def test_a_new_volume_gets_what_belongs_to_its_role(tmp_path, role):
    """Does everybody have the lab, an instructor the course, and is what is there already left alone?"""
    root, home = tmp_path / "mlwf", tmp_path / "home"
    for name in ("seed/lab", "seed/course/source/constraint_tax"):
        (root / name).mkdir(parents=True)
    home.mkdir()
    (root / "start").write_bytes((HERE / "start").read_bytes())
    (root / "seed/lab/constraint_tax.ipynb").write_text("lab")
    (root / "seed/course/nbgrader_config.py").write_text("c")

    def start():
        given = {"PATH": os.environ["PATH"], "HOME": str(home), "JUPYTER_CONFIG_PATH": f"/srv/mlwf/config/{role}"}
        done = subprocess.run(
            ["sh", str(root / "start"), "echo", "a b"], env=given, capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == ("a b\n", "")

    start()
    (home / "lab/constraint_tax.ipynb").write_text("mine")
    start()
    assert (home / "lab/constraint_tax.ipynb").read_text() == "mine"
    assert (home / "course/source/constraint_tax").is_dir() == role.startswith("grader")
