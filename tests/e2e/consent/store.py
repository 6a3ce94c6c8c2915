"""What the tests of the built-in store share."""
import subprocess

from harness import wire


def outcome(messages):
    """The SQLSTATE of an error, or the last value of the first row."""
    for kind, body in messages:
        if kind == "E":
            return wire.error_fields(body)["C"]
        if kind == "D":
            value = wire.row_values(body)[-1]
            return None if value is None else value.decode("utf8")
    return "nothing"


class Store:
    def __init__(self, server, front, db):
        self.server, self.front, self.db, self.failed, self.last = server, front, db, 0, 100

    def fresh(self):
        """A subject that no other step uses."""
        self.last += 1
        return self.last

    def expect(self, what, got, wanted):
        self.failed += got != wanted
        print("ok" if got == wanted else "FAILED", what, "" if got == wanted else f"{got!r} instead of {wanted!r}")

    def command(self, *args):
        done = subprocess.run([self.front.path, "consent", args[0], "--config", self.front.config, *args[1:]],
                              capture_output=True, text=True, timeout=600, cwd=self.front.dir)
        return done.returncode, done.stdout, done.stderr

    def seen(self, sql, purpose="marketing", front=None):
        with (front or self.front).connect(self.db, "mailer", options=f"-c pgconsent.purpose={purpose}") as c:
            return outcome(c.run(wire.query(sql)))
