"""Rules that every container of the compose files keeps."""

import re
import tomllib
from collections.abc import Iterator

import pytest

from tests.support.deployment import (
    BOTH,
    EXTERNAL,
    ROOT,
    TLS,
    WHOLE,
    Service,
    every_service,
    is_by_hand,
    parse,
    services,
    volumes,
)

SERVICES = every_service()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SECRET = re.compile(r"PASSWORD|KEY|SECRET|PASS|TOKEN")
NEEDED = re.compile(r"\$\{[A-Z_]+:\?.+\}")
TOKEN = {"LABELLOOP_HEALTH_TOKEN": "${LABELLOOP_HEALTH_TOKEN:-}"}
GENERATED_TOO = "LABELLOOP_DASHBOARD_TOKEN"
"""Without it the dashboard makes its own."""
OPTIONAL = {
    **TOKEN,
    "LABELLOOP_LLM_KEY": "${LABELLOOP_LLM_KEY:-}",
    GENERATED_TOO: f"${{{GENERATED_TOO}:-}}",
}
WITH_PASSWORD = re.compile(r"\w+://[^/\s]*:(?P<password>[^@/\s]*(\{[^}]*\})?)@")

each = pytest.mark.parametrize(("file", "name"), SERVICES)
each_file = pytest.mark.parametrize("file", BOTH)


