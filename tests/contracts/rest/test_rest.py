"""The OpenAPI document as others read it: it is valid, and the server does what it says, whatever it is asked.

Needs `OTOMO_BIN`. `EXAMPLES` is how many requests are made up for each operation and kind, beside those that its schema asks for.
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest

import openapi_spec_validator
from world import World

HERE = pathlib.Path(__file__).parent
DOCUMENT = HERE.parents[2] / "web" / "schemas" / "openapi.json"

EXAMPLES = os.environ.get("EXAMPLES", "8")

# The same requests each time.
SEED = "20261126"

# Left out, with the reason.
LEFT_OUT = {
    "drainNode": "the server ends",
    "openStream": "the answer has no end",
    "openChatStream": "the answer has no end",
}


class Rest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)

    def test_1_the_document_is_valid(self):
        openapi_spec_validator.validate(json.loads(DOCUMENT.read_text(encoding="utf-8")))

    # In this order: what admins and backends do takes things away from people.
    def test_2_anybody(self):
        self.holds({}, "^/health|^/metrics")

    def test_3_a_user(self):
        self.holds(self.world.taro, "^/api/(?!server)")

    def test_4_an_otomo(self):
        self.holds(self.world.hana, "^/api/(otomo|calls|commands|inbox|logout|me)")

    def test_5_an_admin(self):
        self.holds(self.world.boss, "^/admin/api|^/api/otomo")

    def test_6_a_backend(self):
        self.holds(self.world.backend, "^/api/server")

    def holds(self, who, paths):
        """Whatever may be asked there with these credentials is answered as the document says."""
        left_out = [part for name in LEFT_OUT for part in ("--exclude-operation-id", name)]
        credentials = [part for name, value in who.items() for part in ("--header", f"{name}: {value}")]
        run = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", str(DOCUMENT), "--url", self.world.url),
                *("--include-path-regex", paths, *left_out, *credentials),
                *("--phases", "examples,coverage,fuzzing", "--checks", "all", "--continue-on-failure"),
                *("--max-examples", EXAMPLES, "--seed", SEED, "--no-shrink", "--warnings", "off"),
            ],
            cwd=self.world.home,
            env=os.environ
            | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "OTOMO_KNOWN": json.dumps(self.world.known)},
            capture_output=True,
            text=True,
        )
        self.assertEqual(run.returncode, 0, f"\n{run.stdout}\n{run.stderr}")
        self.assertEqual(self.world.panicked(), [])
        print(next((line for line in run.stdout.splitlines() if "generated" in line), ""), flush=True)


if __name__ == "__main__":
    unittest.main()
