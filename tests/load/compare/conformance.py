"""Whether a server speaks the plain protocol (../peers/README.md): whoever does less than asked is not measured."""

import contextlib

from client import Client, Ended

# How long something may take to come, in seconds.
PATIENCE = 10

# As long as those of the measurement, longer than a frame's short length, and not of ASCII alone.
TEXTS = [" " + "x" * 100, " " + "x" * 200, " 友だち"]


class Unfaithful(Exception):
    """What a server did instead of what the protocol says."""


def check(port, transport="ws", patience=PATIENCE):
    """Raises `Unfaithful` unless the server on this port does all that is asked of it."""
    with contextlib.ExitStack() as leaving:
        clients = []
        try:
            for number in range(3):
                clients.append(Client(port, transport, patience))
                leaving.callback(hang_up, clients[-1])
                introduce(clients[-1], number)
            for text in TEXTS:
                echo(clients, text)
                broadcast(clients, text)
                direct(clients, text)
            many(clients)
            hang_up(clients.pop())
            the_gone_are_forgotten(clients)
        except (Ended, OSError) as fault:
            raise Unfaithful(str(fault)) from fault


def hang_up(client):
    with contextlib.suppress(OSError):
        client.close()


def introduce(client, number):
    client.say(f"i{number}")
    hears(client, f"i{number}", "an introduction is answered with itself")


def echo(clients, text):
    clients[0].say(f"e{text}")
    hears(clients[0], f"e{text}", "an echo comes back")
    nothing_else(clients)


def broadcast(clients, text):
    clients[1].say(f"b{text}")
    for client in clients:
        hears(client, f"b{text}", "a broadcast comes to everybody, the sender too")
    nothing_else(clients)


def direct(clients, text):
    clients[0].say(f"d2{text}")
    hears(clients[2], f"d2{text}", "a direct message comes to whom it is for")
    nothing_else(clients)


def many(clients):
    """What is said without waiting comes in order."""
    said = [f"b {number}" for number in range(100)]
    for text in said:
        clients[0].say(text)
    for client in clients:
        for text in said:
            hears(client, text, "broadcasts come in order")
    nothing_else(clients)


def the_gone_are_forgotten(clients):
    """The client with number 2 has left."""
    clients[0].say("d2 gone")
    clients[0].say("b stay")
    for client in clients:
        hears(client, "b stay", "who has left is in nobody's way")
    nothing_else(clients)


def nothing_else(clients):
    """Nobody has been sent more than what they have heard: the next that comes is what they ask for now."""
    for client in clients:
        client.say("e?")
        hears(client, "e?", "nothing comes unasked")


def hears(client, expected, rule):
    try:
        heard = client.hear()
    except TimeoutError:
        raise Unfaithful(f"{rule}: nothing came, not {expected!r}") from None
    if heard != expected:
        raise Unfaithful(f"{rule}: {heard!r} came, not {expected!r}")
