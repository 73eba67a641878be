"""The game of source document 003, with python-socketio's client: rooms, events of the backend, chat."""

import unittest
import uuid

from support import ServerTest


class Game(ServerTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.game = str(uuid.uuid4())
        self.room = f"game_{self.game}"

    async def asks(self, method, path, body=None):
        """What the backend asks of the server, which does it; the answer."""
        status, answer = await self.backend(method, path, body)
        self.assertLess(status, 300, answer)
        return answer

    async def says(self, name, data, **more):
        event = {"target": {"room": self.room}, "type": name, "data": data}
        return await self.asks("POST", "events", event | more)

    async def player(self, name, transports):
        user = f"{name}-{uuid.uuid4()}"
        await self.asks("PUT", f"rooms/{self.room}/members/{user}", {})
        person = await self.connected(user, transports)
        joined = await person.asks("join_game", {"game_session_id": self.game})
        self.assertEqual(joined, {"type": "joined_game", "game_session_id": self.game})
        return person

    async def test_players_hear_the_backend_and_each_other(self):
        async def play(transports):
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

        await self.over_each_way(play)

    async def test_the_newest_state_of_each_key_is_told_to_whoever_joins(self):
        async def play(transports):
            for status in ("ready", "playing"):
                await self.says("player_status_update", {"user_id": "ken", "status": status})
            taro = await self.player("taro", transports)
            snapshot = await taro.hears("room_snapshot")
            self.assertEqual([state["status"] for state in snapshot["events"]], ["playing"])

        await self.over_each_way(play)

    async def test_whoever_is_taken_out_hears_no_more(self):
        async def play(transports):
            taro = await self.player("taro", transports)
            await self.asks("DELETE", f"rooms/{self.room}/members/{taro.user}")
            self.assertEqual((await taro.hears("room_left"))["reason"], "revoked")
            said = await self.says("game_error", {"error_type": "e", "message": "m"})
            self.assertEqual(said["delivered"], 0)

        await self.over_each_way(play)


if __name__ == "__main__":
    unittest.main()