@each
def test_it_can_change_nothing_but_what_it_is_given(file: str, name: str) -> None:
    service = services(file)[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert any(mount.startswith("/tmp:") for mount in service["tmpfs"])
    assert all("size=" in mount for mount in service["tmpfs"])


@each
def test_it_is_not_root(file: str, name: str) -> None:
    user = services(file)[name]["user"]

    assert user.split(":")[0] not in ("", "0", "root")


@each
def test_its_memory_and_its_logs_are_bounded(file: str, name: str) -> None:
    service = services(file)[name]

    assert service["deploy"]["resources"]["limits"]["memory"]
    assert service["logging"]["driver"] == "json-file"
    assert {"max-size", "max-file"} <= service["logging"]["options"].keys()


@each
def test_its_processes_are_bounded_where_compose_takes_the_bound(file: str, name: str) -> None:
    service = services(file)[name]

    assert "pids_limit" not in service, "Compose refuses it beside limits of `deploy`"
    if "build" in service:
        assert service["deploy"]["resources"]["limits"]["pids"]


@each
def test_it_is_watched_and_starts_again_unless_it_is_run_by_hand(file: str, name: str) -> None:
    service = services(file)[name]

    if name == "log":
        assert service["healthcheck"] == {"disable": True}
        assert service["restart"].startswith("on-failure")
    elif is_by_hand(service):
        assert service["healthcheck"] == {"disable": True}
        assert service["profiles"]
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"]
        assert service["healthcheck"]["timeout"]


@each_file
def test_what_alerts_is_well_also_while_an_address_is_away(file: str) -> None:
    assert services(file)["alerting"]["healthcheck"]["test"][-1] == "healthz"


@each
def test_its_image_is_pinned(file: str, name: str) -> None:
    tag = services(file)[name]["image"].rpartition(":")[2]

    assert re.match(r"v?\d", tag)


@each
def test_what_it_mounts_is_there(file: str, name: str) -> None:
    for source, _, _ in _mounts(services(file)[name]):
        if source.startswith("./"):
            assert (ROOT / source).exists()
        elif not source.startswith("$"):
            assert source in volumes(file)
            assert len(source) > 1


@each
def test_what_it_waits_for_must_be_well(file: str, name: str) -> None:
    for needed, how in services(file)[name].get("depends_on", {}).items():
        ends = "completed_successfully" if needed == "log" else "healthy"
        assert how == {"condition": f"service_{ends}"}
        assert not is_by_hand(services(file)[needed])


@each
def test_no_secret_stands_in_it(file: str, name: str) -> None:
    for variable, value in services(file)[name].get("environment", {}).items():
        if SECRET.search(variable):
            assert NEEDED.fullmatch(value) or OPTIONAL.get(variable) == value
        for found in WITH_PASSWORD.finditer(str(value)):
            assert NEEDED.fullmatch(found["password"])


@each_file
def test_no_secret_has_a_default(file: str) -> None:
    text = (ROOT / file).read_text() + (ROOT / "deploy/services.yml").read_text()

    found = re.findall(r"\$\{\w*(?:PASSWORD|KEY|SECRET)\w*(?::?-[^}]*)?\}", text)
    assert set(found) <= {*OPTIONAL.values()}


def test_what_must_be_secret_is_what_is_generated() -> None:
    needed = set(re.findall(r"\$\{(\w+):\?run `make secrets`", (ROOT / WHOLE).read_text()))
    script = (ROOT / "scripts/secrets.sh").read_text()
    (generated,) = re.findall(r"for name in ([^;]+);", script)

    assert needed | {GENERATED_TOO} == set(generated.replace("\\", " ").split())


def test_only_pages_for_people_are_published_and_on_this_machine_alone() -> None:
    published = {
        (file, name): services(file)[name]["ports"]
        for file, name in SERVICES
        if "ports" in services(file)[name]
    }

    of_dashboard = ["${LABELLOOP_DASHBOARD_HOST:-127.0.0.1}:${LABELLOOP_DASHBOARD_PORT:-6910}:6910"]
    assert published == {
        **dict.fromkeys([(WHOLE, "dashboard"), (EXTERNAL, "dashboard")], of_dashboard),
        (WHOLE, "argilla"): ["${LABELLOOP_HOST:-127.0.0.1}:${LABELLOOP_PORT:-6900}:6900"],
        (TLS, "tls"): ["80:8080", "443:8443"],
    }


def test_only_what_must_reach_the_outside_may() -> None:
    networks = parse(WHOLE)["networks"]
    shut = {name for name, network in networks.items() if network and network.get("internal")}
    inside = {name for name, service in services(WHOLE).items() if set(service["networks"]) <= shut}

    assert inside == {"kafka", "postgres", "redis", "elasticsearch", "argilla_worker"}


def test_argillas_worker_reaches_the_watcher_and_no_other_of_ours_by_a_network_that_leads_nowhere() -> None:
    of_worker = set(services(WHOLE)["argilla_worker"]["networks"])
    reached = {name for name, each in services(WHOLE).items() if of_worker & set(each["networks"])}

    assert {name for name in reached if "build" in services(WHOLE)[name]} == {"annotation_watcher"}


@each_file
def test_webhooks_are_off_unless_an_address_is_given(file: str) -> None:
    settings = services(file)["annotation_watcher"]["environment"]

    for name in ("LABELLOOP_WEBHOOK_URL", "LABELLOOP_WEBHOOK_HOST", "LABELLOOP_WEBHOOK_PORT"):
        assert settings[name] == f"${{{name}:-}}"


def test_the_proxy_speaks_for_argilla_and_hands_on_no_other_service() -> None:
    caddyfile = (ROOT / "deploy/caddy/Caddyfile").read_text()
    port = services(WHOLE)["argilla"]["ports"][0].rpartition(":")[2]

    upstreams = {line.split()[1] for line in caddyfile.splitlines() if "reverse_proxy" in line.split()}
    assert upstreams == {f"{{$LABELLOOP_PROXIED:argilla:{port}}}"}
    assert set(services(TLS)["tls"]["networks"]) <= set(services(TLS)["argilla"]["networks"])
    assert set(re.findall(r"\{\$(LABELLOOP_DOMAIN|LABELLOOP_TLS)\}", caddyfile)) == {
        "LABELLOOP_DOMAIN",
        "LABELLOOP_TLS",
    }


def test_the_ports_of_the_proxy_are_those_that_it_listens_on() -> None:
    caddyfile = (ROOT / "deploy/caddy/Caddyfile").read_text()
    listens = dict(re.findall(r"^\t(https?)_port (\d+)$", caddyfile, re.MULTILINE))

    assert services(TLS)["tls"]["ports"] == [f"80:{listens['http']}", f"443:{listens['https']}"]


@each_file
def test_people_are_told_an_address_that_is_published_or_can_be_named(file: str) -> None:
    service = services(file)["cli"]

    if file == WHOLE:
        public = service["environment"]["LABELLOOP_ARGILLA_PUBLIC_URL"]
        (port,) = services(file)["argilla"]["ports"]
        assert public == f"${{LABELLOOP_ARGILLA_PUBLIC_URL:-http://{port.rpartition(':')[0]}}}"
    else:
        assert service["env_file"] == ".env"


@each_file
def test_every_service_of_ours_is_deployed(file: str) -> None:
    started = {_started(service) for service in services(file).values()}

    assert {main.parent.name for main in ROOT.glob("services/*/__main__.py")} == started - {""}


@each_file
def test_every_service_of_ours_can_be_given_the_token_of_its_pages(file: str) -> None:
    ours = [service for service in services(file).values() if "build" in service]

    assert all(TOKEN.items() <= service["environment"].items() for service in ours)


@each_file
def test_what_can_be_left_out_runs_by_a_profile(file: str) -> None:
    for name in ("evaluator", "suggester", "alerting", "dashboard"):
        assert services(file)[name]["profiles"] == [name]


@each_file
def test_what_trains_runs_on_a_gpu_by_profile(file: str) -> None:
    for name in ("trainer", "querier"):
        cpu, gpu = services(file)[name], services(file)[f"{name}-gpu"]

        assert _started(gpu) == _started(cpu)
        assert "profiles" not in cpu
        assert gpu["profiles"] == ["gpu"]
        (device,) = gpu["deploy"]["resources"]["reservations"]["devices"]
        assert device["capabilities"] == ["gpu"]


@each_file
def test_our_images_have_our_version(file: str) -> None:
    ours = {service["image"] for service in services(file).values() if "build" in service}

    assert {image.rpartition(":")[2].removesuffix("-gpu") for image in ours} == {PROJECT["version"]}


def test_both_images_can_be_built() -> None:
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))

    assert {
        service["build"]["target"] for service in services(EXTERNAL).values() if "build" in service
    } <= targets


def test_argilla_and_kafka_are_those_that_the_tests_know() -> None:
    (argilla,) = (
        pin for pin in PROJECT["optional-dependencies"]["server"] if pin.startswith("argilla-server==")
    )
    (kafka,) = set(
        re.findall(r"<version>(4\.[\d.]+)</version>", (ROOT / "tests/support/kafka/pom.xml").read_text())
    )

    images = {name: service["image"] for name, service in services(WHOLE).items()}
    assert images["argilla"] == images["argilla_worker"]
    assert images["argilla"] == f"argilla/argilla-server:v{argilla.partition('==')[2]}"
    assert images["kafka"] == f"apache/kafka:{kafka}"


def _mounts(service: Service) -> Iterator[tuple[str, str, str]]:
    for mount in service.get("volumes", []):
        source, _, rest = mount.removeprefix("${LABELLOOP_STORE_FOLDER:-").replace("}", "").partition(":")
        target, _, how = rest.partition(":")
        yield source, target, how


def _started(service: Service) -> str:
    """The service of ours that a container runs."""
    *start, name = service.get("command") or [""]
    return str(name) if start == ["python", "-P", "-m", "labelloop.runtime"] else ""
