"""What figures hang on: only those that were measured alike may stand in one table."""

import functools
import hashlib
import os
import subprocess

from process import cores
from servers import PEERS, PLAIN, otomo_binary, version_of


def settings(connections, seconds):
    """Those of a run: how much load, which Otomo, which peers, which machine."""
    return {
        "connections": connections,
        "seconds of load": seconds,
        "otomo": otomo_version(),
        "peers": peers_digest(),
        "versions": versions(),
        "kernel": os.uname().release,
        "cores": sorted(set(cores())),
    }


@functools.cache
def otomo_version():
    """The version of the binary, and which of all builds of that it is."""
    binary = otomo_binary()
    version = subprocess.run([binary, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    with open(binary, "rb") as file:
        return f"{version}, sha256 {hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"


def versions():
    """What each server is made of, by the names that the table has for them, and what compiled those in Rust."""
    return {server.title: server.versions() for server in PLAIN} | {"rustc": version_of("rustc")}


def peers_digest():
    """Of what the other servers are made of: their sources and lock files."""
    digest = hashlib.sha256()
    for path in sorted(PEERS.rglob("*")):
        inside = path.relative_to(PEERS)
        if path.is_file() and not {"node_modules", "__pycache__"} & set(inside.parts):
            digest.update(f"{inside}\n".encode() + path.read_bytes())
    return f"sha256 {digest.hexdigest()[:16]}"


def differences(known, new):
    """What is not the same in both, for people."""
    found = []
    for name, value in new.items():
        before = known.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            found += differences(before, value)
        elif before != value:
            found.append(f"{name}: {before} there, {value} now")
    return found
