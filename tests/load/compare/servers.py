"""The servers that are measured beside each other: what each is made of, how it is installed and started."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[3]
PEERS = ROOT / "tests/load/peers"
# What is built or downloaded for them.
BUILT = ROOT / "target/peers"
PYTHON = BUILT / "python/bin/python"


@dataclass(frozen=True)
class Server:
    """A server that speaks the plain protocol, started with a port as its last argument."""

    name: str
    title: str
    command: list[str]
    # Installs what it needs, if that is missing.
    install: Callable[[], None]
    # What it is made of, for a line below the table.
    versions: Callable[[], str]
    transport: str = "ws"


class NotInstalled(Exception):
    """Why a server cannot be had here."""


def otomo_binary():
    """The server and load tool under test."""
    return os.environ.get("OTOMO_BIN", str(ROOT / "target/release/otomo"))


def tool(name):
    found = shutil.which(name)
    if found is None:
        raise NotInstalled(f"{name} is not there")
    return found


def run(*command, folder=ROOT):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise NotInstalled(f"{' '.join(command)}: {done.stdout.strip()[-500:]}")


def npm_ci(folder):
    lock, installed = folder / "package-lock.json", folder / "node_modules/.package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        run(tool("npm"), "ci", "--silent", "--no-audit", "--no-fund", folder=folder)


def pip_install():
    requirements, installed = PEERS / "python/requirements.txt", BUILT / "python/installed.txt"
    if installed.exists() and installed.read_text() == requirements.read_text():
        return
    run(sys.executable, "-m", "venv", str(BUILT / "python"))
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    run(str(PYTHON), *pip, "-r", str(requirements))
    shutil.copy(requirements, installed)


def cargo_build():
    manifest, target = PEERS / "rust/Cargo.toml", BUILT / "rust"
    sources = [*manifest.parent.glob("Cargo.*"), *manifest.parent.glob("src/**/*.rs")]
    newest = max(source.stat().st_mtime for source in sources)
    built = [target / "release" / name for name in ("axum", "fastwebsockets")]
    if all(server.exists() and server.stat().st_mtime > newest for server in built):
        return
    build = ("build", "--quiet", "--locked", "--release", "--manifest-path", str(manifest), "--target-dir", str(target))
    run(tool("cargo"), *build)


def nothing_to_install():
    """Of what comes with the tool."""


def version_of(program):
    """As it says itself, or that it is not there."""
    try:
        return subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "not there"


def npm_versions(folder, *names, runtime=None):
    """Of the packages that a manifest names, before that of what runs them."""
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    packages = [f"{name} {wanted[name]}" for name in names]
    if runtime:
        packages.append(f"Node.js {version_of(runtime).lstrip('v')}")
    return ", ".join(packages)


def pip_versions(*names):
    wanted = dict(re.findall(r"^([\w-]+)==(\S+)$", (PEERS / "python/requirements.txt").read_text(), re.MULTILINE))
    packages = [f"{name} {wanted[name]}" for name in names]
    return ", ".join([*packages, f"Python {sys.version.split()[0]}"])


def cargo_versions(*names):
    locked = (PEERS / "rust/Cargo.lock").read_text()
    wanted = dict(re.findall(r'^name = "([\w-]+)"\nversion = "([^"]+)"$', locked, re.MULTILINE))
    return ", ".join(f"{name} {wanted[name]}" for name in names)


def rust_server(name, *packages):
    return Server(
        name=name,
        title=name,
        command=[str(BUILT / "rust/release" / name)],
        install=cargo_build,
        versions=lambda: cargo_versions(name, *packages),
    )


def node_server(name, title, *packages, **more):
    return Server(
        name=name,
        title=title,
        command=["node", str(PEERS / f"{name}.mjs")],
        install=lambda: npm_ci(PEERS),
        versions=lambda: npm_versions(PEERS, *packages, runtime="node"),
        **more,
    )


# The smallest there can be, of the load tool itself. Nobody should be faster; `verdict.ahead` looks whether somebody is.
FLOOR = Server(
    name="floor",
    title="floor",
    command=[otomo_binary(), "bench", "floor", "--serve"],
    install=nothing_to_install,
    versions=lambda: "bare sockets and epoll, of `otomo bench floor`",
)

PLAIN = [
    FLOOR,
    Server(
        name="bun",
        # Whose server wraps uWebSockets, which is in no package registry itself.
        title="Bun",
        command=[str(PEERS / "bun/node_modules/.bin/bun"), str(PEERS / "bun/server.mjs")],
        install=lambda: npm_ci(PEERS / "bun"),
        versions=lambda: npm_versions(PEERS / "bun", "bun") + ", whose server wraps uWebSockets",
    ),
    rust_server("fastwebsockets", "hyper", "tokio"),
    rust_server("axum", "tungstenite", "tokio"),
    node_server("ws", "Node ws", "ws", "bufferutil"),
    node_server("socketio", "Socket.IO", "socket.io", "bufferutil", transport="socketio"),
    Server(
        name="python",
        title="python-socketio",
        command=[str(PYTHON), str(PEERS / "python/server.py")],
        install=pip_install,
        versions=lambda: pip_versions("python-socketio", "uvicorn", "uvloop", "httptools", "websockets"),
        transport="socketio",
    ),
]

# Ours: the load tool starts it, and brings tokens.
OURS = "otomo"

NAMES = [OURS, *(server.name for server in PLAIN)]
TITLES = {OURS: "Otomo"} | {server.name: server.title for server in PLAIN}
# Those that npm alone installs, quickly.
QUICK = [OURS, "floor", "ws", "socketio"]
