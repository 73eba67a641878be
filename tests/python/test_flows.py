"""What people do, with python-socketio's client, over each way to connect."""

import unittest
import uuid

import socketio

from support import PATIENCE, ServerTest


class Flows(ServerTest):
    async def test_a_session_begins_in_order_and_commands_are_acknowledged(self):
        async def play(transports):
            taro = await self.person("taro", transports)
            self.assertEqual(taro.transport, (transports or ["websocket"])[0])
            names = [name for name, _ in taro.heard]
            self.assertEqual((names[0], names[-1]), ("connected", "ready"))
            for name, event in taro.heard:
                self.assertEqual(event["type"], name)
            self.assertEqual((await taro.asks("heartbeat"))["type"], "heartbeat_ack")
            self.assertEqual((await taro.asks("nonsense", {}))["code"], "UNKNOWN_TYPE")
            conversation = {"conversationId": str(uuid.uuid4())}
            self.assertIsNone(await taro.asks("typing-stop", conversation))
            await taro.client.emit("heartbeat", {"requestId": "a"})
            await taro.hears("heartbeat_ack", lambda event: event.get("requestId") == "a")

        await self.over_each_way(play)

    async def test_people_call_each_other_and_hear_of_statuses(self):
        async def play(transports):
            taro = await self.person("taro", transports)
            hana = await self.person("hana", transports, "otomo")
            call = {"callId": str(uuid.uuid4())}
            online = lambda event: (event["userId"], event["status"]) == (hana.user, "online")
            await taro.hears("otomo_status_update", online)
            await taro.asks("call_request", call | {"toUserId": hana.user})
            await hana.hears("incoming_call")
            self.assertEqual((await hana.asks("call_accept", call))["type"], "call_accept_ack")
            await taro.hears("call_accepted")
            offer = {"offer": {"type": "offer", "sdp": "v=0"}}
            await taro.client.emit("webrtc_offer", call | offer)
            await hana.hears("webrtc_offer")
            for one in (taro, hana):
                await one.client.emit("call_connected", call)
                await one.hears("signaling_start")
            await taro.hears("call_connected")
            await hana.asks("call_end_request", call)
            for one in (taro, hana):
                self.assertEqual((await one.hears("call_end"))["reason"], "otomo_end")

        await self.over_each_way(play)

    async def test_people_write_to_each_other_with_attachments(self):
        async def play(transports):
            taro = await self.person("taro", transports)
            yumi = await self.person("yumi", transports)
            sent = await taro.writes(yumi.user, "こんにちは", {"blob": b"\x00\xff\x1e"})
            self.assertEqual(sent["type"], "message_send_ack")
            got = await yumi.hears("new-message")
            self.assertEqual((got["body"], got["data"]), ("こんにちは", {"blob": "AP8e"}))

        await self.over_each_way(play)

    async def test_whoever_is_refused_hears_why(self):
        async def play(transports):
            client = socketio.AsyncClient(reconnection=False)
            errors = []
            client.on("connect_error", errors.append)
            with self.assertRaises(socketio.exceptions.ConnectionError):
                auth = {"token": "forged"}
                await client.connect(self.server.url, auth=auth, transports=transports, wait_timeout=PATIENCE)
            self.assertEqual(errors[0]["data"]["code"], "UNAUTHORIZED")
            with self.assertRaises(socketio.exceptions.ConnectionError):
                namespaces = ["/admin"]
                await client.connect(
                    self.server.url, namespaces=namespaces, transports=transports, wait_timeout=PATIENCE
                )

        await self.over_each_way(play)

    async def test_after_a_restart_clients_come_back_by_themselves_and_continue(self):
        async def play(transports):
            kiku = await self.person("kiku", transports)
            yumi = await self.person("yumi", transports)
            await yumi.writes(kiku.user, "before")
            await kiku.hears("new-message")
            await self.server.end()
            await self.server.start()
            for person in (kiku, yumi):
                self.assertTrue((await person.hears("closing"))["reconnect"])
                await person.until(lambda: len(person.all("ready")) == 2, "second session")
            self.assertTrue(kiku.all("connected")[1]["resumed"])
            await yumi.writes(kiku.user, "after")
            await kiku.hears("new-message", lambda event: event["body"] == "after")
            seqs = [event["seq"] for event in kiku.all("new-message")]
            self.assertEqual(seqs, [1, 2])

        await self.over_each_way(play)


if __name__ == "__main__":
    unittest.main()
