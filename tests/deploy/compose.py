"""compose.yaml as flags of podman: every key of it, so that none is forgotten here.

Containers run in a network of their own that the check makes; so a port is open where its service
is, and names lead to addresses of that network.
"""

import ipaddress
import re

import yaml

from tests.test_tidy import ROOT

FILE = ROOT / "deploy" / "compose.yaml"
ELSEWHERE = {"image", "build", "command", "depends_on", "ports", "networks", "restart"}
"""What the check does itself: building, the order, and one network for all."""


class Compose:
    """The services with this installation's settings in their places."""

    def __init__(self, settings, folder):
        text = re.sub(
            r"\$\{([A-Z_]+)(?::-([^}]*)|:\?[^}]*)?\}",
            lambda found: settings.get(found[1]) or found[2],
            FILE.read_text("utf-8"),
        )
        self.all = yaml.safe_load(text)
        self.services = self.all["services"]
        self.folder = folder
        ((subnet,),) = [
            [ipaddress.ip_network(one["subnet"]) for one in network["ipam"]["config"]]
            for network in self.all["networks"].values()
        ]
        hosts = subnet.hosts()
        self.addresses = {name: f"{next(hosts)}" for name in self.services}
        self.prefix = subnet.prefixlen

    def flags(self, name):
        """All that one service says of how it runs."""
        service = self.services[name]
        told = []
        for key in service.keys() - ELSEWHERE:
            told += getattr(self, f"_{key}")(service[key])
        for other, address in self.addresses.items():
            told.append(f"--add-host={other}:{address}")
        return [*told, service["image"], *map(str, service.get("command", []))]

    def _environment(self, values):
        return [f"--env={name}={value}" for name, value in values.items()]

    def _secrets(self, names):
        files = [(self.folder / self.all["secrets"][name]["file"], name) for name in names]
        return [f"--volume={file}:/run/secrets/{name}:ro" for file, name in files]

    def _volumes(self, volumes):
        told = []
        for volume in volumes:
            source, rest = volume.split(":", 1)
            path = self.folder / source if source[0] == "." else source
            told.append(f"--volume={path}:{rest}")
        return told

    def _tmpfs(self, paths):
        return [f"--tmpfs={path}" for path in paths]

    def _read_only(self, told):
        return ["--read-only"] if told else []

    def _cap_drop(self, names):
        return [f"--cap-drop={name}" for name in names]

    def _cap_add(self, names):
        return [f"--cap-add={name}" for name in names]

    def _security_opt(self, options):
        return [f"--security-opt={option.replace(':true', '')}" for option in options]

    def _shm_size(self, size):
        return [f"--shm-size={size}"]

    def _stop_grace_period(self, told):
        return [f"--stop-timeout={told.removesuffix('s')}"]

    def _healthcheck(self, told):
        how, *asked = told["test"]
        assert how == "CMD-SHELL"
        (command,) = asked
        return [f"--health-cmd={command}"]
