"""The game of source document 003, with python-socketio's client: rooms, events of the backend, chat."""

import unittest
import uuid

import aiohttp

from support import WAYS, Person, ServerTest

KEY = "the key of the app's own backend"


class Game(ServerTest):
    settings = {"OTOMO_AUTH__API_KEYS": KEY}

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.game = str(uuid.uuid4())
        self.room = f"game_{self.game}"

    async def call(self, method, path, body=None):
        """What the app's backend asks of the server."""
        async with aiohttp.ClientSession(headers={"X-API-Key": KEY}) as session:
            async with session.request(method, f"{self.server.url}/api/server/{path}", json=body) as answer:
                self.assertLess(answer.status, 300, await answer.text())
                return None if answer.status == 204 else await answer.json()

    async def says(self, name, data, **more):
        event = {"target": {"room": self.room}, "type": name, "data": data}
        return await self.call("POST", "events", event | more)

    async def player(self, name, transports):
        user = f"{name}-{uuid.uuid4()}"
        await self.call("PUT", f"rooms/{self.room}/members/{user}", {})
        person = await Person.connect(self.server, user, transports=transports)
        person.user = user
        joined = await person.asks("join_game", {"game_session_id": self.game})
        self.assertEqual(joined, {"type": "joined_game", "game_session_id": self.game})
        return person

    async def test_players_hear_the_backend_and_each_other(self):
        for way, transports in WAYS.items():
            with self.subTest(way):
                taro, hana = await self.player("taro", transports), await self.player("hana", transports)
                said = await self.says("narrative_update", {"narrative": "夜が明ける", "narrative_type": "scene"})
                self.assertEqual(said, {"accepted": 1, "stored": 0, "delivered": 2})
                for player in (taro, hana):
                    self.assertEqual((await player.hears("narrative_update"))["narrative"], "夜が明ける")
                await self.says("boss_spawned", {"hp": 100})
                boss = await taro.hears("boss_spawned")
                self.assertEqual(boss, {"type": "boss_spawned", "room": self.room, "hp": 100})
                await taro.client.emit("chat_message", {"game_session_id": self.game, "message": "よろしく"})
                talk = await hana.hears("chat_message")
                self.assertEqual((talk["user_id"], talk["message"]), (taro.user, "よろしく"))
                refused = await taro.asks("game_action", {"game_session_id": self.game, "action": "look"})
                self.assertEqual(refused["code"], "ACTION_UNAVAILABLE")
                for player in (taro, hana):
                    await player.leaves()

    async def test_the_newest_state_of_each_key_is_told_to_whoever_joins(self):
        for way, transports in WAYS.items():
            with self.subTest(way):
                for status in ("ready", "playing"):
                    await self.says("player_status_update", {"user_id": "ken", "status": status})
                taro = await self.player("taro", transports)
                snapshot = await taro.hears("room_snapshot")
                self.assertEqual([state["status"] for state in snapshot["events"]], ["playing"])
                await taro.leaves()

    async def test_whoever_is_taken_out_hears_no_more(self):
        for way, transports in WAYS.items():
            with self.subTest(way):
                taro = await self.player("taro", transports)
                await self.call("DELETE", f"rooms/{self.room}/members/{taro.user}")
                self.assertEqual((await taro.hears("room_left"))["reason"], "revoked")
                said = await self.says("game_error", {"error_type": "e", "message": "m"})
                self.assertEqual(said["delivered"], 0)
                await taro.leaves()


if __name__ == "__main__":
    unittest.main()
